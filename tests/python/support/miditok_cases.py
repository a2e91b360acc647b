"""Tokenizers of MidiTok, their notes and their counts of errors, as several tests use them."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import miditok
import numpy as np
import symusic
from vocabularies import size_of

import longplay
from longplay.midi import DRUMS, PROGRAM_NOTE

WALKS = int(os.environ.get("LONGPLAY_WALKS", "12"))
FILES = [Path("examples/traumerei.mid"), *sorted(Path("tests/data/seeds").glob("*.mid"))]
TOKENIZERS = {"REMI": miditok.REMI, "TSD": miditok.TSD, "MIDILike": miditok.MIDILike, "Structured": miditok.Structured}


def tokenizer_of(vocabulary: dict[str, Any]) -> longplay.Tokenizer:
    """Return the tokenizer of a vocabulary."""
    size = size_of(vocabulary)
    keys = {"format": 2, "name": "tokens", "controls": [], "states": [], "states_in_place": False}
    fields = [{"name": "token", "size": size}]
    return longplay.Tokenizer({**keys, "fields": fields, "start_event": [size], "vocabulary": vocabulary})


def notes_of_miditok(tokenizer: Any, ids: Sequence[int], *, are_pieces: bool = False) -> Any:
    """Return the notes that MidiTok decodes, as the engine has them."""
    stream = miditok.TokSequence(ids=list(ids), are_ids_encoded=are_pieces)
    score = tokenizer.decode(stream if tokenizer.one_token_stream else [stream])
    return _notes_of(score, pressed=isinstance(tokenizer, miditok.MIDILike))


def _notes_of(score: symusic.Score, *, pressed: bool) -> Any:
    """Return the notes of a score. A note lasts at the tempo at which it starts, unless its key is pressed."""
    tempos = [(0, 500_000), *sorted((tempo.time, tempo.mspq) for tempo in score.tempos)]
    scale = 1000 * score.ticks_per_quarter

    def ms(tick: int, until: int) -> int:
        parts, at, length = 0, 0, 500_000
        for time, mspq in tempos:
            if time > until:
                break
            parts, at, length = parts + (time - at) * length, time, mspq
        return (parts + (tick - at) * length + scale // 2) // scale

    rows = []
    for track in score.tracks:
        for note in track.notes:
            onset = ms(note.time, note.time)
            end = note.time + max(note.duration, 1)
            program = DRUMS if track.is_drum else track.program
            lasts = max(ms(end, end if pressed else note.time) - onset, 1)
            rows.append((onset, lasts, note.pitch, note.velocity, program))
    return longplay.resolve_overlaps(np.array(rows, PROGRAM_NOTE))


def same(found: Any, wanted: Any, *, but: Collection[tuple[int, int]] = ()) -> bool:
    """Return whether notes are equal in the fields of the first ones, but for those of some programs and pitches."""
    found, wanted = _without(found, but), _without(wanted, but)
    names = found.dtype.names
    return len(found) == len(wanted) and all(np.array_equal(found[name], wanted[name]) for name in names)


def _without(notes: Any, keys: Collection[tuple[int, int]]) -> Any:
    programs = notes["program"] if "program" in notes.dtype.names else np.zeros(len(notes), int)
    pairs = zip(programs.tolist(), notes["pitch"].tolist(), strict=True)
    return notes[[pair not in keys for pair in pairs]] if len(notes) else notes


def errors_of(tokenizer: Any, tokens: Sequence[str]) -> int:
    """Return MidiTok's number of errors. It does not look at the first token, so BOS stands there."""
    text = miditok.TokSequence(tokens=["BOS_None", *tokens])
    errors = tokenizer.tokens_errors(text if tokenizer.one_token_stream else [text])
    return round(float(np.sum(errors)) * (len(tokens) + 1))


def keys_down(tokens: Sequence[str]) -> int:
    """Return how many keys are down at the end, each of which MidiTok counts as an error."""
    return sum(token.startswith(("NoteOn", "DrumOn")) - token.startswith(("NoteOff", "DrumOff")) for token in tokens)
