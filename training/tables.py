"""Define the tables of the built-in models, as `docs/model-contract.md` describes them."""

from typing import Any, TypeAlias

Tables: TypeAlias = dict[str, list[int]]
"""The value of each id, by field; END, the last id of ``time_shift``, has none."""

# Steps of 10 ms up to 1 s, finer than players repeat a rhythm; then steps of at most 8 %, up to 8 s.
TIME_SHIFT = [*range(0, 1000, 10), *range(1000, 2000, 50), *range(2000, 4000, 100), *range(4000, 6000, 250)]
TIME_SHIFT += range(6000, 8001, 500)
PITCH = list(range(21, 109))
VELOCITY = list(range(2, 128, 4))


def _durations() -> list[int]:
    """Return durations up to 10 s: steps of 10 ms while that is more than 5 % of the length, then of 5 %."""
    values = [10]
    while values[-1] < 10_000:
        values.append(values[-1] + max(10, round(values[-1] / 200) * 10))
    return values


DURATION = _durations()

TABLES: Tables = {"time_shift": TIME_SHIFT, "pitch": PITCH, "velocity": VELOCITY, "duration": DURATION}
# Players roll a chord within 60 ms, and a classifier detects velocities in steps of four.
FINE: Tables = TABLES | {"time_shift": [*range(0, 60, 2), *TIME_SHIFT[6:]], "velocity": list(range(1, 128, 2))}
SIZES = [len(TIME_SHIFT) + 1, len(PITCH), len(VELOCITY), len(DURATION)]  # time_shift has END
END = len(TIME_SHIFT)
START_EVENT = SIZES  # one more than can be drawn

REMAINING = [1000, 2000, 3000, 4000, 6000, 8000, 12000, 16000, 24000, 32000, 48000, 64000]  # ms
REMAINING_UNKNOWN = len(REMAINING) + 1
STYLES = ["unknown", "performed_roll", "sequenced", "transcribed", "score", "lied", "quartet"]
STYLE_OF_SOURCE = {
    "stanford_rolls": "performed_roll",
    "piano_midi_de": "sequenced",
    "giantmidi_sample": "transcribed",
    "polish_scores": "score",
    "chopin_first_editions": "score",
    "mutopia": "score",
    "openscore_lieder": "lied",
    "openscore_quartets": "quartet",
}
CONTROL_SIZES = [len(REMAINING) + 2, len(STYLES)]
UNKNOWN_CONTROL = [REMAINING_UNKNOWN, 0]


def sizes(tables: Tables) -> list[int]:
    """Return the number of ids of each field that can be drawn; the last one of ``time_shift`` is END."""
    return [len(values) + (name == "time_shift") for name, values in tables.items()]


def fields(tables: Tables = TABLES) -> list[dict[str, Any]]:
    """Return ``fields`` of a config.json."""
    return [
        {"name": name, "size": size, "values": values}
        for (name, values), size in zip(tables.items(), sizes(tables), strict=True)
    ]


def controls() -> list[dict[str, Any]]:
    """Return ``controls`` of a config.json."""
    return [
        {
            "name": "remaining",
            "size": CONTROL_SIZES[0],
            "unknown": REMAINING_UNKNOWN,
            "bounds": REMAINING,
        },
        {"name": "style", "size": CONTROL_SIZES[1], "unknown": 0, "names": STYLES},
    ]


def config(name: str, states: list[dict[str, Any]], context_width: int, tables: Tables = TABLES) -> dict[str, Any]:
    """Return the config.json of a model with these states."""
    return {
        "format": 1,
        "name": name,
        "fields": fields(tables),
        "start_event": sizes(tables),
        "context_width": context_width,
        "controls": controls(),
        "states": states,
        "states_in_place": True,
    }
