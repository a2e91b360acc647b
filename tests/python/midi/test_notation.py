"""Scores in MusicXML: rhythm, spelling and staves, as music21 reads them back."""

import threading
import time
from xml.etree import ElementTree

import command
import numpy as np
import pytest

import longplay
from longplay._base.key import Key, named_key
from longplay.midi import NOTE
from longplay.notation import Chord, hand_chords, musicxml, spelled

music21 = pytest.importorskip("music21")
BEATS = np.arange(0, 10_001, 500)


def scale_of(count=32, period_ms=250):
    """Return eighths of C major at 120 beats a minute, over a bass on each beat."""
    notes = np.zeros(count + count // 2, NOTE)
    notes["onset_ms"][:count], notes["pitch"][:count] = period_ms * np.arange(count), np.resize([72, 74, 76, 77], count)
    notes["onset_ms"][count:], notes["pitch"][count:] = 2 * period_ms * np.arange(count // 2), 48
    notes["duration_ms"], notes["velocity"] = period_ms, np.where(notes["pitch"] < 60, 90, 60)
    return longplay.resolve_overlaps(notes)


def read(data):
    return music21.converter.parseData(data.decode(), format="musicxml")


def test_a_score_has_the_notes_and_two_staves():
    score = read(musicxml(scale_of(), 8.0))
    right, left = score.parts
    assert [note.pitch.midi for note in right.flatten().notes] == [72, 74, 76, 77] * 8
    assert {note.quarterLength for note in right.flatten().notes} == {0.5}
    assert {note.pitch.midi for note in left.flatten().notes} == {48}
    assert isinstance(right.flatten().getElementsByClass(music21.clef.Clef)[0], music21.clef.TrebleClef)
    assert isinstance(left.flatten().getElementsByClass(music21.clef.Clef)[0], music21.clef.BassClef)
    assert {bar.barDuration.quarterLength for bar in right.getElementsByClass("Measure")} == {4}


def test_notes_are_one_voice_a_hand():
    notes = np.array([(0, 2000, 60, 80), (10, 2000, 64, 80), (500, 100, 67, 80), (1500, 90, 65, 80)], NOTE)
    assert hand_chords(notes, BEATS) == [Chord(0, 4, (60, 64)), Chord(4, 5, (67,)), Chord(12, 13, (65,))]
    notes["duration_ms"] = 900
    assert hand_chords(notes[2:], BEATS) == [Chord(4, 12, (67,)), Chord(12, 19, (65,))]  # a short rest is left out


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("C major", "C4 C#4 D4 E-4 E4 F4 F#4 G4 A-4 A4 B-4 B4"),
        ("A minor", "C4 C#4 D4 E-4 E4 F4 F#4 G4 G#4 A4 B-4 B4"),
        ("D minor", "C4 C#4 D4 E-4 E4 F4 F#4 G4 A-4 A4 B-4 B4"),
        ("Eb major", "C4 D-4 D4 E-4 E4 F4 G-4 G4 A-4 A4 B-4 C-5"),
        ("B major", "B#3 C#4 D4 D#4 E4 E#4 F#4 G4 G#4 A4 A#4 B4"),
    ],
)
def test_pitches_are_spelled_in_their_key(key, names):
    assert ["{}{}".format(*spelled(pitch, named_key(key))) for pitch in range(60, 72)] == names.split()


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize("minor", [False, True])
def test_every_pitch_has_a_name_in_every_key(tonic, minor):
    names = [spelled(pitch, Key(tonic, minor)) for pitch in range(128)]
    assert [music21.pitch.Pitch(name, octave=octave).ps for name, octave in names] == list(range(128))


def test_the_key_is_the_likeliest_or_the_one_that_is_named():
    def sharps(**given):
        return read(musicxml(scale_of(), 8.0, **given)).flatten().getElementsByClass(music21.key.KeySignature)[0].sharps

    assert sharps() in (0, -1)  # C, or F: the notes have no B
    assert sharps(key=Key(3, minor=False)) == -3


def test_an_empty_piece_is_a_score_of_rests():
    assert not read(musicxml(scale_of()[:0], 3.0)).flatten().notes


def test_the_lowest_and_the_highest_pitch_are_notated():
    notes = scale_of()
    notes["pitch"] = np.where(notes["pitch"] < 60, 0, 127)
    assert {note.pitch.ps for note in read(musicxml(notes, 8.0)).flatten().notes} == {0, 127}


def test_the_command_writes_a_score(tmp_path):
    song, out = tmp_path / "song.mid", tmp_path / "song.musicxml"
    song.write_bytes(longplay.write_midi(scale_of(), 9))
    done = command.run("notate", song, "--out", out, "--key", "F major", "--title", "Scale")
    assert (done.returncode, done.stdout) == (0, f"{out}\n"), done.stderr
    score = read(out.read_bytes())
    assert score.metadata.movementName == "Scale"
    assert command.run("notate", song, "--out", tmp_path / "song.txt").returncode == 1
    done = command.run_without("music21", "notate", song, "--out", tmp_path / "b.musicxml")
    problem = "music21 is not installed. To fix this, run: pip install 'longplay[notation]'"
    assert done.stderr == f"longplay: {problem}\n"


@pytest.mark.parametrize(
    ("title", "shown"), [("caf\udce9 & <b>", "caf\ufffd & <b>"), ("a\0\x1b\uffff\ud800", "a" + "\ufffd" * 4)]
)
def test_a_title_of_any_characters_makes_a_score_that_can_be_read(title, shown):
    assert ElementTree.fromstring(musicxml(scale_of(), 8.0, title=title)).findtext("movement-title") == shown


def test_a_title_that_is_no_text_is_refused():
    with pytest.raises(TypeError, match="title must be of type str, not 7"):
        musicxml(scale_of(), 8.0, title=7)


@pytest.mark.parametrize("most", [1, 10, 1000])
def test_a_score_is_cancelled_while_music21_works(most):
    looks = []

    class Countdown:
        def is_set(self):
            looks.append(time.process_time())
            return len(looks) > most

    with pytest.raises(longplay.Cancelled):
        musicxml(scale_of(), 3600.0, cancel=Countdown())  # takes half a minute without a cancellation
    assert np.diff(looks).max() < 0.1
    assert read(musicxml(scale_of(), 8.0, cancel=threading.Event())).parts
