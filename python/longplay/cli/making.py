"""Commands that generate music: one piece, a longer piece, and many candidates of which the best are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longplay.cli.settings import takes_settings
from longplay.cli.shared import (
    MIDI_SUFFIXES,
    STANDARD,
    AvoidOption,
    DeviceOption,
    ForceOption,
    JsonOption,
    ModelOption,
    ThreadsOption,
    blaming,
    farm_bar,
    midi_files,
    midi_input,
    open_engine,
    open_index,
    path_argument,
    path_option,
    progress_bar,
    require_outputs,
    warn,
    write_output,
)
from longplay.settings import OwnSettings

if TYPE_CHECKING:
    from longplay.piece import Piece

OutOption = Annotated[Path, path_option("--out", "-o", help="File to write.")]
TargetOption = Annotated[
    str,
    typer.Option(help='Program that reads the file: "challenge", or "daw" for a tempo map, markers and two tracks.'),
]
CountOption = Annotated[int, typer.Option(help="Candidates of each seed.")]
KeepOption = Annotated[int | None, typer.Option(help="How many of the best keep their files; by default all.")]
RayOption = Annotated[str | None, typer.Option(help="Address of a Ray cluster to work on, or local.")]


@takes_settings()
def generate(
    seed: Annotated[Path | None, path_argument(help="MIDI file to continue; by default none.")] = None,
    out: OutOption = Path("longplay.mid"),
    *,
    settings: OwnSettings,
    avoid: AvoidOption = None,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = 0,
    force: ForceOption = False,
    as_json: JsonOption = False,
    target: TargetOption = "challenge",
) -> None:
    """Generate one piece that continues a seed.

    A seed - is read from stdin. An output - is written to stdout; messages then go to stderr.
    """
    require_piece_outputs(out, force, target)
    engine = open_engine(model, device, threads)
    index = None if avoid is None else open_index(avoid)
    with progress_bar() as progress, blaming(seed):
        source = None if seed is None else midi_input(seed)
        piece = engine.generate(source, progress=progress, avoid=index, **settings)
    write_piece(piece, out, force, as_json, target)


@takes_settings("seconds")
def extend(
    file: Annotated[Path, path_argument(help="Piece to extend; a JSON file in its folder holds its provenance.")],
    out: OutOption = Path("longplay.mid"),
    *,
    settings: OwnSettings,
    seed: Annotated[Path | None, path_option(help="MIDI file that the piece continues.")] = None,
    branch: Annotated[
        int, typer.Option(help="Number of the continuation; 0 keeps the random numbers of the piece.")
    ] = 0,
    avoid: AvoidOption = None,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    force: ForceOption = False,
    as_json: JsonOption = False,
    target: TargetOption = "challenge",
) -> None:
    """Extend a piece that `generate`, `extend` or `batch` wrote.

    The command regenerates the piece from its provenance, checks that the bytes match, and extends it.

    A seed - is read from stdin. An output - is written to stdout; messages then go to stderr.
    """
    from longplay import Error
    from longplay.challenge.candidates import provenances
    from longplay.midi import midi_bytes
    from longplay.piece import TARGETS

    require_piece_outputs(out, force, target)
    data, provenance = midi_bytes(file), provenances(file.absolute().parent).get(file.name)
    if provenance is None:
        raise Error(
            f"no JSON file in the folder of {file} holds its provenance. To fix this, copy the JSON file that was "
            "written with the piece, or the ranking.json of its farm, to this folder"
        )
    engine = open_engine(model, device, 1)
    index = None if avoid is None else open_index(avoid)
    source = None if seed is None else midi_input(seed)
    preview = engine.regenerate(provenance, source, avoid=index, extendable=True)
    if data not in map(preview.to_bytes, TARGETS):
        raise Error(
            f"{file} differs from the piece that this machine regenerates from its provenance. To fix this, use the "
            "version, the model and the seed of the piece"
        )
    with progress_bar() as progress:
        seconds = settings["seconds"]
        piece = engine.extend(preview.snapshot(), seconds, branch=branch, progress=progress, avoid=index)
    write_piece(piece, out, force, as_json, target)


@takes_settings()
def batch(
    seeds: Annotated[list[Path], path_argument(help="MIDI files to continue, or folders of them.")],
    out: Annotated[Path, path_option("--out", "-o", help="Folder to write to.")] = Path("longplay"),
    count: CountOption = 1,
    keep: KeepOption = None,
    *,
    settings: OwnSettings,
    avoid: AvoidOption = None,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = 0,
    ray: RayOption = None,
    as_json: JsonOption = False,
) -> None:
    """Generate many candidates, rank them, and keep the best.

    After an interruption, the same command resumes.
    """
    from longplay.cli.ranking import print_ranking
    from longplay.farm import Farm

    if out == STANDARD:
        raise ValueError("out must be a folder, not -: a ranking has many files")
    if ray is not None and device.startswith("cuda"):
        raise ValueError(f"device must be auto or cpu with --ray, not {device!r}")
    engine = open_engine(model, device, threads)
    index = None if avoid is None else open_index(avoid)
    files = midi_files(seeds)
    try:
        with Farm(engine, out, files, count, keep=keep, avoid=index, **settings) as farm, farm_bar() as progress:
            if ray is None:
                ranking = farm.run(progress)
            else:
                from longplay.farm.cluster import Cluster

                with Cluster(ray, model, threads or 1, avoid) as cluster:
                    ranking = farm.run(progress, cluster)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"stopped. To resume in {out}, run the same command") from None
    for name, warnings in farm.warnings.items():
        warn(warnings, Path(name))
    kept = [ranked for ranked in ranking if ranked.kept]
    if not as_json:
        print_ranking(kept, len(ranking), avoid is not None)
        return
    for ranked in kept:
        provenance = farm.plan.provenance_of(ranked.number)
        more = {"seconds": provenance.settings.seconds, "provenance": provenance.as_dict()}
        print(json.dumps(ranked.as_dict() | {"file": str(out / ranked.file)} | more))


def _provenance_file(out: Path) -> Path | None:
    """Return the JSON file for the provenance of a piece; None if the piece goes to stdout, a device or a pipe."""
    return None if out == STANDARD or (out.exists() and not out.is_file()) else out.with_suffix(".json")


def require_piece_outputs(out: Path, force: bool, target: str) -> None:
    """Raise OSError or ValueError if a piece or its provenance cannot be written."""
    from longplay._base.require import require_choice
    from longplay.piece import TARGETS

    require_choice("target", target, TARGETS)
    require_outputs([out], force, MIDI_SUFFIXES)
    if record := _provenance_file(out):
        require_outputs([record], force)


def write_piece(piece: Piece, out: Path, force: bool, as_json: bool, target: str) -> None:
    """Write a piece and its provenance, and print its path or its provenance."""
    from longplay.files import write_whole

    avoids = piece.provenance.index_hash is not None
    result: dict[str, Any] = {"file": str(out), "seconds": piece.duration, "notes": len(piece.notes)}
    if avoids:
        result["refusals"] = piece.refusals
    result["provenance"] = piece.provenance.as_dict()
    record = _provenance_file(out)
    messages = write_output(out, piece.to_bytes(target), force)
    if record is not None:
        write_whole(record, json.dumps(result | {"file": out.name}, indent=1).encode(), overwrite=force)
    warn(piece.warnings, out)
    if as_json:
        print(json.dumps(result), file=messages)
    else:
        print(out, file=messages)
        if avoids:
            warn([f"{piece.refusals} notes would have quoted the index, so the engine drew them again"], out)
