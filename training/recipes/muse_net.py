"""Instruments as tokens, in the manner of MuseNet: an ensemble is asked for, and it alone plays.

MuseNet [1]_ reads tokens of composer and instruments before the music. Here a token of the ensemble comes first, and
each note names its instrument. One network learns all ensembles. The music is Bach's chorales: each of them as a string
quartet, and as a voice with a piano.

The engine asks for no tokens. So the recipe writes a model folder for each ensemble: its graph begins with the token of
the ensemble, and forbids other instruments. What the network would play without that rule is reported too.

References
----------
.. [1] Payne, "MuseNet", OpenAI, 2019.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

import longplay
from longplay.importing.nodes import Nodes
from training.options import parse_config
from training.recipes.chorales import REST, STEPS, Chorale, load_chorales
from training.recipes.language import START, Ids, TokenLstm, fit, nats, play, write_folder, write_report
from training.recipes.steps import add_embedding, add_linear, add_lstm

ENSEMBLES = {"quartet": (40, 40, 41, 42), "voice_and_piano": (52, 0, 0, 0)}
"""Programs of General MIDI, counted from 0, of soprano, alto, tenor and bass."""
PROGRAMS = sorted({program for programs in ENSEMBLES.values() for program in programs})
PITCHES = range(30, 90)
LENGTHS = range(1, 33)
FORBIDDEN = -1e9

TOKENS: list[tuple[str, Any]] = [
    ("End", None),
    *(("Ensemble", name) for name in ENSEMBLES),
    *(("Program", program) for program in PROGRAMS),
    *(("Pitch", pitch) for pitch in PITCHES),
    *(("Duration", length) for length in LENGTHS),
    *(("Shift", length) for length in LENGTHS),
]
_ID_OF = {token: number for number, token in enumerate(TOKENS)}


@dataclass(frozen=True)
class MuseConfig:
    """The options of the command."""

    data: Path = field(metadata={"help": "file written by training.recipes.chorales"})
    out: Path = field(metadata={"help": "folder to write"})
    width: int = field(default=128, metadata={"help": "of both layers"})
    steps: int = field(default=300, metadata={"help": "steps of training"})
    rows: int = field(default=24, metadata={"help": "windows of a step"})
    window: int = field(default=128, metadata={"help": "tokens of a window"})
    rate: float = field(default=4e-3, metadata={"help": "peak rate of Adam"})
    seconds: float = field(default=60.0, metadata={"help": "length of a sample"})
    random_seed: int = field(default=1, metadata={"help": "of weights, order and samples"})


def ids_of(chorale: Chorale, ensemble: str) -> Ids:
    """Return a chorale in C, played by an ensemble: its token, the notes by onset and voice, and End."""
    ids, now = [_ID_OF["Ensemble", ensemble]], 0
    begins, voices = np.nonzero(chorale.strikes)
    played: set[tuple[int, int, int]] = set()
    for begin, voice in zip(begins.tolist(), voices.tolist(), strict=True):
        pitch = int(chorale.pitches[begin, voice]) + chorale.semitones
        program = ENSEMBLES[ensemble][voice]
        if (begin, program, pitch) in played or chorale.pitches[begin, voice] == REST:
            continue  # two voices of one instrument meet on one pitch
        played.add((begin, program, pitch))
        while begin > now:
            length = min(begin - now, LENGTHS[-1])
            ids.append(_ID_OF["Shift", length])
            now += length
        ends = np.flatnonzero(chorale.strikes[begin + 1 :, voice] | (chorale.pitches[begin + 1 :, voice] == REST))
        length = min(int(ends[0]) + 1 if len(ends) else len(chorale.pitches) - begin, LENGTHS[-1])
        ids += [_ID_OF["Program", program], _ID_OF["Pitch", pitch], _ID_OF["Duration", length]]
    return np.array([*ids, START])


def meaning() -> dict[str, Any]:
    """Return what the tokens mean (docs/vocabularies.md)."""
    types: list[dict[str, Any]] = [
        {"name": "End", "do": [["end"]], "then": ["Program"]},
        {"name": "Ensemble", "do": [], "then": ["Program"]},
        {"name": "Program", "do": [["program"]], "then": ["Pitch"]},
        {"name": "Pitch", "do": [["pitch"]], "then": ["Duration"], "only": ["new"]},
        {"name": "Duration", "do": [["duration"], ["emit"]], "then": ["Program", "Shift", "End"]},
        {"name": "Shift", "do": [["advance"]], "then": ["Program", "Shift"]},
    ]
    tokens = [[name] if name in ("End", "Ensemble") else [name, value] for name, value in TOKENS]
    return {
        "unit": {"per_beat": STEPS, "bpm": 90},
        "start": {"velocity": 80},
        "types": types,
        "first": ["Program"],
        "tokens": tokens,
    }


def graph(model: TokenLstm, ensemble: str, *, forbids: bool) -> tuple[bytes, list[dict[str, Any]]]:
    """Return step.onnx and its states; at its beginning, and after End, the network reads the ensemble's token."""
    nodes = Nodes()
    begins = nodes.add("Equal", "event", nodes.integers(START))
    event = nodes.add("Where", begins, nodes.integers(_ID_OF["Ensemble", ensemble]), "event")
    output, _, states = add_lstm(nodes, model.lstm, add_embedding(nodes, model.embedding, event), begins=begins)
    allowed = [name != "Program" or value in ENSEMBLES[ensemble] or not forbids for name, value in TOKENS]
    logits = add_linear(nodes, model.linear, output)
    bias = np.where(allowed, 0, FORBIDDEN)
    nodes.add("Add", logits, nodes.constant(bias), into="logits")
    return nodes.model(len(TOKENS), states), states


def share_of_ensemble(piece: longplay.Piece, ensemble: str) -> float:
    """Return the share of the notes that an instrument of the ensemble plays."""
    return float(np.isin(piece.notes["program"], ENSEMBLES[ensemble]).mean())


def main(argv: Sequence[str] | None = None) -> None:
    """Train one network, and let the engine play each ensemble with and without the rule."""
    config = parse_config(MuseConfig, argv, __doc__ or "")
    torch.manual_seed(config.random_seed)
    torch.set_num_threads(1)
    train, test = (
        [ids_of(one, ensemble) for one in load_chorales(config.data, split) for ensemble in ENSEMBLES]
        for split in ("train", "test")
    )
    model = TokenLstm(len(TOKENS), config.width)
    options = {"steps": config.steps, "rows": config.rows, "window": config.window}
    fit(model, train, random_seed=config.random_seed, rate=config.rate, **options)
    report: dict[str, Any] = {"nats_per_token": round(nats(model, test), 4)}
    for ensemble, programs in ENSEMBLES.items():
        shares: dict[str, Any] = {}
        for forbids in (True, False):
            folder = config.out / (ensemble if forbids else f"{ensemble}_free")
            step, states = graph(model, ensemble, forbids=forbids)
            write_folder(folder, step, states, len(TOKENS), meaning())
            piece = play(
                folder,
                config.out / f"{folder.name}.mid",
                seconds=config.seconds,
                random_seed=config.random_seed,
                two_hands=False,
            )
            shares["with_rule" if forbids else "without_rule"] = round(share_of_ensemble(piece, ensemble), 4)
            if forbids:
                shares["instruments_heard"] = sorted(set(piece.notes["program"].tolist()))
        report[ensemble] = {"asked_for": sorted(set(programs)), **shares}
    write_report(config.out, report)


if __name__ == "__main__":
    main()
