"""What the ids of the built-in models mean: the tables of `docs/model-contract.md`."""

from typing import Any, TypeAlias

Tables: TypeAlias = dict[str, list[int]]
"""What the ids of each field mean, in its own unit; END, the last id of ``time_shift``, is not among them."""

# 10 ms up to 1 s: finer than players repeat a rhythm. Above, steps of at most 8 % up to 8 s.
TIME_SHIFT = [*range(0, 1000, 10), *range(1000, 2000, 50), *range(2000, 4000, 100), *range(4000, 6000, 250)]
TIME_SHIFT += range(6000, 8001, 500)
PITCH = list(range(21, 109))
VELOCITY = list(range(2, 128, 4))


def _durations() -> list[int]:
    """10 ms steps while they are more than 5 % of the length, then 5 %, up to 10 s."""
    values = [10]
    while values[-1] < 10_000:
        values.append(values[-1] + max(10, round(values[-1] / 200) * 10))
    return values


DURATION = _durations()

TABLES: Tables = {"time_shift": TIME_SHIFT, "pitch": PITCH, "velocity": VELOCITY, "duration": DURATION}
# As fine as fingers: a chord is rolled within 60 ms, and a classifier hears velocities four apart.
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
    """How many ids of each field can be drawn; ``time_shift`` has END, the last one."""
    return [len(values) + (name == "time_shift") for name, values in tables.items()]


def fields(tables: Tables = TABLES) -> list[dict[str, Any]]:
    """``fields`` of a config.json."""
    return [
        {"name": name, "size": size, "values": values}
        for (name, values), size in zip(tables.items(), sizes(tables), strict=True)
    ]


def controls() -> list[dict[str, Any]]:
    """``controls`` of a config.json."""
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
