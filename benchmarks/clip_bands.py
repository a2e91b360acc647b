"""Measure what 30 s of real music are like: `python -m benchmarks.clip_bands --data FOLDER`.

The script reads the training split of a data folder (training/README.md). It writes
python/longplay/pictures/clip_bands.json: the 5th, 50th and 95th percentile of each of longplay's clip features over
all clips that hold notes.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from longplay.pictures.clip_features import FEATURES, clip_features
from training.bands import training_pieces

BANDS = Path(__file__).parents[1] / "python" / "longplay" / "pictures" / "clip_bands.json"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    args = parser.parse_args(argv)
    clips = np.concatenate(
        [
            clip_features(notes, float((notes["onset_ms"] + notes["duration_ms"]).max()) / 1000)
            for notes in training_pieces(args.data)
        ]
    )
    clips = clips[clips[:, 0] > 0]
    rows = np.percentile(clips, [5, 50, 95], axis=0).T.round(3).tolist()
    report = {"clips": len(clips), "bands": dict(zip(FEATURES, rows, strict=True))}
    BANDS.write_text(json.dumps(report, indent=2) + "\n")
    print(BANDS.read_text())


if __name__ == "__main__":
    main()
