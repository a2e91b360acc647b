"""The reader against two others, on every seed and on every odd file at hand."""

import contextlib
from pathlib import Path

import midi_files
import numpy as np
import pytest
import score_oracle
import symusic

from longplay import _core
from longplay.midi import parse_midi

FILES = midi_files.files("seeds") + midi_files.files("hostile")

# Own files that symusic reads differently, on purpose or not. Every other difference is a mistake of ours.
DIFFERENT_TO_SYMUSIC = {
    "cluster": "it drops notes that a channel mode message ends",
    "cut-in-a-note": "it refuses a chunk that is longer than the file",
    "cut-in-a-delta": "it refuses a chunk that is longer than the file",
    "header-counts-none": "it believes the count of the header",
    "header-longer": "it refuses a header of more than 6 bytes",
    "note-never-released": "it drops the note",
    "running-status-after-sysex": "it loses the running status",
    "smpte-25-frames": "it reads no SMPTE time",
    "sysex-in-parts": "it reads other deltas",
    "tempo-zero": "it lets time stand still",
    "two-tracks-type-2": "it plays the tracks together",
    **{f"status-{status}": "it refuses an undefined status" for status in ("f4", "f5", "f9", "fd")},
}


# Files of our own that mido cannot read. The others must be read as mido reads them with `clip=True`.
OWN = sorted((Path(__file__).parents[2] / "data" / "midi").iterdir())
EIGHT = [(250 * i, 250, 60 + i, 80) for i in range(8)]
BEYOND_MIDO = ("rmi", "macbinary", "lead_newline", "mtrk_len0", "mtrk_len_long", "mtrk_len_short")
PAST_24_HOURS = ("late_eot", "late_note", "two_days_cc")


@pytest.mark.parametrize("path", OWN, ids=[path.name for path in OWN])
def test_files_that_were_once_refused_or_lost_notes_are_read(path):
    data = path.read_bytes()
    notes, warnings = parse_midi(data)
    assert notes.tolist() == (EIGHT if path.stem in BEYOND_MIDO + PAST_24_HOURS else score_oracle.read(data))
    assert len(warnings) == (0 if path.stem in ("vlq5_delta", "pitch_ext") else 1)


def named(paths):
    return [pytest.param(path, id=path.stem) for path in paths]


def mine(path):
    return path.parent.parent == midi_files.DATA


def oracle(path, sustain):
    """Return the notes of the slow reader, or None if mido cannot read the file."""
    try:
        return score_oracle.read(path.read_bytes(), sustain=sustain)
    except (EOFError, OSError, LookupError, ValueError):
        return None


@pytest.mark.parametrize("sustain", [True, False])
@pytest.mark.parametrize("path", named(FILES))
def test_notes_are_those_of_the_slow_reader(path, sustain):
    data = path.read_bytes()
    if mine(path) and path.stem in midi_files.UNREADABLE:
        with pytest.raises(_core.MidiError):
            parse_midi(data)
    elif mine(path) and path.stem in midi_files.WITHOUT_NOTES:
        notes, warnings = parse_midi(data, sustain=sustain)
        assert len(notes) == 0
        assert warnings
    elif mine(path) and path.stem in midi_files.ONLY_THE_SCALE:
        assert parse_midi(data, sustain=sustain)[0].tolist() == midi_files.SCALE_NOTES
    elif (expected := oracle(path, sustain)) is not None:
        assert parse_midi(data, sustain=sustain)[0].tolist() == expected
    else:
        assert not mine(path)
        try_to_read(data)


def try_to_read(data):
    """Read bytes that no oracle reads: they give notes or a MidiError."""
    with contextlib.suppress(_core.MidiError):
        assert len(parse_midi(data)) == 2


def comparable(path):
    """Return whether symusic reads a file as we do, except for known files of ours and for refused ones."""
    if mine(path):
        unread = midi_files.UNREADABLE | midi_files.WITHOUT_NOTES
        return path.stem not in unread and path.stem not in DIFFERENT_TO_SYMUSIC
    try:
        symusic.Score.from_midi(path.read_bytes())
    except RuntimeError:
        return False
    return path.stem not in {"test-2-tracks-type-2", "test-running-status-sysex"}


@pytest.mark.parametrize("path", named(path for path in FILES if comparable(path)))
def test_onsets_pitches_and_velocities_are_those_of_symusic(path):
    data = path.read_bytes()
    notes, _ = parse_midi(data, sustain=False)
    theirs = symusic_notes(data)
    np.testing.assert_array_equal(notes["pitch"], theirs["pitch"])
    np.testing.assert_array_equal(notes["velocity"], theirs["velocity"])
    np.testing.assert_array_equal(notes["onset_ms"], theirs["onset_ms"])


def symusic_notes(data):
    """Return the notes of symusic, whose times are ticks, by our rules for keys and drums."""
    score = symusic.Score.from_midi(data)
    microseconds = tick_times(score)
    notes = [
        (microseconds(note.start), microseconds(note.end), note.pitch, note.velocity)
        for track in score.tracks
        if not track.is_drum
        for note in track.notes
    ]
    return np.array(score_oracle.resolve(notes), dtype=_core.NOTE) if notes else np.empty(0, dtype=_core.NOTE)


def tick_times(score):
    """Milliseconds of a tick under the tempo map, rounded as ours, halves up."""
    changes = [(0, 500_000), *((tempo.time, tempo.mspq) for tempo in score.tempos)]

    def milliseconds(tick):
        total, at, tempo = 0, 0, 500_000
        for time, next_tempo in sorted(changes, key=lambda change: change[0]):
            if time >= tick:
                break
            total, at, tempo = total + (time - at) * tempo, time, next_tempo
        total += (tick - at) * tempo
        per_ms = 1000 * score.ticks_per_quarter
        return (2 * total + per_ms) // (2 * per_ms)

    return milliseconds
