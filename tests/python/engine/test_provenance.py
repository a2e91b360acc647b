"""A provenance as plain values, and back; values of another format are refused."""

import json

import pytest

from longplay import Provenance, Settings, Step

MADE = Provenance("1.0", "tiny", "ab", None, 3, Settings(top_p={"pitch": 0.5}), (Step(7, 1, 60.0),), "cd")


def test_plain_values_give_the_same_provenance():
    values = json.loads(json.dumps(MADE.as_dict()))
    assert values["format"] == 4
    assert Provenance.from_dict(values) == MADE


@pytest.mark.parametrize("found", [0, 1, 2, "3", None])
def test_another_format_is_refused_by_its_number(found):
    with pytest.raises(ValueError, match=f"has format {found!r}, but this version of longplay reads format 4"):
        Provenance.from_dict(MADE.as_dict() | {"format": found})


def test_values_without_a_format_are_of_an_earlier_one():
    values = MADE.as_dict()
    del values["format"]
    with pytest.raises(ValueError, match="has format 0, but this version"):
        Provenance.from_dict(values)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("version", 1, "version must be of type str, not 1"),
        ("model_hash", None, "model_hash must be of type str, not None"),
        ("seed_hash", [], r"seed_hash must be of type str, not \[\]"),
        ("index_hash", 7, "index_hash must be of type str, not 7"),
        ("seed_style", True, "seed_style must be a mapping, not True"),
        ("candidate", "3", "candidate must be an integer, not '3'"),
        ("candidate", -1, r"candidate must be in \[0, 2\*\*32 - 1\], not -1"),
        ("candidate", 2**32, r"candidate must be in \[0, 2\*\*32 - 1\], not 4294967296"),
        ("settings", None, "settings must be a mapping, not None"),
        ("steps", 5, "steps must be a list, not 5"),
        ("steps", [5], r"steps\[0\] must be a mapping, not 5"),
    ],
)
def test_an_entry_of_the_wrong_type_or_range_is_refused_by_its_name(name, value, message):
    with pytest.raises((TypeError, ValueError), match=message):
        Provenance.from_dict(MADE.as_dict() | {name: value})
