"""Encode music as the 388 events of Performance RNN: a vocabulary of one field and no controls.

Ids 0 to 127 press a key, and 128 to 255 release it. Ids 256 to 355 let 10 ms to 1 s pass. Ids 356 to 387 set the
velocity of the notes that follow, in 32 bins of four [1]_. The order is that of Magenta's code. Releases come before
presses at the same time, and a press comes after the change of velocity that it needs. Time passes in whole seconds
first.

References
----------
.. [1] Oore et al., "This Time with Feeling: Learning Expressive Musical Performance", arXiv:1808.03715, 2018.
"""

from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

import longplay
from longplay.midi import NOTE
from training import tables
from training.corpus import Reading, Spread, Vocabulary

TICK = 10  # ms
LONGEST = 100  # ticks of the longest time shift
PRESS, RELEASE, SHIFT, VELOCITY, SIZE = 0, 128, 256, 356, 388
START = SIZE


def encode(notes: NDArray[Any]) -> NDArray[np.int32]:
    """Return the ids of notes of dtype `longplay.midi.NOTE`, in order, shape (events,).

    Times are rounded to the nearest tick, halves up. A note lasts at least one tick.
    """
    begin = (notes["onset_ms"].astype(np.int64) + TICK // 2) // TICK
    end = (notes["onset_ms"].astype(np.int64) + notes["duration_ms"] + TICK // 2) // TICK
    end = np.maximum(end, begin + 1)
    pitch, bins = notes["pitch"].astype(np.int64), (notes["velocity"].astype(np.int64) - 1) // 4
    ticks = np.concatenate([end, begin])
    order = np.argsort(ticks, kind="stable")  # so releases come first
    changes = np.concatenate([np.zeros(len(end), np.int64), np.diff(bins, prepend=-1) != 0])[order]
    gaps = np.diff(ticks[order], prepend=0)
    seconds = np.maximum(gaps - 1, 0) // LONGEST
    keys = np.cumsum(seconds + (gaps > 0) + changes + 1) - 1
    ids = np.full(keys[-1] + 1 if len(keys) else 0, SHIFT + LONGEST - 1, np.int32)
    ids[keys] = np.concatenate([RELEASE + pitch, PRESS + pitch])[order]
    ids[(keys - 1)[changes > 0]] = VELOCITY + np.concatenate([bins, bins])[order][changes > 0]
    ids[(keys - changes - 1)[gaps > 0]] = SHIFT + (gaps - seconds * LONGEST)[gaps > 0] - 1
    return ids


def decode(ids: NDArray[np.int32]) -> NDArray[Any]:
    """Decode ids to notes of dtype `longplay.midi.NOTE`, on one keyboard (`longplay.resolve_overlaps`).

    If a key is pressed several times, its first press is released first. The release of a key that is not down has no
    effect. A key that is never released stays down until the end. A note lasts at least one tick. Velocities are the
    middles of their bins; until one is set, the velocity is that of the 17th bin.
    """
    now, velocity = 0, tables.VELOCITY[len(tables.VELOCITY) // 2]
    down: dict[int, deque[list[int]]] = {}
    notes: list[list[int]] = []  # onset and end in ticks, pitch, velocity
    for id_ in ids.tolist():
        if id_ < RELEASE:
            notes.append([now, -1, id_, velocity])
            down.setdefault(id_, deque()).append(notes[-1])
        elif id_ < SHIFT:
            if pressed := down.get(id_ - RELEASE):
                pressed.popleft()[1] = now
        elif id_ < VELOCITY:
            now += id_ - SHIFT + 1
        else:
            velocity = tables.VELOCITY[id_ - VELOCITY]
    rows = np.array(notes, np.int64).reshape(-1, 4)
    rows[:, 1] = np.where(rows[:, 1] < 0, now, rows[:, 1])
    played = np.empty(len(rows), NOTE)
    played["onset_ms"] = rows[:, 0] * TICK
    played["duration_ms"] = np.maximum(1, rows[:, 1] - rows[:, 0]) * TICK
    played["pitch"], played["velocity"] = rows[:, 2], rows[:, 3]
    return longplay.resolve_overlaps(played)


def _read(notes: NDArray[Any], _source: str) -> Reading:
    ids = encode(notes)
    events = np.concatenate([[START], ids[:-1]]).astype(np.int32)[: len(ids)]
    return Reading(events[:, None], ids[:, None], np.empty((len(ids), 0), np.int32))


def _tokens() -> dict[str, Any]:
    """Return what the ids mean, for config.json (docs/vocabularies.md)."""
    types: dict[str, list[list[str]]] = {
        "Press": [["pitch"], ["press"]],
        "Release": [["pitch"], ["release"]],
        "Shift": [["advance"]],
        "Velocity": [["velocity"]],
    }
    only = {"Release": ["sounding"]}
    values = {"Press": range(128), "Release": range(128), "Shift": range(1, LONGEST + 1), "Velocity": tables.VELOCITY}
    return {
        "unit": {"ms": TICK},
        "start": {"velocity": int(tables.VELOCITY[len(tables.VELOCITY) // 2])},
        "types": [
            {"name": name, "do": operations, "then": list(types), "only": only.get(name, [])}
            for name, operations in types.items()
        ],
        "first": list(types),
        "tokens": [[name, int(value)] for name, of in values.items() for value in of],
    }


def _config(name: str, states: list[dict[str, Any]], _context_width: int) -> dict[str, Any]:
    return {
        "format": 2,
        "name": name,
        "fields": [{"name": "performance", "size": SIZE}],
        "vocabulary": _tokens(),
        "start_event": [START],
        "controls": [],
        "states": states,
        "states_in_place": True,
    }


_IDS = np.arange(SIZE)
PERFORMANCE = Vocabulary(
    fields={"performance": SIZE},
    controls={},
    unknown=[],
    spread=Spread(semitones=(-3, 3), tempo=(0.95, 1.05), loudness=0.0, contrast=0.0),
    seconds=np.where((_IDS >= SHIFT) & (_IDS < VELOCITY), _IDS - SHIFT + 1, 0) * TICK / 1000,
    notes=_IDS < RELEASE,
    read=_read,
    config=_config,
)
