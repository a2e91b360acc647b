"""Train small language models of tokens, and write them as model folders that the engine plays.

A recipe brings sequences of token ids and the meaning of the tokens (docs/vocabularies.md). The token 0 stands before
the first one, and in many recipes it also ends a piece.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

import longplay
from longplay.files import write_whole
from longplay.importing.language import LstmModel
from longplay.importing.language_graph import language_graph
from longplay.importing.network import Lstm
from longplay.importing.writing import config_of, largest_difference

START = 0
IGNORED = -1
Ids = NDArray[np.int64]


class TokenLstm(nn.Module):
    """An embedding, layers of LSTM, and a linear layer: (rows, steps) ids -> (rows, steps, tokens) logits."""

    def __init__(self, tokens: int, width: int, *, layers: int = 2, dropout: float = 0.0) -> None:
        super().__init__()
        self.tokens, self.width = tokens, width
        self.embedding = nn.Embedding(tokens, width)
        self.lstm = nn.LSTM(width, width, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(width, tokens)

    def forward(self, ids: Tensor) -> Tensor:
        """Read windows from a state of zeros."""
        logits: Tensor = self.linear(self.dropout(self.lstm(self.embedding(ids))[0]))
        return logits

    def numbers(self) -> LstmModel:
        """Return the weights as float64 arrays."""
        arrays = {name: value.double().numpy() for name, value in self.state_dict().items()}
        layers = []
        for number in range(self.lstm.num_layers):
            part = {name: arrays[f"lstm.{name}_l{number}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
            bias = part["bias_ih"] + part["bias_hh"]
            layers.append(Lstm(part["weight_ih"].T, part["weight_hh"].T, bias, returns_all=True))
        return LstmModel(arrays["embedding.weight"], tuple(layers), arrays["linear.weight"].T, arrays["linear.bias"])


def windows(pieces: Sequence[Ids], rows: int, steps: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Draw windows of pieces, with START before each piece: inputs and targets, each (rows, steps).

    A piece is drawn by its length. A window begins up to half its length before a piece, where it is cut, and ends up
    to half its length behind it, where targets are `IGNORED`. So the ends of pieces are in about 0.4 times as many
    windows as their middles, instead of hardly any.
    """
    lengths = np.array([len(piece) for piece in pieces])
    inputs, targets = np.full((rows, steps), START), np.full((rows, steps), IGNORED)
    for row, index in enumerate(random.choice(len(pieces), rows, p=lengths / lengths.sum())):
        begin = max(0, int(random.integers(-steps // 2, max(1, lengths[index] - steps // 2))))
        part = pieces[index][begin : begin + steps]
        before = START if begin == 0 else pieces[index][begin - 1]
        inputs[row, : len(part)] = np.concatenate([[before], part[:-1]])
        targets[row, : len(part)] = part
    return torch.from_numpy(inputs), torch.from_numpy(targets)


def fit(
    model: nn.Module,
    pieces: Sequence[Ids],
    *,
    steps: int,
    random_seed: int,
    rows: int = 32,
    window: int = 64,
    rate: float = 3e-3,
) -> list[float]:
    """Train with Adam, at a rate that falls to zero along a cosine; return the nats per token of each step."""
    random = np.random.default_rng(random_seed)
    optimizer = torch.optim.Adam(model.parameters(), rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    model.train()
    losses = []
    for _ in range(steps):
        inputs, targets = windows(pieces, rows, window, random)
        loss = functional.cross_entropy(model(inputs).flatten(0, 1), targets.flatten(), ignore_index=IGNORED)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    model.eval()
    return losses


@torch.no_grad()
def nats(model: nn.Module, pieces: Sequence[Ids]) -> float:
    """Return the mean nats per token of whole pieces."""
    total = 0.0
    for piece in pieces:
        inputs = torch.from_numpy(np.concatenate([[START], piece[:-1]]))[None]
        total += functional.cross_entropy(model(inputs)[0], torch.from_numpy(piece), reduction="sum").item()
    return total / sum(len(piece) for piece in pieces)


def write_folder(
    out: Path,
    graph: bytes,
    states: Sequence[dict[str, Any]],
    tokens: int,
    meaning: dict[str, Any],
    start: int = START,
) -> None:
    """Write the folder of a model of tokens, in place of an earlier one."""
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "step.onnx", graph, overwrite=True)
    config = config_of(out.name, tokens, start, meaning, states)
    write_whole(out / "config.json", json.dumps(config).encode(), overwrite=True)


def write_lstm(out: Path, model: TokenLstm, meaning: dict[str, Any]) -> float:
    """Write the folder of an LSTM; return how far its log-probabilities are from a count in float64."""
    numbers = model.numbers()
    graph, states = language_graph(numbers)
    write_folder(out, graph, states, model.tokens, meaning)
    return largest_difference(out, lambda drawn: numbers.log_probabilities([START, *drawn]))


def play(folder: Path, out: Path, *, seconds: float, random_seed: int, **settings: Any) -> longplay.Piece:
    """Let the engine generate a piece of a model folder, write it as MIDI, and return it."""
    piece = longplay.Engine(folder).generate(seconds=seconds, random_seed=random_seed, **settings)
    piece.save(out, overwrite=True)
    return piece


def write_report(out: Path, report: dict[str, Any]) -> None:
    """Write report.json, and print it."""
    text = json.dumps(report, indent=1)
    write_whole(out / "report.json", (text + "\n").encode(), overwrite=True)
    print(text)
