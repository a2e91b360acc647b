"""Score a model of performance events on held-out pieces, as papers do, and check that the engine runs it.

The command scores whole pieces of the splits, with the state carried from the first event to the last. With
``--context`` it also scores the pieces in independent parts of this many events, as papers do. It exports the model,
lets the C++ engine score some pieces and generate one, and reports the difference between engine and torch.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

import longplay
from training.corpus import Corpus
from training.export import load_model, write_model
from training.model import NoteModel
from training.options import parse_config, plain
from training.performance import PERFORMANCE, decode
from training.precision import choose_precision
from training.scoring import score_corpus, torch_scorer


@dataclass(frozen=True)
class PublishedConfig:
    """The options of the command."""

    run: Path = field(metadata={"help": "folder of a run with --vocabulary performance"})
    data: Path = field(metadata={"help": "folder written by training.prepare"})
    out: Path = field(metadata={"help": "folder to write: report.json, sample.mid and the exported model"})
    splits: str = field(default="val,test", metadata={"help": "splits to score"})
    context: int = field(default=0, metadata={"help": "events of a part; 0: only whole pieces"})
    notes: int = field(default=0, metadata={"help": "notes of each split to score, from its first pieces; 0: all"})
    engine_pieces: int = field(default=4, metadata={"help": "held-out pieces that the engine scores too"})
    sample_events: int = field(default=4000, metadata={"help": "events of the piece that the engine generates"})
    top_p: float = field(default=1.0, metadata={"help": "of that piece"})
    random_seed: int = field(default=1, metadata={"help": "of that piece"})
    precision: str = field(default="fp32", metadata={"help": "of the scores of splits: fp32, bf16 or auto"})
    threads: int = field(default=1, metadata={"help": "threads of torch"})


def compare(model: NoteModel, engine: longplay.Model, corpus: Corpus, pieces: int) -> dict[str, Any]:
    """Score the shortest pieces with the engine and with torch, and return both scores and their largest difference."""
    chosen = sorted(range(len(corpus.pieces)), key=lambda index: corpus.pieces[index]["count"])[:pieces]
    scorer = torch_scorer(model)
    sums, largest, count = np.zeros(2), 0.0, 0
    for index in chosen:
        reading = corpus.read(index)
        inputs = [array[:, None].astype(np.int64) for array in (reading.events, reading.controls, reading.targets)]
        expected = scorer(*inputs)[:, 0, 0]
        got = -engine.score_events(reading.targets)[:, 0].astype(np.float64)
        sums += expected.sum(), got.sum()
        largest, count = max(largest, float(np.abs(got - expected).max())), count + len(got)
    torch_nats, engine_nats = (sums / count).round(6).tolist()
    return {
        "pieces": len(chosen),
        "events": count,
        "torch_nats_per_event": torch_nats,
        "engine_nats_per_event": engine_nats,
        "largest_difference": round(largest, 6),
    }


def report(config: PublishedConfig) -> dict[str, Any]:
    """Write the exported model and its piece, and return the content of report.json."""
    model = load_model(config.run)
    if model.vocabulary is not PERFORMANCE:
        raise ValueError(f"run must be one with --vocabulary performance, not {config.run}")
    scorers = {"whole": torch_scorer(model)}
    if config.context:
        scorers[str(config.context)] = torch_scorer(model, config.context)
    rounded = choose_precision(config.precision, torch.device("cpu")) == "bf16"
    nats: dict[str, Any] = {}
    for split in config.splits.split(","):
        corpus = Corpus(config.data, split, PERFORMANCE)
        with torch.autocast("cpu", torch.bfloat16, enabled=rounded):
            nats[split] = {
                name: score_corpus(corpus, scorer, notes_per_source=config.notes or None)
                for name, scorer in scorers.items()
            }
    config.out.mkdir(parents=True, exist_ok=True)
    write_model(model, config.out / "model", name=config.run.name)
    engine = longplay.Model(config.out / "model")
    drawn = engine.generate_events(config.sample_events, top_p=config.top_p, random_seed=config.random_seed)
    ids = drawn[:, 0]
    notes = decode(ids)
    seconds = float(PERFORMANCE.seconds[ids].sum())
    (config.out / "sample.mid").write_bytes(longplay.write_midi(notes, seconds + 1))
    return {
        "config": plain(config),
        "nats": nats,
        "engine": compare(model, engine, corpus, config.engine_pieces),
        "sample": {"events": len(ids), "notes": len(notes), "seconds": round(seconds, 2)},
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Write the report and print its figures."""
    config = parse_config(PublishedConfig, argv, __doc__ or "")
    torch.set_num_threads(config.threads)
    try:
        found = report(config)
    except (OSError, ValueError) as error:
        raise SystemExit(f"published: {error}") from error
    (config.out / "report.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    names = ("nats_per_event", "nats_per_note", "nats_per_second")
    for split, ways in found["nats"].items():
        for way, scored in ways.items():
            print(split, way, *(f"{name} {scored['total'][name]}" for name in names))
    print(json.dumps({name: found[name] for name in ("engine", "sample")}, indent=1))


if __name__ == "__main__":
    main()
