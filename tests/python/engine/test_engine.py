"""From a seed to a piece, with a model small enough to follow."""

import hashlib
import io
import json
import os
import threading
import time

import mido
import numpy as np
import onnx
import pytest
import tiny_model

import longplay
from longplay.midi import NOTE

FIELDS = ("time_shift", "pitch", "velocity", "duration")
FREE = {"steady": False, "two_hands": False, "key": "free"}
LOOSE = {"temperature": 3.0, "top_p": 1.0}  # the tiny model as free as it gets


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return longplay.Engine(tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True), num_threads=2)


def midi(*notes, seconds=10):
    """Write a MIDI file of notes (onset ms, duration ms, pitch, velocity)."""
    return longplay.write_midi(np.array(list(notes), dtype=NOTE), seconds)


SEED = midi((0, 400, 60, 64), (500, 400, 64, 64), (1000, 900, 67, 96))


def test_a_piece_lasts_exactly_as_long_as_asked(engine):
    for seconds in (1, 7.321, 45.0, 600):
        piece = engine.generate(SEED, seconds)
        file = mido.MidiFile(file=io.BytesIO(piece.to_bytes()))
        assert file.type == 0
        assert len(file.tracks) == 1
        assert file.length == pytest.approx(seconds, abs=0.0005)
        assert piece.duration == seconds


def test_the_bytes_hold_the_notes(engine):
    piece = engine.generate(SEED, 60, **LOOSE)
    np.testing.assert_array_equal(longplay.read_midi(piece.to_bytes()), piece.notes)


def test_the_same_random_seed_makes_the_same_piece(engine):
    one, two = (engine.generate(SEED, 120, random_seed=3, **LOOSE) for _ in range(2))
    assert one.to_bytes() == two.to_bytes()
    assert one.to_bytes() != engine.generate(SEED, 120, random_seed=4, **LOOSE).to_bytes()


def test_a_piece_is_the_first_of_any_batch(engine):
    alone = engine.generate(SEED, 90, random_seed=3, **LOOSE)
    first, *_ = engine.generate_batch([SEED, None, SEED], 90, random_seed=3, **LOOSE)
    np.testing.assert_array_equal(alone.notes, first.notes)
    np.testing.assert_array_equal(alone.log_probabilities, first.log_probabilities)


@pytest.mark.parametrize("num_threads", [1, 3])
def test_a_batch_is_the_same_with_any_number_of_threads(engine, tmp_path, num_threads):
    other = longplay.Engine(tiny_model.build(tmp_path, soft=True), num_threads=num_threads)
    seeds = [SEED, None] * 5
    for ours, theirs in zip(
        engine.generate_batch(seeds, 60, **LOOSE), other.generate_batch(seeds, 60, **LOOSE), strict=True
    ):
        assert ours.to_bytes() == theirs.to_bytes()


def test_every_clip_begins_with_music(engine):
    piece = engine.generate(SEED, 900, random_seed=1, **LOOSE)
    onsets = piece.notes["onset_ms"]
    for clip in range(30):
        assert ((onsets >= clip * 30_000) & (onsets <= clip * 30_000 + 500)).any(), clip
    assert onsets[0] == 0


def test_the_shortest_piece_begins_with_a_note(engine):
    for piece in engine.generate_batch([None] * 50, 1, **LOOSE):
        assert piece.notes["onset_ms"][0] == 0


def test_a_recital_has_pieces_of_two_to_six_minutes_and_short_rests(engine):
    piece = engine.generate(SEED, 1800, random_seed=2, **LOOSE)
    ends = np.flatnonzero(piece.events[:, 0] == tiny_model.END)
    assert (piece.events[ends, 1:] == 0).all()
    assert ends[-1] == len(piece.events) - 1
    gaps = np.diff(piece.notes["onset_ms"])
    assert (gaps > 2000).sum() < len(ends)  # 2 s is the longest time shift
    assert gaps.max() <= 3000 + 1500  # the longest note, then the pause
    assert 1800 / 360 <= len(ends) <= 1800 / 120
    assert (piece.notes["onset_ms"] + piece.notes["duration_ms"]).max() >= 1_797_000


def test_notes_end_where_the_next_piece_of_a_recital_begins(engine):
    notes = engine.generate(
        SEED, 1800, random_seed=7, **LOOSE, **FREE
    ).notes  # a pause in it gives way to a clip's beginning
    onsets, ends = notes["onset_ms"], notes["onset_ms"] + notes["duration_ms"]
    begins = onsets[1:][np.diff(onsets) > 2000]
    assert any((ends == begin).any() for begin in begins)
    for begin in begins:
        assert ends[onsets < begin].max() <= begin


def test_the_time_left_is_an_input_of_the_model(tmp_path):
    aware = longplay.Engine(tiny_model.build(tmp_path, soft=True))
    near, far = aware.generate(SEED, 15), aware.generate(SEED, 3600)
    shared = min(len(near.events), 5)
    assert not np.array_equal(near.events[:shared], far.events[:shared])  # bounds of 'remaining' are 1, 5 and 20 s


def test_nothing_sounds_in_the_last_10_ms(engine):
    pieces = engine.generate_batch([None] * 20, 10, **LOOSE)
    assert max((piece.notes["onset_ms"] + piece.notes["duration_ms"]).max() for piece in pieces) == 9990


def test_a_model_that_says_one_thing_only_is_kept_from_a_loop(tmp_path):
    tiny_model.build(tmp_path)
    for graph, size in (("step", 9), ("head_1", 12)):  # it likes one time shift and one pitch, whatever came before
        model = onnx.load(tmp_path / f"{graph}.onnx")
        [table] = [tensor for tensor in model.graph.initializer if tensor.dims == [tiny_model.KEYS, size]]
        rows = np.tile(onnx.numpy_helper.to_array(table)[3], (tiny_model.KEYS, 1))
        table.CopyFrom(onnx.numpy_helper.from_array(rows, table.name))
        onnx.save(model, tmp_path / f"{graph}.onnx")
    pitches = longplay.Engine(tmp_path).generate(SEED, 120, temperature=0, recital=False).events[:-1, 1]
    changes = np.flatnonzero(np.diff(pitches) != 0) + 1
    runs = np.diff([0, *changes, len(pitches)])
    assert max(runs) == 3 * 16 - 1


def test_no_chord_has_a_pitch_twice_and_every_event_is_a_note(engine):
    piece = engine.generate(SEED, 600, recital=False, **LOOSE)
    chords = (piece.events[:, 0] == 0).sum()
    assert chords > 50
    assert len(piece.notes) == len(piece.events) - 1  # all but END


def test_without_a_recital_there_is_one_end(engine):
    piece = engine.generate(SEED, 1800, random_seed=2, recital=False, **LOOSE)
    assert np.flatnonzero(piece.events[:, 0] == tiny_model.END).tolist() == [len(piece.events) - 1]


def test_the_seed_is_answered_and_left_out_unless_asked_for(engine):
    answer = engine.generate(SEED, 30)
    other = engine.generate(midi((0, 400, 69, 64)), 30)
    assert not np.array_equal(answer.notes, other.notes)
    assert not np.array_equal(answer.notes[:2], longplay.read_midi(SEED)[:2])
    whole = engine.generate(SEED, 30, include_seed=True)
    np.testing.assert_array_equal(whole.notes[:2], longplay.read_midi(SEED)[:2])
    assert whole.duration == 30
    shift = tiny_model.FIELDS[0]["values"][whole.events[0, 0]]
    assert whole.notes["onset_ms"][3] == 1000 + shift > 1000  # it continues from the seed's last note


def test_a_seed_that_starts_late_is_answered_as_if_it_did_not(engine):
    late = midi((5000, 400, 60, 64), (5500, 400, 64, 64), (6000, 900, 67, 96))
    np.testing.assert_array_equal(engine.generate(late, 30).notes, engine.generate(SEED, 30).notes)


def test_a_seed_without_notes_is_said_to_be_empty(engine):
    empty = longplay.write_midi(np.empty(0, NOTE), 5)
    piece = engine.generate(empty, 30)
    assert "has no notes" in piece.warnings[0]
    np.testing.assert_array_equal(piece.notes, engine.generate(None, 30).notes)


def test_a_damaged_file_is_continued_and_scored_with_a_warning(engine):
    damaged = SEED[:-6]
    assert "cut off at the end of the file" in engine.generate(damaged, 5).warnings[0]
    assert engine.score(damaged).warnings == engine.generate(damaged, 5).warnings
    assert engine.score(SEED).warnings == engine.generate(SEED, 5).warnings == ()


def test_velocities_stay_under_the_highest(engine):
    assert engine.generate(SEED, 120, **LOOSE).notes["velocity"].max() == 96
    for highest in (32, 95, 96, 127):
        velocities = engine.generate(SEED, 120, max_velocity=highest, **LOOSE).notes["velocity"]
        assert velocities.max() == max(value for value in (32, 64, 96, 127) if value <= highest)


def test_a_style_is_an_input_of_the_model(engine):
    assert engine.styles == ("romantic", "ragtime")
    plain, rag = engine.generate(SEED, 30), engine.generate(SEED, 30, style="ragtime")
    assert not np.array_equal(plain.notes, rag.notes)


def test_progress_comes_to_the_whole(engine):
    seen = []
    list(engine.generate_batch([SEED, SEED], 7200, progress=lambda *counts: seen.append(counts)))
    made = [made for made, _ in seen]
    assert seen[-1] == (14_400, 14_400)
    assert {whole for _, whole in seen} == {14_400}
    assert made == sorted(made)
    assert any(0 < seconds < 14_400 for seconds in made)


def test_progress_of_a_single_piece_comes_to_the_whole(engine):
    seen = []
    engine.generate(SEED, 7200, progress=lambda *counts: seen.append(counts))
    assert seen[-1] == (7200, 7200)


def test_an_interrupt_stops_at_once(engine):
    class StopNowError(Exception):
        pass

    def interrupt(made, whole):
        raise StopNowError

    start, steps = time.perf_counter(), engine.statistics().row_steps
    with pytest.raises(StopNowError) as caught:  # whose traceback keeps the job alive
        engine.generate(None, 86_400, progress=interrupt)
    assert time.perf_counter() - start < 5
    assert engine.statistics().row_steps > steps, caught  # a thread's steps are counted once it is done


def test_two_threads_may_share_an_engine(engine):
    expected = [engine.generate(SEED, 60, random_seed=i, **LOOSE).to_bytes() for i in range(4)]
    got = [b""] * 4

    def make(i):
        got[i] = engine.generate(SEED, 60, random_seed=i, **LOOSE).to_bytes()

    threads = [threading.Thread(target=make, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == expected


def test_a_piece_says_what_made_it(engine):
    piece = engine.generate(SEED, 30, random_seed=9, temperature=0.9)
    made = piece.provenance
    assert made.model == "tiny"
    assert made.model_hash == engine.model_hash
    assert made.settings == longplay.Settings(seconds=30, random_seed=9, temperature=0.9)
    assert made.version == longplay.__version__
    assert made.seed_hash == hashlib.sha256(SEED).hexdigest()
    assert engine.generate(None, 30).provenance.seed_hash is None
    assert [one.provenance.candidate for one in engine.generate_batch([None] * 3, 5)] == [0, 1, 2]


def test_score_gives_nats_per_note_and_field(engine):
    scored = engine.score(SEED)
    events = longplay.Tokenizer(tiny_model.note_config(in_place=True)).encode(longplay.read_midi(SEED))
    expected = tiny_model.Predictor(soft=True).log_probabilities(events.tolist())
    assert scored.notes == len(expected) == 3
    np.testing.assert_allclose(scored.log_probabilities, expected, atol=1e-5)
    assert scored.fields == pytest.approx(dict(zip(FIELDS, -expected.mean(axis=0), strict=True)), abs=1e-5)
    assert scored.total == pytest.approx(-expected.sum() / 3, abs=1e-5)


def test_a_file_without_notes_scores_zero_notes(engine):
    scored = engine.score(longplay.write_midi(np.empty(0, NOTE), 5))
    assert scored.notes == 0
    assert np.isnan(list(scored.fields.values())).tolist() == [True] * 4
    assert np.isnan(scored.total)


def test_broken_bytes_are_a_midi_error(engine):
    with pytest.raises(longplay.MidiError) as caught:
        engine.score(b"not MIDI")
    assert isinstance(caught.value.offset, int)
    with pytest.raises(longplay.MidiError):
        engine.generate(b"not MIDI", 10)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seconds": 0.5}, r"seconds must be in \[1, 86400\], not 0.5"),
        ({"seconds": 86_401}, r"seconds must be in \[1, 86400\], not 86401"),
        ({"seconds": float("nan")}, r"seconds must be in"),
        ({"random_seed": -1}, r"random_seed must be in \[0, 2\*\*64 - 1\], not -1"),
        ({"random_seed": 2**64}, r"random_seed must be in \[0, 2\*\*64 - 1\], not 18446744073709551616"),
        ({"temperature": -1.0}, r"temperature must be"),
        ({"top_p": 0.0}, r"top_p must be"),
        ({"top_k": 1.5}, r"top_k must be a whole number, not 1.5"),
        ({"min_p": {"loudness": 0.1}}, r"min_p must name fields of the model .*, not 'loudness'"),
        ({"style": "polka"}, r"style must be one of romantic, ragtime, not 'polka'"),
        ({"max_velocity": 0}, r"max_velocity must be in \[1, 127\], not 0"),
        ({"max_velocity": 128}, r"max_velocity must be in \[1, 127\], not 128"),
        ({"max_velocity": 20}, r"max_velocity must be at least the model's lowest, 32, not 20"),
    ],
)
def test_a_setting_out_of_range_is_named(engine, settings, message):
    with pytest.raises(ValueError, match=message):
        engine.generate(None, **({"seconds": 10} | settings))


def test_a_seed_longer_than_the_piece_is_refused(engine):
    with pytest.raises(
        ValueError, match="the length must be at least 1500 ms, 500 ms after the seed's last note, not 1000 ms"
    ):
        engine.generate(SEED, 1.0, include_seed=True)


def test_what_is_wrong_is_said_before_anything_is_made(engine):
    with pytest.raises(ValueError, match="seconds must be in"):
        engine.generate_batch([SEED], 0.5)
    with pytest.raises(longplay.MidiError):
        engine.generate_batch([SEED, b"not MIDI"], 10)


@pytest.mark.parametrize("strict", [{"top_k": 1}, {"top_p": 1e-6}, {"min_p": 1.0}])
def test_each_filter_can_leave_the_likeliest_alone(engine, strict):
    likeliest = engine.generate(SEED, 30, temperature=0)
    np.testing.assert_array_equal(engine.generate(SEED, 30, **LOOSE | strict).events, likeliest.events)
    assert not np.array_equal(engine.generate(SEED, 30, **LOOSE).events, likeliest.events)


@pytest.mark.parametrize("field", FIELDS)
def test_a_setting_may_differ_by_field(engine, field):
    """Three ways to take the likeliest of one field and to leave the others as they are."""
    off = {"temperature": 1.0, "top_p": 1.0}
    likeliest = engine.generate(SEED, 30, **off | {"temperature": {field: 0}}).events
    np.testing.assert_array_equal(engine.generate(SEED, 30, **off, top_k={field: 1}).events, likeliest)
    np.testing.assert_array_equal(engine.generate(SEED, 30, **off | {"top_p": {field: 1e-6}}).events, likeliest)
    assert not np.array_equal(engine.generate(SEED, 30, **off).events, likeliest)
    assert not np.array_equal(engine.generate(SEED, 30, temperature=0).events, likeliest)


def test_what_is_not_set_is_as_the_model_has_it(engine, tmp_path):
    """Of the model's own sampling, each setting replaces its part: whole, or of single fields."""
    own = {"temperature": {"pitch": 2.0, "duration": 3.0}, "top_k": {"velocity": 2}}
    folder = tiny_model.build(tmp_path, soft=True)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"sampling": own}))
    other = longplay.Engine(folder)

    def same(ours, theirs):
        made = [e.generate(SEED, 30, **settings).events for e, settings in ((other, ours), (engine, theirs))]
        np.testing.assert_array_equal(*made)

    same({}, own)
    same({"top_p": 0.8}, own | {"top_p": 0.8})
    same({"temperature": 1.5}, own | {"temperature": 1.5})
    same({"temperature": {"pitch": 0.5}}, own | {"temperature": {"pitch": 0.5, "duration": 3.0}})
    same({"temperature": 1.0, "top_k": 0}, {})
    with pytest.raises(AssertionError):
        same({}, {})


def test_every_piece_of_a_recital_answers_the_seed_afresh(engine):
    events = engine.generate(SEED, 1800, temperature=0, steady=False).events
    starts = [0, *(np.flatnonzero(events[:-1, 0] == tiny_model.END) + 1)]
    assert len(starts) > 5
    for start in starts:  # a few events on, where the next clip begins matters too
        np.testing.assert_array_equal(events[start : start + 3], events[:3])


def test_an_engine_counts_its_work(engine, tmp_path):
    counting = longplay.Engine(tiny_model.build(tmp_path), num_threads=3)
    assert (counting.device, counting.num_threads, counting.tokenizer.end_id) == ("cpu", 3, tiny_model.END)
    assert counting.statistics().row_steps == 0
    counting.score(SEED)
    assert counting.statistics().row_steps == 3
    events = counting.generate(SEED, 60).events
    assert counting.statistics().row_steps >= 3 + 3 + len(events)  # the seed's too, and those not kept
    time = counting.statistics()
    assert 0 < time.step_seconds < time.run_seconds
    assert 0 < time.sampling_seconds < time.loop_seconds - time.run_seconds


def test_a_file_is_saved_whole_or_not_at_all(engine, tmp_path, monkeypatch):
    piece = engine.generate(SEED, 30)
    (tmp_path / "a.mid").write_bytes(b"precious")
    with monkeypatch.context() as full_disk:
        full_disk.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("no space left")))
        with pytest.raises(OSError, match="no space left"):
            piece.save(tmp_path / "a.mid")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.mid", b"precious")]
    piece.save(tmp_path / "a.mid")
    assert (tmp_path / "a.mid").read_bytes() == piece.to_bytes()
    with pytest.raises(FileExistsError):
        piece.save(tmp_path / "a.mid", overwrite=False)
    with pytest.raises(FileNotFoundError):
        piece.save(tmp_path / "nowhere" / "a.mid")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mid"]


def test_devices_and_models_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(ValueError, match="device must be 'auto', 'cpu', 'cuda' or 'cuda:N', not 'tpu'"):
        longplay.Engine(device="tpu")
    with pytest.raises(longplay.ModelError):
        longplay.Engine(tmp_path / "nowhere")
    with pytest.raises(longplay.ModelError, match="time_shift, pitch, velocity, duration"):
        longplay.Engine(tiny_model.build_token(tmp_path / "token"))
    with pytest.raises(ValueError, match=r"num_threads must be in \[0, 1024\], not -1"):
        longplay.Engine(tiny_model.build(tmp_path / "tiny"), num_threads=-1)
