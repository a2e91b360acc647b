"""Pictures of a piece: piano roll, clips, self-similarity, comparison with real music.

Each function draws notes on a matplotlib Axes; `page` draws them all on one Figure.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from longplay._base.cancel import Cancel, until
from longplay._base.drawing import write_figure
from longplay._base.extras import missing_extra
from longplay._base.text import drawable
from longplay.form import CLIP_SECONDS
from longplay.midi import Notes
from longplay.pictures.clip_features import FEATURES, bands, clip_features

try:
    import matplotlib as mpl
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_rgb
    from matplotlib.figure import Figure
except ModuleNotFoundError:
    raise missing_extra("matplotlib", "plot") from None

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#2b5c8a"
_FAINT = "#e4e8ec"
_GREY = "#6b7780"
_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.labelcolor": _GREY,
    "axes.edgecolor": "#c3cad0",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _GREY,
    "ytick.color": _GREY,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
}
_LONGEST_IN_NOTES = 180  # s that are drawn note by note; for longer pieces, the sounding share is drawn
_COLUMNS = 1200
_OVER_TIME = ("notes per second", "mean pitch", "mean velocity")
_OUTSIDE = 0.55  # how far outside its band a point is drawn, in bands


def piano_roll(axes: "Axes", notes: Notes, seconds: float, *, start: float = 0.0) -> None:
    """Draw a piano roll of `seconds` from `start`.

    A louder note is darker. Beyond three minutes, a pitch is darker the more of the time it sounds.
    """
    onsets = notes["onset_ms"] / 1000 - start
    ends = onsets + notes["duration_ms"] / 1000
    seen = (ends > 0) & (onsets < seconds)
    pitches = notes["pitch"][seen].astype(np.int64)
    low, high = (int(pitches.min()) - 2, int(pitches.max()) + 2) if len(pitches) else (48, 72)
    unit, unit_name = _time_unit(seconds)
    extent = (start / unit, (start + seconds) / unit)
    if seconds > _LONGEST_IN_NOTES:
        sounding = _sounding(onsets[seen], ends[seen], pitches, seconds)[low : high + 1]
        axes.imshow(
            np.sqrt(sounding),  # so that short notes are visible
            cmap="Blues",
            vmin=0,
            vmax=1,
            extent=(*extent, low - 0.5, high + 0.5),
            aspect="auto",
            origin="lower",
        )
    else:
        times = np.stack([onsets[seen], pitches, ends[seen], pitches], axis=1).reshape(-1, 2, 2)
        times[:, :, 0] = (times[:, :, 0] + start) / unit
        colours = [(*to_rgb(INK), 0.2 + 0.8 * velocity / 127) for velocity in notes["velocity"][seen].tolist()]
        axes.add_collection(LineCollection(list(times), colors=colours, linewidths=2.6, capstyle="butt"))
    octaves = range(-(-low // 12) * 12, high + 1, 12)
    axes.set_yticks(octaves, [f"C{pitch // 12 - 1}" for pitch in octaves])
    axes.set(xlim=extent, ylim=(low - 0.5, high + 0.5), xlabel=unit_name, title="Piano roll")
    axes.grid(axis="y", color=_FAINT, linewidth=0.6)


def _sounding(
    onsets: NDArray[np.float64], ends: NDArray[np.float64], pitches: NDArray[np.int64], seconds: float
) -> NDArray[np.float64]:
    """Return the share of each of `_COLUMNS` intervals in which each pitch sounds; shape (128, columns)."""
    width = seconds / _COLUMNS
    sounding = np.zeros((128, _COLUMNS))
    first = np.clip(onsets / width, 0, _COLUMNS)
    last = np.clip(ends / width, 0, _COLUMNS)
    for pitch, begin, end in zip(pitches.tolist(), first.tolist(), last.tolist(), strict=True):
        for column in range(int(begin), min(int(np.ceil(end)), _COLUMNS)):
            sounding[pitch, column] += min(end, column + 1) - max(begin, column)
    return sounding


def clip_overview(axes: Sequence["Axes"], notes: Notes, seconds: float) -> None:
    """Draw density, pitch and velocity of each clip of 30 s on three Axes, over the bands of real music."""
    values = clip_features(notes, seconds)
    unit, unit_name = _time_unit(seconds)
    edges = np.arange(len(values) + 1) * CLIP_SECONDS / unit
    known = bands()
    for row, name in zip(axes, _OVER_TIME, strict=True):
        low, middle, high = known[name]
        row.axhspan(low, high, color=_FAINT, linewidth=0)
        row.axhline(middle, color="white", linewidth=1)
        row.stairs(values[:, FEATURES.index(name)], edges, baseline=None, color=INK, linewidth=1.1)
        row.set(xlim=(0, seconds / unit), title=name.capitalize())
        row.margins(y=0.15)
        row.tick_params(labelbottom=False)
    axes[-1].tick_params(labelbottom=True)
    axes[-1].set_xlabel(unit_name)


def self_similarity(axes: "Axes", notes: Notes, seconds: float) -> None:
    """Draw the similarity of all pairs of moments by pitch class.

    Dark squares are sections, dark stripes are returns. The measure is Foote's [1]_: the cosine between the
    pitch-class profiles of windows, after subtraction of their mean over the piece. A window is a 360th of the piece
    (10 s of an hour), but at least half a second.

    References
    ----------
    .. [1] Foote, "Visualizing Music and Audio using Self-Similarity", ACM Multimedia 1999.
    """
    window = max(0.5, seconds / 360)
    profiles = _pitch_class_profiles(notes, seconds, window)
    profiles -= profiles.mean(axis=0)
    lengths = np.linalg.norm(profiles, axis=1, keepdims=True)
    profiles /= np.where(lengths > 0, lengths, 1)
    unit, unit_name = _time_unit(seconds)
    end = len(profiles) * window / unit
    axes.imshow(profiles @ profiles.T, cmap="Blues", vmin=0, vmax=1, extent=(0, end, end, 0), interpolation="nearest")
    axes.set(title="Self-similarity", xlabel=unit_name, ylabel=unit_name)


def band_comparison(axes: "Axes", notes: Notes, seconds: float) -> None:
    """Draw each clip as a dot, and the band of nine tenths of real clips, for six features.

    The first clips are at the top. Values far outside the band are drawn at the edge.
    """
    values = clip_features(notes, seconds)
    for row, (name, (low, middle, high)) in enumerate(bands().items()):
        column = values[:, FEATURES.index(name)]
        heights = row + np.linspace(-0.3, 0.3, len(column))
        positions = np.clip((column - low) / (high - low), -_OUTSIDE, 1 + _OUTSIDE)
        inside = (column >= low) & (column <= high)
        axes.barh(row, 1, height=0.8, color=_FAINT, linewidth=0)
        axes.plot([(middle - low) / (high - low)] * 2, [row - 0.4, row + 0.4], color="white", linewidth=1.5)
        axes.scatter(positions, heights, s=5, color=INK, alpha=0.6, linewidths=0)
        small: dict[str, Any] = {"fontsize": 7, "color": _GREY, "va": "center"}
        axes.text(-_OUTSIDE - 0.1, row, f"{name}\n{low:.3g} to {high:.3g}", ha="right", **small)
        axes.text(1 + _OUTSIDE + 0.1, row, f"{inside.mean():.0%} in" if len(inside) else "", ha="left", **small)
    axes.set(
        xlim=(-_OUTSIDE - 0.05, 1 + _OUTSIDE + 0.05),
        ylim=(len(FEATURES) - 0.5, -0.5),
        title="Compared with real music: nine clips in ten are in the grey",
    )
    axes.set_xticks([0, 1], ["5 %", "95 %"])
    axes.set_yticks([])
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)


def page(notes: Notes, seconds: float, title: str = "", *, cancel: Cancel | None = None) -> Figure:
    """Draw all pictures of a piece on one page.

    Parameters
    ----------
    notes : structured array, shape (notes,)
        As `read_midi` gives them.
    seconds : float
        Length of the piece.
    title : str
        Title of the page.
    cancel : threading.Event, optional
        As for `Engine.generate`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    Cancelled
        `cancel` is set.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(11, 11.5), layout="constrained")
        grid = figure.add_gridspec(5, 2, height_ratios=[2.3, 0.75, 0.75, 0.75, 4.2])
        wide = [figure.add_subplot(grid[row, :]) for row in until(cancel, range(4))]
        left, right = (figure.add_subplot(grid[4, column]) for column in range(2))
        parts: list[Callable[[], None]] = [
            lambda: piano_roll(wide[0], notes, seconds),
            lambda: clip_overview(wide[1:], notes, seconds),
            lambda: self_similarity(left, notes, seconds),
            lambda: band_comparison(right, notes, seconds),
        ]
        for draw in until(cancel, parts):
            draw()
        figure.suptitle(drawable(title), x=0.01, ha="left", fontsize=11)
    return figure


def _one(draw: Callable[["Axes", Notes, float], None], size: tuple[float, float]) -> Callable[..., Figure]:
    def picture(notes: Notes, seconds: float, title: str = "") -> Figure:
        with mpl.rc_context(_STYLE):
            figure = Figure(figsize=size, layout="constrained")
            axes = figure.add_subplot()
            draw(axes, notes, seconds)
            if title:
                axes.set_title(drawable(title))
        return figure

    return picture


def _clips(notes: Notes, seconds: float, title: str = "") -> Figure:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9, 4.2), layout="constrained")
        clip_overview(figure.subplots(3), notes, seconds)
        figure.suptitle(drawable(title), x=0.01, ha="left", fontsize=11)
    return figure


PICTURES: Mapping[str, Callable[..., Figure]] = MappingProxyType(
    {
        "page": page,
        "roll": _one(piano_roll, (9, 3)),
        "clips": _clips,
        "similarity": _one(self_similarity, (5, 5)),
        "bands": _one(band_comparison, (5.5, 4)),
    }
)
"""Functions by name; each takes notes, seconds and a title, and returns a matplotlib Figure."""


def save(
    figure: Figure, path: str | Path, *, dpi: int = 150, overwrite: bool = True, cancel: Cancel | None = None
) -> None:
    """Write a picture as PNG or SVG, by the suffix of the file.

    The same picture always gives the same bytes. A PNG has a palette of 256 colours: there is no visible difference,
    and the file has half the size.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path
    dpi : int
        Dots per inch, in [20, 1000]; in an SVG they apply to images only.
    overwrite : bool
        Whether to replace an existing file.
    cancel : threading.Event, optional
        As for `Engine.generate`.

    Raises
    ------
    ValueError
        The suffix is neither .png nor .svg, or `dpi` is out of range.
    OSError
        The file cannot be written.
    Cancelled
        `cancel` is set. No file is written.
    """
    with mpl.rc_context(_STYLE):
        write_figure(figure, Path(path), dpi=dpi, overwrite=overwrite, cancel=cancel)


def _time_unit(seconds: float) -> tuple[float, str]:
    return (60.0, "minutes") if seconds > 180 else (1.0, "seconds")


def _pitch_class_profiles(notes: Notes, seconds: float, window: float) -> NDArray[np.float64]:
    """Return the seconds that each pitch class sounds in each window; shape (windows, 12)."""
    profiles = np.zeros((max(1, int(np.ceil(seconds / window))), 12))
    onsets = notes["onset_ms"] / 1000
    ends = onsets + notes["duration_ms"] / 1000
    for index in range(len(profiles)):
        shares = np.minimum(ends, (index + 1) * window) - np.maximum(onsets, index * window)
        np.add.at(profiles[index], notes["pitch"] % 12, np.maximum(shares, 0))
    return profiles
