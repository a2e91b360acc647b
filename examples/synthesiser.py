"""Stream endless music to a synthesiser: ``python examples/synthesiser.py seed.mid [port] [seconds]``.

It needs mido and a backend of it (``pip install mido python-rtmidi``). ``mido.get_output_names()`` lists the ports.
"""

import contextlib
import heapq
import sys
import time
from collections.abc import Iterable, Iterator

import mido

import longplay
from longplay.midi import Notes

AHEAD_SECONDS = 1.0  # a note is drawn so long before it sounds


def messages(stream: Iterable[Notes]) -> Iterator[tuple[float, mido.Message]]:
    """Yield each message with its time in seconds, in order."""
    waiting: list[tuple[float, bool, int, int]] = []  # time, whether a note begins, pitch, velocity
    for notes in stream:
        for onset, duration, pitch, velocity in notes.tolist():
            heapq.heappush(waiting, (onset / 1000, True, pitch, velocity))
            heapq.heappush(waiting, ((onset + duration) / 1000, False, pitch, 0))
        while waiting[0][0] < notes["onset_ms"][-1] / 1000:  # later notes begin no earlier
            at, begins, pitch, velocity = heapq.heappop(waiting)
            yield at, mido.Message("note_on" if begins else "note_off", note=pitch, velocity=velocity)


def main(seed: str, port: str | None = None, seconds: str = "inf") -> None:
    """Play until Ctrl-C, or for so many seconds."""
    engine = longplay.Engine()
    with mido.open_output(port, autoreset=True) as output:
        begin = time.monotonic() + AHEAD_SECONDS
        for at, message in messages(engine.stream(seed)):
            if at > float(seconds):
                return
            time.sleep(max(0.0, begin + at - time.monotonic()))
            output.send(message)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main(*sys.argv[1:])
