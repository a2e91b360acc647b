"""Seeds and files as objects: of longplay, of NumPy, and of other libraries."""

import io
import subprocess
import sys

import mido
import numpy as np
import pretty_midi
import pytest
import symusic

import longplay
from longplay.midi import NOTE, midi_bytes

NOTES = np.array([(0, 400, 60, 64), (500, 250, 67, 80), (500, 1000, 72, 90)], NOTE)
DATA = longplay.write_midi(NOTES, 4)


def opened():
    return io.BytesIO(DATA)


@pytest.mark.parametrize(
    "source",
    [opened, lambda: mido.MidiFile(file=opened()), lambda: symusic.Score.from_midi(DATA), lambda: NOTES],
    ids=["file", "mido", "symusic", "array"],
)
def test_an_object_has_the_notes_of_its_file(source):
    assert np.array_equal(longplay.read_midi(source()), NOTES)


@pytest.mark.parametrize("unit", ["quarter", "second"])
def test_a_score_of_symusic_may_have_any_unit(unit):
    read = longplay.read_midi(symusic.Score.from_midi(DATA).to(unit))
    assert np.array_equal(read["pitch"], NOTES["pitch"])
    assert np.abs(read["onset_ms"] - NOTES["onset_ms"]).max() <= 2


def test_a_pretty_midi_object_has_the_notes_of_its_file():
    read = longplay.read_midi(pretty_midi.PrettyMIDI(opened()))
    assert np.array_equal(read["pitch"], NOTES["pitch"])
    assert np.abs(read["onset_ms"] - NOTES["onset_ms"]).max() <= 2


def test_a_subclass_is_known_by_its_library():
    class Mine(mido.MidiFile):
        pass

    assert np.array_equal(longplay.read_midi(Mine(file=opened())), NOTES)


def test_an_array_may_be_in_any_order_and_overlap():
    mixed = np.concatenate([NOTES[::-1], NOTES[:1]])
    assert np.array_equal(longplay.read_midi(mixed), NOTES)
    assert len(longplay.read_midi(NOTES[:0])) == 0


@pytest.mark.parametrize("source", [7, object(), [1, 2], {}, None])
def test_other_objects_are_refused_by_name(source):
    with pytest.raises(TypeError, match=r"^source must be a MIDI file, not "):
        midi_bytes(source)


def test_a_file_in_text_mode_and_other_arrays_are_refused():
    with pytest.raises(TypeError, match=r"^seed must be open in binary mode, not "):
        midi_bytes(io.StringIO("MThd"), name="seed")
    with pytest.raises(TypeError, match="source must have dtype"):
        midi_bytes(np.zeros(3))


def test_no_library_is_imported_unless_it_is_used():
    code = "import longplay, sys; print([n for n in ('mido', 'symusic', 'pretty_midi', 'pandas') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
