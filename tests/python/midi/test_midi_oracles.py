"""The reader against two others, on every seed and on every odd file at hand."""

from pathlib import Path

import numpy as np
import pytest
import score_oracle
import symusic

from longplay import _core

DATA = Path(__file__).parents[4] / "shared" / "data"
SEEDS = sorted(DATA.glob("seeds/*.mid"))
HOSTILE = sorted(DATA.glob("hostile/*.mid"))
needs_data = pytest.mark.skipif(not SEEDS or not HOSTILE, reason=f"no MIDI files in {DATA}")

# What mido refuses, and how many notes there are. Every other difference would be a mistake of ours.
REFUSED_BY_MIDO = {
    **{f"test-illegal-message-{status}": 8 for status in ("f4", "f5", "f9", "fd", "all")},  # undefined status
    "test-corrupt-file-missing-byte": 8,  # mido and symusic refuse a track that is cut
    "test-non-midi-track": 8,  # mido takes the chunk for a track
    "test-running-status-sysex": 8,  # to mido F0 becomes the running status; symusic loses half of the notes
}
NOT_MIDI = {"test-empty-file", "test-not-a-midi-file"}
REFUSED_BY_SYMUSIC = {name for name in REFUSED_BY_MIDO if name != "test-non-midi-track"}


# What mido cannot read of the files of our own; the others must be read as mido clips them.
OWN = sorted((Path(__file__).parents[2] / "data" / "midi").iterdir())
EIGHT = [(250 * i, 250, 60 + i, 80) for i in range(8)]
BEYOND_MIDO = ("rmi", "macbinary", "lead_newline", "mtrk_len0", "mtrk_len_long", "mtrk_len_short")
PAST_24_HOURS = ("late_eot", "late_note", "two_days_cc")


@pytest.mark.parametrize("path", OWN, ids=[path.name for path in OWN])
def test_files_that_were_once_refused_or_lost_notes_are_read(path):
    data = path.read_bytes()
    notes, warnings = _core.read_score(data)
    assert notes.tolist() == (EIGHT if path.stem in BEYOND_MIDO + PAST_24_HOURS else score_oracle.read(data))
    assert len(warnings) == (0 if path.stem in ("vlq5_delta", "pitch_ext") else 1)


def named(paths):
    return [pytest.param(path, id=path.stem) for path in paths] or [pytest.param(None, id="none")]


@needs_data
@pytest.mark.parametrize("sustain", [True, False])
@pytest.mark.parametrize("path", named(SEEDS + HOSTILE))
def test_notes_are_those_of_the_slow_reader(path, sustain):
    data = path.read_bytes()
    if path.stem in NOT_MIDI:
        with pytest.raises(_core.MidiError, match="at byte 0"):
            _core.read_score(data)
    elif path.stem in REFUSED_BY_MIDO:
        assert len(_core.read_score(data)[0]) == REFUSED_BY_MIDO[path.stem]
    else:
        notes, _ = _core.read_score(data, sustain=sustain)
        assert notes.tolist() == score_oracle.read(data, sustain=sustain)


@needs_data
@pytest.mark.parametrize("path", named(SEEDS + HOSTILE))
def test_onsets_pitches_and_velocities_are_those_of_symusic(path):
    if path.stem in NOT_MIDI | REFUSED_BY_SYMUSIC:
        pytest.skip("symusic cannot read it")
    if path.stem == "test-2-tracks-type-2":
        pytest.skip("symusic plays the tracks of type 2 together")
    data = path.read_bytes()
    notes, _ = _core.read_score(data, sustain=False)
    theirs = symusic_notes(data)
    np.testing.assert_array_equal(notes["pitch"], theirs["pitch"])
    np.testing.assert_array_equal(notes["velocity"], theirs["velocity"])
    np.testing.assert_array_equal(notes["onset_ms"], theirs["onset_ms"])


def symusic_notes(data):
    """Notes of symusic, whose times are ticks, by our rules for keys and drums."""
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
