"""Train the critic of an exported model, with which the engine searches, and add it to the model's folder.

The model answers openings of training pieces. The critic learns to distinguish its answers from the pieces, by their
notes before the ends of phrases [1]_. It is a classifier of boosted trees (`training.graphs.critic`). Its accuracy is
measured on works that the trees have not seen.

References
----------
.. [1] Deng et al., "Residual Energy-Based Models for Text Generation", arXiv:2004.11714, 2020.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

import longplay
from training.corpus import Corpus, vocabulary_of
from training.evaluation.sets import Seed, openings
from training.graphs.critic import critic_graph, tree_attributes
from training.options import parse_config

LOUDEST = 100  # the default of max_velocity
FOLDS = 4


@dataclass(frozen=True)
class CriticConfig:
    """The options of the command."""

    data: Path = field(metadata={"help": "folder written by training.prepare"})
    model: Path = field(metadata={"help": "folder of an exported model, to which the critic is added"})
    answers: int = field(default=400, metadata={"help": "openings of training pieces to answer"})
    seed_seconds: float = field(default=20.0, metadata={"help": "length of an opening"})
    seconds: float = field(default=180.0, metadata={"help": "length of an answer"})
    phrase_seconds: float = field(default=15.0, metadata={"help": "length of a phrase"})
    events: int = field(default=512, metadata={"help": "last notes that the critic reads"})
    trees: int = field(default=200, metadata={"help": "boosted trees"})
    settings: str = field(default="{}", metadata={"help": "settings of Engine.generate, as JSON"})
    threads: int = field(default=1, metadata={"help": "threads"})
    random_seed: int = field(default=1, metadata={"help": "for the choice of pieces and the music"})


def windows(events: NDArray[Any], onsets: NDArray[np.int64], ends: Sequence[int], config: CriticConfig,
            start: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:  # fmt: skip
    """Yield the last events before each end, (events, fields), after START where there are fewer."""
    for end in ends:
        last = int(np.searchsorted(onsets, end))
        known = events[max(0, last - config.events) : last]
        if len(known) > 1:
            yield np.concatenate([np.tile(start, (config.events - len(known), 1)), known]).astype(np.int64)


class Examples:
    """Windows of real music and of a model's answers, as figures."""

    def __init__(self, config: CriticConfig) -> None:
        self.config = config
        self.engine = longplay.Engine(config.model, num_threads=config.threads)
        described = json.loads((config.model / "config.json").read_text(encoding="utf-8"))
        self.vocabulary = vocabulary_of(described)
        self.tables = {each["name"]: each["values"] for each in described["fields"]}
        self.start = np.array(described["start_event"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = config.threads
        graph = critic_graph(self.tables, config.events).SerializeToString()
        self.figures = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self.rows: list[NDArray[np.float32]] = []
        self.real: list[bool] = []
        self.works: list[str] = []

    def collect(self) -> None:
        """Answer openings, and take windows of the answers and of their pieces."""
        corpus = Corpus(self.config.data, "train", self.vocabulary)
        seeds = openings(
            corpus, list(corpus.by_source), self.config.answers, self.config.seed_seconds, self.config.random_seed
        )
        settings = {"random_seed": self.config.random_seed} | json.loads(self.config.settings)
        answers = self.engine.generate_batch([seed.data for seed in seeds], self.config.seconds, **settings)
        for seed, answer in zip(seeds, answers, strict=True):
            self.add(seed, corpus, answer)

    def add(self, seed: Seed, corpus: Corpus, answer: longplay.Piece) -> None:
        """Take windows of an answer and of its seed's piece, at the same times."""
        prompt = self.engine.tokenizer.encode(longplay.read_midi(seed.data))
        piece = corpus.notes(seed.piece)
        piece["velocity"] = np.minimum(piece["velocity"], LOUDEST)
        ended = np.flatnonzero(answer.events[:, 0] == len(self.tables["time_shift"]))  # the END of a piece
        drawn = answer.events[: ended[0] if len(ended) else None]
        shifts = np.array([*self.tables["time_shift"], 0])
        for real, events in ((True, self.engine.tokenizer.encode(piece)), (False, np.concatenate([prompt, drawn]))):
            onsets = np.cumsum(shifts[events[:, 0]])
            first = int(1000 * self.config.seed_seconds)
            step = int(1000 * self.config.phrase_seconds)
            ends = range(first + step, min(first + int(1000 * self.config.seconds), int(onsets[-1])) + 1, step)
            for window in windows(events, onsets, ends, self.config, self.start):
                self.rows.append(self.figures.run(None, {"events": window[None]})[0][0])
                self.real.append(real)
                self.works.append(corpus.pieces[seed.piece]["work"])


def classifier(trees: int) -> HistGradientBoostingClassifier:
    """Return boosted trees that are the same in every run."""
    return HistGradientBoostingClassifier(
        learning_rate=0.08, max_iter=trees, max_leaf_nodes=12, min_samples_leaf=20, l2_regularization=1.0,
        max_features=0.3, early_stopping=False, random_state=0,
    )  # fmt: skip


def measure(values: NDArray[np.float32], real: NDArray[np.bool_], works: Sequence[str], trees: int) -> dict[str, float]:
    """Return the accuracy and the area under the curve on works that the trees have not seen."""
    chances = np.zeros(len(real))
    folds = min(FOLDS, len(set(works)))
    for seen, unseen in GroupKFold(folds, shuffle=True, random_state=0).split(values, real, works):
        chances[unseen] = classifier(trees).fit(values[seen], real[seen]).predict_proba(values[unseen])[:, 1]
    right = float(((chances > 0.5) == real).mean())
    return {"windows": len(real), "accuracy": round(right, 4), "auc": round(float(roc_auc_score(real, chances)), 4)}


def main(argv: Sequence[str] | None = None) -> None:
    """Train a critic, write it into the model's folder, and print how well it judges."""
    config = parse_config(CriticConfig, argv, __doc__ or "")
    with threadpool_limits(config.threads):
        examples = Examples(config)
        examples.collect()
        values, real = np.array(examples.rows), np.array(examples.real)
        print(json.dumps(measure(values, real, examples.works, config.trees)))
        trees = classifier(config.trees).fit(values, real)
    attributes = tree_attributes(trees._predictors, float(trees._baseline_prediction[0, 0]))
    onnx.save(critic_graph(examples.tables, config.events, attributes), config.model / "critic.onnx")
    declared = {"events": config.events, "phrase_ms": int(1000 * config.phrase_seconds)}
    path = config.model / "config.json"
    described = json.loads(path.read_text(encoding="utf-8")) | {"format": 2, "critic": declared}
    path.write_text(json.dumps(described) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
