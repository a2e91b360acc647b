"""Reader of a config's vocabulary (docs/vocabularies.md)."""

from collections.abc import Mapping
from typing import Any

from longplay import _core
from longplay._model.entries import Object, flag, integer, list_of, number, one_of, refuse, text

_COMMON_METER = [4, 4]
_START_VELOCITY, _START_DURATION = 64, 1
_WORD = -1  # as the core has null, the beginning of a word


def read_vocabulary(entry: str, value: object) -> _core.VocabularyConfig:
    """Translate the vocabulary of a config.json. This module checks types, and the core checks values."""
    whole = Object(entry, value)
    unit = whole.take("unit", Object)
    in_ms = unit.has("ms")
    start = whole.take("start", Object, Object(f"{entry}.start", {}))
    translated = _core.VocabularyConfig(
        tick_ms=unit.take("ms", integer) if in_ms else 0,
        ticks_per_beat=0 if in_ms else unit.take("per_beat", integer),
        beats_per_minute=0 if in_ms else unit.take("bpm", integer),
        meter=_COMMON_METER if in_ms else unit.take("meter", _two_integers, _COMMON_METER),
        scaled=False if in_ms else unit.take("scaled", flag, False),
        velocity=start.take("velocity", integer, _START_VELOCITY),
        duration=start.take("duration", integer, _START_DURATION),
        program=start.take("program", integer, 0),
        tempo=start.take("tempo", integer, 0),
        types=whole.take("types", list_of(_type)),
        first=whole.take("first", list_of(text)),
        tokens=whole.take("tokens", list_of(_token)),
        pieces=whole.take("pieces", _pieces) if whole.has("pieces") else None,
    )
    for part in (unit, start, whole):
        part.finish()
    return translated


def _two_integers(entry: str, value: object) -> list[int]:
    numbers = list_of(integer)(entry, value)
    if len(numbers) != 2:
        refuse(entry, "two numbers", value)
    return numbers


def _type(entry: str, value: object) -> _core.VocabularyType:
    one = Object(entry, value)
    translated = _core.VocabularyType(
        name=one.take("name", text),
        operations=one.take("do", list_of(_operation)),
        then=one.take("then", list_of(text)),
        only=one.take("only", list_of(one_of(_core.Condition)), []),
    )
    one.finish()
    return translated


def _operation(entry: str, value: object) -> tuple[_core.Operation, int | None]:
    if not isinstance(value, list) or not 1 <= len(value) <= 2:
        refuse(entry, "a list of an operation and at most one number", value)
    kind = one_of(_core.Operation)(f"{entry}[0]", value[0])
    return kind, integer(f"{entry}[1]", value[1]) if len(value) == 2 else None


def _token(entry: str, value: object) -> tuple[str, list[int]]:
    if not isinstance(value, list) or not 1 <= len(value) <= 2:
        refuse(entry, "a list of a type and at most one value", value)
    name = text(f"{entry}[0]", value[0])
    if len(value) == 1:
        return name, []
    return name, list_of(integer)(f"{entry}[1]", value[1] if isinstance(value[1], list) else [value[1]])


def _pieces(entry: str, value: object) -> _core.PiecesConfig:
    one = Object(entry, value)
    translated = _core.PiecesConfig(
        tokens=one.take("tokens", list_of(list_of(_symbol))),
        words=one.take("words", one_of(_core.WordBoundary), _core.WordBoundary.none),
        merges=one.take("merges", list_of(_two_integers), []),
        scores=one.take("scores", list_of(number), []),
    )
    one.finish()
    return translated


def _symbol(entry: str, value: object) -> int:
    return _WORD if value is None else integer(entry, value)


def size_of_vocabulary(vocabulary: Mapping[str, Any]) -> int:
    """Return the number of ids of a vocabulary: its pieces or, if there are none, its tokens."""
    return len(vocabulary["pieces"]["tokens"] if "pieces" in vocabulary else vocabulary["tokens"])


def velocities_of_ids(vocabulary: Mapping[str, Any]) -> list[int | None]:
    """Return the highest velocity that each id of a valid vocabulary sets; None for an id that sets none."""
    velocities = _velocities_of_tokens(vocabulary)
    if "pieces" not in vocabulary:
        return velocities
    ids = []
    for piece in vocabulary["pieces"]["tokens"]:
        known = [velocity for token in piece if token is not None and (velocity := velocities[token]) is not None]
        ids.append(max(known, default=None))
    return ids


def _velocities_of_tokens(vocabulary: Mapping[str, Any]) -> list[int | None]:
    """Return the velocity that each token of a valid vocabulary sets; None for a token that sets none.

    If no token sets one, all have the velocity that the vocabulary starts with.
    """
    constants: dict[str, int | None] = {}  # by type; None for the value of a token
    for one in vocabulary["types"]:
        for operation in one["do"]:
            if operation[0] == "velocity":
                constants[one["name"]] = operation[1] if len(operation) == 2 else None
    tokens = vocabulary["tokens"]
    if not any(token[0] in constants for token in tokens):
        return [vocabulary.get("start", {}).get("velocity", _START_VELOCITY)] * len(tokens)
    return [_velocity(constants, *token) for token in tokens]


def _velocity(constants: Mapping[str, int | None], name: str, value: Any = None) -> int | None:
    if name not in constants:
        return None
    constant = constants[name]
    if constant is not None:
        return constant
    return int(value[0] if isinstance(value, list) else value)
