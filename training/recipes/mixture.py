"""A mixture density network that plays with a performer, in the manner of Creative Prediction [1]_.

An LSTM reads each note as real numbers: the time since the last one, pitch, velocity and duration. Its output sets a
mixture of normal distributions of the next note [2]_. The fields of a note are drawn one after the other, as the engine
does: a field has the mixture's distribution, given the fields before it. The values are those of the note tables, and
the distribution of a component over a table is exactly normalised. So the training loss is that of the drawn ids.

The recipe then starts a session, in which a performer's notes and the network's notes alternate (docs/streaming.md).

References
----------
.. [1] Martin and Torresen, "An Interactive Musical Prediction System with Mixture Density Recurrent Neural Networks",
   NIME 2019.
.. [2] Bishop, "Mixture Density Networks", Aston University, NCRG/94/004, 1994.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import longplay
from longplay.files import write_whole
from training import tables
from training.corpus import IGNORED, Corpus
from training.options import parse_config
from training.recipes import mixture_graph
from training.recipes.language import write_report

CENTRES = {"time_shift": (50.0, 2.0), "pitch": (64.0, 12.0), "velocity": (64.0, 16.0), "duration": (50.0, 3.0)}
"""For times, the milliseconds at which the scale turns logarithmic, and its centre; for others, centre and spread."""


@dataclass(frozen=True)
class MixtureConfig:
    """The options of the command."""

    data: Path = field(metadata={"help": "folder written by training.prepare"})
    out: Path = field(metadata={"help": "folder to write"})
    source: str = field(default="piano_midi_de", metadata={"help": "source of the pieces"})
    pieces: int = field(default=60, metadata={"help": "number of training pieces"})
    width: int = field(default=64, metadata={"help": "of the LSTM"})
    components: int = field(default=5, metadata={"help": "of the mixture"})
    steps: int = field(default=150, metadata={"help": "steps of training"})
    rows: int = field(default=16, metadata={"help": "windows of a step"})
    window: int = field(default=32, metadata={"help": "notes of a window"})
    turns: int = field(default=8, metadata={"help": "turns of the performer and of the network in the session"})
    notes: int = field(default=6, metadata={"help": "notes of a turn"})
    random_seed: int = field(default=1, metadata={"help": "of weights, order and draws"})


def scale(name: str) -> NDArray[np.float32]:
    """Return the real number of each value of a field's table."""
    values = np.array(tables.TABLES[name], np.float64)
    centre, spread = CENTRES[name]
    real = np.log1p(values / centre) - spread if name in ("time_shift", "duration") else (values - centre) / spread
    return real.astype(np.float32)


class Mixture(nn.Module):
    """The network; shapes are (rows, notes, ...).

    `context` concatenates the log-weights of the components, then for each field their means and log-deviations.
    """

    def __init__(self, width: int, components: int) -> None:
        super().__init__()
        self.components, self.fields = components, list(tables.TABLES)
        self.lstm = nn.LSTM(len(self.fields), width, 2, batch_first=True)
        self.out = nn.Linear(width, components * (1 + 2 * len(self.fields)) + 1)  # the last one is the logit of END
        with torch.no_grad():
            self.out.bias[:-1] = torch.randn(len(self.out.bias) - 1) * 0.5
        self.scales = [torch.from_numpy(scale(name)) for name in self.fields]
        self.log_widths = [torch.from_numpy(mixture_graph.log_widths(scale(name))) for name in self.fields]

    def read(self, events: Tensor) -> Tensor:
        """Return ids as real numbers; END and the start are 0."""
        padded = [nn.functional.pad(of, (0, 2)) for of in self.scales]
        return torch.stack([of[events[..., i]] for i, of in enumerate(padded)], dim=-1)

    def forward(self, events: Tensor) -> tuple[Tensor, Tensor]:
        """Return the context and the logit of END after each event."""
        parameters = self.out(self.lstm(self.read(events))[0])
        return parameters[..., :-1], parameters[..., -1]

    def shares(self, context: Tensor, number: int) -> Tensor:
        """Return the log-probability of each value of a field in each component, (..., components, values)."""
        parts = torch.split(context, self.components, dim=-1)
        mean, deviation = parts[1 + 2 * number][..., None], parts[2 + 2 * number][..., None].exp()
        distance = (self.scales[number] - mean) / deviation
        logs: Tensor = (self.log_widths[number] - distance**2 / 2).log_softmax(-1)
        return logs

    def log_probabilities(self, context: Tensor, end: Tensor, targets: Tensor) -> Tensor:
        """Return the log-probability of each field of the notes `targets`, (..., fields); END has only the first."""
        is_end = targets[..., 0] == tables.END
        weights = context[..., : self.components].log_softmax(-1)
        each = []
        for number in range(len(self.fields)):
            ids = targets[..., number].clamp(0, len(self.scales[number]) - 1)
            chosen = self.shares(context, number).gather(-1, ids[..., None, None].expand(*weights.shape, 1))[..., 0]
            joint = weights + chosen
            each.append(joint.logsumexp(-1) - weights.logsumexp(-1))
            weights = joint
        stays, ends = nn.functional.logsigmoid(-end), nn.functional.logsigmoid(end)
        first = torch.where(is_end, ends, stays + each[0])
        return torch.stack([first, *(torch.where(is_end, 0.0, one) for one in each[1:])], dim=-1)


def fit(model: Mixture, pieces: Sequence[tuple[NDArray[Any], NDArray[Any]]], config: MixtureConfig) -> None:
    """Train with Adam on windows from a state of zeros."""
    random = np.random.default_rng(config.random_seed)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps)
    long = [piece for piece in pieces if len(piece[0]) >= config.window]
    for _ in range(config.steps):
        chosen = [long[index] for index in random.integers(len(long), size=config.rows)]
        begins = [int(random.integers(len(piece[0]) - config.window + 1)) for piece in chosen]
        events, targets = (
            torch.from_numpy(
                np.stack([piece[i][begin : begin + config.window] for piece, begin in zip(chosen, begins, strict=True)])
            ).long()
            for i in range(2)
        )
        context, end = model(events)
        loss = -model.log_probabilities(context, end, targets).sum(-1).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()


@torch.no_grad()
def nats_per_note(model: Mixture, pieces: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> float:
    """Return the mean nats per note of pieces, each read from its beginning."""
    total, notes = 0.0, 0
    for events, targets in pieces:
        wanted = torch.from_numpy(targets)[None].long()
        context, end = model(torch.from_numpy(events)[None].long())
        total -= float(model.log_probabilities(context, end, wanted).sum())
        notes += int((targets[:, 1] != IGNORED).sum())
    return total / notes


def write_folder(out: Path, model: Mixture) -> None:
    """Write the model folder, in which each field has a graph."""
    graphs, states = mixture_graph.graphs(model)
    out.mkdir(parents=True, exist_ok=True)
    for name, graph in graphs.items():
        write_whole(out / f"{name}.onnx", graph.SerializeToString(), overwrite=True)
    config = tables.config(out.name, states, model.components * (1 + 2 * len(model.fields)))
    config |= {"controls": [], "states_in_place": False}
    write_whole(out / "config.json", json.dumps(config).encode(), overwrite=True)


def alternate(folder: Path, performer: NDArray[Any], config: MixtureConfig) -> NDArray[Any]:
    """Play a session: turns of the performer's notes, each followed by as many of the network's; return all notes."""
    session = longplay.Engine(folder).session(random_seed=config.random_seed)
    played, now = [], 0
    for turn in range(config.turns):
        phrase = performer[turn * config.notes : (turn + 1) * config.notes].copy()
        phrase["onset_ms"] += now + 250 - phrase["onset_ms"][0]
        session.feed(phrase)
        answer = [session.next() for _ in range(config.notes)]
        played += [phrase, *answer]
        now = int(answer[-1]["onset_ms"][-1])
    return np.concatenate(played)


def main(argv: Sequence[str] | None = None) -> None:
    """Train, score the held-out notes, and play a session with a held-out piece."""
    config = parse_config(MixtureConfig, argv, __doc__ or "")
    torch.manual_seed(config.random_seed)
    torch.set_num_threads(1)
    corpora = {split: Corpus(config.data, split) for split in ("train", "val")}
    pieces = {}
    for split, corpus in corpora.items():
        readings = [corpus.read(index) for index in corpus.by_source[config.source][: config.pieces]]
        pieces[split] = [(reading.events, reading.targets) for reading in readings]
    model = Mixture(config.width, config.components)
    fit(model, pieces["train"], config)
    write_folder(config.out / "model", model)
    performer = corpora["val"].notes(corpora["val"].by_source[config.source][0])
    played = alternate(config.out / "model", performer, config)
    played = longplay.resolve_overlaps(np.sort(played, order=["onset_ms", "pitch"]))
    seconds = float((played["onset_ms"] + played["duration_ms"]).max()) / 1000 + 1
    write_whole(config.out / "sample.mid", longplay.write_midi(played, seconds), overwrite=True)
    scored = nats_per_note(model, pieces["val"][:10])
    write_report(config.out, {"nats_per_note": round(scored, 4), "turns": config.turns, "notes": len(played)})


if __name__ == "__main__":
    main()
