"""Evaluate a model: its nats on held-out pieces, and its music compared with real music.

The model is a run's last checkpoint or an exported folder. It continues openings of held-out pieces, and its answers
are compared with these pieces. ``--music`` compares files from elsewhere. A count of 0 leaves out its part. The output
is a report in JSON and a page of plots.
"""

import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

import longplay
from training.corpus import NOTE_VOCABULARIES, Corpus, Vocabulary, note_tokenizer
from training.evaluation import distances, report, sets
from training.evaluation.clips import paired_clips
from training.evaluation.plots import draw
from training.export import load_model, write_model
from training.folder import ModelFolder
from training.options import parse_config, plain
from training.rounding import calibrate
from training.scoring import Scorer, score_corpus, torch_scorer


@dataclass(frozen=True)
class EvaluateConfig:
    """The options of the command."""

    data: Path = field(metadata={"help": "folder written by training.prepare"})
    out: Path = field(metadata={"help": "folder to write: report.json, report.png, report.svg, seeds, music"})
    model: str = field(default="", metadata={"help": "folder of a run, or of an exported model"})
    music: str = field(
        default="", metadata={"help": "folder of answers from elsewhere: NAME.mid answers seed NAME.mid"}
    )
    seeds: str = field(default="", metadata={"help": "folder with seeds.csv; if empty, openings of held-out pieces"})
    split: str = field(default="test", metadata={"help": "test or val"})
    sources: str = field(default="", metadata={"help": "sources of seeds and real pieces, by comma; all if empty"})
    controls: str = field(default="", metadata={"help": "known controls when nats are measured: remaining,style"})
    settings: str = field(default="{}", metadata={"help": "settings of Engine.generate, as JSON"})
    nats: bool = field(default=True, metadata={"help": "measure nats"})
    notes_per_source: int = field(default=0, metadata={"help": "notes of each source for nats; 0 for all"})
    answers: int = field(default=40, metadata={"help": "seeds to answer"})
    seed_seconds: float = field(default=20.0, metadata={"help": "length of an opening"})
    seconds: float = field(default=3600.0, metadata={"help": "length of an answer"})
    clips: int = field(default=10, metadata={"help": "largest number of clips of 30 s from a piece"})
    endings: int = field(default=100, metadata={"help": "pieces to generate for their endings"})
    styles: int = field(default=20, metadata={"help": "pieces to generate of each style"})
    threads: int = field(default=1, metadata={"help": "threads"})
    random_seed: int = field(default=0, metadata={"help": "for the choice of pieces, their cuts, and the music"})


def main(argv: Sequence[str] | None = None) -> None:
    """Evaluate a model or files, write the report, and print its headline."""
    config = parse_config(EvaluateConfig, argv, __doc__ or "")
    if bool(config.model) == bool(config.music):
        raise SystemExit("either --model or --music must be given")
    torch.set_num_threads(config.threads)
    config.out.mkdir(parents=True, exist_ok=True)
    with threadpool_limits(config.threads), tempfile.TemporaryDirectory() as scratch:
        found = evaluate(config, Path(scratch))
    (config.out / "report.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    draw(found, config.out)
    print(json.dumps(headline(found), indent=1))


def evaluate(config: EvaluateConfig, scratch: Path) -> dict[str, Any]:
    """Return the whole report, whose ``seconds`` are the time that each section took."""
    corpus = Corpus(config.data, config.split)
    sources = [name for name in config.sources.split(",") if name] or list(corpus.by_source)
    if strangers := sorted(set(sources) - set(corpus.by_source)):
        raise SystemExit(f"--sources must name {', '.join(corpus.by_source)}, not {strangers[0]!r}")
    found = report.Report(config=plain(config))
    generation = None
    if config.model:
        scorer, folder, vocabulary = open_model(Path(config.model), config.data, scratch)
        events = Corpus(config.data, config.split, vocabulary)
        if config.nats:
            known = [name for name in config.controls.split(",") if name]
            limit = config.notes_per_source or None
            found.add("nats", lambda: score_corpus(events, scorer, controls=known, notes_per_source=limit))
        engine = longplay.Engine(folder, num_threads=config.threads)
        generation = report.Generation(engine, {"random_seed": config.random_seed} | json.loads(config.settings))
    if config.answers:
        add_music(found, config, corpus, sources, generation)
    return found.sections | {"seconds": found.seconds}


def add_music(
    found: report.Report,
    config: EvaluateConfig,
    corpus: Corpus,
    sources: Sequence[str],
    generation: report.Generation | None,
) -> None:
    """Add every section that compares music."""
    seed = config.random_seed
    if config.seeds:
        seeds = sets.read_seeds(Path(config.seeds), corpus)[: config.answers]
    else:
        seeds = sets.openings(corpus, sources, config.answers, config.seed_seconds, seed)
    real = [sets.real_piece(corpus, opening.piece) for opening in seeds]
    start = time.monotonic()
    if generation is None:
        made = sets.read_answers(Path(config.music), seeds, corpus)
    else:
        made = generation.answers(seeds, corpus, config.seconds, folder=config.out / "music")
        sets.write_seeds(seeds, corpus, config.out / "seeds")
    rounded = sets.rounding(generation.engine.tokenizer if generation else note_tokenizer())
    found.seconds["music"] = round(time.monotonic() - start, 1)
    pair = paired_clips(real, made, config.clips)
    others = sets.real_clips(corpus, sources, len(pair[0]), np.random.default_rng(seed))
    found.add("real_or_generated", lambda: report.realness_figures(*pair, others, rounded))
    found.add("notes", lambda: report.note_figures(*pair))
    found.add("distances", lambda: distances.compare(*pair))
    openings = [sets.seed_music(opening, corpus) for opening in seeds]
    found.add("musical", lambda: report.musical_figures(openings, real, made, rounded))
    found.add("seed_response", lambda: report.response_figures(openings, real, made))
    every = [sets.real_piece(corpus, i) for source in sources for i in corpus.by_source[source]]
    found.add("long", lambda: report.long_figures(every, made, seed))
    if config.endings:
        found.add("endings", lambda: report.ending_figures(corpus, sources, seeds, generation, config.endings, seed))
    if config.styles and generation is not None:
        train = Corpus(config.data, "train")
        found.add("styles", lambda: report.style_figures(corpus, train, seeds, generation, config.styles, seed))


def open_model(folder: Path, data: Path, scratch: Path) -> tuple[Scorer, Path, Vocabulary]:
    """Return a scorer of a model, the model's folder, and its vocabulary; a run is exported to `scratch`."""
    if (folder / "step.onnx").exists():
        opened = ModelFolder(folder)
        return opened.score, folder, opened.vocabulary
    model = load_model(folder)
    if model.vocabulary not in NOTE_VOCABULARIES:
        raise SystemExit(f"--model must name a model of notes, not {folder}")
    exported = scratch / folder.name
    write_model(model, exported, name=folder.name, precision="int8", ranges=calibrate(model, data))
    return torch_scorer(model), exported, model.vocabulary


def headline(found: dict[str, Any]) -> dict[str, Any]:
    """Return the few numbers to look at first."""
    lines: dict[str, Any] = {}
    if "nats" in found:
        lines |= {name: found["nats"]["total"][name] for name in ("nats_per_note", "nats_per_second")}
    if "real_or_generated" in found:
        test = found["real_or_generated"]
        lines["real_or_generated"] = {"accuracy": test["accuracy"], "standard_error": test["standard_error"]}
        lines |= {name: test[name]["accuracy"] for name in ("beyond_tables", "tables_alone", "real_halves")}
        lines["musical"] = {
            name: [both["made"]["mean"], both["real"]["mean"]] for name, both in found["musical"]["all"].items()
        }
        lines["seed_key"] = {
            name: [span[which]["mean"] for which in report.BOTH[::-1]]
            for name, span in found["musical"]["seed_key"].items()
        }
        lines["seed_response_auc"] = found["seed_response"]["first_minute"]["all"]["auc"]
    if "endings" in found:
        kinds = [name for name in ("real", "cut", "made") if name in found["endings"]]
        lines["final_endings"] = {name: found["endings"][name]["final"] for name in kinds}
    if found.get("styles"):
        lines["style_agreement"] = {name: found["styles"][name]["agreement"] for name in ("real", *report.ASKED)}
    return lines


if __name__ == "__main__":
    main()
