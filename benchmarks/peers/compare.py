"""What ``longplay bench --peers`` measures."""

from collections.abc import Callable, Iterator, Sequence

from benchmarks.peers.files import midi, tokens
from benchmarks.peers.notes import notes
from longplay.bench import measure
from longplay.bench.figure import Figure
from longplay.bench.options import Options

PARTS: dict[str, Callable[[Options], Iterator[Figure]]] = {"notes": notes, "midi": midi, "tokens": tokens}


def figures(options: Options, parts: Sequence[str] | None = None) -> Iterator[Figure]:
    """Measure longplay and others at the same work; see `measure.figures`.

    Raises
    ------
    AssertionError
        A rival's answers are wrong: it is not worth timing.
    """
    return measure.run(PARTS, options, parts)
