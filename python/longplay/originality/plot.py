"""A picture of the passages that a piece shares with a training set. Needs the extra ``[plot]``."""

from pathlib import Path
from typing import Any

import numpy as np

from longplay import _core
from longplay._base.cancel import Cancel, until
from longplay._base.drawing import write_figure
from longplay._base.extras import missing_extra
from longplay._base.text import drawable
from longplay.midi import MidiSource, Notes, parse_midi
from longplay.originality.index import Index
from longplay.originality.report import Originality, Quotation, WindowPair

try:
    from matplotlib.figure import Figure
except ModuleNotFoundError:
    raise missing_extra("matplotlib", "plot") from None

HERE, THERE = "#d1495b", "#30638e"  # distinct in grey as well
MAX_ROWS = 4


def plot(
    report: Originality,
    midi: MidiSource,
    index: Index,
    out: Path,
    *,
    overwrite: bool = True,
    cancel: Cancel | None = None,
) -> None:
    """Draw a comparison as a PNG or SVG, by the suffix of `out`.

    The closest windows are on the left. Quotations, or the longest runs if nothing is quoted, are on the right.
    If `cancel` is set, no file is written.
    """
    notes, _ = parse_midi(midi, cancel=cancel)
    series = _core.pitch_series(notes, index.settings.series, index.settings.step_ms)
    passages = ((*report.quotations, *report.melodies) or report.longest_runs)[:MAX_ROWS]
    rows = max(1, len(report.closest[:MAX_ROWS]), len(passages))
    figure = Figure(figsize=(12, 0.6 + 2.6 * rows), layout="constrained")
    figure.suptitle(drawable(report.verdict), fontsize=9, wrap=True)
    axes = figure.subplots(rows, 2, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, pair in zip(axes[:, 0], until(cancel, report.closest), strict=False):
        _windows(axis, pair, series, index)
    for axis, passage in zip(axes[:, 1], until(cancel, passages), strict=False):
        _passage(axis, passage, notes, index)
    write_figure(figure, out, dpi=120, overwrite=overwrite, cancel=cancel)


def _windows(axis: Any, pair: WindowPair, series: Any, index: Index) -> None:
    steps, second = index.settings.steps, index.settings.step_ms / 1000
    work = index.names.index(pair.there.file)
    start = int(index.first_steps[work]) + round(pair.there.begin / second)
    here = round(pair.here.begin / second)
    seconds = np.arange(steps) * second
    axis.step(seconds, series[here : here + steps], where="post", color=HERE, label=_short(str(pair.here)))
    axis.step(
        seconds, index.series[start : start + steps], where="post", color=THERE, ls="--", label=_short(str(pair.there))
    )
    axis.set_title(f"DTW {pair.distance}, NDTW {pair.similarity:.4f}, percentile {pair.percentile:.1f}", fontsize=9)
    _finish(axis, "seconds into the window")


def _passage(axis: Any, found: Quotation, notes: Notes, index: Index) -> None:
    work = index.names.index(found.there.file)
    begin, end = int(index.first_notes[work]), int(index.first_notes[work + 1])
    first = begin + int(np.searchsorted(index.onsets_ms[begin:end], round(found.there.begin * 1000)))
    last = begin + int(np.searchsorted(index.onsets_ms[begin:end], round(found.there.end * 1000), side="right"))
    inside = (notes["onset_ms"] >= round(found.here.begin * 1000)) & (notes["onset_ms"] <= round(found.here.end * 1000))
    onsets = (index.onsets_ms[first:last] / 1000 - found.there.begin) * found.tempo
    axis.plot(
        onsets,
        index.pitches[first:last].astype(int) + found.semitones,
        "s",
        ms=7,
        mfc="none",
        color=THERE,
        label=_short(str(found.there)),
    )
    axis.plot(
        notes["onset_ms"][inside] / 1000 - found.here.begin,
        notes["pitch"][inside],
        ".",
        color=HERE,
        label=_short(str(found.here)),
    )
    weight = "" if found.bits is None else f", {found.bits:.0f} bits"
    tempo = f", tempo x {1 / found.tempo:.2f}" if found.tempo else ""  # notes of one onset have no tempo
    axis.set_title(
        f"{found.same} of {found.notes} notes{weight}, {found.semitones:+d} semitones{tempo}",
        fontsize=9,
    )
    _finish(axis, "seconds into the passage")


def _finish(axis: Any, below: str) -> None:
    axis.axis("on")
    axis.set_xlabel(below, fontsize=8)
    axis.set_ylabel("MIDI pitch", fontsize=8)
    axis.margins(y=0.35)  # space for the legend
    axis.legend(fontsize=7, loc="upper left")
    axis.tick_params(labelsize=8)


def _short(text: str) -> str:
    return drawable(text if len(text) <= 60 else "..." + text[-57:])
