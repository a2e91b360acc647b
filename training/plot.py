"""Plot the nats of every field over the notes that a run has read, from its metrics.jsonl."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib

from training.options import parse_config

matplotlib.use("agg")
import matplotlib.pyplot as plt


@dataclass(frozen=True)
class PlotConfig:
    """The options of the command."""

    run: Path = field(metadata={"help": "folder of a run"})
    out: Path = field(metadata={"help": "picture to write: .png, .svg or .pdf"})


def draw(lines: Sequence[dict[str, Any]], out: Path) -> None:
    """Draw the lines of a metrics.jsonl and write the picture."""
    names = next(list(line["fields"]) for line in lines if "fields" in line)
    shape: dict[str, Any] = {"figsize": (3.5 * len(names), 3.2), "constrained_layout": True, "squeeze": False}
    figure, [panels] = plt.subplots(1, len(names), sharex=True, **shape)
    for i, (panel, name) in enumerate(zip(panels, names, strict=True)):
        train = [(line["notes"], line["train"][i]) for line in lines if "train" in line]
        valid = [(line["notes"], line["fields"][name]) for line in lines if "fields" in line]
        panel.plot([x / 1e6 for x, _ in train], [y for _, y in train], color="0.7", linewidth=0.8, label="training")
        panel.plot([x / 1e6 for x, _ in valid], [y for _, y in valid], color="C0", marker=".", label="validation")
        panel.set(title=name.replace("_", " "), xlabel="million notes seen")
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("nats per note")
    panels[0].legend(frameon=False)
    figure.savefig(out, dpi=120)
    plt.close(figure)


def main(argv: Sequence[str] | None = None) -> None:
    """Plot one run."""
    config = parse_config(PlotConfig, argv, __doc__ or "")
    text = (config.run / "metrics.jsonl").read_text(encoding="utf-8")
    draw([json.loads(line) for line in text.splitlines()], config.out)


if __name__ == "__main__":
    main()
