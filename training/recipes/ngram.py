"""Count n-grams of melodies: the baseline of the melody models, as a model folder that the engine plays.

The probability of an event after the two before it is interpolated with that after one event, and so on, by the method
of Witten and Bell [1]_. The graph looks up a row of one table; its state is the event before the last one.

References
----------
.. [1] Witten and Bell, "The Zero-Frequency Problem", IEEE Transactions on Information Theory 37(4), 1991.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay.importing.nodes import Nodes
from training.options import parse_config
from training.recipes import melodies
from training.recipes.language import START, Ids, play, write_folder, write_report
from training.recipes.steps import state


@dataclass(frozen=True)
class NgramConfig:
    """The options of the command."""

    data: Path = field(metadata={"help": "file written by training.recipes.tunes"})
    out: Path = field(metadata={"help": "folder to write"})
    seconds: float = field(default=60.0, metadata={"help": "length of the sample"})
    random_seed: int = field(default=1, metadata={"help": "of the sample"})


def probabilities(pieces: Sequence[Ids], tokens: int) -> list[NDArray[np.float64]]:
    """Return the tables of unigrams, bigrams and trigrams, of shapes (tokens,), (tokens, tokens) and so on.

    The last axis is the next event; two events START stand before each piece.
    """
    counts = np.zeros((tokens,) * 3)
    for piece in pieces:
        ids = np.concatenate([[START, START], piece])
        np.add.at(counts, (ids[:-2], ids[1:-1], ids[2:]), 1)
    tables = [np.full(tokens, 1 / tokens)]
    for order in (1, 2, 3):
        counted = counts.sum(axis=tuple(range(3 - order)))
        seen = (counted > 0).sum(axis=-1, keepdims=True)
        total = counted.sum(axis=-1, keepdims=True)
        shorter = np.broadcast_to(tables[-1], counted.shape)
        tables.append(np.where(total > 0, (counted + seen * shorter) / np.maximum(total + seen, 1), shorter))
    return tables[1:]


def nats(table: NDArray[np.float64], pieces: Sequence[Ids]) -> float:
    """Return the mean nats per event of pieces under a table of any order."""
    order, total = table.ndim, 0.0
    for piece in pieces:
        ids = np.concatenate([[START] * (order - 1), piece]).astype(np.int64)
        columns = tuple(ids[i : i + len(piece)] for i in range(order))
        total -= float(np.log(table[columns]).sum())
    return total / sum(len(piece) for piece in pieces)


def graph(table: NDArray[np.float64]) -> tuple[bytes, list[dict[str, Any]]]:
    """Return step.onnx of a table of trigrams, and its states; before the first event, the state is START."""
    nodes, tokens = Nodes(), len(table)
    states = [state("before", "int64", 1)]
    nodes.add("Identity", "event", into="next_before")
    row = nodes.add("Add", nodes.add("Mul", "before", nodes.integers(tokens)), "event")
    rows = nodes.constant(np.log(table).reshape(-1, tokens))
    nodes.add("Squeeze", nodes.add("Gather", rows, row), nodes.integers(1), into="logits")
    return nodes.model(tokens, states), states


def main(argv: Sequence[str] | None = None) -> None:
    """Count, score the held-out melodies, and let the engine play."""
    config = parse_config(NgramConfig, argv, __doc__ or "")
    train, test = (melodies.load_melodies(config.data, split) for split in ("train", "test"))
    tables = probabilities(train, melodies.EVENTS)
    step, states = graph(tables[-1])
    write_folder(config.out / "model", step, states, melodies.EVENTS, melodies.meaning())
    piece = play(
        config.out / "model", config.out / "sample.mid", seconds=config.seconds, random_seed=config.random_seed
    )
    scores = {f"{order}-gram": round(nats(table, test), 4) for order, table in enumerate(tables, 1)}
    write_report(config.out, {"melodies": len(train), "nats_per_event": scores, "notes": len(piece.notes)})


if __name__ == "__main__":
    main()
