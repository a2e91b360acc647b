"""The commands take every setting, and with the defaults of Python."""

import json
from dataclasses import asdict, fields

import pytest
import tiny_model
import typer
from command import run

import longplay
from longplay.cli import app
from longplay.cli.settings import parse_sampling, parse_span


def options(command):
    found = typer.main.get_command(app).commands[command].params
    return {option.name: option for option in found}


@pytest.mark.parametrize("command", ["generate", "batch"])
def test_a_command_has_every_setting_with_its_default(command):
    found = options(command)
    for one in fields(longplay.Settings):
        assert found[one.name].default == one.default, one.name
        assert found[one.name].help.startswith(one.metadata["setting"].help)


@pytest.mark.parametrize(("command", "name"), [("extend", "seconds"), ("pack", "random_seed")])
def test_other_commands_have_the_settings_that_they_need(command, name):
    assert set(options(command)) & set(asdict(longplay.Settings())) == {name}
    assert options(command)[name].default == getattr(longplay.Settings(), name)


def test_every_setting_reaches_the_piece(seed, tmp_path):
    given = {
        "seconds": 20,
        "random_seed": 2**63,
        "temperature": {"pitch": 0.9, "velocity": 1.0},
        "top_k": 9,
        "top_p": {"pitch": 0.8},
        "min_p": 0.01,
        "style": "ragtime",
        "guidance_scale": 2.5,
        "max_velocity": 90,
        "pace": 0.8,
        "recital": False,
        "dynamics": "seed",
        "steady": False,
        "two_hands": False,
        "playable": True,
        "key": "D minor",
        "scale": "D minor",
        "pitches": (50, 69),
        "search": 2,
        "include_seed": True,
    }
    assert set(given) == set(asdict(longplay.Settings()))
    asked = []
    for name, value in given.items():
        option = name.replace("_", "-")
        if isinstance(value, bool):
            asked.append(f"--{option}" if value else f"--no-{option}")
        elif isinstance(value, dict):
            asked += [f"--{option}", ",".join(f"{field}={number}" for field, number in value.items())]
        elif isinstance(value, tuple):
            asked += [f"--{option}", "-".join(map(str, value))]
        else:
            asked += [f"--{option}", value]
    model = tiny_model.add_critic(tiny_model.build(tmp_path / "tiny"))
    done = run("generate", seed, *asked, "--out", tmp_path / "out.mid", "--model", model, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["provenance"]["settings"] == given | {"pitches": [50, 69]}


@pytest.mark.parametrize("text", ["warm", "pitch=", "=", "pitch=0.9,", "pitch=0.9,velocity", "a=b=1", ""])
def test_a_sampling_option_that_cannot_be_read_is_refused(text):
    with pytest.raises(typer.BadParameter, match=r"must be a number or FIELD=NUMBER,\.\.\., not"):
        parse_sampling(text)


@pytest.mark.parametrize("text", ["36", "36-84-90", "low-high", "36-"])
def test_a_span_that_cannot_be_read_is_refused(text):
    with pytest.raises(typer.BadParameter, match="must be LOWEST-HIGHEST, such as 36-84, not"):
        parse_span(text)


def test_a_field_that_is_named_twice_is_refused():
    with pytest.raises(typer.BadParameter, match="must name each field once, not 'pitch=1,pitch=2'"):
        parse_sampling("pitch=1,pitch=2")


def test_a_setting_out_of_range_is_refused_in_a_line(seed, tmp_path):
    model = tiny_model.build(tmp_path / "tiny")
    done = run("generate", seed, "--top-p", "pitch=1.5", "--out", tmp_path / "out.mid", "--model", model)
    assert (done.returncode, done.stderr) == (1, "longplay: top_p of pitch must be in (0, 1], not 1.5\n")
