"""A picture of throughput."""

from collections.abc import Sequence
from pathlib import Path

from longplay.bench.figure import Figure
from longplay.pictures import plots


def save(figures: Sequence[Figure], path: Path, title: str, overwrite: bool) -> None:
    """Draw notes a second by batch, one line for each number of threads, as PNG or SVG by the suffix of `path`.

    Raises
    ------
    ValueError
        The suffix is neither .png nor .svg, or throughput was not measured.
    """
    rates = [figure for figure in figures if (figure.part, figure.name) == ("throughput", "notes")]
    if not rates:
        raise ValueError("a picture needs the part throughput. To fix this, add: --part throughput")
    from matplotlib.figure import Figure as Drawing  # longplay.pictures.plots reports a missing matplotlib

    drawn = Drawing(figsize=(7, 4.2), layout="constrained")
    axes = drawn.add_subplot()
    for threads in sorted({int(rate.labels["threads"]) for rate in rates}):
        line = [rate for rate in rates if rate.labels["threads"] == threads]
        batches = [int(rate.labels["batch"]) for rate in line]
        lows, highs = zip(*(rate.quartiles for rate in line), strict=True)
        (curve,) = axes.plot(
            batches, [rate.median for rate in line], marker="o", label=f"{threads} thread{'s' if threads > 1 else ''}"
        )
        axes.fill_between(batches, lows, highs, color=curve.get_color(), alpha=0.2, linewidth=0)
        axes.set_xticks(batches, [str(batch) for batch in batches])
    axes.set_xscale("log", base=2, subs=[])
    axes.set(xlabel="candidates at once", ylabel="notes a second", title=title, ylim=(0, None))
    axes.legend(frameon=False)
    plots.save(drawn, path, overwrite=overwrite)
