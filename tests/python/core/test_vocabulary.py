"""Vocabularies: tokens to notes and notes to tokens, by an interpreter in plain Python."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import vocabularies
from hypothesis import given
from hypothesis import strategies as st
from vocabularies import ALL, LEARNED, Walk, size_of, ticks_to_ms, tokens_of

import longplay
from longplay.midi import NOTE


def config(vocabulary: dict[str, Any]) -> dict[str, Any]:
    size = size_of(vocabulary)
    return {
        "format": 2,
        "name": "tokens",
        "fields": [{"name": "token", "size": size}],
        "start_event": [size],
        "controls": [],
        "states": [],
        "states_in_place": False,
        "vocabulary": vocabulary,
    }


TOKENIZERS = {name: longplay.Tokenizer(config(vocabulary)) for name, vocabulary in ALL.items()}


def notes_of(vocabulary: dict[str, Any], tokens: list[int]) -> Any:
    """Decode tokens by the interpreter in plain Python."""
    walk, ms = Walk(vocabulary), ticks_to_ms(vocabulary)
    rows: list[list[int]] = []
    held: dict[int, tuple[int, int]] = {}  # by pitch: the row, and the first tick after its onset

    def end(pitch: int, tick: int) -> None:
        index, least = held.pop(pitch)
        rows[index][1] = ms(max(tick, least)) - rows[index][0]

    for token in tokens:
        time = walk.time
        for kind, pitch, velocity, duration in walk.take(token):
            now = walk.time
            if pitch in held:
                end(pitch, now)
            if kind == "strike":
                rows.append([ms(now), ms(now + duration) - ms(now), pitch, velocity])
                if duration == 0:
                    held[pitch] = len(rows) - 1, now + 1
        assert walk.time >= time
    for pitch in list(held):
        end(pitch, walk.time)
    return longplay.resolve_overlaps(np.array([tuple(row) for row in rows], NOTE))


@pytest.mark.parametrize("name", ALL)
def test_any_tokens_become_the_notes_of_their_operations(name):
    vocabulary = ALL[name]
    random = np.random.default_rng(1)
    for _ in range(50):
        ids = random.integers(0, size_of(vocabulary), 200)
        decoded = TOKENIZERS[name].decode(ids.astype(np.int32)[:, None])
        assert np.array_equal(decoded, notes_of(vocabulary, tokens_of(vocabulary, ids.tolist())))


def test_a_key_that_is_pressed_twice_is_released_by_its_second_release():
    press, release, second = 60, 128 + 60, 256 + 99
    tokens = [press, second, press, second, release, second, release, second]
    decoded = TOKENIZERS["performance"].decode(np.array(tokens, np.int32)[:, None])
    assert decoded.tolist() == [(0, 1000, 60, 66), (1000, 2000, 60, 66)]


NOTES = st.lists(
    st.tuples(st.integers(0, 1500), st.integers(1, 3000), st.integers(45, 81), st.integers(1, 127)), max_size=30
)


@given(NOTES, st.sampled_from(["performance", "bars", "shifts", "melody", *LEARNED]))
def test_written_notes_are_the_nearest_and_each_token_may_follow(drawn, name):
    onsets = np.cumsum([gap for gap, *_ in drawn], dtype=np.int64).tolist()
    rows = [(onset, *rest) for onset, (_, *rest) in zip(onsets, drawn, strict=True)]
    notes = longplay.resolve_overlaps(np.array(rows, NOTE))
    ids = TOKENIZERS[name].encode(notes)[:, 0]
    walk = Walk(ALL[name])
    for token in tokens_of(ALL[name], ids.tolist()):
        assert walk.may_follow(token)
        list(walk.take(token))
    decoded = TOKENIZERS[name].decode(ids[:, None])
    ms = ticks_to_ms(ALL[name])
    if name == "melody":
        assert len({note["onset_ms"] for note in decoded}) == len(decoded)
        return
    nearest = {(ms(nearest_tick(ALL[name], int(note["onset_ms"]))), int(note["pitch"])) for note in notes}
    assert {(int(note["onset_ms"]), int(note["pitch"])) for note in decoded} == nearest


def nearest_tick(vocabulary: dict[str, Any], time: int) -> int:
    unit = vocabulary["unit"]
    ticks, of = (1, unit["ms"]) if "ms" in unit else (unit["per_beat"] * unit["bpm"], 60_000)
    return (time * ticks + of // 2) // of


def test_a_melody_is_written_with_holds_and_rests():
    hold, rest, pitch = 0, 1, 3 - 45
    notes = np.array([(0, 250, 60, 80), (0, 250, 55, 80), (500, 125, 62, 80), (625, 100, 64, 80)], NOTE)
    tokens = TOKENIZERS["melody"].encode(longplay.resolve_overlaps(notes))[:, 0].tolist()
    assert tokens == [pitch + 60, hold, rest, hold, pitch + 62, pitch + 64, rest]


def test_slices_are_written_as_the_most_equal_chords():
    notes = np.array([(0, 250, 60, 80), (250, 250, 60, 80), (250, 250, 64, 80), (250, 250, 67, 80)], NOTE)
    assert TOKENIZERS["chords"].encode(notes)[:, 0].tolist() == [0, 3]


def test_velocity_is_written_only_where_it_changes():
    notes = np.array([(0, 100, 60, 66), (1000, 100, 62, 66), (2000, 100, 64, 90)], NOTE)
    tokens = [ALL["performance"]["tokens"][token] for token in TOKENIZERS["performance"].encode(notes)[:, 0]]
    assert tokens[:5] == [["Velocity", 66], ["Press", 60], ["Shift", 10], ["Release", 60], ["Shift", 90]]
    assert tokens[-5:] == [["Shift", 90], ["Velocity", 90], ["Press", 64], ["Shift", 10], ["Release", 64]]


def change(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def apply(vocabulary: dict[str, Any]) -> None:
        *parts, last = [int(part) if part.isdigit() else part for part in path.split("/")]
        for part in parts:
            vocabulary = vocabulary[part]
        vocabulary[last] = value

    return apply


FAULTS = [
    ("unit", {}, "vocabulary.unit.per_beat is missing"),
    ("unit", {"ms": 10}, r"vocabulary.types\[0\].do\[0\] must not be bar: vocabulary.unit has no beats"),
    ("unit/per_beat", 0, r"vocabulary.unit.per_beat must be in \[1, 16384\], not 0"),
    ("unit/meter", [4, 3], "vocabulary.unit.meter must be two numbers in .* whose bars have whole ticks"),
    ("unit/meter", [4], r"vocabulary.unit.meter must be two numbers, not \[4\]"),
    ("start", {"velocity": 128}, r"vocabulary.start.velocity must be in \[1, 127\], not 128"),
    ("start", {"program": 129}, r"vocabulary.start.program must be in \[0, 128\], not 129"),
    ("start", {"channel": 1}, "vocabulary.start.channel is not an entry of the format"),
    ("types/3/do", [["tempo", 0], ["velocity"]], r"types\[3\].do\[0\]\[1\] must be in \[1, 16777215\], not 0"),
    ("types/3/do", [["program", 129], ["velocity"]], r"types\[3\].do\[0\]\[1\] must be in \[0, 128\], not 129"),
    ("unit", {"ms": 10, "scaled": True}, "vocabulary.unit.scaled is not an entry of the format"),
    (
        "unit",
        {"per_beat": 8, "bpm": 120, "meter": [32, 64], "scaled": True},
        "vocabulary.unit.scaled must be false: 1 ticks are no whole ticks in a meter of 64",
    ),
    ("types/1/name", "Bar", r"vocabulary.types\[1\].name must differ from the others, not be 'Bar' again"),
    ("types/1/do", [["jump"]], r"vocabulary.types\[1\].do\[0\]\[0\] must be one of advance, .*, not 'jump'"),
    ("types/1/do", [["seek", 1, 2]], r"vocabulary.types\[1\].do\[0\] must be a list of an operation and at most"),
    ("types/1/do", [["bar", 1]], r"vocabulary.types\[1\].do\[0\] must have no number: bar takes none"),
    ("types/1/do", [["seek", -1]], r"vocabulary.types\[1\].do\[0\]\[1\] must be in \[0, 1048576\], not -1"),
    ("types/1/only", ["new"], r"vocabulary.types\[1\].only\[0\] must not be new: the type has no operation for it"),
    (
        "types/1/only",
        ["odd"],
        r"vocabulary.types\[1\].only\[0\] must be one of later, new, sounding, silent, not 'odd'",
    ),
    ("types/1/then", ["Tone"], r"vocabulary.types\[1\].then\[0\] must name a type, not 'Tone'"),
    ("types/1/then", ["Position"], r"vocabulary.types\[0\].then must lead to a token that strikes a note"),
    ("types/4/then", ["Pitch"], r"vocabulary.types\[1\].then must lead to a token that moves the time"),
    ("first", ["End"], "vocabulary.first must name a type with tokens that leads to notes"),
    ("tokens/3", ["Tone"], r"vocabulary.tokens\[3\]\[0\] must name a type, not 'Tone'"),
    ("tokens/3", [], r"vocabulary.tokens\[3\] must be a list of a type and at most one value, not \[\]"),
    ("tokens/3", ["Position"], r"vocabulary.tokens\[3\] for seek must have 1 entries, not 0"),
    ("tokens/3", ["Pitch", 128], r"vocabulary.tokens\[3\]\[1\] must be in \[0, 127\], not 128"),
    ("tokens/3", ["Pitch", [60, 60]], r"vocabulary.tokens\[3\]\[1\] must ascend"),
    ("tokens/3", ["Velocity", [1, 2]], r"vocabulary.tokens\[3\] for velocity must have 1 entries, not 2"),
    ("more", 1, "vocabulary.more is not an entry of the format"),
]


def places(value: Any, path: str = "") -> list[str]:
    """Return the paths of all entries of a value of JSON."""
    if not isinstance(value, dict | list):
        return []
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return [place for key, each in items for place in (f"{path}{key}", *places(each, f"{path}{key}/"))]


SCALARS = (
    st.none() | st.booleans() | st.integers(-2, 200) | st.integers() | st.floats() | st.sampled_from(["Bar", "", "x"])
)
ENTRIES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner), max_leaves=4
)


def small(name: str) -> dict[str, Any]:
    """Return a vocabulary with each ninth token, and pieces of them."""
    vocabulary = {key: value for key, value in copy.deepcopy(ALL[name]).items() if key != "pieces"}
    vocabulary["tokens"] = [token for number, token in enumerate(vocabulary["tokens"]) if number % 9 == 0]
    if "pieces" in ALL[name]:
        few = len(vocabulary["tokens"])
        pieces = [*([token] for token in range(few)), [None], [None, 0], [0, 1], [0, 1, few - 1]]
        learned = {"scores": [-1.5] * len(pieces)} if name == "Unigram" else {"merges": [[few, 0], [0, 1]]}
        vocabulary["pieces"] = {"tokens": pieces, **learned}
    return vocabulary


@given(st.sampled_from(list(ALL)), st.data())
def test_a_damaged_vocabulary_is_refused_or_still_means_notes(name, data):
    vocabulary = small(name)
    for _ in range(data.draw(st.integers(1, 3))):
        change(data.draw(st.sampled_from(places(vocabulary))), data.draw(ENTRIES))(vocabulary)
    try:
        whole = vocabulary.get("pieces", vocabulary)
        all_ids = whole.get("tokens") if isinstance(whole, dict) else None
        tokenizer = longplay.Tokenizer({**config(ALL[name]), **sized(all_ids), "vocabulary": vocabulary})
    except longplay.ModelError:
        return
    ids = data.draw(st.lists(st.integers(0, size_of(vocabulary) - 1), max_size=20))
    notes = tokenizer.decode(np.array(ids, np.int32)[:, None])
    assert (notes["duration_ms"] > 0).all()
    assert (np.diff(notes["onset_ms"]) >= 0).all()


def sized(tokens: Any) -> dict[str, Any]:
    size = len(tokens) if isinstance(tokens, list) and tokens else 1
    return {"fields": [{"name": "token", "size": size}], "start_event": [size]}


@pytest.mark.parametrize(("path", "value", "message"), FAULTS)
def test_a_fault_is_refused_with_its_entry(path, value, message):
    vocabulary = copy.deepcopy(vocabularies.bars())
    change(path, value)(vocabulary)
    with pytest.raises(longplay.ModelError, match=message):
        longplay.Tokenizer(config(vocabulary))


def pieces(**changes: Any) -> dict[str, Any]:
    """Return a vocabulary with two learned pieces, and some changes of them."""
    vocabulary = vocabularies.shifts()
    count = len(vocabulary["tokens"])
    alone: list[Any] = [[token] for token in range(count)]
    good = {"tokens": [*alone, [None], [None, 0], [0, 1]], "merges": [[count, 0], [0, 1]]}
    return {**vocabulary, "pieces": {**good, **changes}}


GOOD = pieces()["pieces"]["tokens"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tokens": [*GOOD[:-1], []]}, r"pieces.tokens\[218\] must have 1 to 256 entries, not 0"),
        ({"tokens": [*GOOD[:-1], [0, 999]]}, r"tokens\[218\]\[1\] must be in \[0, 215\], not 999"),
        ({"tokens": [*GOOD[:-1], [0, None]]}, r"tokens\[218\]\[1\] must be in .*, not -1"),
        ({"tokens": [*GOOD[:-1], [0]]}, r"tokens\[218\] must differ from the other pieces"),
        ({"tokens": [[1, 1], *GOOD[1:]]}, r"hold each token as a piece of its own, but has no \[0"),
        ({"tokens": [*GOOD[:-3], [None, 1], *GOOD[-2:]]}, r"but has no \[null\]"),
        ({"merges": [[0, 2]]}, r"pieces.merges\[0\] must become one of vocabulary.pieces.tokens"),
        ({"merges": [[0, 219]]}, r"pieces.merges\[0\]\[1\] must be in \[0, 218\], not 219"),
        ({"merges": [[0]]}, r"pieces.merges\[0\] must be two numbers"),
        ({"merges": []}, "vocabulary.pieces must have either merges, as BPE has, or scores, as Unigram has"),
        ({"scores": [0.0] * 219}, "vocabulary.pieces must have either merges"),
        ({"merges": [], "scores": [0.0]}, "vocabulary.pieces.scores must have 219 entries, not 1"),
        ({"merges": [], "scores": [float("inf")] * 219}, r"vocabulary.pieces.scores\[0\] must be finite"),
        ({"words": "line"}, "vocabulary.pieces.words must be one of none, bar, beat, not 'line'"),
        ({"more": 1}, "vocabulary.pieces.more is not an entry of the format"),
    ],
)
def test_a_fault_of_pieces_is_refused_with_its_entry(changes, message):
    longplay.Tokenizer(config(pieces()))
    with pytest.raises(longplay.ModelError, match=message):
        longplay.Tokenizer(config(pieces(**changes)))


def test_pieces_of_words_need_beats():
    vocabulary = {**pieces(words="beat"), "unit": {"ms": 10}}
    with pytest.raises(longplay.ModelError, match=r"words must be none: vocabulary\.unit has"):
        longplay.Tokenizer(config(vocabulary))


def test_a_vocabulary_needs_format_2_one_field_and_a_meaning_of_each_token():
    good = config(vocabularies.bars())
    with pytest.raises(longplay.ModelError, match="vocabulary is not an entry of the format"):
        longplay.Tokenizer({**good, "format": 1})
    fields = [{"name": "token", "size": 5}, {"name": "other", "size": 5}]
    with pytest.raises(longplay.ModelError, match="vocabulary must be absent: the model has other fields"):
        longplay.Tokenizer({**good, "fields": fields, "start_event": [0, 0], "context_width": 1})
    with pytest.raises(longplay.ModelError, match=r"vocabulary.tokens must have 5 entries, not"):
        longplay.Tokenizer({**good, "fields": [{"name": "token", "size": 5}], "start_event": [5]})
