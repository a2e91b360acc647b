"""Commands that make music."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longplay.cli.shared import (
    DeviceOption,
    ForceOption,
    JsonOption,
    ModelOption,
    RandomSeedOption,
    ThreadsOption,
    complain,
    open_engine,
    open_index,
    progress_bar,
    refuse_existing,
)

if TYPE_CHECKING:
    from longplay.piece import Piece
    from longplay.settings import SettingsArguments

SecondsOption = Annotated[float, typer.Option(help="Length of the music, exact to the millisecond.")]
TemperatureOption = Annotated[float, typer.Option(help="Above 1 more adventurous, below 1 tamer.")]
TopPOption = Annotated[
    float | None,
    typer.Option(help="Draw from the likeliest ids that reach this probability; differs by field unless given."),
]
StyleOption = Annotated[str | None, typer.Option(help="One of the model's styles; `doctor` lists them.")]
IncludeSeedOption = Annotated[bool, typer.Option("--include-seed", help="Begin with the seed itself.")]
AvoidOption = Annotated[Path | None, typer.Option(help="Index of a training set (`originality-index`) not to quote.")]


def generate(
    seed: Annotated[Path | None, typer.Argument(help="MIDI file to answer; without one, a piece from nothing.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write.")] = Path("longplay.mid"),
    seconds: SecondsOption = 3600.0,
    random_seed: RandomSeedOption = 0,
    temperature: TemperatureOption = 1.0,
    top_p: TopPOption = None,
    style: StyleOption = None,
    include_seed: IncludeSeedOption = False,
    avoid: AvoidOption = None,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = 0,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make one piece that answers a seed."""
    settings = _settings(random_seed, temperature, top_p, style, include_seed)
    _make([seed], [out], seconds, settings, avoid, (model, device, threads), force, as_json)


def batch(
    seeds: Annotated[list[Path], typer.Argument(help="MIDI files to answer.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")] = Path("longplay"),
    count: Annotated[int, typer.Option(min=1, help="Answers to each seed.")] = 1,
    seconds: SecondsOption = 3600.0,
    random_seed: RandomSeedOption = 0,
    temperature: TemperatureOption = 1.0,
    top_p: TopPOption = None,
    style: StyleOption = None,
    include_seed: IncludeSeedOption = False,
    avoid: AvoidOption = None,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = 0,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make many pieces at once, named after their seeds and numbered as candidates."""
    sources = [seed for seed in seeds for _ in range(count)]
    paths = [out / f"{seed.stem}-{candidate:04d}.mid" for candidate, seed in enumerate(sources)]
    settings = _settings(random_seed, temperature, top_p, style, include_seed)
    out.mkdir(parents=True, exist_ok=True)
    _make(sources, paths, seconds, settings, avoid, (model, device, threads), force, as_json)


def _settings(
    random_seed: int, temperature: float, top_p: float | None, style: str | None, include_seed: bool
) -> SettingsArguments:
    settings: SettingsArguments = {
        "random_seed": random_seed,
        "temperature": temperature,
        "style": style,
        "include_seed": include_seed,
    }
    if top_p is not None:
        settings["top_p"] = top_p
    return settings


def _make(
    seeds: Sequence[Path | None],
    paths: Sequence[Path],
    seconds: float,
    settings: SettingsArguments,
    avoid: Path | None,
    engine: tuple[str | None, str, int],
    force: bool,
    as_json: bool,
) -> None:
    """Answer each seed and save the piece under its path as soon as it is done."""
    refuse_existing(paths, force)
    maker = open_engine(*engine)
    index = None if avoid is None else open_index(avoid)
    with progress_bar() as progress:
        pieces = maker.generate_batch(seeds, seconds, progress=progress, avoid=index, **settings)
        for path, piece in zip(paths, pieces, strict=True):
            _save(piece, path, force, as_json)


def _save(piece: Piece, path: Path, force: bool, as_json: bool) -> None:
    complain(piece.warnings, path)
    piece.save(path, overwrite=force)
    if as_json:
        result: dict[str, Any] = {"file": str(path), "seconds": piece.duration, "notes": len(piece.notes)}
        if piece.provenance.index_hash is not None:
            result["refusals"] = piece.refusals
        print(json.dumps(result | {"provenance": piece.provenance.as_dict()}), flush=True)
    else:
        print(path, flush=True)
        if piece.provenance.index_hash is not None:
            complain([f"{piece.refusals} notes that would have quoted were drawn again"], path)
