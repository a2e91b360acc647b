"""The parts of ``longplay bench``."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

from longplay.bench.figure import Figure
from longplay.bench.files import files
from longplay.bench.latency import latency
from longplay.bench.limits import limits
from longplay.bench.making import hour, throughput
from longplay.bench.memory import memory
from longplay.bench.options import Options

PARTS: dict[str, Callable[[Options], Iterator[Figure]]] = {
    "hour": hour,
    "throughput": throughput,
    "limits": limits,
    "latency": latency,
    "memory": memory,
    "files": files,
}


def figures(
    options: Options,
    parts: Sequence[str] | None = None,
    known: Mapping[str, Callable[[Options], Iterator[Figure]]] = PARTS,
) -> Iterator[Figure]:
    """Measure the given parts in order.

    Parameters
    ----------
    options : Options
    parts : sequence of str, optional
        Keys of `known`; by default all.
    known : mapping of str to callable
        The measurements of each part.

    Returns
    -------
    iterator of Figure
        Each figure is measured when the caller asks for it.

    Raises
    ------
    ValueError
        A part is unknown.
    """
    asked = parts or list(known)
    for part in asked:
        if part not in known:
            raise ValueError(f"part must be one of {', '.join(known)}, not {part!r}")
    return chain.from_iterable(known[part](options) for part in asked)
