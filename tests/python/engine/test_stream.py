"""Music without end, held to the pieces that the same settings make."""

import _thread
import itertools
import signal
import threading
import time

import numpy as np
import pytest
import tiny_model

import longplay
from longplay._making.core_settings import core_settings
from longplay.midi import NOTE

LOOSE = {"temperature": 3.0, "top_p": 1.0}  # the tiny model as free as it gets
SEED = longplay.write_midi(
    np.array([(0, 400, 60, 64), (500, 400, 64, 64), (1000, 2500, 67, 96), (1100, 10, 60, 64)], dtype=NOTE), 10
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return longplay.Engine(tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True), num_threads=2)


def until(stream, seconds):
    """Return the notes of a stream up to the array that reaches `seconds`."""
    arrays = []
    for notes in stream:
        arrays.append(notes)
        if notes["onset_ms"][-1] >= seconds * 1000:
            return np.concatenate(arrays)
    raise AssertionError("the stream came to an end")


@pytest.mark.parametrize(
    "settings",
    [{}, LOOSE, {"random_seed": 5, "include_seed": True} | LOOSE, {"style": "ragtime", "max_velocity": 64, "top_k": 3}],
)
def test_a_stream_gives_the_pieces_of_a_recital_that_are_planned_alike(engine, settings):
    piece = engine.generate(SEED, 2400, **settings)
    starts = np.flatnonzero(piece.events[:, 0] == tiny_model.END)[:-1] + 1
    notes_before = starts - np.arange(1, len(starts) + 1)  # ENDs are events, but no notes
    notes_before += 4 if settings.get("include_seed") else 0
    onsets = until(engine.stream(SEED, **settings), 2400)
    alike = 0
    for count in notes_before:  # a piece is alike when it began early enough
        np.testing.assert_array_equal(onsets[:alike], piece.notes[:alike])
        if piece.notes["onset_ms"][min(count, len(piece.notes) - 1)] > (2400 - 481.5) * 1000:
            break
        alike = count
    assert alike > 1000


def test_without_a_recital_a_stream_gives_the_notes_of_a_piece_up_to_its_last_80_seconds(engine):
    piece = engine.generate(SEED, 600, recital=False, **LOOSE)
    notes = until(engine.stream(SEED, recital=False, **LOOSE), 600)
    count = int((piece.notes["onset_ms"] < 520_000).sum())
    np.testing.assert_array_equal(notes[:count], piece.notes[:count])


def test_notes_come_by_onset_and_no_two_sound_at_once_on_a_pitch(engine):
    notes = until(engine.stream(SEED, **LOOSE), 1200)
    np.testing.assert_array_equal(longplay.resolve_overlaps(notes), notes)


def test_every_array_holds_a_note(engine):
    arrays = list(itertools.islice(engine.stream(SEED, **LOOSE), 300))
    assert min(map(len, arrays)) > 0
    assert {notes.dtype for notes in arrays} == {NOTE}


def test_the_first_notes_need_few_draws(engine):
    before = engine.statistics().row_steps
    next(engine.stream(SEED))
    assert engine.statistics().row_steps - before <= 4 + 64


def test_a_stream_needs_no_more_memory_the_longer_it_runs(engine):
    stream = engine.stream(SEED, **LOOSE)
    until(stream, 60)
    early = len(stream.snapshot())
    until(stream, 7200)
    assert len(stream.snapshot()) < early + 2000  # a few more notes may sound at the moment


def test_a_closed_stream_has_ended(engine):
    stream = engine.stream(SEED)
    next(stream)
    stream.close()
    assert list(stream) == []
    with pytest.raises(ValueError, match="the stream is closed"):
        stream.snapshot()


@pytest.fixture
def interrupts():
    """Handle interrupts, also where they are ignored, as in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_an_interrupt_stops_a_stream(engine):
    threading.Timer(0.3, _thread.interrupt_main).start()
    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        for _ in engine.stream(SEED):
            pass
    assert time.perf_counter() - start < 5


@pytest.mark.usefixtures("interrupts")
def test_an_interrupt_stops_the_prefill_of_a_long_seed(engine):
    notes = np.zeros(400_000, NOTE)
    notes["onset_ms"] = np.arange(len(notes)) * 200
    notes["duration_ms"], notes["pitch"], notes["velocity"] = 100, 60, 64
    seed = longplay.write_midi(notes, 86_400)
    threading.Timer(2.0, _thread.interrupt_main).start()
    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        engine.stream(seed)
    assert time.perf_counter() - start < 6


def test_other_threads_run_while_notes_are_drawn(engine):
    core = engine._model.core.stream(None, core_settings(longplay.Settings(), tiny_model.note_config(True)))
    drawing = threading.Thread(target=core.draw, args=(3_000,))
    drawing.start()
    turns = 0
    while drawing.is_alive():
        turns += 1
    assert turns > 10  # holding the lock, the thread would have let us through once or twice


def test_streams_do_not_disturb_each_other(engine):
    alone = [until(engine.stream(SEED, random_seed=number, **LOOSE), 60) for number in range(3)]
    streams = [engine.stream(SEED, random_seed=number, **LOOSE) for number in range(3)]
    together = [[] for _ in streams]
    while min(int(arrays[-1]["onset_ms"][-1]) if arrays else 0 for arrays in together) < 60_000:
        for stream, arrays in zip(streams, together, strict=True):
            arrays.append(next(stream))
    for ours, theirs in zip(alone, together, strict=True):
        np.testing.assert_array_equal(ours, np.concatenate(theirs)[: len(ours)])
    assert not np.array_equal(alone[0][:20], alone[1][:20])


def test_a_stream_shared_by_threads_gives_each_note_once(engine):
    stream = engine.stream(SEED, **LOOSE)
    arrays = []

    def listen():
        for _ in range(100):
            arrays.append(next(stream))

    threads = [threading.Thread(target=listen) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = np.concatenate(arrays)
    expected = np.concatenate(list(itertools.islice(engine.stream(SEED, **LOOSE), 400)))
    np.testing.assert_array_equal(np.sort(got), np.sort(expected))


def test_what_cannot_be_streamed_is_refused_at_the_call(engine):
    with pytest.raises(longplay.MidiError):
        engine.stream(b"not MIDI")
    with pytest.raises(ValueError, match="temperature must be"):
        engine.stream(None, temperature=-1.0)
    with pytest.raises(FileNotFoundError):
        engine.stream("nowhere.mid")


def test_a_stream_warns_of_an_odd_seed(engine):
    assert "has no notes" in engine.stream(longplay.write_midi(np.empty(0, NOTE), 5)).warnings[0]
    assert engine.stream(SEED).warnings == ()
