"""Settings are declared once: whatever repeats a declaration agrees with it, and every value is checked."""

import inspect
import json
from dataclasses import asdict, fields
from typing import get_type_hints

import numpy as np
import pytest
import tiny_model

import longplay
from longplay import _core
from longplay.challenge.packing import pack
from longplay.farm import Farm
from longplay.settings import (
    DECLARATIONS,
    LONGEST_SECONDS,
    MOST_BRANCHES,
    MOST_PARTICLES,
    NO_SKETCH_SETTINGS,
    OwnSettings,
    Settings,
    SettingsArguments,
    SketchArguments,
    SketchOptions,
)


def test_the_keyword_arguments_are_the_fields():
    hints = get_type_hints(Settings)
    assert get_type_hints(OwnSettings) == hints
    assert get_type_hints(SettingsArguments) == {name: hint for name, hint in hints.items() if name != "seconds"}


def test_the_keyword_arguments_of_a_sketch_are_the_fields_that_apply():
    hints = get_type_hints(Settings)
    assert get_type_hints(SketchArguments) == {
        name: hint for name, hint in hints.items() if name not in NO_SKETCH_SETTINGS
    }


def test_every_default_is_the_one_that_is_declared():
    for function in (longplay.Engine.generate, longplay.Engine.generate_batch, Farm.__init__, pack):
        for name, parameter in inspect.signature(function).parameters.items():
            if name in DECLARATIONS:
                assert parameter.default == getattr(Settings(), name), (function, name)
    assert Settings().seconds == 3600
    for function in (
        longplay.Engine.complete,
        longplay.Engine.accompany,
        longplay.Engine.vary,
        longplay.Engine.perform,
    ):
        for name, parameter in inspect.signature(function).parameters.items():
            if name in (option.name for option in fields(SketchOptions)):
                assert parameter.default == getattr(SketchOptions(), name), (function, name)


def test_the_documentation_has_every_setting_and_its_range():
    text = inspect.getdoc(Settings)
    for one in fields(Settings):
        assert one.name in text
        if DECLARATIONS[one.name].kind in ("number", "integer"):
            assert DECLARATIONS[one.name].range in text, one.name


def test_limits_are_those_of_the_core():
    assert LONGEST_SECONDS * 1000 == _core.MAX_MILLISECONDS
    assert MOST_BRANCHES == _core.MOST_BRANCHES
    assert MOST_PARTICLES == _core.MOST_PARTICLES


def test_numbers_of_numpy_become_numbers_of_python():
    given = Settings(
        seconds=np.float32(30),
        random_seed=np.uint64(2**64 - 1),
        temperature={"pitch": np.float64(0.5)},
        top_k=np.int16(5),
        guidance_scale=np.int8(2),
        max_velocity=np.uint8(90),
        recital=np.bool_(False),
    )
    assert given == Settings(
        seconds=30,
        random_seed=2**64 - 1,
        temperature={"pitch": 0.5},
        top_k=5,
        guidance_scale=2,
        max_velocity=90,
        recital=False,
    )
    assert {type(value) for value in asdict(given).values()} <= {float, int, bool, dict, str, type(None)}
    assert Settings(**json.loads(json.dumps(asdict(given)))) == given


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seconds": "abc"}, "seconds must be a number, not 'abc'"),
        ({"seconds": True}, "seconds must be a number, not True"),
        ({"seconds": None}, "seconds must be a number, not None"),
        ({"random_seed": 1.0}, "random_seed must be an integer, not 1.0"),
        ({"random_seed": False}, "random_seed must be an integer, not False"),
        ({"temperature": "warm"}, "temperature must be a number, not 'warm'"),
        ({"top_p": {"pitch": "low"}}, "top_p of pitch must be a number, not 'low'"),
        ({"max_velocity": "loud"}, "max_velocity must be an integer, not 'loud'"),
        ({"style": 3}, "style must be text, not 3"),
        ({"recital": 1}, "recital must be True or False, not 1"),
        ({"dynamics": 3}, "dynamics must be text, not 3"),
        ({"steady": "yes"}, "steady must be True or False, not 'yes'"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_name(settings, message):
    with pytest.raises(TypeError, match=message):
        Settings(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -0.1}, r"temperature must be in \[0, 1000000\], not -0.1"),
        ({"temperature": float("nan")}, r"temperature must be in \[0, 1000000\], not nan"),
        ({"top_k": -1}, r"top_k must be in \[0, 2\*\*31 - 1\], not -1"),
        ({"top_k": 2**31}, r"top_k must be in \[0, 2\*\*31 - 1\], not 2147483648"),
        ({"top_k": 1.5}, "top_k must be a whole number, not 1.5"),
        ({"top_p": 0}, r"top_p must be in \(0, 1\], not 0"),
        ({"top_p": {"pitch": 1.5}}, r"top_p of pitch must be in \(0, 1\], not 1.5"),
        ({"min_p": 2}, r"min_p must be in \[0, 1\], not 2"),
        ({"dynamics": "loud"}, "dynamics must be one of performed, seed, not 'loud'"),
        ({"guidance_scale": 0.5}, r"guidance_scale must be in \[1, 20\], not 0.5"),
    ],
)
def test_a_value_out_of_range_is_refused_before_there_is_a_model(settings, message):
    with pytest.raises(ValueError, match=message):
        Settings(**settings)


def test_a_name_that_is_no_setting_is_refused_with_those_that_are(tmp_path):
    engine = longplay.Engine(tiny_model.build(tmp_path), num_threads=1)
    with pytest.raises(TypeError, match=r"^a setting must be one of seconds, random_seed, .*, not 'tempo'$"):
        engine.generate(None, 5, tempo=120)
    with pytest.raises(TypeError, match=r"not 'tempo'$"):
        engine.stream(None, tempo=120)
