"""The command that makes a piece."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from longplay.cli.shared import (
    AvoidOption,
    DeviceOption,
    ForceOption,
    GuidanceOption,
    IncludeSeedOption,
    JsonOption,
    ModelOption,
    RandomSeedOption,
    SecondsOption,
    StyleOption,
    TemperatureOption,
    ThreadsOption,
    TopPOption,
    asked_settings,
    complain,
    open_engine,
    open_index,
    progress_bar,
    refuse_existing,
)


def generate(
    seed: Annotated[Path | None, typer.Argument(help="MIDI file to answer; without one, a piece from nothing.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write.")] = Path("longplay.mid"),
    seconds: SecondsOption = 3600.0,
    random_seed: RandomSeedOption = 0,
    temperature: TemperatureOption = None,
    top_p: TopPOption = None,
    style: StyleOption = None,
    guidance_scale: GuidanceOption = 3.0,
    include_seed: IncludeSeedOption = False,
    avoid: AvoidOption = None,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = 0,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make one piece that answers a seed."""
    settings = asked_settings(random_seed, temperature, top_p, style, guidance_scale, include_seed)
    refuse_existing([out], force)
    engine = open_engine(model, device, threads)
    index = None if avoid is None else open_index(avoid)
    with progress_bar() as progress:
        piece = engine.generate(seed, seconds, progress=progress, avoid=index, **settings)
    complain(piece.warnings, out)
    piece.save(out, overwrite=force)
    if as_json:
        result: dict[str, Any] = {"file": str(out), "seconds": piece.duration, "notes": len(piece.notes)}
        if index is not None:
            result["refusals"] = piece.refusals
        print(json.dumps(result | {"provenance": piece.provenance.as_dict()}))
    else:
        print(out)
        if index is not None:
            complain([f"{piece.refusals} notes that would have quoted were drawn again"], out)
