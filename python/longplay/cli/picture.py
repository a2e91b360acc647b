"""Commands that draw and notate pieces."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from longplay.cli.shared import ForceOption, blaming, midi_input, path_argument, path_option, require_outputs


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
    with blaming(file):
        notes = read_midi(midi_input(file))
    seconds = float((notes["onset_ms"] + notes["duration_ms"]).max(initial=0)) / 1000
    plots.save(plots.PICTURES[picture](notes, max(seconds, 1.0), file.name), out, dpi=dpi, overwrite=force)
    print(out)


def notate(
    file: Annotated[Path, path_argument(help="MIDI file to notate.")],
    out: Annotated[Path, path_option("--out", "-o", help="Score to write: .musicxml.")],
    key: Annotated[str | None, typer.Option(help='Key such as "D minor"; by default the likeliest.')] = None,
    title: Annotated[str | None, typer.Option(help="Title; by default the name of the file.")] = None,
    force: ForceOption = False,
) -> None:
    """Notate a piece as a piano score in MusicXML, rounded to estimated beats.

    A file - is read from stdin. Needs the extra [notation].
    """
    from longplay import read_midi
    from longplay._base.key import named_key, parse_scale
    from longplay.files import write_whole
    from longplay.notation import musicxml

    require_outputs([out], force, (".musicxml", ".xml"))
    named = parse_scale("key", key)
    with blaming(file):
        notes = read_midi(midi_input(file))
    seconds = float((notes["onset_ms"] + notes["duration_ms"]).max(initial=1000)) / 1000
    score = musicxml(
        notes,
        seconds,
        key=None if named is None else named_key(named),
        title=title or file.stem.strip("-") or "longplay",
    )
    write_whole(out, score, overwrite=force)
    print(out)
