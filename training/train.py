"""Train a model, or resume a run.

A run whose gradient is no longer finite ends with an error. Its checkpoint is from before that. ``--resume`` with a
lower ``--learning-rate`` continues from there.

A new run needs --data and --out. ``--resume`` continues the run in --out exactly from its last checkpoint. Options
given with ``--resume`` replace those of the run: ``--threads 2``, for example, or ``--steps N --decay-steps M``, with
which the learning rate falls to zero over the last M steps before step N. On SIGTERM or SIGINT, a run writes a
checkpoint and ends.
"""

import dataclasses
import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training.backbones import BACKBONES, State, reset_rows
from training.corpus import IGNORED, Corpus
from training.model import VOCABULARIES, NoteModel, count_weights, operations_per_event
from training.optimizer import Optimizer
from training.options import given_options, plain
from training.precision import choose_precision, measure_peak
from training.rounding import Rounding, calibrate
from training.scoring import score_corpus, torch_scorer
from training.streams import MIXES, Prefetched, Stream


@dataclass(frozen=True)
class TrainConfig:
    """The options of a run."""

    data: Path = field(metadata={"help": "folder written by training.prepare"})
    out: Path = field(metadata={"help": "folder of the run"})
    weights: str = field(default="", metadata={"help": "file of training/checkpoints with which a new run begins"})
    steps: int = field(default=1_000_000, metadata={"help": "steps of the whole run"})
    decay_steps: int = field(default=0, metadata={"help": "last steps, in which the rate falls to zero"})
    warmup_steps: int = field(default=100, metadata={"help": "first steps, in which the rate rises"})
    learning_rate: float = field(default=3e-3, metadata={"help": "peak rate"})
    average: float = field(default=0.99, metadata={"help": "part of the averaged weights that a step keeps"})
    weight_decay: float = field(default=0.02, metadata={"help": "of matrices"})
    clip_norm: float = field(default=1.0, metadata={"help": "largest norm of the gradient"})
    dropout: float = field(default=0.0, metadata={"help": "between and after the layers"})
    vocabulary: str = field(default="notes", metadata={"help": "what an event is: " + ", ".join(VOCABULARIES)})
    backbone: str = field(default="lstm", metadata={"help": ", ".join(BACKBONES)})
    intervals: bool = field(default=False, metadata={"help": "read and predict intervals between pitches too"})
    width: int = field(default=512, metadata={"help": "of the backbone"})
    head_width: int = field(default=256, metadata={"help": "hidden width of a head"})
    rows: int = field(default=64, metadata={"help": "pieces read side by side"})
    window: int = field(default=128, metadata={"help": "events that a gradient goes back"})
    rounded: bool = field(default=False, metadata={"help": "read with the rounded numbers of the int8 graph"})
    mix: str = field(default="all", metadata={"help": "sources: " + ", ".join(MIXES)})
    precision: str = field(default="auto", metadata={"help": "fp32, bf16, or auto: the faster one here"})
    device: str = field(default="cpu", metadata={"help": "torch device"})
    threads: int = field(default=1, metadata={"help": "threads of torch"})
    random_seed: int = field(default=1, metadata={"help": "of weights, order and augmentation"})
    log_every: int = field(default=20, metadata={"help": "steps"})
    evaluate_every: int = field(default=300, metadata={"help": "steps"})
    evaluate_notes: int = field(default=6000, metadata={"help": "notes of each source that are scored then"})
    checkpoint_every: int = field(default=150, metadata={"help": "steps"})


def read_run(run: Path) -> dict[str, Any]:
    """Read the last checkpoint of a run's folder, or a file of `training.keep`."""
    path = run / "last.pt" if run.is_dir() else run
    saved: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return saved


def averaged_weights(saved: dict[str, Any]) -> dict[str, torch.Tensor]:
    """Return the averaged weights of a checkpoint of a run, or the weights of a file of `training.keep`, in fp32."""
    if "weights" in saved:
        return {name: value.float() for name, value in saved["weights"].items()}
    return {name.removeprefix("module."): value for name, value in saved["average"].items() if name != "n_averaged"}


class Run:
    """A training run: its options, model, optimizer, data and progress."""

    def __init__(self, config: TrainConfig) -> None:
        if config.mix not in MIXES:
            raise ValueError(f"mix must be one of {', '.join(MIXES)}, not {config.mix!r}")
        if config.vocabulary not in VOCABULARIES:
            raise ValueError(f"vocabulary must be one of {', '.join(VOCABULARIES)}, not {config.vocabulary!r}")
        if config.backbone not in BACKBONES:
            raise ValueError(f"backbone must be one of {', '.join(BACKBONES)}, not {config.backbone!r}")
        torch.manual_seed(config.random_seed)
        self.config = config
        self.step = 0
        self.notes = self.events = 0
        self.device = torch.device(config.device)
        self.precision = choose_precision(config.precision, self.device)
        vocabulary = VOCABULARIES[config.vocabulary]
        sizes = (config.width, config.head_width)
        kind: dict[str, Any] = {"vocabulary": config.vocabulary, "intervals": config.intervals}
        model = NoteModel(config.backbone, *sizes, config.dropout, **kind)
        self.model = model.to(self.device)
        # Evaluation and export use this exponential moving average of the weights.
        self.average = AveragedModel(self.model, multi_avg_fn=get_ema_multi_avg_fn(config.average))  # type: ignore[no-untyped-call]
        products = torch.bfloat16 if self.precision == "bf16" else torch.float32
        self.optimizer = Optimizer(self.model, weight_decay=config.weight_decay, precision=products)
        self.brings_note = torch.from_numpy(vocabulary.notes).to(self.device)
        self.train = Corpus(config.data, "train", vocabulary)
        self.valid = Corpus(config.data, "val", vocabulary)
        mix = MIXES[config.mix]
        self.stream = Prefetched(Stream(self.train, mix, config.rows, config.window, random_seed=config.random_seed))
        self.state: State = self.model.zero_state(config.rows)
        self._rounding: Rounding | None = None  # while it trains with rounded numbers

    def round_numbers(self) -> None:
        """Train with the rounded numbers of the int8 graph from now on, with ranges of the averaged weights."""
        average = cast(NoteModel, self.average.module)
        self._rounding = Rounding(self.model, calibrate(average, self.config.data))

    def rate(self) -> float:
        """Return the learning rate of the next step: rising, level, and falling at the end."""
        config = self.config
        rise = min(1.0, (self.step + 1) / max(1, config.warmup_steps))
        fall = min(1.0, (config.steps - self.step) / max(1, config.decay_steps))
        return config.learning_rate * rise * fall

    def advance(self) -> list[float]:
        """Take one step and return its nats per note, by field."""
        window = self.stream.next()
        events, controls, targets = (
            torch.from_numpy(a).to(self.device) for a in (window.events, window.controls, window.targets)
        )
        with self._rounding() if self._rounding else nullcontext():
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
                start = reset_rows(self.state, torch.from_numpy(window.begins))
                output, self.state = self.model.run_backbone(events, controls, start)
                scored = targets[..., 0] != IGNORED
                losses = self.model.field_losses(output[scored], events[scored], targets[scored])
            notes = int(self.brings_note[targets[..., 0][scored]].sum())
            sums = torch.stack([nats.sum() for nats in losses])
            (sums.sum() / max(1, notes)).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step(self.rate(), self.config.clip_norm)
        self.average.update_parameters(self.model)
        self.step += 1
        self.notes += notes
        self.events += int(scored.sum())
        return (sums.detach() / max(1, notes)).tolist()

    def evaluate(self) -> dict[str, Any]:
        """Return nats per note on a part of the validation pieces, with unknown controls."""
        scorer = torch_scorer(cast(NoteModel, self.average.module.eval()))
        report = score_corpus(self.valid, scorer, notes_per_source=self.config.evaluate_notes, steps_per_piece=1500)
        return {
            "valid": report["total"]["nats_per_note"],
            "valid_per_event": report["total"]["nats_per_event"],
            "fields": {name: report["total"][name] for name in self.valid.vocabulary.fields},
            "sources": {source: values["nats_per_note"] for source, values in report["sources"].items()},
        }

    def begin_from(self, weights: Path) -> None:
        """Take the weights of a kept checkpoint, and count its notes; the optimizer starts anew."""
        saved = torch.load(weights, map_location=self.device, weights_only=True)
        for model in (self.model, self.average.module):
            model.load_state_dict(averaged_weights(saved))
        self.notes = saved["notes"]

    def log(self, **values: Any) -> None:
        """Add a line to metrics.jsonl."""
        with (self.config.out / "metrics.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"step": self.step, "notes": self.notes, "events": self.events, **values}) + "\n")

    def save(self) -> None:
        """Write a checkpoint, which replaces the earlier one only once it is complete."""
        partial = self.config.out / "last.pt.partial"
        torch.save(
            {
                "config": plain(self.config),
                "step": self.step,
                "notes": self.notes,
                "events": self.events,
                "model": self.model.state_dict(),
                "average": self.average.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "state": [part.detach() for part in self.state],
                "stream": self.stream.state(),
                "random": torch.get_rng_state(),
            },
            partial,
        )
        partial.replace(self.config.out / "last.pt")

    def load(self) -> None:
        """Resume from the checkpoint."""
        saved = torch.load(self.config.out / "last.pt", map_location=self.device, weights_only=True)
        self.step, self.notes = saved["step"], saved["notes"]
        self.events = saved.get("events", 0)  # older checkpoints lack the count
        self.model.load_state_dict(saved["model"])
        self.average.load_state_dict(saved["average"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.state = tuple(saved["state"])
        self.stream.load_state(saved["stream"])
        torch.set_rng_state(saved["random"].cpu())


def open_run(argv: Sequence[str] | None) -> Run:
    """Create a run, or load one; options in `argv` replace those of the loaded run."""
    argv = list(sys.argv[1:] if argv is None else argv)
    resume = "--resume" in argv
    given = given_options(TrainConfig, [flag for flag in argv if flag != "--resume"], __doc__ or "")
    if "out" not in given or not (resume or "data" in given):
        raise SystemExit("--out must be given, and --data for a new run")
    checkpoint = given["out"] / "last.pt"
    if resume:
        stored = torch.load(checkpoint, map_location="cpu", weights_only=True)["config"]
        stored = {**stored, "data": Path(stored["data"]), "out": given["out"]}
        config = dataclasses.replace(TrainConfig(**stored), **given)
    elif given["out"].exists():
        raise SystemExit(f"{given['out']} already holds a run; to continue it, add --resume")
    else:
        config = TrainConfig(**given)
        config.out.mkdir(parents=True)
    torch.set_num_threads(config.threads)
    run = Run(config)
    if resume:
        run.load()
    elif config.weights:
        run.begin_from(Path(config.weights))
    if config.rounded:
        run.round_numbers()
    run.log(config=plain(config), weights=count_weights(run.model), precision=run.precision)
    return run


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """Collect SIGTERM and SIGINT, and restore their handlers afterwards."""
    stopped: list[int] = []
    names = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(name, lambda number, _frame: stopped.append(number)) for name in names]
    try:
        yield stopped
    finally:
        for name, handler in zip(names, before, strict=True):
            signal.signal(name, handler)


def train(run: Run, stopped: list[int]) -> None:
    """Take steps, log, score and save as configured, until the last step or until `stopped` is not empty."""
    config = run.config
    peak = measure_peak(run.precision, run.device)
    losses: list[list[float]] = []
    notes, events, since = run.notes, run.events, time.monotonic()
    while run.step < config.steps and not stopped:
        losses.append(run.advance())
        if run.step % config.log_every == 0:
            seconds = time.monotonic() - since
            share = (run.events - events) * operations_per_event(run.model) / seconds / peak
            run.log(
                train=np.mean(losses, axis=0).round(4).tolist(),
                rate=run.rate(),
                notes_per_second=round((run.notes - notes) / seconds),
                share_of_peak=round(share, 3),
            )
            losses, notes, events, since = [], run.notes, run.events, time.monotonic()
        if run.step % config.evaluate_every == 0:
            run.log(**run.evaluate())
            notes, events, since = run.notes, run.events, time.monotonic()
        if run.step % config.checkpoint_every == 0:
            run.save()


def main(argv: Sequence[str] | None = None) -> None:
    """Train until the last step or a signal."""
    run = open_run(argv)
    with stop_signals() as stopped:
        train(run, stopped)
        run.save()
        run.log(**run.evaluate(), stopped=bool(stopped))


if __name__ == "__main__":
    main()
