"""The grammar of folk tunes in the graph: tokens that the bar or the type before forbids have no probability.

Sun et al. augment a network with rules of music theory [1]_. Here the rules are exact. Tokens follow each other as in
`training.recipes.folk_tokens.THEN`, and a bar is as long as the meter says. If the first bar of a tune is shorter, it
is a pickup: then the first bar of each part is as long as the pickup, and the last bar of each part lacks as much. A
part that begins with a repeat sign ends with one.

References
----------
.. [1] Sun et al., "Composing Music with Grammar Argumented Neural Networks and Note-Level Encoding", 2016.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay.importing.nodes import Nodes
from training.recipes.folk_tokens import LENGTHS, PLACES, THEN, TOKENS
from training.recipes.steps import state
from training.recipes.tunes import bar_ticks

FORBIDDEN = -1e9
NAMES = [name for name, _ in TOKENS]
TAKES = np.array(
    [value if name in ("Length", "Pause") else int(name[-1]) if name[:-1] in PLACES else 0 for name, value in TOKENS]
)
"""Ticks that a token takes of the bar."""
NEEDS = np.array(
    [
        len(PLACES) * int(name[-1]) if name.startswith("First") else LENGTHS[0] if name in ("Pitch", "Rest") else takes
        for name, takes in zip(NAMES, TAKES.tolist(), strict=True)
    ]
)
"""Ticks that must be left in the bar when a token is drawn."""
METER_TICKS = np.array([bar_ticks(tuple(value)) if name == "Meter" else 0 for name, value in TOKENS])
FOLLOWS = np.array([[name in THEN[before] for name in NAMES] for before in NAMES])
IS = {name: np.array([name == one for one in NAMES]) for name in ("Mode", "Open", "Bar", "Close", "Stop", "End")}
ENDS_PART = IS["Close"] | IS["Stop"]
BEGINS_TUNE = IS["Mode"] | IS["End"]


@dataclass
class Place:
    """A place in a tune, after some tokens; the numbers are those of the states in `add_grammar`."""

    before: int = 0
    bar: int = 0
    filled: int = 0
    pickup: int = 0
    later: bool = False
    repeat: int = 0

    def move(self, id_: int) -> None:
        """Go to the place after one more token."""
        name = NAMES[id_]
        self.bar = int(METER_TICKS[id_]) or self.bar
        if name == "Bar" or ENDS_PART[id_]:
            self.pickup = self.pickup or (self.filled % self.bar + 1 if name == "Bar" else 1)
            self.later, self.filled = name == "Bar", 0
        self.repeat = {"Open": 1, "Close": 2, "Stop": 2}.get(name, self.repeat)
        self.filled += int(TAKES[id_])
        self.before = id_

    def allows(self) -> NDArray[np.bool_]:
        """Return which tokens may follow, shape (tokens,)."""
        known = self.pickup - 1 if self.pickup > 1 else 0
        limit = self.bar if self.later or not known else known
        may_bar = self.filled == limit or (self.pickup == 0 and not self.later and self.filled > 0)
        may_end = self.filled == self.bar - known and (self.later or not known)
        may_close, may_stop = may_end and self.repeat != 2, may_end and self.repeat != 1
        possible: NDArray[np.bool_] = FOLLOWS[self.before] & (self.filled + NEEDS <= limit) & (may_bar | ~IS["Bar"])
        return possible & (may_close | ~IS["Close"]) & (may_stop | ~IS["Stop"])


def is_grammatical(ids: Sequence[int]) -> bool:
    """Return whether the grammar allows every token of a tune; the last one is End."""
    place = Place()
    for id_ in ids:
        if not place.allows()[id_]:
            return False
        place.move(id_)
    return True


def add_grammar(nodes: Nodes, logits: str) -> list[dict[str, Any]]:
    """Add the output ``logits``, in which forbidden tokens get `FORBIDDEN`; return the states that it counts with.

    The states are the ticks of a bar, those that the bar has so far, the length of the pickup + 1 (0 if it is not
    known), whether the first bar of the part is over, and ``repeat``: 0 in the first part, 1 after a repeat sign that
    begins a part, 2 after the end of a part.
    """
    states = [state(name, "int64", 1) for name in ("bar", "filled", "pickup", "later", "repeat")]
    zero, one, two = (nodes.integers(number) for number in range(3))

    def of_event(table: NDArray[Any]) -> str:
        return nodes.add("Gather", nodes.constant(table, np.int64), "event")

    def where(table: NDArray[Any], value: str, other: str, into: str = "") -> str:
        is_true = nodes.add("Cast", of_event(table), to=nodes.onnx.TensorProto.BOOL)
        return nodes.add("Where", is_true, value, other, into=into)

    bar = where(METER_TICKS > 0, of_event(METER_TICKS), "bar", into="next_bar")
    first = nodes.add("Add", nodes.add("Mod", "filled", nodes.add("Max", "bar", one)), one)
    first = where(IS["Bar"], first, where(ENDS_PART, one, zero))
    pickup = nodes.add("Where", nodes.add("Greater", "pickup", zero), "pickup", first)
    pickup = where(BEGINS_TUNE, zero, pickup, into="next_pickup")
    later = where(IS["Bar"], one, where(ENDS_PART | BEGINS_TUNE, zero, "later"), into="next_later")
    repeat = where(IS["Open"], one, where(ENDS_PART, two, where(BEGINS_TUNE, zero, "repeat")), into="next_repeat")
    more = nodes.add("Add", "filled", of_event(TAKES))
    filled = where(IS["Bar"] | ENDS_PART | BEGINS_TUNE, zero, more, into="next_filled")

    known = nodes.add("Max", nodes.add("Sub", pickup, one), zero)
    has_none = nodes.add("Equal", known, zero)
    is_later = nodes.add("Equal", later, one)
    is_whole = nodes.add("Or", is_later, has_none)
    limit = nodes.add("Where", is_whole, bar, known)
    is_first = nodes.add("And", nodes.add("Equal", pickup, zero), nodes.add("Not", is_later))
    is_pickup = nodes.add("And", is_first, nodes.add("Greater", filled, zero))
    may_bar = nodes.add("Or", nodes.add("Equal", filled, limit), is_pickup)
    may_end = nodes.add("And", nodes.add("Equal", filled, nodes.add("Sub", bar, known)), is_whole)
    may_close, may_stop = (
        nodes.add("And", may_end, nodes.add("Not", nodes.add("Equal", repeat, number))) for number in (two, one)
    )
    needed = nodes.add("Add", filled, nodes.constant(NEEDS, np.int64))  # (batch, tokens)
    possible = nodes.add("LessOrEqual", needed, limit)
    for may, name in ((may_bar, "Bar"), (may_close, "Close"), (may_stop, "Stop")):
        possible = nodes.add("And", possible, nodes.add("Or", may, nodes.constant(~IS[name], np.bool_)))
    follows = nodes.add("Squeeze", nodes.add("Gather", nodes.constant(FOLLOWS, np.bool_), "event"), one)
    nodes.add("Where", nodes.add("And", possible, follows), logits, nodes.constant(FORBIDDEN), into="logits")
    return states
