"""One MIDI file as what training keeps of it."""

import hashlib
import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import longplay
from longplay.midi import MidiSource, midi_bytes
from training import tables
from training.corpus import STORED
from training.dataset.keys import Key, estimate_key
from training.dataset.similarity import NO_SKETCH, Sketch, sketch


@dataclass(frozen=True)
class ReadFile:
    """What was read of a file.

    Attributes
    ----------
    digest : str
        SHA-256 of the file.
    problem : str
        Why there is nothing to learn from; empty when there is.
    notes : structured array, shape (notes,)
        Of dtype `STORED`, the first at 0 ms.
    outside : int
        Notes that the piano does not have. They are left out.
    remarks : list of str
        What the reader found odd, numbers as N.
    sketch : Sketch
    key : Key or None
        Of the notes as they were; None unless asked for.
    """

    digest: str
    problem: str
    notes: NDArray[Any]
    outside: int
    remarks: list[str]
    sketch: Sketch
    key: Key | None


def read_file(file: MidiSource, *, piano_only: bool, normalised: bool) -> ReadFile:
    """Read a file; transpose it to C major or A minor if `normalised`."""
    data = midi_bytes(file)
    digest = hashlib.sha256(data).hexdigest()
    problem, key = "", None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            notes = longplay.read_midi(data, piano_only=piano_only)
        except longplay.MidiError as error:
            problem, notes = f"unreadable: {error}", np.empty(0, longplay.midi.NOTE)
    remarks = [re.sub(r"\d+", "N", str(warning.message)) for warning in caught]

    pitches = notes["pitch"].astype(np.int64)
    if normalised and len(notes):
        key = estimate_key(pitches)
        pitches += key.semitones
    played = (pitches >= tables.PITCH[0]) & (pitches <= tables.PITCH[-1])
    stored = np.empty(int(played.sum()), STORED)
    for name in ("onset_ms", "duration_ms", "velocity"):
        stored[name] = notes[name][played]
    stored["pitch"] = pitches[played]
    if len(stored) == 0:
        return ReadFile(digest, problem or "no notes for a piano", stored, len(notes), remarks, NO_SKETCH, key)
    stored["onset_ms"] -= stored["onset_ms"][0]
    return ReadFile(digest, "", stored, len(notes) - len(stored), remarks, sketch(stored), key)
