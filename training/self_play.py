"""Train a model to prefer real music over its own, by self-play fine-tuning [1]_.

A model that only ever reads real music does not know how its own music goes astray. Here each round begins with parts
of training pieces, whose first notes the model continues. It then learns from pairs: a part, and the same opening with
the model's continuation. The loss of a pair falls as the part becomes likelier than the continuation, compared with
the model that wrote the continuation. The usual loss of the real notes is added, with equal weight at first.

The result is a run, which ``training.export`` and ``training.evaluate`` take.

References
----------
.. [1] Chen et al., "Self-Play Fine-Tuning Converts Weak Language Models to Strong Language Models",
   arXiv:2401.01335, 2024.
"""

import dataclasses
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

import longplay
from training.corpus import Augmentation, Corpus
from training.export import write_model
from training.model import NoteModel
from training.options import parse_config
from training.rounding import calibrate
from training.streams import MIXES
from training.train import Run, TrainConfig, averaged_weights

NAMES = ("events", "targets", "controls")
HIDDEN = {"remaining": 0.2, "style": 0.8}  # shares of the parts in which a control is unknown; a style is rarely given


@dataclass(frozen=True)
class SelfPlayConfig:
    """The options of the command."""

    run: Path = field(metadata={"help": "folder of the run to begin with"})
    out: Path = field(metadata={"help": "folder of the new run"})
    rounds: int = field(default=6, metadata={"help": "times that the model writes continuations"})
    pairs: int = field(default=128, metadata={"help": "continuations of a round"})
    batch: int = field(default=8, metadata={"help": "pairs read side by side"})
    learning_rate: float = field(default=6e-4, metadata={"help": "first rate; it falls to zero"})
    window: int = field(default=256, metadata={"help": "events of an opening, and that a gradient goes back"})
    windows: int = field(default=4, metadata={"help": "windows of a part, of which the first is the opening"})
    slope: float = field(default=0.05, metadata={"help": "of the loss of a pair, for each nat of a window"})
    weight: float = field(default=1.0, metadata={"help": "of the loss of pairs; that of real notes has 1"})
    mix: str = field(default="expressive", metadata={"help": "sources: " + ", ".join(MIXES)})
    random_seed: int = field(default=1, metadata={"help": "of the choice of parts and the draws"})


@dataclass(frozen=True)
class Parts:
    """Parts of pieces, as a model reads them; each begins with START.

    Attributes
    ----------
    events, targets : int64 array, shape (steps, parts, fields)
    controls : int64 array, shape (steps, parts, controls)
    """

    events: NDArray[np.int64]
    targets: NDArray[np.int64]
    controls: NDArray[np.int64]

    def rows(self, part: slice) -> "Parts":
        """Return some of the parts."""
        return Parts(*(getattr(self, each.name)[:, part] for each in dataclasses.fields(self)))


def choose_parts(corpus: Corpus, mix: dict[str, float], count: int, steps: int, random: np.random.Generator) -> Parts:
    """Choose parts of so many steps at random places of augmented pieces that are long enough; hide some controls."""
    long = {s: [i for i in pieces if corpus.pieces[i]["count"] > steps] for s, pieces in corpus.by_source.items()}
    shares = {source: share for source, share in mix.items() if long.get(source)}
    chances = np.array(list(shares.values())) / sum(shares.values())
    readings: list[tuple[NDArray[np.int64], ...]] = []
    while len(readings) < count:
        source = list(shares)[random.choice(len(chances), p=chances)]
        reading = corpus.read(int(random.choice(long[source])), Augmentation.draw(random, corpus.vocabulary.spread))
        if len(reading.events) <= steps:
            continue
        first = int(random.integers(len(reading.events) - steps))
        cut = slice(first, first + steps)
        events, targets, controls = (a[cut].astype(np.int64) for a in dataclasses.astuple(reading))
        hidden = random.random(controls.shape[1]) < [HIDDEN[name] for name in corpus.vocabulary.controls]
        controls[:, hidden] = np.array(corpus.vocabulary.unknown)[hidden]
        events[0] = list(corpus.vocabulary.fields.values())
        events[1, 0] = targets[0, 0] = 0
        readings.append((events, targets, controls))
    return Parts(*(np.stack(arrays, axis=1) for arrays in zip(*readings, strict=True)))


def continue_parts(model: longplay.Model, parts: Parts, opening: int, random: np.random.Generator) -> Parts:
    """Return the parts with notes that the model draws instead of those after the opening."""
    events, targets = parts.events.copy(), parts.targets.copy()
    for row in range(events.shape[1]):
        model.reset(row)
    for step in range(len(events)):
        logits = model.step(events[step], parts.controls[step], seed=step < opening)
        if step < opening - 1:
            continue
        logits[:, -1] = -np.inf  # no part ends
        drawn = draw(logits, random)[:, None]
        for f in range(1, targets.shape[2]):
            drawn = np.concatenate([drawn, draw(model.head(f, drawn), random)[:, None]], axis=1)
        targets[step] = drawn
        if step + 1 < len(events):
            events[step + 1] = drawn
    return Parts(events, targets, parts.controls)


def draw(logits: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.int64]:
    """Draw an id for each row of logits, (rows, ids), by the largest of sums with noise (Gumbel, 1954)."""
    drawn: NDArray[np.int64] = (logits + random.gumbel(size=logits.shape)).argmax(axis=1)
    return drawn


class SelfPlay:
    """A run that learns from pairs."""

    def __init__(self, config: SelfPlayConfig) -> None:
        saved = torch.load(config.run / "last.pt", map_location="cpu", weights_only=True)
        options = saved["config"] | {"data": Path(saved["config"]["data"]), "out": config.out}
        options |= {"learning_rate": config.learning_rate, "warmup_steps": 10, "average": 0.99}
        self.config = config
        self.run = Run(TrainConfig(**options))
        config.out.mkdir(parents=True)
        for model in (self.run.model, self.run.average.module):
            cast(NoteModel, model).load_state_dict(averaged_weights(saved))
        self.run.notes = saved["notes"]
        self.random = np.random.default_rng(config.random_seed)
        self.steps = config.rounds * len(self.batches()) * config.windows
        self.autocast = torch.autocast("cpu", torch.bfloat16, enabled=self.run.precision == "bf16")

    def play(self) -> None:
        """Write continuations, learn from them, score and save, in every round."""
        self.run.log(**self.run.evaluate())
        for number in range(self.config.rounds):
            start = time.monotonic()
            parts, own = self.write()
            wrote = time.monotonic()
            losses = [self.learn(parts.rows(batch), own.rows(batch)) for batch in self.batches()]
            figures = np.mean(losses, axis=0).round(4).tolist()
            named = dict(zip(("real", "pairs", "preferred"), figures, strict=True))
            self.run.average.module.load_state_dict(self.run.model.state_dict())
            seconds = {"write": round(wrote - start), "learn": round(time.monotonic() - wrote)}
            self.run.log(round=number + 1, **named, seconds=seconds, rate=self.rate())
            self.run.log(**self.run.evaluate())
            self.run.save()

    def write(self) -> tuple[Parts, Parts]:
        """Return parts, and the same openings as the averaged model continues them."""
        writer = cast(NoteModel, self.run.average.module.eval())
        config = self.config
        steps = config.window * config.windows
        parts = choose_parts(self.run.train, MIXES[config.mix], config.pairs, steps, self.random)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "model"
            write_model(writer, out, name="own", precision="int8", ranges=calibrate(writer, self.run.config.data))
            model = longplay.Model(out, max_batch=config.batch)
            own = [continue_parts(model, parts.rows(batch), config.window, self.random) for batch in self.batches()]
        events, targets = (np.concatenate([getattr(each, name) for each in own], axis=1) for name in NAMES[:2])
        return parts, Parts(events, targets, parts.controls)

    def batches(self) -> list[slice]:
        """Return the parts of each batch."""
        return [slice(i, i + self.config.batch) for i in range(0, self.config.pairs, self.config.batch)]

    def learn(self, parts: Parts, own: Parts) -> NDArray[np.float64]:
        """Take a step for each window; return the nats of a real note, the loss of pairs, and the share preferred."""
        model, writer = self.run.model, cast(NoteModel, self.run.average.module)
        rows, window = self.config.batch, self.config.window
        figures = []
        for w in range(self.config.windows):
            cut = slice(w * window, (w + 1) * window)
            sides = (parts,) if w == 0 else (parts, own)  # the openings are the same
            arrays = [np.concatenate([getattr(side, name)[cut] for side in sides], axis=1) for name in NAMES]
            if w == 0:
                state, known = model.zero_state(rows), writer.zero_state(rows)
            elif w == 1:
                state, known = (tuple(torch.cat([part, part]) for part in both) for both in (state, known))
            nats, state = self.nats(model, arrays, tuple(part.detach() for part in state))
            loss = real = nats[:, :rows].sum() / (rows * window)
            with torch.no_grad():
                before, known = self.nats(writer, arrays, known)
            if w > 0:
                gain = (before - nats).sum(dim=0)  # nats that a window became likelier
                margin = self.config.slope * (gain[:rows] - gain[rows:])
                pairs = functional.softplus(-margin).mean()
                loss = real + self.config.weight * pairs / (self.config.slope * window)
                figures.append((real.item(), pairs.item(), float((margin > 0).float().mean())))
            loss.backward()  # type: ignore[no-untyped-call]
            self.run.optimizer.step(self.rate(), self.run.config.clip_norm)
            self.run.step += 1
            self.run.notes += rows * window
        means: NDArray[np.float64] = np.mean(figures, axis=0)
        return means

    def rate(self) -> float:
        """Return the learning rate of the next step."""
        return self.config.learning_rate * min(1.0, (self.run.step + 1) / 20, 1 - self.run.step / self.steps)

    def nats(self, model: NoteModel, arrays: Sequence[NDArray[np.int64]], state: Any) -> tuple[Tensor, Any]:
        """Return the nats of each note, (steps, rows), and the state after them."""
        events, targets, controls = map(torch.from_numpy, arrays)
        with self.autocast:
            output, state = model.run_backbone(events, controls, state)
            return torch.stack(model.field_losses(output, events, targets)).sum(dim=0), state


def main(argv: Sequence[str] | None = None) -> None:
    """Fine-tune a run."""
    config = parse_config(SelfPlayConfig, argv, __doc__ or "")
    torch.set_num_threads(1)
    SelfPlay(config).play()


if __name__ == "__main__":
    main()
