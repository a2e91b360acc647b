"""Memory use after one hour and after ten hours of music, each in a separate process."""

import json
import subprocess
import sys
from collections.abc import Iterator

from longplay.bench.figure import Figure
from longplay.bench.options import Options

_FIGURES = {
    "stream": {
        "now": ("memory of a process that streams", "MB", 1e6),
        "peak": ("its peak", "MB", 1e6),
        "snapshot": ("snapshot of the stream", "bytes", 1),
    },
    "piece": {
        "peak": ("peak of a process that makes a piece", "MB", 1e6),
        "piece": ("the piece itself", "MB", 1e6),
    },
}


def memory(options: Options) -> Iterator[Figure]:
    """Measure a process that streams and one that generates a piece, by length of the music."""
    for hours in options.memory_hours:
        seconds = round(3600 * hours)
        for kind, figures in _FIGURES.items():
            held = _run(options, kind, seconds)
            for key in held:
                name, unit, size = figures[key]
                yield Figure("memory", name, unit, [held[key] / size], {"music_seconds": seconds})


def _run(options: Options, kind: str, seconds: int) -> dict[str, int]:
    command = [sys.executable, "-m", "longplay.bench.holding", kind, str(seconds), str(options.folder)]
    done = subprocess.run(command, input=options.source, stdout=subprocess.PIPE, check=True)
    held: dict[str, int] = json.loads(done.stdout)
    return {key: held[key] for key in _FIGURES[kind] if key in held}
