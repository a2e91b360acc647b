"""The command that draws pieces."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from longplay.cli.shared import ForceOption, midi_input, path_argument, path_option, require_outputs


def plot(
    file: Annotated[Path, path_argument(help="MIDI file to draw.")],
    out: Annotated[Path, path_option("--out", "-o", help="Picture to write: .png or .svg.")],
    picture: Annotated[str, typer.Option(help="page, roll, clips, similarity or bands.")] = "page",
    dpi: Annotated[int, typer.Option(help="Dots per inch.")] = 150,
    force: ForceOption = False,
) -> None:
    """Draw a piece: piano roll, clips of 30 s, self-similarity, and a comparison with real music.

    A file - is read from stdin. Needs the extra [plot].
    """
    from longplay import read_midi
    from longplay._base.require import require_choice
    from longplay.pictures import plots

    require_choice("picture", picture, plots.PICTURES)
    require_outputs([out], force)
    notes = read_midi(midi_input(file))
    seconds = float((notes["onset_ms"] + notes["duration_ms"]).max(initial=0)) / 1000
    plots.save(plots.PICTURES[picture](notes, max(seconds, 1.0), file.name), out, dpi=dpi, overwrite=force)
    print(out)
