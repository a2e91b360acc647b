"""Compare longplay with its rivals: ``python -m benchmarks.peers``. Needs the extra ``[bench]``."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.peers.parts import PARTS
from longplay.bench import measure, report
from longplay.bench.options import Options
from longplay.cli.shared import ForceOption, ModelOption, require_outputs

command = typer.Typer(add_completion=False)


@command.command()
def peers(
    seed: Annotated[
        Path | None, typer.Argument(help="MIDI file that checks the rivals; by default 16 s of chords.")
    ] = None,
    part: Annotated[
        list[str] | None, typer.Option(help=f"{', '.join(PARTS)}. May be repeated; by default all.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Do little work, to check that everything runs.")] = False,
    model: ModelOption = "piano-lstm",
    json: Annotated[Path | None, typer.Option(help="Write all figures to this file.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the time per note of each rival: .png or .svg.")] = None,
    force: ForceOption = False,
) -> None:
    """Measure how fast longplay and its rivals do the same work, on one thread.

    Close all other programs first. The table shows medians and quartiles of several runs.
    """
    if plot:
        from benchmarks.peers import picture  # reports at once if matplotlib is missing
    require_outputs([path for path in (json, plot) if path], force)
    options = Options(model, None if seed is None else seed.read_bytes())
    machine, figures = report.show_all(measure.figures(options.quick() if quick else options, part, PARTS))
    if json:
        report.write_json(json, machine, figures, force)
    if plot:
        picture.save(figures, plot, str(machine["processor"]))


if __name__ == "__main__":
    command(prog_name="python -m benchmarks.peers")
