"""The clips of a file that voters hear."""

import numpy as np
import pytest

import longplay
from longplay.midi import NOTE
from longplay.pages.arena.clips import CLIP_MS, cut, find_candidates


def music(seconds, step_ms=500):
    rows = [(onset, step_ms, 40 + onset // step_ms % 40, 60) for onset in range(0, seconds * 1000 - step_ms, step_ms)]
    return longplay.write_midi(np.array(rows, NOTE), seconds)


def heard(notes):
    return notes[["onset_ms", "pitch", "velocity"]].tolist()


def test_a_safe_hour_is_cut_as_the_challenge_cuts_it():
    challenge = pytest.importorskip("longplay.challenge.check")
    hour = music(3600, 375)
    assert challenge.check(hour).safe
    theirs = [heard(longplay.read_midi(clip)) for clip in challenge.clips(hour)]
    assert [heard(clip.notes) for clip in cut(hour)] == theirs


def test_a_clip_starts_at_zero_and_lasts_30_seconds():
    clips = cut(music(95))
    assert [clip.length_ms for clip in clips] == [CLIP_MS] * 3
    assert [clip.notes["onset_ms"][0] for clip in clips] == [0, 0, 0]


def test_a_short_file_is_one_clip_and_less_than_half_a_clip_is_left_out():
    assert [clip.length_ms for clip in cut(music(10))] == [9500]
    assert [clip.length_ms for clip in cut(music(40))] == [CLIP_MS]
    assert [clip.length_ms for clip in cut(music(50))] == [CLIP_MS, 19500]


def test_a_silent_clip_stays_in_the_draw_as_in_the_challenge():
    notes = np.array([(0, 500, 60, 64), (70_000, 500, 60, 64), (89_000, 900, 60, 64)], NOTE)
    assert [len(clip.notes) for clip in cut(longplay.write_midi(notes, 90))] == [1, 0, 2]


def test_drums_sound_as_piano():
    drum = bytes.fromhex("4d546864 00000006 0000 0001 01f4  4d54726b 0000000d  00 993c40 8764 893c00 00 ff2f00")
    assert cut(drum)[0].notes["pitch"].tolist() == [60]


def test_a_clip_with_too_many_notes_for_a_page_is_refused():
    rows = [(onset, 1, pitch, 64) for onset in range(0, 2000, 20) for pitch in range(21, 43)]
    with pytest.raises(ValueError, match=r"the 30 s from 0 s have 2200 notes, more than 2000"):
        cut(longplay.write_midi(np.array(rows, NOTE), 10))


def test_files_that_cannot_take_part_are_named_with_the_reason(tmp_path):
    (tmp_path / "a.mid").write_bytes(music(30))
    (tmp_path / "b.MIDI").write_bytes(music(31))
    (tmp_path / "broken.mid").write_bytes(b"RIFF")
    (tmp_path / "empty.mid").write_bytes(longplay.write_midi(np.array([], NOTE), 30))
    (tmp_path / "same.mid").write_bytes(music(30))
    (tmp_path / "huge.mid").write_bytes(bytes(5 * 2**20))
    (tmp_path / "notes.txt").write_text("not music")
    found, warnings = find_candidates(tmp_path)
    assert [candidate.name for candidate in found] == ["a", "b"]
    assert sorted(warning.split(": ")[1] for warning in warnings) == [
        "it has no notes",
        "it is the same file as a.mid",
        "not a MIDI file",
        "the file has more than 4194304 bytes",
    ]


def test_a_file_that_changes_under_the_arena_is_not_taken_for_the_old_one(tmp_path):
    (tmp_path / "a.mid").write_bytes(music(30))
    [candidate], _ = find_candidates(tmp_path)
    (tmp_path / "a.mid").write_bytes(music(60))
    with pytest.raises(OSError, match=r"a\.mid has changed"):
        _ = candidate.clips
