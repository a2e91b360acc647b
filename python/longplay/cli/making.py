"""The commands that make music: one piece, a longer one out of it, many of which the best are kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    farm_bar,
    open_engine,
    open_index,
    progress_bar,
    refuse_existing,
)

if TYPE_CHECKING:
    from longplay.piece import Piece

OutOption = Annotated[Path, typer.Option("--out", "-o", help="File to write.")]
CountOption = Annotated[int, typer.Option(help="Candidates of each seed.")]
KeepOption = Annotated[int | None, typer.Option(help="How many of the best keep their files; by default all.")]
RayOption = Annotated[str | None, typer.Option(help="Ray cluster to work on: its address, or local.")]


def generate(
    seed: Annotated[Path | None, typer.Argument(help="MIDI file to answer; without one, a piece from nothing.")] = None,
    out: OutOption = Path("longplay.mid"),
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
    _write(piece, out, force, as_json)


def extend(
    file: Annotated[Path, typer.Argument(help="Piece to make longer; a JSON file beside it says what made it.")],
    out: OutOption = Path("longplay.mid"),
    seconds: SecondsOption = 3600.0,
    seed: Annotated[Path | None, typer.Option(help="MIDI file that the piece answers.")] = None,
    branch: Annotated[int, typer.Option(help="Which future; 0 goes on with the piece's own random numbers.")] = 0,
    avoid: AvoidOption = None,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a piece longer that `generate --json` or `batch` made: a preview, say, that pleased."""
    from longplay import Error
    from longplay.challenge.candidates import provenances

    refuse_existing([out], force)
    data, made = file.read_bytes(), provenances(file.absolute().parent).get(file.name)
    if made is None:
        raise Error(f"no JSON file beside {file} says what made it")
    engine = open_engine(model, device, 1)
    index = None if avoid is None else open_index(avoid)
    preview = engine.remake(made, seed, avoid=index, extendable=True)
    if preview.to_bytes() != data:
        raise Error(f"{file} is not the piece that its JSON file tells of, or not as this machine makes it")
    with progress_bar() as progress:
        piece = engine.extend(preview.snapshot(), seconds, branch=branch, progress=progress, avoid=index)
    _write(piece, out, force, as_json)


def batch(
    seeds: Annotated[list[Path], typer.Argument(help="MIDI files to answer.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")] = Path("longplay"),
    count: CountOption = 1,
    seconds: SecondsOption = 3600.0,
    keep: KeepOption = None,
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
    ray: RayOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make many candidates, rank them, keep the best. Given again after any interruption, it goes on."""
    from longplay.cli.ranking import print_ranking
    from longplay.farm import Farm

    if ray is not None and device.startswith("cuda"):
        raise ValueError(f"device must be auto or cpu with --ray, not {device!r}")
    engine = open_engine(model, device, threads)
    index = None if avoid is None else open_index(avoid)
    settings = asked_settings(random_seed, temperature, top_p, style, guidance_scale, include_seed)
    try:
        with (
            Farm(engine, out, seeds, count, seconds, keep=keep, avoid=index, **settings) as farm,
            farm_bar() as progress,
        ):
            if ray is None:
                ranking = farm.run(progress)
            else:
                from longplay.farm.cluster import Cluster

                with Cluster(ray, model, threads or 1, avoid) as cluster:
                    ranking = farm.run(progress, cluster)
    except KeyboardInterrupt:
        print(f"longplay: stopped; the same command goes on in {out}", file=sys.stderr)
        raise
    for name, warnings in farm.warnings.items():
        complain(warnings, Path(name))
    kept = [ranked for ranked in ranking if ranked.kept]
    if not as_json:
        print_ranking(kept, len(ranking), avoid is not None)
        return
    for ranked in kept:
        made = {"seconds": seconds, "provenance": farm.plan.made_of(ranked.number).as_dict()}
        print(json.dumps(ranked.as_dict() | {"file": str(out / ranked.file)} | made))


def _write(piece: Piece, out: Path, force: bool, as_json: bool) -> None:
    """Write a piece and tell of it."""
    complain(piece.warnings, out)
    piece.save(out, overwrite=force)
    avoids = piece.provenance.index_hash is not None
    if as_json:
        result: dict[str, Any] = {"file": str(out), "seconds": piece.duration, "notes": len(piece.notes)}
        if avoids:
            result["refusals"] = piece.refusals
        print(json.dumps(result | {"provenance": piece.provenance.as_dict()}))
    else:
        print(out)
        if avoids:
            complain([f"{piece.refusals} notes that would have quoted were drawn again"], out)
