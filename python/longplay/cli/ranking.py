"""The table of candidates that `batch` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longplay.farm import Ranked


def print_ranking(kept: Sequence[Ranked], count: int, avoids: bool) -> None:
    """Print the kept candidates and the meaning of each column."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from longplay._base.text import one_line
    from longplay.farm import COLUMNS

    headings = {name: name.replace("_probability", " p").replace("_", " ") for name in COLUMNS}
    footnotes = [f"{headings[name]}: {meaning}." for name, meaning in COLUMNS.items()]
    if avoids:
        footnotes.append("refusals: notes that would have quoted the index, so that the engine drew them again.")
    footnote = "\n".join(footnotes)
    caption = f"The best {len(kept)} of {count} by the mean of their ranks in four columns.\n{footnote}"
    table = Table(box=None, pad_edge=False, caption=caption, caption_justify="left", caption_style="dim")
    table.add_column(justify="right", no_wrap=True)
    table.add_column("file", overflow="fold")
    counted = ("notes", "refusals") if avoids else ("notes",)
    for heading in (*counted, *headings.values(), "mean rank"):
        table.add_column(heading.replace(" ", "\n"), justify="right", no_wrap=True)
    for ranked in kept:
        counts = [str(getattr(ranked.measures, name)) for name in counted]
        values = [getattr(ranked.measures, name) for name in COLUMNS]
        numbers = ["-" if value is None else f"{value:.3f}" for value in values]
        table.add_row(str(ranked.rank), Text(one_line(ranked.file)), *counts, *numbers, f"{ranked.mean_rank:.1f}")
    Console().print(table)
