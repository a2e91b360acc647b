"""Measure the bands of real music: `python -m training.bands --data FOLDER`.

The command reads the training split of a data folder (training/README.md) and writes bands.json. The file holds the
5th and the 95th percentile of each of FEATURES, over windows of five minutes; a piece of two to five minutes is one
window. It also holds the share of the windows that leave any band. Exported models contain the bands, and the engine
keeps the density within its band.
"""

import argparse
import json
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

import longplay
from longplay.midi import Notes
from longplay.originality import training_files
from training.evaluation.windows import FEATURES, features, windows

BANDS = Path(__file__).with_name("bands.json")


def training_pieces(data: Path) -> Iterator[Notes]:
    """Yield the notes of each file of the training split that has any."""
    for file in training_files([data]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `training.prepare` reports damaged files
            notes = longplay.read_midi(file.data)
        if len(notes) > 0:
            yield notes


def main(argv: Sequence[str] | None = None) -> None:
    """Measure the bands, and write and print bands.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    args = parser.parse_args(argv)
    rows = []
    for notes in training_pieces(args.data):
        length = int((notes["onset_ms"] + notes["duration_ms"]).max())
        rows += [features(*window) for window in windows(notes, length, shortest_ms=120_000)]
    low, high = np.percentile(rows, [5, 95], axis=0)
    bands = {name: [round(a, 3), round(b, 3)] for name, a, b in zip(FEATURES, low.tolist(), high.tolist(), strict=True)}
    outside = ((np.array(rows) < low) | (np.array(rows) > high)).any(axis=1).mean()
    report = {"windows": len(rows), "windows_outside_any": round(float(outside), 3), "bands": bands}
    BANDS.write_text(json.dumps(report, indent=2) + "\n")
    print(BANDS.read_text())


if __name__ == "__main__":
    main()
