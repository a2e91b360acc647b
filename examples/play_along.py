"""Play with the model in turns on a MIDI keyboard: ``python examples/play_along.py [input] [output] [turns]``.

After a second of silence, the model answers with as many notes as you played. It needs mido and a backend of it
(``pip install mido python-rtmidi``).
"""

import contextlib
import sys
import time

import mido
import numpy as np

import longplay
from longplay.midi import Notes

SILENCE_SECONDS = 1.0


def listen(keyboard: mido.ports.BaseInput, clock: float) -> Notes:
    """Return the notes that somebody plays until a second of silence; times are since `clock`."""
    played, held, last = [], {}, None
    while last is None or held or time.monotonic() - last < SILENCE_SECONDS:
        for message in keyboard.iter_pending():
            last = time.monotonic()
            now = round(1000 * (last - clock))
            if message.type in ("note_on", "note_off") and message.note in held:
                onset, velocity = held.pop(message.note)
                played.append((onset, max(1, now - onset), message.note, velocity))
            if message.type == "note_on" and message.velocity > 0:
                held[message.note] = (now, message.velocity)
        time.sleep(0.001)
    return np.array(sorted(played), longplay.NOTE)


def play(notes: list[Notes], piano: mido.ports.BaseOutput, clock: float) -> None:
    """Play notes at their times since `clock`."""
    events = [(note["onset_ms"], "note_on", note) for notes in notes for note in notes]
    events += [(note["onset_ms"] + note["duration_ms"], "note_off", note) for _, _, note in events]
    for at, kind, note in sorted(events, key=lambda event: event[:2]):
        time.sleep(max(0.0, clock + at / 1000 - time.monotonic()))
        piano.send(mido.Message(kind, note=int(note["pitch"]), velocity=int(note["velocity"])))


def main(keyboard: str | None = None, piano: str | None = None, turns: str = "1000000") -> None:
    """Listen and answer in turns until Ctrl-C."""
    session = longplay.Engine().session()
    with mido.open_input(keyboard) as input_port, mido.open_output(piano, autoreset=True) as output_port:
        clock = time.monotonic()
        for _ in range(int(turns)):
            played = listen(input_port, clock)
            session.feed(played)
            now = round(1000 * (time.monotonic() - clock))
            answer = [session.next(onset_ms=now)]
            answer += [session.next() for _ in played[1:]]
            play(answer, output_port, clock)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main(*sys.argv[1:])
