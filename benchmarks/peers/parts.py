"""The parts of ``python -m benchmarks.peers``."""

from collections.abc import Callable, Iterator

from benchmarks.peers.files import midi, tokens
from benchmarks.peers.notes import notes
from longplay.bench.figure import Figure
from longplay.bench.options import Options

PARTS: dict[str, Callable[[Options], Iterator[Figure]]] = {"notes": notes, "midi": midi, "tokens": tokens}
