"""Commands that report about files and about this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from longplay.cli.shared import (
    DeviceOption,
    JsonOption,
    ModelOption,
    blaming,
    midi_files,
    midi_input,
    open_engine,
    path_argument,
    warn,
)


def score(
    files: Annotated[list[Path], path_argument(help="MIDI files to score, or folders of them.")],
    model: ModelOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Report how likely a model finds files: nats per note, in total and per field.

    A file - is read from stdin.
    """
    engine = open_engine(model, device, 1)
    for file in midi_files(files):
        with blaming(file):
            scored = engine.score(midi_input(file))
        warn(scored.warnings, file)
        if as_json:
            # JSON has no NaN: a file without notes has no mean.
            fields = {name: nats if scored.notes else None for name, nats in scored.fields.items()}
            total = scored.total if scored.notes else None
            print(json.dumps({"file": str(file), "notes": scored.notes, "total": total, "fields": fields}))
        else:
            fields_text = "  ".join(f"{name} {nats:.3f}" for name, nats in scored.fields.items())
            unit = "note" if len(scored.fields) > 1 else "token"
            print(f"{file}: {scored.notes} {unit}s, {scored.total:.3f} nats/{unit}  ({fields_text})")


def models(
    folders: Annotated[
        list[Path] | None, path_argument(help="Model folders to list after the built-in models.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the built-in models and model folders: what they play, their sizes and licences."""
    from dataclasses import asdict

    from longplay._model.listing import list_models

    listed = list_models(folders or [])
    if as_json:
        print(json.dumps([asdict(one) for one in listed]))
        return
    width = max(len(one.name) for one in listed)
    for one in listed:
        print(f"{one.name:{width}}  {one.bytes / 1e6:6.1f} MB  {one.licence}  {one.plays}")


def doctor(model: ModelOption = None, as_json: JsonOption = False) -> None:
    """Report what works on this machine: versions, devices, and the model."""
    from longplay.doctor import examine

    report = examine(model)
    if as_json:
        print(json.dumps(report, indent=2))
    else:
        for name, value in report.items():
            print(f"{name:12} {', '.join(value) if isinstance(value, list) else value}")
    if report["cpu"] != "works":
        raise typer.Exit(1)
