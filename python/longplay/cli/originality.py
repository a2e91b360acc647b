"""The commands `originality` and `originality-index`."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from longplay.cli.shared import (
    ForceOption,
    JsonOption,
    ThreadsOption,
    blaming,
    midi_input,
    path_argument,
    path_option,
    progress_bar,
    require_outputs,
    warn,
)

if TYPE_CHECKING:
    from rich.table import Table

    from longplay.originality import Originality


def originality(
    files: Annotated[list[Path], path_argument(help="MIDI files to compare with the training set.")],
    index: Annotated[Path, path_option("--index", help="Index of the training set.")],
    top: Annotated[int, typer.Option(min=1, help="How many closest pairs and longest runs to report.")] = 5,
    least_bits: Annotated[float, typer.Option(help="Bits that a passage needs to count as a quotation.")] = 70.0,
    least_melody_bits: Annotated[
        float, typer.Option(help="Bits that a melody over other notes needs to count as a quotation.")
    ] = 60.0,
    plot: Annotated[
        Path | None, path_option(help="Draw the closest passages to this PNG file; for one input file only.")
    ] = None,
    threads: ThreadsOption = 0,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Report what files share with a training set: closest windows, longest runs, quotations, melodies.

    A file - is read from stdin. `--plot` needs the extra [plot].
    """
    from longplay.originality import Index, compare

    if plot is not None and len(files) > 1:
        raise ValueError(f"--plot takes one file, not {len(files)}")
    if plot is not None:
        from longplay.originality.plot import plot as draw  # fails early if matplotlib is missing

        require_outputs([plot], force)
    opened = Index.open(index)
    for file in files:
        with progress_bar("windows") as progress, blaming(file):
            source = midi_input(file)
            report = compare(
                source,
                opened,
                name=str(file),
                top=top,
                least_bits=least_bits,
                least_melody_bits=least_melody_bits,
                num_threads=threads,
                progress=progress,
            )
        warn(report.warnings, file)
        if plot is not None:
            draw(report, source, opened, plot, overwrite=force)
        if as_json:
            print(json.dumps(report.as_dict()), flush=True)
        else:
            _print(report)


def originality_index(
    data: Annotated[list[Path], path_argument(help="Folders, tar archives or MIDI files of the training set.")],
    out: Annotated[Path, path_option("--out", "-o", help="File to write.")],
    split: Annotated[str, typer.Option(help="Split of a manifest.csv to take, or 'all'.")] = "train",
    series: Annotated[
        str, typer.Option(help="sounding: the highest pitch that sounds; struck: the highest of the latest notes.")
    ] = "sounding",
    step_ms: Annotated[int, typer.Option(help="Time step of the pitch series, in ms.")] = 125,
    steps: Annotated[int, typer.Option(help="Steps of a window.")] = 40,
    stride: Annotated[int, typer.Option(help="Steps from one window to the next.")] = 8,
    band: Annotated[int, typer.Option(help="Most steps between two values that are paired; 0 for no limit.")] = 0,
    min_changes: Annotated[int, typer.Option(help="Fewest changes of pitch in a window that is compared.")] = 8,
    calibration: Annotated[int, typer.Option(min=1, help="Windows of real works that give the percentiles.")] = 1000,
    threads: ThreadsOption = 0,
    force: ForceOption = False,
) -> None:
    """Build the index of a training set."""
    from longplay.originality import Index, IndexSettings, training_files

    require_outputs([out], force)
    settings = IndexSettings(series, step_ms, steps, stride, band, min_changes)  # type: ignore[arg-type]  # it checks
    with warnings.catch_warnings(record=True) as caught, progress_bar("windows") as progress:
        warnings.simplefilter("always")
        files = training_files(data, None if split == "all" else split)
        index = Index.build(files, settings, calibration=calibration, num_threads=threads, progress=progress)
    warn(str(one.message) for one in caught)
    index.save(out, overwrite=force)
    print(f"{out}: {len(index.names)} works, {len(index.pitches)} notes, {index.hours:.1f} hours")


def _print(report: Originality) -> None:
    from rich.console import Console
    from rich.table import Table

    from longplay._base.text import one_line

    # Outside a terminal, a line of 80 columns would cut file names.
    console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 200)
    windows = Table("here", "there", "DTW", "NDTW", "percentile", title="Closest windows")
    for pair in report.closest:
        windows.add_row(
            *map(one_line, (str(pair.here), str(pair.there), str(pair.distance))),
            f"{pair.similarity:.4f}",
            f"{pair.percentile:.1f}",
        )
    tables: list[Table] = [windows]
    lines = {
        "Longest common runs": report.longest_runs,
        "Quotations": report.quotations,
        "Melodies quoted over other notes": report.melodies,
    }
    for title, found in lines.items():
        table = Table("here", "there", "notes", "same", "semitones", "tempo", "bits", title=title)
        for one in found:
            bits = "" if one.bits is None else f"{one.bits:.0f}"
            numbers = (
                str(one.notes),
                str(one.same),
                f"{one.semitones:+d}",
                f"{1 / one.tempo:.2f}" if one.tempo else "",
                bits,
            )
            table.add_row(one_line(str(one.here)), one_line(str(one.there)), *numbers)
        if found:
            tables.append(table)
    console.print(
        f"{one_line(report.file)}: {report.notes} notes, {report.seconds:.1f} s; compared with {report.works} works"
    )
    settings = ", ".join(f"{name} {value}" for name, value in report.settings.items())
    console.print(f"{report.windows} windows compared, {report.plain_windows} too plain; {settings}, cost |x - y|")
    console.print(
        "NDTW follows the challenge's rule, (127 T - DTW) / (127 T). It is 1 for identical windows, so the rule's "
        "'below 0.3' has the wrong direction. Judge by the percentile: the share of windows of real works that are "
        "as close to another work."
    )
    for table in tables:
        console.print(table)
    console.print(
        f"{report.share_in_runs:.1%} of the notes are in runs of {report.run_notes} or more notes that the training "
        f"set also has, {report.share_quoted:.1%} in quotations. Of the melody's {report.melody_notes} notes, "
        f"{report.melody_share_in_runs:.1%} are in such runs of the training set's melodies."
    )
    console.print(one_line(report.verdict))
