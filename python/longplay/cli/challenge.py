"""Commands for a submission to the challenge: docs/challenge.md."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longplay.cli.settings import takes_settings
from longplay.cli.shared import (
    MIDI_SUFFIXES,
    DeviceOption,
    ForceOption,
    JsonOption,
    ModelOption,
    blaming,
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
    from rich.console import Console

    from longplay.challenge.check import Report

_BARS = " ▁▂▃▄▅▆▇█"
_COLOURS = {"fatal": "red", "risk": "yellow", "warning": "dim"}


def check(
    files: Annotated[list[Path], path_argument(help="MIDI files to check, or folders of them.")],
    table: Annotated[bool, typer.Option("--clips", help="List all 120 clips.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Report how the challenge's grader treats files, what voters will not hear, and how to fix it.

    The exit status is 0 if all files are safe to submit, and 1 otherwise. A file - is read from stdin.
    """
    from rich.console import Console

    from longplay import check

    console = Console()
    safe = True
    for file in midi_files(files):
        report = check(midi_input(file))
        safe &= report.safe
        if as_json:
            print(json.dumps({"file": str(file)} | report.as_dict()))
        else:
            _print(console, file, report, table)
    if not safe:
        raise typer.Exit(1)


@takes_settings("random_seed")
def pack(
    file: Annotated[Path, path_argument(help="MIDI file to fix.")],
    out: Annotated[Path, path_option("--out", "-o", help="File to write.")],
    *,
    settings: OwnSettings,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    force: ForceOption = False,
) -> None:
    """Turn any MIDI file into a safe submission of an hour; the model continues a file that is too short.

    A file - is read from stdin. An output - is written to stdout; messages then go to stderr.
    """
    from longplay import pack

    require_outputs([out], force, MIDI_SUFFIXES)
    with progress_bar() as progress, blaming(file):
        engine, random_seed = open_engine(model, device, 1), settings["random_seed"]
        packed = pack(midi_input(file), engine, progress=progress, random_seed=random_seed)
    messages = write_output(out, packed.to_bytes(), force)
    warn(packed.warnings, file)
    for change in packed.changes:
        print(change, file=messages)
    print(out, file=messages)


def clips(
    file: Annotated[Path, path_argument(help="MIDI file that the grader accepts.")],
    out: Annotated[Path, path_option("--out", "-o", help="Folder to write to.")],
    force: ForceOption = False,
) -> None:
    """Write the 120 clips that voters hear, cut as the grader cuts them."""
    from longplay import clips
    from longplay.files import write_whole

    cut = clips(file)
    paths = [out / f"{file.stem}-{number:03d}.mid" for number in range(1, len(cut) + 1)]
    out.mkdir(parents=True, exist_ok=True)
    require_outputs(paths, force)
    for path, data in zip(paths, cut, strict=True):
        write_whole(path, data, overwrite=force)
    print(f"{out}: {len(paths)} clips")


def submit(
    folder: Annotated[Path, path_argument(metavar="DIR", help="Folder of candidates and of the votes on them.")],
    index: Annotated[Path, path_option("--index", help="Index of the training set.")],
    seed: Annotated[list[Path] | None, path_option(help="MIDI file that candidates continue. Repeatable.")] = None,
    out: Annotated[Path, path_option("--out", "-o", help="Folder of all your submissions.")] = Path("submissions"),
    model: ModelOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Choose the best candidate and write it with its evidence. Refuse a third submission in 24 hours."""
    from longplay.challenge.submit import submit

    def print_line(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    engine = open_engine(model, device, 1)
    made = submit(
        folder, out, open_index(index), seeds=seed or [], engine=engine, now=datetime.now(UTC), report=print_line
    )
    for reason in made.skipped:
        print_line(f"skipped: {reason}")
    if as_json:
        record: dict[str, Any] = {"folder": str(made.folder), "candidate": made.chosen.path.name}
        print(json.dumps(record | made.chosen.scores() | {"skipped": made.skipped}))
    else:
        print(f"{made.folder}: {made.chosen.path.name}. {made.originality.verdict}")


def _print(console: Console, file: Path, report: Report, table: bool) -> None:
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    from longplay._base.text import one_line

    colour = "green" if report.safe else "red" if report.reason else "yellow"
    measured = "" if report.length is None else f", {report.length:.3f} s"
    verdict = "safe" if report.safe else "not safe"
    name = (one_line(str(file)), "bold")
    console.print(Text.assemble(name, ": ", (f"{report.outcome}, {verdict}", colour), measured), highlight=False)
    if report.findings:
        findings = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        for finding in report.findings:
            style = _COLOURS[finding.severity]
            problem, remedy = escape(finding.problem), escape(finding.remedy)
            findings.add_row(f"[{style}]{finding.severity}[/]", f"{problem}. [dim]{remedy}[/]")
        console.print(findings)
    if report.clips:
        console.print(
            f"{sum(clip.note_ons for clip in report.clips)} onsets; in each of the {len(report.clips)} clips:"
        )
        most = max(clip.note_ons for clip in report.clips)
        bars = "".join(_BARS[-(-clip.note_ons * 8 // most) if most else 0] for clip in report.clips)
        for start in range(0, len(bars), 60):
            console.print(f"  {start + 1:3d} {bars[start : start + 60]} {start + 60}", highlight=False)
    if report.clips and table:
        rows = Table("clip", "starts at", "onsets", "note_offs", "others", "lasts", "first onset", box=None)
        for number, clip in enumerate(report.clips, 1):
            first = "silent" if clip.first_onset is None else f"{clip.first_onset:.3f} s"
            counts = map(str, (clip.note_ons, clip.note_offs, clip.others))
            rows.add_row(str(number), f"{clip.start:.3f} s", *counts, f"{clip.seconds:.3f} s", first)
        console.print(rows)
