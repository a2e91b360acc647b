"""MelodyRNN: one event of a melody for each sixteenth, in the three forms of Magenta [1]_.

``basic`` reads the last event. ``lookback`` also reads the events that would repeat the music of one and two bars ago,
whether the last event repeats it, and the place in the bar. Two more classes predict these repeats. ``attention`` has
the same inputs and classes, and attends to its last 40 outputs.

The engine draws events instead of classes: the probability of an event is that of its own class, and of each repeat
that would give the event. All inputs are computed in the graph, from a state that holds the last 32 events.

References
----------
.. [1] Waite, "Generating Long-Term Structure in Songs and Stories", Magenta, 2016; Magenta's ``melody_rnn``.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from longplay.importing.writing import largest_difference
from training.options import parse_config
from training.recipes import melodies, melody_rnn_graph
from training.recipes.language import IGNORED, Ids, play, write_folder, write_report
from training.recipes.melodies import BAR, EVENTS, NO_EVENT
from training.recipes.melody_rnn_graph import ATTENDED, BITS

Kind: TypeAlias = Literal["basic", "lookback", "attention"]
LOOKBACKS = (BAR, 2 * BAR)


@dataclass(frozen=True)
class MelodyConfig:
    """The options of the command."""

    data: Path = field(metadata={"help": "file written by training.recipes.tunes"})
    out: Path = field(metadata={"help": "folder to write"})
    kind: Kind = field(default="lookback", metadata={"help": "which of the three models"})
    width: int = field(default=128, metadata={"help": "of both layers of LSTM"})
    steps: int = field(default=300, metadata={"help": "steps of training"})
    rows: int = field(default=32, metadata={"help": "windows of a step"})
    window: int = field(default=64, metadata={"help": "events of a window"})
    dropout: float = field(default=0.3, metadata={"help": "between and after the layers"})
    seconds: float = field(default=60.0, metadata={"help": "length of the sample"})
    random_seed: int = field(default=1, metadata={"help": "of weights, order and sample"})


def inputs(history: Sequence[int], kind: Kind) -> NDArray[np.float64]:
    """Return the inputs of a step in float64, computed from all events before it."""
    count = len(history)
    past = [NO_EVENT] * (2 * BAR + 1) + list(history)
    vectors = [np.eye(EVENTS)[past[-1]]]
    if kind != "basic":
        vectors += [np.eye(EVENTS)[past[-distance]] for distance in LOOKBACKS]
        vectors.append(np.array([1.0 if count >> bit & 1 else -1.0 for bit in range(BITS)]))
        repeats = [count > distance and past[-1] == past[-1 - distance] for distance in LOOKBACKS]
        vectors.append(np.array(repeats, np.float64))
    return np.concatenate(vectors)


def input_width(kind: Kind) -> int:
    """Return the number of inputs of a step."""
    return EVENTS if kind == "basic" else EVENTS * 3 + BITS + len(LOOKBACKS)


class MelodyRnn(nn.Module):
    """Two layers of LSTM over the inputs of each step, with classes for events and, unless basic, for repeats.

    Shapes are (rows, steps, ...). The attention is that of Magenta's ``AttentionCellWrapper``: the input of a step is
    mixed with the attended sum of the step before, and the output of a step is mixed with its own.
    """

    def __init__(self, kind: Kind, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        if kind not in get_args(Kind):
            raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}, not {kind!r}")
        self.kind, self.width, self.classes = kind, width, EVENTS + (len(LOOKBACKS) if kind != "basic" else 0)
        given = input_width(kind)
        self.lstm = nn.LSTM(given, width, 2, batch_first=True, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(width, self.classes)
        if kind == "attention":
            self.mix = nn.Linear(given + width, given)
            self.key = nn.Linear(width, width, bias=False)
            self.query = nn.Linear(4 * width, width)
            self.score = nn.Linear(width, 1, bias=False)
            self.joined = nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of the classes for inputs from the beginning of a melody."""
        output = self._attend(x) if self.kind == "attention" else self.lstm(x)[0]
        logits: Tensor = self.out(self.dropout(output))
        return logits

    def _attend(self, x: Tensor) -> Tensor:
        attended = x.new_zeros(len(x), self.width)
        memory = x.new_zeros(len(x), ATTENDED, self.width)
        state, outputs = None, []
        for step in range(x.shape[1]):
            mixed = self.mix(torch.cat([x[:, step], attended], dim=-1))
            output, state = self.lstm(mixed[:, None], state)
            asked = self.query(torch.cat([part for pair in zip(*state, strict=True) for part in pair], dim=-1))
            weights = self.score(torch.tanh(self.key(memory) + asked[:, None])).softmax(dim=1)
            attended = (weights * memory).sum(dim=1)
            joined = self.joined(torch.cat([output[:, 0], attended], dim=-1))
            memory = torch.cat([memory[:, 1:], joined[:, None]], dim=1)
            outputs.append(joined)
        return torch.stack(outputs, dim=1)


def event_log_probabilities(logits: Tensor, ago: Tensor) -> Tensor:
    """Return log-probabilities of events: classes (..., classes), events a lookback ago (..., 2) -> (..., EVENTS)."""
    logs = logits.log_softmax(-1)
    if logits.shape[-1] == EVENTS:
        return logs
    return torch.log(logs[..., :EVENTS].exp().scatter_add(-1, ago, logs[..., EVENTS:].exp()))


def label(events: Ids) -> Ids:
    """Return the class of each event of a melody, as Magenta trains: the longer repeat, if there is one, then one."""
    classes = events.copy()
    for number, distance in enumerate(LOOKBACKS):
        before = np.concatenate([np.full(distance, NO_EVENT), events])[: len(events)]
        classes[events == before] = EVENTS + number  # the longer one comes last
    return classes


@dataclass(frozen=True)
class Read:
    """A melody as the model reads it: inputs (steps, inputs), classes, events, and the events that repeats give."""

    inputs: Tensor
    classes: Tensor
    events: Tensor
    ago: Tensor


def read(melody: Ids, kind: Kind) -> Read:
    """Read a whole melody."""
    rows = np.stack([inputs(melody[:step].tolist(), kind) for step in range(len(melody))]).astype(np.float32)
    ago = [np.concatenate([np.full(distance, NO_EVENT), melody])[: len(melody)] for distance in LOOKBACKS]
    classes = melody if kind == "basic" else label(melody)
    return Read(*(torch.from_numpy(array) for array in (rows, classes, melody, np.stack(ago, axis=-1))))


def fit(model: MelodyRnn, pieces: Sequence[Read], config: MelodyConfig) -> None:
    """Train on windows that begin with a bar, from a state of zeros, at a rate that falls along a cosine."""
    random = np.random.default_rng(config.random_seed)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps)
    model.train()
    for _ in range(config.steps):
        x = torch.zeros(config.rows, config.window, input_width(model.kind))
        wanted = torch.full((config.rows, config.window), IGNORED)
        for row, index in enumerate(random.integers(len(pieces), size=config.rows)):
            piece = pieces[index]
            begin = BAR * int(random.integers(max(0, len(piece.events) - config.window) // BAR + 1))
            part = slice(begin, begin + config.window)
            x[row, : len(piece.inputs[part])] = piece.inputs[part]
            wanted[row, : len(piece.classes[part])] = piece.classes[part]
        loss = nn.functional.cross_entropy(model(x).flatten(0, 1), wanted.flatten(), ignore_index=IGNORED)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    model.eval()


@torch.no_grad()
def nats(model: MelodyRnn, pieces: Sequence[Read]) -> float:
    """Return the mean nats per event of whole melodies, summed over the classes that give an event."""
    total = 0.0
    for piece in pieces:
        logs = event_log_probabilities(model(piece.inputs[None])[0], piece.ago)
        total -= float(logs.gather(-1, piece.events[:, None]).sum())
    return total / sum(len(piece.events) for piece in pieces)


@torch.no_grad()
def reread(model: MelodyRnn, drawn: Sequence[int]) -> NDArray[np.float64]:
    """Return the log-probabilities of the event after some events, counted in float64 from the first event on."""
    again = read(np.array([*drawn, NO_EVENT]), model.kind)
    wide = copy.deepcopy(model).double()
    logs: NDArray[np.float64] = event_log_probabilities(wide(again.inputs.double()[None])[0], again.ago)[-1].numpy()
    return logs


def main(argv: Sequence[str] | None = None) -> None:
    """Train, score the held-out melodies, check the graph, and let the engine play."""
    config = parse_config(MelodyConfig, argv, __doc__ or "")
    torch.manual_seed(config.random_seed)
    torch.set_num_threads(1)
    train, test = (
        [read(melody, config.kind) for melody in melodies.load_melodies(config.data, split)]
        for split in ("train", "test")
    )
    model = MelodyRnn(config.kind, config.width, config.dropout)
    fit(model, train, config)
    step, states = melody_rnn_graph.graph(model)
    folder = config.out / "model"
    write_folder(folder, step, states, EVENTS, melodies.meaning())
    difference = largest_difference(folder, lambda drawn: reread(model, drawn), last=3 * BAR)
    piece = play(folder, config.out / "sample.mid", seconds=config.seconds, random_seed=config.random_seed)
    report = {"nats_per_event": round(nats(model, test), 4), "difference": difference, "notes": len(piece.notes)}
    write_report(config.out, {"kind": config.kind, "melodies": len(train), **report})


if __name__ == "__main__":
    main()
