"""Figures of matplotlib as files. Needs the extra ``[plot]``."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longplay._base.cancel import Cancel, check
from longplay._base.extras import missing_extra
from longplay._base.require import require_integer
from longplay.files import write_whole

try:
    import matplotlib as mpl
    from matplotlib.artist import Artist
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.transforms import Bbox
    from PIL import Image  # a dependency of matplotlib
except ModuleNotFoundError:
    raise missing_extra("matplotlib", "plot") from None

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_figure(figure: "Figure", path: Path, *, dpi: int, overwrite: bool, cancel: Cancel | None) -> None:
    """Write a figure as PNG, with a palette of 256 colours, or as SVG, by the suffix of the file.

    The same figure always gives the same bytes.

    Raises
    ------
    ValueError
        The suffix is neither .png nor .svg, or `dpi` is not in [20, 1000].
    OSError
        The file cannot be written.
    Cancelled
        `cancel` is set. No file is written.
    """
    kind = path.suffix.lower()
    if kind not in (".png", ".svg"):
        raise ValueError(f"the picture's name must end in .png or .svg, not {kind or 'nothing'!r}")
    require_integer("dpi", dpi, 20, 1000)
    watches = [axes.add_artist(_Watch(cancel)) for axes in figure.axes]
    try:
        data = _svg(figure, dpi) if kind == ".svg" else _png(figure, dpi)
    finally:
        for watch in watches:
            watch.remove()
    check(cancel)
    write_whole(path, data, overwrite=overwrite)


def _svg(figure: "Figure", dpi: int) -> bytes:
    data = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "longplay"}):
        figure.savefig(data, format="svg", dpi=dpi, metadata={"Date": None})
    return data.getvalue()


def _png(figure: "Figure", dpi: int) -> bytes:
    figure.set_dpi(dpi)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    drawn = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba())
    data = io.BytesIO()
    drawn.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(data, "PNG")
    return data.getvalue()


class _Watch(Artist):
    """An invisible part of a figure, which stops the drawing."""

    def __init__(self, cancel: Cancel | None) -> None:
        super().__init__()
        self._cancel = cancel
        self.set_clip_on(False)  # else a layout does not ask for its extent

    def draw(self, renderer: Any) -> None:
        """Raise `Cancelled` if the event is set."""
        check(self._cancel)

    def get_window_extent(self, renderer: Any = None) -> Bbox:
        """Return that nothing is visible; a layout asks for it."""
        check(self._cancel)
        return Bbox.null()
