"""Train a small model on a folder of MIDI files, and let it play: ``python examples/own_model.py midi/ own.mid``.

Run this in the repository's root, with the extra ``[train]``. With more steps and notes, the model gets better:
``training/README.md``.
"""

import sys
from pathlib import Path

import longplay
from training import export, prepare, train

WORK = Path("runs/own_model")


def main(midi: str, out: str, steps: str = "200", work: Path = WORK) -> None:
    """Prepare the data, train, export and generate a minute."""
    prepare.main(["--data", midi, "--out", str(work / "data")])
    sizes = ["--width", "128", "--head-width", "64", "--rows", "16", "--evaluate-every", steps]
    train.main(["--data", str(work / "data"), "--out", str(work / "run"), "--steps", steps, *sizes])
    export.main(["--run", str(work / "run"), "--out", str(work / "model"), "--name", "own"])
    longplay.Engine(work / "model").generate(seconds=60).save(out)
    print(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
