"""The parts of ``python -m benchmarks.peers``."""

from collections.abc import Callable, Iterator, Sequence

from benchmarks.peers.files import midi, tokens
from benchmarks.peers.notes import notes
from longplay.bench import measure
from longplay.bench.figure import Figure
from longplay.bench.options import Options

PARTS: dict[str, Callable[[Options], Iterator[Figure]]] = {"notes": notes, "midi": midi, "tokens": tokens}


def figures(options: Options, parts: Sequence[str] | None = None) -> Iterator[Figure]:
    """Measure longplay and its rivals at the same work.

    Parameters
    ----------
    options : Options
    parts : sequence of str, optional
        Keys of `PARTS`; by default all.

    Returns
    -------
    iterator of Figure
        Each figure is measured when the caller asks for it.

    Raises
    ------
    ValueError
        A part is unknown.
    """
    return measure.run(PARTS, options, parts)
