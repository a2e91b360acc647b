"""Pieces for a digital audio workstation, and the beats that their tempo maps follow."""

import io
from functools import partial

import command
import mido
import numpy as np
import pytest
import tiny_model

import longplay
from longplay._base.key import named_key
from longplay.beats import LONGEST_MS, estimate_beats
from longplay.daw import daw_midi, is_right
from longplay.midi import NOTE, PROGRAM_NOTE


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True)


@pytest.fixture(scope="module")
def piece(model):
    return longplay.Engine(model, num_threads=1).generate(seconds=400, key="D minor")


def pulses(period_ms, count=160, number=0):
    """Return eighths of a period, loud and low on the beat, played unevenly."""
    random = np.random.default_rng(number)
    notes = np.zeros(count, NOTE)
    onsets = np.arange(count) * period_ms / 2 + random.integers(-10, 11, count)
    notes["onset_ms"], notes["duration_ms"] = np.maximum(onsets, 0), 80
    notes["velocity"] = np.where(np.arange(count) % 2 == 0, 90, 50)
    notes["pitch"] = np.where(np.arange(count) % 2 == 0, 45, 70)
    return np.sort(notes, order="onset_ms")


@pytest.mark.parametrize("period_ms", [350, 480, 600, 700])
def test_beats_of_a_steady_pulse_are_found(period_ms):
    notes = pulses(period_ms)
    beats = estimate_beats(notes, 81 * period_ms / 1000)
    true = np.arange(2, 78) * period_ms
    found = np.abs(true[:, None] - beats).min(axis=1) < 60
    assert found.mean() > 0.9
    steps = np.diff(beats)[4:-4]
    assert (np.abs(steps - period_ms) < 60).mean() > 0.9


@pytest.mark.parametrize("notes", [pulses(500)[:0], pulses(500)[:1], pulses(500)[5:6], pulses(1700), pulses(60)])
@pytest.mark.parametrize("duration", [0.4, 30.0, 137.123])
def test_beats_cover_the_whole_piece(notes, duration):
    beats = estimate_beats(notes[notes["onset_ms"] < 1000 * duration], duration)
    assert beats[0] == 0
    assert beats[-1] >= 1000 * duration
    assert 0 < np.diff(beats).min() <= np.diff(beats).max() <= LONGEST_MS


def test_notes_keep_their_times_to_the_millisecond(piece):
    data = piece.to_bytes("daw")
    assert np.array_equal(longplay.read_midi(data), piece.notes)
    file = mido.MidiFile(file=io.BytesIO(data))
    assert file.length == pytest.approx(piece.duration, abs=0.001)
    assert len([event for event in file.tracks[0] if event.type == "set_tempo"]) > 20


def test_the_tracks_are_the_conductor_and_two_hands(piece):
    tracks = mido.MidiFile(file=io.BytesIO(piece.to_bytes("daw"))).tracks
    assert [track.name for track in tracks] == ["longplay", "Right hand", "Left hand"]
    right, left = ([event.note for event in track if event.type == "note_on"] for track in tracks[1:])
    assert len(right) + len(left) == len(piece.notes)
    assert np.mean(right) > np.mean(left)
    assert [event.key for event in tracks[0] if event.type == "key_signature"] == ["Dm"]


def test_markers_stand_where_pieces_and_sections_begin(model, piece):
    assert [name for _, name in piece.markers] == [f"Piece {i + 1}" for i in range(len(piece.markers))]
    assert len(piece.markers) >= 2
    onsets = piece.notes["onset_ms"]
    for time, _ in piece.markers[1:]:
        index = int(np.searchsorted(onsets, time))
        assert onsets[index] == time
        assert time - onsets[index - 1] >= 1000  # the pause between two pieces
    composed = longplay.Engine(model).compose("A8sB8sA8s", particles=1)
    assert composed.markers == ((0, "A"), (8000, "B"), (16_000, "A"))
    file = mido.MidiFile(file=io.BytesIO(composed.to_bytes("daw")))
    times = [event.text for event in file.tracks[0] if event.type == "marker"]
    assert times == ["A", "B", "A"]


def test_a_key_that_no_setting_names_has_no_signature(model):
    piece = longplay.Engine(model).generate(seconds=10)
    assert piece.key is None
    assert piece.markers == ()
    assert b"\xff\x59" not in piece.to_bytes("daw")


@pytest.mark.parametrize(
    ("name", "sign"), [("Eb major", "Eb"), ("F# minor", "F#m"), ("C major", "C"), ("A minor", "Am")]
)
def test_key_signatures_are_those_of_the_keys(name, sign):
    data = daw_midi(pulses(500), 60, np.arange(0, 61_000, 500), key=named_key(name))
    track = mido.MidiFile(file=io.BytesIO(data)).tracks[0]
    assert [event.key for event in track if event.type == "key_signature"] == [sign]


def test_each_program_has_a_track():
    notes = np.zeros(3, PROGRAM_NOTE)
    notes["onset_ms"], notes["duration_ms"], notes["pitch"], notes["velocity"] = (0, 500, 900), 300, 60, 80
    notes["program"] = 40, 128, 0
    tracks = mido.MidiFile(file=io.BytesIO(daw_midi(notes, 2, np.arange(0, 2501, 500)))).tracks
    assert [track.name for track in tracks[1:]] == ["Program 1", "Program 41", "Drums"]
    assert [[event.channel for event in track if event.type == "note_on"] for track in tracks[1:]] == [[0], [1], [9]]


def test_hands_part_in_the_widest_gap():
    notes = np.zeros(60, NOTE)
    notes["onset_ms"], notes["duration_ms"], notes["velocity"] = 200 * np.arange(60), 150, 70
    notes["pitch"] = np.resize([36, 43, 67, 72, 76], 60)
    assert np.array_equal(is_right(notes), notes["pitch"] > 60)
    notes["pitch"] = np.resize([72, 76, 79], 60)
    assert is_right(notes).all()


@pytest.mark.parametrize("most", [0, 1, 20_000])
def test_a_file_with_beats_is_cancelled_and_not_written(piece, tmp_path, most):
    looks = []

    class Countdown:
        def is_set(self):
            looks.append(1)
            return len(looks) > most

    with pytest.raises(longplay.Cancelled):
        piece.save(tmp_path / "piece.mid", target="daw", cancel=Countdown())
    assert list(tmp_path.iterdir()) == []


def test_save_and_the_commands_write_for_a_target(model, piece, tmp_path):
    piece.save(tmp_path / "a.mid", target="daw")
    assert (tmp_path / "a.mid").read_bytes() == piece.to_bytes("daw")
    piece.save(tmp_path / "b.mid")
    assert (tmp_path / "b.mid").read_bytes() == piece.to_bytes("challenge")
    with pytest.raises(ValueError, match="target must be one of challenge, daw, not 'logic'"):
        piece.save(tmp_path / "c.mid", target="logic")
    run = partial(command.run, "generate", "--seconds", 9, "--model", model, "--out")
    assert run(tmp_path / "d.mid", "--target", "daw").returncode == 0
    expected = longplay.Engine(model).generate(seconds=9)
    assert (tmp_path / "d.mid").read_bytes() == expected.to_bytes("daw")
    done = command.run("extend", tmp_path / "d.mid", "--seconds", 12, "--model", model, "--out", tmp_path / "e.mid")
    assert (done.returncode, done.stderr) == (0, "")
    assert "target must be one of challenge, daw" in run(tmp_path / "f.mid", "--target", "x").stderr
