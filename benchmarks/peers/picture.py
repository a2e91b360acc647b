"""The time per note of longplay and its rivals as a picture."""

from collections.abc import Sequence
from pathlib import Path

from longplay.bench.figure import Figure
from longplay.pictures import plots


def save(figures: Sequence[Figure], path: Path, title: str) -> None:
    """Draw the time per note of each rival, one panel for each part.

    Parameters
    ----------
    figures : sequence of Figure
        Figures without values are not drawn.
    path : Path
        File to write: PNG or SVG, by its suffix.
    title : str

    Raises
    ------
    ValueError
        The suffix is neither .png nor .svg.
    """
    from matplotlib.figure import Figure as Picture  # longplay.pictures.plots reports a missing matplotlib

    times = [figure for figure in figures if figure.name == "a note" and figure.values]
    parts = list(dict.fromkeys(figure.part for figure in times))
    picture = Picture(figsize=(7, 0.8 + 2.4 * len(parts)), layout="constrained")
    picture.suptitle(title, fontsize=9)
    for axes, part in zip(picture.subplots(len(parts), squeeze=False)[:, 0], parts, strict=True):
        bars = [figure for figure in times if figure.part == part]
        axes.barh([str(figure.labels["rival"]) for figure in bars], [figure.median for figure in bars])
        axes.invert_yaxis()
        axes.set_xscale("log")
        axes.set(title=part, xlabel=f"{bars[0].unit} a note")
    plots.save(picture, path)
