"""Plot a report on one page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from training import tables

matplotlib.use("agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

REAL, MADE, THIRD = "0.55", "#1f6fb4", "#d9822b"


def draw(found: dict[str, Any], folder: Path) -> None:
    """Write report.png and report.svg, with a panel for each part of the report."""
    figure, axes = plt.subplots(4, 4, figsize=(20, 15), constrained_layout={"w_pad": 0.2})
    panels = iter(axes.flat)
    if "nats" in found:
        _nats(next(panels), found["nats"]["positions"], "Nats per note by position in the piece")
        _nats(next(panels), found["nats"]["sources"], "Nats per note by source")
    if "real_or_generated" in found:
        _realness(next(panels), found["real_or_generated"])
        _giveaways(next(panels), found["real_or_generated"]["giveaways"])
        for name, values in found["notes"]["distributions"].items():
            _distribution(next(panels), name, values)
        _numbers(next(panels), found["notes"]["numbers"])
        _distances(next(panels), found["distances"])
        _similarity(next(panels), found["long"]["self_similarity"])
        _response(next(panels), found["seed_response"])
        _drift(next(panels), found["long"]["drift"])
    if "endings" in found:
        _endings(next(panels), found["endings"])
    if found.get("styles"):
        _styles(next(panels), found["styles"])
    for panel in panels:
        panel.set_axis_off()
    config = found["config"]
    figure.suptitle(f"{config['model'] or config['music']}: {config['answers']} answers of {config['seconds']:g} s")
    for panel in axes.flat:
        panel.title.set_fontsize(10)
    for kind in ("png", "svg"):
        figure.savefig(folder / f"report.{kind}", dpi=90)
    plt.close(figure)


def _bars(
    panel: Axes, groups: Sequence[str], series: Mapping[str, Sequence[float | None]], colors: Sequence[str]
) -> None:
    """Draw groups of bars, with one bar of every series in each group."""
    width = 0.8 / len(series)
    for k, ((label, values), color) in enumerate(zip(series.items(), colors, strict=False)):
        x = np.arange(len(groups)) + (k - (len(series) - 1) / 2) * width
        panel.bar(x, [np.nan if v is None else v for v in values], width, label=label, color=color)
    panel.set_xticks(range(len(groups)), [_words(group) for group in groups])
    _tilt(panel)
    panel.legend(frameon=False, fontsize=8)


def _nats(panel: Axes, by: dict[str, dict[str, float]], title: str) -> None:
    base = np.zeros(len(by))
    for name in tables.TABLES:
        values = np.array([row[name] for row in by.values()])
        panel.bar(range(len(by)), values, 0.7, bottom=base, label=_words(name))
        base += values
    for i, (total, row) in enumerate(zip(base, by.values(), strict=True)):
        panel.text(i, total, f"{total:.2f}\n{row['nats_per_second']:.0f}/s", ha="center", va="bottom", fontsize=8)
    panel.set(title=title, ylim=(0, 1.45 * base.max()))
    panel.set_xticks(range(len(by)), [_words(name) for name in by])
    _tilt(panel)
    panel.legend(frameon=False, fontsize=7, ncols=2, loc="upper left")


def _realness(panel: Axes, test: dict[str, Any]) -> None:
    values = {"ALL": test["accuracy"], **test["by_source"]}
    values |= {_words(name): test[name]["accuracy"] for name in ("beyond_tables", "tables_alone", "real_halves")}
    colors = [THIRD] + [MADE] * len(test["by_source"]) + [REAL] * 3
    panel.barh([_words(name) for name in values], [100 * value for value in values.values()], color=colors)
    error = 100 * test["standard_error"]
    panel.errorbar(100 * test["accuracy"], 0, xerr=2 * error, color="black")
    panel.axvline(50, color="black", linestyle=":")
    panel.invert_yaxis()
    title = f"Real or generated: {100 * test['accuracy']:.1f} ± {error:.1f} % accuracy (50 is best)"
    panel.set(title=title, xlim=(0, 100))


def _giveaways(panel: Axes, features: Sequence[dict[str, Any]]) -> None:
    panel.barh(
        [f"{_words(f['feature'])}  {f['medians'][0]:.3g} | {f['medians'][1]:.3g}" for f in features],
        [f["auc"] - 0.5 for f in features],
        color=MADE,
    )
    panel.axvline(0, color="black", linewidth=0.8)
    panel.invert_yaxis()
    panel.tick_params(axis="y", labelsize=8)
    panel.set(title="Strongest features (medians real | generated)", xlabel="AUC - 0.5", xlim=(-0.5, 0.5))


def _distribution(panel: Axes, name: str, values: dict[str, Any]) -> None:
    x = np.arange(len(values["real"]))
    panel.bar(x, values["real"], 0.9, color=REAL, alpha=0.6, label="real")
    panel.step(x, values["made"], where="mid", color=MADE, label="generated")
    every = 1 if len(x) <= 12 else 3
    panel.set_xticks(x[::every], [f"{edge:g}" for edge in values["edges"][:-1][::every]])
    panel.set(title=f"{_words(name)}: overlap {values['overlap']:.2f}", ylabel="share of the notes")
    panel.legend(frameon=False, fontsize=8)


def _numbers(panel: Axes, numbers: dict[str, Any]) -> None:
    for k, (which, color) in enumerate((("real", REAL), ("made", MADE))):
        for i, values in enumerate(numbers.values()):
            scale = abs(values["real"]["quartiles"][1]) or 1.0
            low, middle, high = (v / scale for v in values[which]["quartiles"])
            label = which if i == 0 else None
            panel.plot([low, high], [i + 0.25 * k] * 2, color=color, linewidth=5, alpha=0.6, label=label)
            panel.plot(middle, i + 0.25 * k, "|", color="black")
            panel.text(high, i + 0.25 * k, f" {values[which]['quartiles'][1]:.3g}", va="center", fontsize=7)
    panel.set_yticks(range(len(numbers)), [_words(name) for name in numbers])
    panel.invert_yaxis()
    panel.set(title="Quartiles over clips", xlabel="relative to the median of the real clips")
    panel.legend(frameon=False, fontsize=8)


def _distances(panel: Axes, by: dict[str, Any]) -> None:
    areas = [np.nan if values["overlapped_area"] is None else values["overlapped_area"] for values in by.values()]
    panel.barh([_words(name) for name in by], areas, color=MADE)
    for i, values in enumerate(by.values()):
        panel.text(0.02, i, f"KL {values['kl_divergence']}", va="center", color="white", fontsize=8)
    panel.invert_yaxis()
    panel.set(title="Real-generated and real-real distances", xlabel="overlapped area (1 is best)", xlim=(0, 1))


def _similarity(panel: Axes, similarity: dict[str, Any]) -> None:
    for which, color in (("real", REAL), ("made", MADE)):
        points = [(float(lag), value) for lag, value in similarity[which].items() if value is not None]
        panel.plot(*zip(*points, strict=True), color=color, marker=".", label=which)
    panel.set_xscale("log")
    panel.set(title="Self-similarity of pitch classes", xlabel="seconds apart", ylabel="correlation")
    panel.legend(frameon=False, fontsize=8)


def _response(panel: Axes, response: dict[str, Any]) -> None:
    aspects = ["key", "tempo", "density", "texture", "all"]
    columns = {_words(name): [values[a]["auc"] for a in aspects] for name, values in response.items()}
    _bars(panel, aspects, columns, (MADE, THIRD, REAL))
    panel.axhline(0.5, color="black", linestyle=":")
    panel.set(title="Own seed nearer than other seeds (AUC)", ylim=(0, 1.15))


def _drift(panel: Axes, drift: dict[str, Any]) -> None:
    names = [name for name in drift if name != "windows"]
    for i, name in enumerate(names):
        low, high = drift[name]["band"]
        half = (high - low) / 2 or 1.0
        panel.plot([-1, 1], [i, i], color=REAL, linewidth=9, alpha=0.4)
        panel.plot((drift[name]["slope"] - (low + high) / 2) / half, i, "o", color=MADE)
        panel.text(1.05, i, f"{100 * drift[name]['outside']:.0f} % outside", va="center", fontsize=8)
    panel.set_yticks(range(len(names)), names)
    panel.set(
        title=f"Drift over {drift['windows']} windows of 5 minutes",
        xlabel="mean slope, relative to the band of real recitals",
    )
    panel.set_xlim(-2, 2)


def _endings(panel: Axes, found: dict[str, Any]) -> None:
    signs = ["long", "at_rest", "in_time", "final"]
    sets = [which for which in ("real", "cut", "made") if which in found]
    columns: dict[str, list[Any]] = {which: [found[which].get(sign) for sign in signs] for which in sets}
    _bars(panel, signs, columns, (REAL, THIRD, MADE))
    panel.set(title="Endings: share of the pieces", ylim=(0, 1.15))


def _styles(panel: Axes, found: dict[str, Any]) -> None:
    styles = found["styles"]
    named = found["from_nothing"]["named"]
    grid = np.array([[named.get(asked, {}).get(other, np.nan) for other in styles] for asked in styles])
    panel.imshow(grid, cmap="Blues", vmin=0, vmax=1)
    for i, j in np.ndindex(grid.shape):
        panel.text(j, i, f"{grid[i, j]:.2f}", ha="center", va="center", color="white" if grid[i, j] > 0.5 else "black")
    panel.set_xticks(range(len(styles)), [_words(style) for style in styles])
    panel.set_yticks(range(len(styles)), [_words(style) for style in styles])
    _tilt(panel)
    sets = [which for which in found if which not in ("styles", "chance")]
    agreed = ", ".join(f"{_words(which)} {found[which]['agreement']:.2f}" for which in sets)
    panel.set(title=f"Recognised style (across) of requested style (down)\n{agreed}, chance {found['chance']:.2f}")


def _tilt(panel: Axes) -> None:
    panel.tick_params(axis="x", labelsize=8, rotation=25)


def _words(name: str) -> str:
    return name.replace("_", " ")
