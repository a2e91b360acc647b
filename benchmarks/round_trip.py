"""Measure what rounding to a model's tables changes: `python -m benchmarks.round_trip --data FOLDER [--every 10]`.

The script encodes and decodes the pieces of a data folder (training/README.md). It prints, by kind of source, how far
the notes have moved.
"""

import argparse
import csv
import json
import warnings
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import longplay

BUILT_IN = Path(longplay.__path__[0]) / "models" / "piano-lstm" / "config.json"
COLUMNS = ("source", "notes", "out of range", "onset, ms", "velocity", "duration, %", "rests cut", "merged")


def moved(path: Path, tokenizer: longplay.Tokenizer, tables: list[NDArray[np.int64]]) -> dict[str, Any]:
    """Return the absolute errors of one file's notes, and counts of lost notes and cut rests."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a damaged file is as good as another here
        notes = longplay.read_midi(path)
    events = tokenizer.encode(notes)
    kept = notes[np.isin(notes["pitch"], tables[1])]
    onsets = np.cumsum(tables[0][events[:, 0]])
    drift = kept["onset_ms"] - onsets  # jumps where a rest was cut, and counts from there
    cut = np.flatnonzero((events[:, 0] == len(tables[0]) - 1) & (np.diff(drift, prepend=0) > 500))
    for start in cut:
        drift[start:] -= drift[start]
    return {
        "notes": len(notes),
        "out of range": len(notes) - len(kept),
        "onset, ms": np.abs(drift),
        "velocity": np.abs(kept["velocity"].astype(int) - tables[2][events[:, 2]]),
        "duration, %": 100 * np.abs(tables[3][events[:, 3]] / kept["duration_ms"] - 1),
        "rests cut": len(cut),
        "merged": len(kept) - len(tokenizer.decode(events)),
    }


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--every", type=int, default=10, help="take every n-th file")
    args = parser.parse_args(argv)
    config = json.loads(BUILT_IN.read_text(encoding="utf-8"))
    tokenizer = longplay.Tokenizer(config)
    tables = [np.array(field["values"]) for field in config["fields"]]
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with (args.data / "manifest.csv").open(encoding="utf-8") as manifest:
        for row in list(csv.DictReader(manifest))[:: args.every]:
            found[row["source"]].append(moved(args.data / row["path"], tokenizer, tables))
    print("| " + " | ".join(COLUMNS) + " |")
    print("|---" * len(COLUMNS) + "|")
    for source, files in sorted(found.items()):
        cells = [source]
        for column in COLUMNS[1:]:
            if np.isscalar(files[0][column]):
                cells.append(str(sum(file[column] for file in files)))
            else:
                errors = np.concatenate([file[column] for file in files])
                cells.append(f"{errors.mean():.1f}, 99 %: {np.percentile(errors, 99):.1f}")
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
