"""FolkRNN: a language model of ABC notation, which writes tunes that every reader of ABC can parse.

Layers of LSTM read tokens of ABC, as in FolkRNN [1]_. The recipe writes two model folders: ``free``, the network alone,
and ``model``, in whose graph the grammar of `training.recipes.folk_grammar` forbids tokens. Both write tunes, and the
report gives the share of tunes that the grammar accepts. If abc2midi of the program abcmidi is installed, it reads all
tunes, and the report gives the tunes in which it finds an error or a bar of the wrong length.

References
----------
.. [1] Sturm et al., "Music Transcription Modelling and Composition Using Deep Learning", CSMC 2016.
"""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

import longplay
from longplay.importing.nodes import Nodes
from training.options import parse_config
from training.recipes.folk_grammar import add_grammar, is_grammatical
from training.recipes.folk_tokens import TOKENS, ids_of, meaning, text_of
from training.recipes.language import START, Ids, TokenLstm, fit, nats, play, write_folder, write_report
from training.recipes.steps import add_embedding, add_linear, add_lstm
from training.recipes.tunes import load_tunes

CHUNK = 10_000
"""Tokens that are drawn at a time."""
CHUNKS = 50


@dataclass(frozen=True)
class FolkConfig:
    """The options of the command."""

    data: Path = field(metadata={"help": "file written by training.recipes.tunes"})
    out: Path = field(metadata={"help": "folder to write"})
    width: int = field(default=128, metadata={"help": "of the layers"})
    layers: int = field(default=2, metadata={"help": "of LSTM"})
    dropout: float = field(default=0.2, metadata={"help": "between and after the layers"})
    steps: int = field(default=400, metadata={"help": "steps of training"})
    rows: int = field(default=32, metadata={"help": "windows of a step"})
    window: int = field(default=96, metadata={"help": "tokens of a window"})
    rate: float = field(default=3e-3, metadata={"help": "peak rate of Adam"})
    tunes: int = field(default=1000, metadata={"help": "number of tunes that each model writes"})
    seconds: float = field(default=60.0, metadata={"help": "length of the sample"})
    random_seed: int = field(default=1, metadata={"help": "of weights, order and draws"})


def load_ids(path: Path, split: str) -> list[Ids]:
    """Read the tunes of a split that have tokens for all notes, and whose bars have the length of the meter."""
    read = (ids_of(tune) for tune in load_tunes(path, split))
    return [ids for ids in read if ids is not None and is_grammatical(ids.tolist())]


def graph(model: TokenLstm, *, grammar: bool) -> tuple[bytes, list[dict[str, Any]]]:
    """Return step.onnx and its states; after End, the next tune begins from a state of zeros."""
    nodes = Nodes()
    begins = nodes.add("Equal", "event", nodes.integers(START))
    output, _, states = add_lstm(nodes, model.lstm, add_embedding(nodes, model.embedding, "event"), begins=begins)
    if grammar:
        states = states + add_grammar(nodes, add_linear(nodes, model.linear, output))
    else:
        add_linear(nodes, model.linear, output, into="logits")
    return nodes.model(model.tokens, states), states


def write_tunes(folder: Path, count: int, random_seed: int) -> list[list[int]]:
    """Let a model write tunes one after the other, each with its End; those longer than `CHUNK` tokens are dropped."""
    model, tunes = longplay.Model(folder), []
    for number in range(CHUNKS):
        drawn = model.generate_events(CHUNK, random_seed=random_seed + number)[:, 0]
        ends = np.flatnonzero(drawn == START) + 1
        tunes += [part.tolist() for part in np.split(drawn, ends)[:-1]]
        if len(tunes) >= count:
            return tunes[:count]
    raise ValueError(f"the model of {folder} must write {count} tunes in {CHUNKS * CHUNK} tokens")


def faults_found(tunes: Sequence[str], folder: Path) -> int | None:
    """Return in how many tunes abc2midi finds an error or a bar of the wrong length; None if it is missing."""
    if shutil.which("abc2midi") is None:
        return None
    path = folder / "tunes.abc"
    path.write_text("\n".join(tunes), encoding="utf-8")
    found = subprocess.run(["abc2midi", path, "-c"], capture_output=True, text=True, check=False).stdout
    lines = {int(number) for number in re.findall(r"(?:Error|Warning) in line-char (\d+)-", found)}
    ends = np.cumsum([text.count("\n") + 1 for text in tunes])
    return len(set(np.searchsorted(ends, sorted(lines)).tolist()))


def main(argv: Sequence[str] | None = None) -> None:
    """Train, let both models write tunes, check them, and let the engine play."""
    config = parse_config(FolkConfig, argv, __doc__ or "")
    torch.manual_seed(config.random_seed)
    torch.set_num_threads(1)
    train, test = (load_ids(config.data, split) for split in ("train", "test"))
    model = TokenLstm(len(TOKENS), config.width, layers=config.layers, dropout=config.dropout)
    options = {"steps": config.steps, "rows": config.rows, "window": config.window}
    fit(model, train, random_seed=config.random_seed, rate=config.rate, **options)
    report: dict[str, Any] = {"tunes": len(train), "nats_per_token": round(nats(model, test), 4)}
    for name in ("free", "model"):
        step, states = graph(model, grammar=name == "model")
        write_folder(config.out / name, step, states, len(TOKENS), meaning())
        tunes = write_tunes(config.out / name, config.tunes, config.random_seed)
        texts = [text_of(ids, number) for number, ids in enumerate(tunes, 1)]
        report[name] = {
            "written": len(tunes),
            "grammatical": sum(is_grammatical(ids) for ids in tunes),
            "faults_of_abc2midi": faults_found(texts, config.out / name),
            "mean_tokens": round(float(np.mean([len(ids) for ids in tunes])), 1),
        }
    piece = play(
        config.out / "model", config.out / "sample.mid", seconds=config.seconds, random_seed=config.random_seed
    )
    write_report(config.out, {**report, "notes": len(piece.notes)})


if __name__ == "__main__":
    main()
