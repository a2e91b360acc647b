"""A bidirectional LSTM over notes with durations, and a form put together from sections.

The recipe follows "Making Music with Machine Learning" [1]_. A token is a note with its duration in quarters, such as
``A4$0.5``, or a rest. A bidirectional LSTM reads a window of tokens, and predicts the next one. All music is moved to C
major or A minor first. The model draws sections A, B, C and D, and the piece is A B C B D B.

The music is the sopranos of Bach's chorales. The report says what the article says without figures: how the share of
notes in C major grows with the transposition, and that the likeliest tokens soon repeat for ever.

References
----------
.. [1] "Making Music with Machine Learning", Towards Data Science.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

import longplay
from longplay.files import write_whole
from longplay.importing.graph import step_graph, window_states
from longplay.importing.network import Both, Dense, Embedding, Lstm, Network
from longplay.importing.writing import largest_difference
from training.options import parse_config
from training.recipes.chorales import REST, STEPS, Chorale, load_chorales
from training.recipes.keras_tutorial import examples
from training.recipes.language import Ids, write_folder, write_report

FORM = "ABCBDB"
SCALE = (0, 2, 4, 5, 7, 9, 11)
LOOP = 64
"""Longest loop, in tokens, that is looked for."""


@dataclass(frozen=True)
class BlstmConfig:
    """The options of the command."""

    data: Path = field(metadata={"help": "file written by training.recipes.chorales"})
    out: Path = field(metadata={"help": "folder to write"})
    width: int = field(default=512, metadata={"help": "of each direction"})
    window: int = field(default=24, metadata={"help": "tokens that the network reads"})
    steps: int = field(default=150, metadata={"help": "steps of training"})
    rows: int = field(default=64, metadata={"help": "windows of a step"})
    rate: float = field(default=2e-3, metadata={"help": "rate of Adam"})
    drawn: int = field(default=400, metadata={"help": "tokens in which loops are looked for"})
    seconds: float = field(default=16.0, metadata={"help": "length of a section"})
    random_seed: int = field(default=1, metadata={"help": "of weights, order and draws"})


class Blstm(nn.Module):
    """Ids (rows, window) -> logits of the next token: the last outputs of both directions, and a linear layer."""

    def __init__(self, tokens: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, 64)
        self.lstm = nn.LSTM(64, width, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * width, tokens)

    def forward(self, ids: Tensor) -> Tensor:
        """Read windows: one direction to the last token, and the other one to the first."""
        forward, backward = self.lstm(self.embedding(ids))[0].chunk(2, dim=-1)
        logits: Tensor = self.out(torch.cat([forward[:, -1], backward[:, 0]], dim=-1))
        return logits

    def numbers(self, window: int) -> Network:
        """Return the weights as float64 arrays."""
        part = {name: value.detach().double().numpy() for name, value in self.named_parameters()}
        directions = []
        for end in ("_l0", "_l0_reverse"):
            kernel, recurrent = part[f"lstm.weight_ih{end}"].T, part[f"lstm.weight_hh{end}"].T
            bias = part[f"lstm.bias_ih{end}"] + part[f"lstm.bias_hh{end}"]
            directions.append(Lstm(kernel, recurrent, bias, returns_all=False))
        dense = Dense(part["out.weight"].T, part["out.bias"], "linear")
        layers = (Embedding(part["embedding.weight"]), Both(*directions), dense)
        return Network(layers, len(part["out.bias"]), window, "ids")


def symbols_of(chorale: Chorale) -> list[tuple[int, int]]:
    """Return the soprano in C major or A minor: (pitch, sixteenths), with `REST` as the pitch of a rest."""
    pitches, strikes = chorale.pitches[:, 0], chorale.strikes[:, 0]
    begins = np.flatnonzero(strikes | (np.diff(pitches, prepend=-1) != 0))
    lengths = np.diff(np.append(begins, len(pitches)))
    return [
        (int(pitches[begin]) + (chorale.semitones if pitches[begin] != REST else 0), int(length))
        for begin, length in zip(begins, lengths, strict=True)
    ]


def name_of(symbol: tuple[int, int]) -> str:
    """Return the name of a token, such as ``60$0.5`` or ``rest$1``."""
    pitch, length = symbol
    return f"{'rest' if pitch == REST else pitch}${length / STEPS:g}"


def meaning(symbols: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Return what the tokens mean: a type for each duration, and one for rests."""
    lengths = sorted({length for pitch, length in symbols if pitch != REST})
    rests = {"name": "Rest", "do": [["advance"]]} if any(pitch == REST for pitch, _ in symbols) else None
    types: list[dict[str, Any]] = [
        {"name": f"Note{length}", "do": [["pitch"], ["duration", length], ["emit"], ["advance", length]]}
        for length in lengths
    ]
    types += [rests] if rests else []
    names = [one["name"] for one in types]
    return {
        "unit": {"per_beat": STEPS, "bpm": 100},
        "start": {"velocity": 80},
        "types": [{**one, "then": names} for one in types],
        "first": names,
        "tokens": [["Rest", length] if pitch == REST else [f"Note{length}", pitch] for pitch, length in symbols],
    }


def share_in_scale(chorales: Sequence[Chorale], *, moved: bool) -> float:
    """Return the share of struck notes in C major, as written or moved to C major or A minor."""
    pitches = np.concatenate([one.pitches[one.strikes] + (one.semitones if moved else 0) for one in chorales])
    return float(np.isin(pitches % 12, SCALE).mean())


def loop_length(tokens: NDArray[np.integer]) -> int:
    """Return the length of the loop with which tokens end, 0 if the last half is none of up to `LOOP` tokens."""
    half = tokens[len(tokens) // 2 :]
    found = (length for length in range(1, min(LOOP, len(half) // 2) + 1) if (half[length:] == half[:-length]).all())
    return next(found, 0)


def splice(sections: dict[str, longplay.Piece], seconds: float) -> NDArray[Any]:
    """Return the notes of the sections one after the other, in the order of `FORM`."""
    parts = []
    for place, letter in enumerate(FORM):
        notes = sections[letter].notes.copy()
        notes["onset_ms"] += round(place * seconds * 1000)
        parts.append(notes)
    return np.concatenate(parts)


def fit(model: Blstm, given: Tensor, wanted: Tensor, config: BlstmConfig) -> None:
    """Train with Adam on random windows."""
    random = np.random.default_rng(config.random_seed)
    optimizer = torch.optim.Adam(model.parameters(), config.rate)
    for _ in range(config.steps):
        chosen = torch.from_numpy(random.integers(len(given), size=config.rows))
        loss = functional.cross_entropy(model(given[chosen]), wanted[chosen])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def main(argv: Sequence[str] | None = None) -> None:
    """Train, look for loops, and put a piece together from sections that the engine plays."""
    config = parse_config(BlstmConfig, argv, __doc__ or "")
    torch.manual_seed(config.random_seed)
    torch.set_num_threads(1)
    chorales = {split: load_chorales(config.data, split) for split in ("train", "test")}
    read = {split: [symbols_of(one) for one in of] for split, of in chorales.items()}
    symbols = sorted({symbol for piece in read["train"] for symbol in piece})
    ids = {symbol: number for number, symbol in enumerate(symbols)}
    kept: dict[str, list[Ids]] = {
        split: [np.array([ids[one] for one in piece if one in ids]) for piece in of] for split, of in read.items()
    }
    model = Blstm(len(symbols), config.width)
    fit(model, *examples(kept["train"], config.window), config)
    network, folder = model.numbers(config.window), config.out / "model"
    states = window_states(network, None)
    write_folder(folder, step_graph(network, None), states, len(symbols), meaning(symbols), len(symbols))
    difference = largest_difference(
        folder,
        lambda drawn: network.log_probabilities(np.array(drawn[-config.window :])),
        config.window,
        config.window + 10,
    )
    given, wanted = examples(kept["test"], config.window)
    with torch.no_grad():
        nats = functional.cross_entropy(model(given), wanted).item()
    prompt, player = given[0].numpy()[:, None].astype(np.int32), longplay.Model(folder)
    loops = {
        name: loop_length(player.generate_events(config.drawn, prompt, temperature=temperature, random_seed=1)[:, 0])
        for name, temperature in (("likeliest", 0.0), ("drawn", 1.0))
    }
    engine = longplay.Engine(folder)
    sections = {
        letter: engine.generate(seconds=config.seconds, random_seed=config.random_seed + number)
        for number, letter in enumerate(sorted(set(FORM)))
    }
    notes = splice(sections, config.seconds)
    length = len(FORM) * config.seconds
    write_whole(config.out / "sample.mid", longplay.write_midi(notes, length), overwrite=True)
    report = {
        "tokens": len(symbols),
        "first_tokens": [name_of(one) for one in read["train"][0][:4]],
        "nats_per_token": round(nats, 4),
        "difference": difference,
        "in_c_major": {
            name: round(share_in_scale(chorales["train"], moved=moved), 4)
            for name, moved in (("as_written", False), ("moved", True))
        },
        "loop_of_tokens": loops,
        "notes": len(notes),
    }
    write_report(config.out, report)


if __name__ == "__main__":
    main()
