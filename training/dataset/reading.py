"""Read one MIDI file, and keep what training needs."""

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
    """The result of reading a file.

    Attributes
    ----------
    digest : str
        SHA-256 of the file.
    problem : str
        The reason why the file cannot be used; empty if it can.
    notes : structured array, shape (notes,)
        Of dtype `STORED`, the first at 0 ms.
    outside : int
        Number of notes outside the range of the piano, which are dropped.
    warnings : list of str
        The warnings of the MIDI reader, with N for every number.
    sketch : Sketch
    key : Key or None
        Key of the original notes; None unless keys are normalised.
    """

    digest: str
    problem: str
    notes: NDArray[Any]
    outside: int
    warnings: list[str]
    sketch: Sketch
    key: Key | None


def read_file(file: MidiSource, *, piano_only: bool, normalised: bool) -> ReadFile:
    """Read a file, and transpose it to C major or A minor if `normalised`."""
    data = midi_bytes(file)
    digest = hashlib.sha256(data).hexdigest()
    problem, key = "", None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            notes = longplay.read_midi(data, piano_only=piano_only)
        except longplay.MidiError as error:
            problem, notes = f"unreadable: {error}", np.empty(0, longplay.midi.NOTE)
    texts = [re.sub(r"\d+", "N", str(warning.message)) for warning in caught]

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
        return ReadFile(digest, problem or "no notes for a piano", stored, len(notes), texts, NO_SKETCH, key)
    stored["onset_ms"] -= stored["onset_ms"][0]
    return ReadFile(digest, "", stored, len(notes) - len(stored), texts, sketch(stored), key)
