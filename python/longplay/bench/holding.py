"""A process that generates music and prints its memory use; `memory` starts it.

``python -m longplay.bench.holding stream|piece SECONDS MODEL`` reads the seed from stdin. It imports only the modules
that generation needs.
"""

import json
import sys
from pathlib import Path

from longplay import Engine


def main() -> None:
    """Generate music and print the memory use in bytes as JSON."""
    kind, seconds, model = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    engine, seed = Engine(model, num_threads=1), sys.stdin.buffer.read()
    if kind == "stream":
        stream = engine.stream(seed)
        while next(stream)["onset_ms"][-1] < 1000 * seconds:
            pass
        made = {"snapshot": len(stream.snapshot())}
    else:
        piece = engine.generate(seed, seconds)
        made = {"piece": piece.notes.nbytes + piece.events.nbytes + piece.log_probabilities.nbytes}
    print(json.dumps(made | _held()))


def _held() -> dict[str, int]:
    """Return current and peak memory use in bytes; without /proc, only the peak."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {"peak": most if sys.platform == "darwin" else 1024 * most}
    # getrusage may return the peak of the parent process.
    sizes = {name: text for name, _, text in (line.partition(":") for line in status)}
    return {key: 1024 * int(sizes[name].split()[0]) for key, name in (("now", "VmRSS"), ("peak", "VmHWM"))}


if __name__ == "__main__":
    main()
