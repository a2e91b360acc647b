"""The command that measures the speed of longplay."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from longplay.cli.shared import ForceOption, ModelOption, path_argument, path_option, require_outputs


def bench(
    seed: Annotated[
        Path | None, path_argument(help="MIDI file that all pieces continue; by default 16 s of chords.")
    ] = None,
    part: Annotated[
        list[str] | None,
        typer.Option(help="hour, throughput, limits, latency, memory or files. May be repeated; by default all."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Do much less work, to test the command.")] = False,
    threads: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Threads for throughput; may be repeated. By default 1, 2, 4, ... up to the cores."),
    ] = None,
    model: ModelOption = None,
    json: Annotated[Path | None, path_option(help="Write all figures to this file.")] = None,
    plot: Annotated[Path | None, path_option(help="Draw the throughput to this .png or .svg file.")] = None,
    force: ForceOption = False,
) -> None:
    """Measure how fast longplay is on this machine.

    Close all other programs first. The tables show medians and quartiles of several runs. `--plot` needs the extra
    [plot]; `python -m benchmarks.peers` of a checkout compares with rivals, and needs the extra [bench].
    """
    from longplay.bench import machine, measure, report
    from longplay.bench.options import Options
    from longplay.midi import midi_bytes

    if plot:
        from longplay.bench import picture  # fails early if matplotlib is missing
    require_outputs([path for path in (json, plot) if path], force)
    options = Options(model, None if seed is None else midi_bytes(seed), tuple(threads or machine.doublings()))
    options = options.quick() if quick else options
    found, known = report.show_all(measure.figures(options, part))
    if json:
        report.write_json(json, found, known, force)
    if plot:
        picture.save(known, plot, str(found["processor"]), force)
