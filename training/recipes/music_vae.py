"""MusicVAE for two bars of a melody: sample, encode and interpolate.

A bidirectional LSTM encodes 32 events as a normal distribution of latent vectors, and an LSTM decodes a vector to
events [1]_ [2]_. Two bars are short enough for the flat decoder of the paper.

The engine has no latent vectors. So `folder_of` writes a model folder for one vector: the vector is a constant of its
graph, and every two bars the decoder begins anew. The engine then plays variations of two bars.

References
----------
.. [1] Roberts et al., "A Hierarchical Latent Vector Model for Learning Long-Term Structure in Music", ICML 2018.
.. [2] Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from longplay.importing.nodes import Nodes
from training.options import parse_config
from training.recipes import melodies
from training.recipes.language import START, Ids, play, write_folder, write_report
from training.recipes.melodies import BAR, EVENTS, NO_EVENT
from training.recipes.steps import add_embedding, add_linear, add_lstm, state

LENGTH = 2 * BAR
EMBEDDED = 32


@dataclass(frozen=True)
class VaeConfig:
    """The options of the command."""

    data: Path = field(metadata={"help": "file written by training.recipes.tunes"})
    out: Path = field(metadata={"help": "folder to write"})
    width: int = field(default=128, metadata={"help": "of encoder and decoder"})
    latent: int = field(default=64, metadata={"help": "width of the latent vector"})
    beta: float = field(default=0.02, metadata={"help": "weight of the divergence from the prior"})
    melodies: int = field(default=200, metadata={"help": "training windows; 0 for all"})
    steps: int = field(default=600, metadata={"help": "steps of training"})
    rate: float = field(default=3e-3, metadata={"help": "peak rate of Adam"})
    rows: int = field(default=64, metadata={"help": "windows of a step"})
    between: int = field(default=5, metadata={"help": "steps of an interpolation, both ends included"})
    seconds: float = field(default=30.0, metadata={"help": "length of the sample"})
    random_seed: int = field(default=1, metadata={"help": "of weights, order and samples"})


class Vae(nn.Module):
    """Encoder and decoder; events have the shape (rows, LENGTH)."""

    def __init__(self, width: int, latent: int) -> None:
        super().__init__()
        self.latent = latent
        self.embedding = nn.Embedding(EVENTS, EMBEDDED)
        self.encoder = nn.LSTM(EMBEDDED, width, batch_first=True, bidirectional=True)
        self.mean, self.log_variance = nn.Linear(2 * width, latent), nn.Linear(2 * width, latent)
        self.first_h, self.first_c = nn.Linear(latent, width), nn.Linear(latent, width)
        self.decoder = nn.LSTM(EMBEDDED + latent, width, batch_first=True)
        self.out = nn.Linear(width, EVENTS)

    def encode(self, events: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and the log-variance of the latent vectors, (rows, latent)."""
        forward, backward = self.encoder(self.embedding(events))[0].chunk(2, dim=-1)
        ends = torch.cat([forward[:, -1], backward[:, 0]], dim=-1)
        return self.mean(ends), self.log_variance(ends)

    def first_state(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        """Return h and c of the decoder before the first event, (1, rows, width)."""
        return torch.tanh(self.first_h(latent))[None], torch.tanh(self.first_c(latent))[None]

    def logits(self, latent: Tensor, events: Tensor) -> Tensor:
        """Return the logits of each event, given the vectors and the events before it."""
        before = functional.pad(events[:, :-1], (1, 0), value=START)
        repeated = latent[:, None].expand(-1, events.shape[1], -1)
        output, _ = self.decoder(torch.cat([self.embedding(before), repeated], dim=-1), self.first_state(latent))
        logits: Tensor = self.out(output)
        return logits

    @torch.no_grad()
    def decode(self, latent: Tensor) -> Tensor:
        """Return the likeliest event after the other, (rows, LENGTH)."""
        events = torch.full((len(latent), LENGTH), NO_EVENT)
        for step in range(LENGTH):
            events[:, step] = self.logits(latent, events)[:, step].argmax(-1)
        return events


def windows(pieces: Sequence[Ids]) -> Tensor:
    """Return all stretches of two bars that begin with a bar and a note, (windows, LENGTH)."""
    cut = [
        piece[begin : begin + LENGTH]
        for piece in pieces
        for begin in range(0, len(piece) - LENGTH + 1, BAR)
        if piece[begin] >= melodies.FIRST
    ]
    if not cut:
        raise ValueError(f"a melody must have {LENGTH} events, and begin with a note")
    return torch.from_numpy(np.stack(cut))


def fit(model: Vae, events: Tensor, config: VaeConfig) -> None:
    """Train with Adam on the evidence lower bound, whose divergence has the weight `beta`."""
    torch.manual_seed(config.random_seed)
    optimizer = torch.optim.Adam(model.parameters(), config.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps)
    for _ in range(config.steps):
        rows = events[torch.randint(len(events), (config.rows,))]
        mean, log_variance = model.encode(rows)
        latent = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        lost = functional.cross_entropy(model.logits(latent, rows).flatten(0, 1), rows.flatten()) * LENGTH
        divergence = (mean**2 + log_variance.exp() - 1 - log_variance).sum(-1).mean() / 2
        optimizer.zero_grad()
        (lost + config.beta * divergence).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()


def share_of_notes(found: Tensor, real: Tensor) -> float:
    """Return the share of the struck notes of real events that have the same pitch at the same time."""
    struck = real >= melodies.FIRST
    return float((found == real)[struck].float().mean())


@torch.no_grad()
def interpolate(model: Vae, first: Tensor, last: Tensor, count: int) -> Tensor:
    """Return the decoded events on the line from one window's vector to another's, (count, LENGTH)."""
    ends, _ = model.encode(torch.stack([first, last]))
    part = torch.linspace(0, 1, count)[:, None]
    return model.decode(ends[0] * (1 - part) + ends[1] * part)


def distance(first: Tensor, last: Tensor) -> float:
    """Return the share of events that differ."""
    return float((first != last).float().mean())


@torch.no_grad()
def graph(model: Vae, latent: Tensor) -> tuple[bytes, list[dict[str, Any]]]:
    """Return step.onnx of a decoder for one vector (1, latent), and its states; it begins anew every two bars."""
    nodes = Nodes()
    count = state("count", "int64", 1)
    place = nodes.add("Mod", "count", nodes.integers(LENGTH))
    nodes.add("Add", place, nodes.integers(1), into=count["output"])
    begins = nodes.add("Equal", place, nodes.integers(0))
    event = nodes.add("Where", begins, nodes.integers(START), "event")
    constant = nodes.constant(latent.numpy())
    kept = nodes.add("Cast", nodes.add("Not", begins), to=nodes.onnx.TensorProto.FLOAT)
    repeated = nodes.add("Add", nodes.add("Mul", kept, nodes.constant(0.0)), constant)  # (batch, latent)
    x = nodes.add("Concat", add_embedding(nodes, model.embedding, event), repeated, axis=1)
    first = [nodes.constant(part[0].numpy()) for part in model.first_state(latent)]
    h, _, states = add_lstm(nodes, model.decoder, x, begins=begins, first=first)
    add_linear(nodes, model.out, h, into="logits")
    return nodes.model(EVENTS, [count, *states]), [count, *states]


def folder_of(out: Path, model: Vae, latent: Tensor) -> None:
    """Write the model folder of a decoder for one vector (1, latent)."""
    step, states = graph(model, latent)
    write_folder(out, step, states, EVENTS, melodies.meaning())


def main(argv: Sequence[str] | None = None) -> None:
    """Train, reconstruct, interpolate, and let the engine play a sampled vector."""
    config = parse_config(VaeConfig, argv, __doc__ or "")
    torch.manual_seed(config.random_seed)
    torch.set_num_threads(1)
    train, test = (windows(melodies.load_melodies(config.data, split)) for split in ("train", "test"))
    train = train[torch.randperm(len(train))][: config.melodies or None]
    model = Vae(config.width, config.latent)
    fit(model, train, config)
    some = {"train": train[:64], "test": test[:64]}
    with torch.no_grad():
        again = {name: model.decode(model.encode(events)[0]) for name, events in some.items()}
    path = interpolate(model, train[0], train[1], config.between)
    folder_of(config.out / "model", model, torch.randn(1, config.latent))
    piece = play(
        config.out / "model", config.out / "sample.mid", seconds=config.seconds, random_seed=config.random_seed
    )
    report = {
        "windows": len(train),
        "notes_reconstructed": {name: round(share_of_notes(again[name], some[name]), 4) for name in some},
        "distance_of_ends": round(distance(path[0], path[-1]), 4),
        "distances_of_steps": [round(distance(*pair), 4) for pair in itertools.pairwise(path)],
        "notes": len(piece.notes),
    }
    write_report(config.out, report)


if __name__ == "__main__":
    main()
