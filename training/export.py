"""Export the model of a run as a folder that follows docs/model-contract.md."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import onnx

from training.bands import BANDS
from training.corpus import NOTE_VOCABULARIES
from training.graphs.builder import Precision
from training.graphs.calibration import Ranges
from training.graphs.notes import head_graph, seed_events, states, step_graph
from training.model import NoteModel
from training.options import parse_config
from training.rounding import calibrate
from training.train import averaged_weights, read_run

RECOGNISED_FROM = 128
"""First notes of a seed from which the engine recognises its style; the models tell fewer apart less well."""
SAMPLING = '{"top_p": {"time_shift": 1.0, "pitch": 0.92, "velocity": 0.95, "duration": 0.98}}'


@dataclass(frozen=True)
class ExportConfig:
    """The options of the command."""

    run: Path = field(metadata={"help": "folder of a training run, or a file of training.keep"})
    out: Path = field(metadata={"help": "folder to write"})
    name: str = field(default="piano-lstm", metadata={"help": "name of the model"})
    precision: Precision = field(
        default="int8", metadata={"help": "number format of the products: int8 for CPUs, fp16 for GPUs, or fp32"}
    )
    data: str = field(default="", metadata={"help": "data whose training pieces calibrate int8; if empty, the run's"})
    sampling: str = field(default=SAMPLING, metadata={"help": "default sampling, as JSON: `sampling` of config.json"})


def load_model(run: Path) -> NoteModel:
    """Load the averaged model of a run's last checkpoint, or of a file of `training.keep`, for inference."""
    saved = read_run(run)
    config = saved["config"]
    vocabulary = config.get("vocabulary", "notes")  # older runs have no other
    kind = {"vocabulary": vocabulary, "intervals": config.get("intervals", False)}
    model = NoteModel(config["backbone"], config["width"], config["head_width"], **kind)
    model.load_state_dict(averaged_weights(saved))
    return model.eval()


def write_model(
    model: NoteModel,
    out: Path,
    *,
    name: str,
    precision: Precision = "fp32",
    ranges: Ranges | None = None,
    sampling: str = SAMPLING,
) -> None:
    """Write the graphs and config.json of a model into a folder, and leave files of other names alone.

    The precision int8, and no other, needs `ranges` (`training.graphs.calibration`). Only models of notes have
    `sampling`.
    """
    if precision == "int8" and ranges is None:
        raise ValueError("ranges must be given for precision int8")
    if precision != "int8" and ranges is not None:
        raise ValueError(f"ranges must be None for precision {precision}")
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    onnx.save(step_graph(model, precision, ranges), partial / "step.onnx")
    for f in range(1, len(model.vocabulary.fields)):
        onnx.save(head_graph(model, f, precision), partial / f"head_{f}.onnx")
    config = model.vocabulary.config(name, states(model), model.context_width)
    if seed_events(model):
        config |= {"format": 2, "seed_events": seed_events(model)}
        for control in config["controls"]:
            control |= {"recognised_from": RECOGNISED_FROM} if control["name"] == "style" else {}
    if model.vocabulary in NOTE_VOCABULARIES:
        config["bands"] = json.loads(BANDS.read_text(encoding="utf-8"))["bands"]
        config["sampling"] = json.loads(sampling)
    (partial / "config.json").write_text(json.dumps(config) + "\n", encoding="utf-8")
    out.mkdir(parents=True, exist_ok=True)
    for path in partial.iterdir():
        path.replace(out / path.name)
    partial.rmdir()


def main(argv: Sequence[str] | None = None) -> None:
    """Export the last checkpoint of a run."""
    config = parse_config(ExportConfig, argv, __doc__ or "")
    model = load_model(config.run)
    ranges = None
    if config.precision == "int8":
        data = config.data or read_run(config.run)["config"].get("data")
        if data is None:
            raise SystemExit(f"--data must be given: {config.run} names no data")
        ranges = calibrate(model, Path(data))
    write_model(
        model, config.out, name=config.name, precision=config.precision, ranges=ranges, sampling=config.sampling
    )


if __name__ == "__main__":
    main()
