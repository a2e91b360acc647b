"""The commands accompany, infill, vary and perform."""

import json
from functools import partial

import command
import numpy as np
import pytest
import tiny_model
import typer

import longplay
from longplay.cli.composing import parse_time
from longplay.midi import NOTE


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True))


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    notes = np.zeros(60, NOTE)
    notes["onset_ms"], notes["duration_ms"] = np.arange(60) * 333, 200
    notes["pitch"], notes["velocity"] = 60 + 2 * (np.arange(60) % 2), 70
    path = tmp_path_factory.mktemp("songs") / "song.mid"
    path.write_bytes(longplay.write_midi(notes, 21))
    return path


CALLS = {
    "accompany": ((), lambda engine, song: engine.accompany(song, 3, random_seed=7)),
    "infill": (("--from", "0:05", "--to", "8.5"), lambda engine, song: engine.infill(song, 5.0, 8.5, 3, random_seed=7)),
    "vary": (("--keep", "0.5"), lambda engine, song: engine.vary(song, particles=3, keep=0.5, random_seed=7)),
    "perform": (("--slack", "0.01"), lambda engine, song: engine.perform(song, 3, slack=0.01, random_seed=7)),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_command_writes_what_the_call_returns(model, song, tmp_path, name):
    options, call = CALLS[name]
    out = tmp_path / "out.mid"
    run = partial(command.run, name, song, *options, "--particles", 3, "--random-seed", 7, "--model", model)
    done = run("--out", out, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    expected = call(longplay.Engine(model), song)
    assert out.read_bytes() == expected.to_bytes()
    reported = json.loads(done.stdout)["provenance"]
    assert longplay.Provenance.from_dict(reported) == expected.provenance
    assert run("--out", out).returncode == 1  # it exists


TIMES = {
    "soon": "must be a time such as 0:42, 1:02:30 or 42.5",
    "-3": "must be a time",
    "inf": "must be a time",
    "1:": "must be a time",
    "1:2:3:4": "must be a time",
    "1:99": "must have less than 60 after each colon",
    "1:60:00": "must have less than 60 after each colon",
}


@pytest.mark.parametrize("text", TIMES)
def test_a_time_that_is_none_is_refused(text):
    with pytest.raises(typer.BadParameter, match=TIMES[text]):
        parse_time(text)


def test_a_time_has_seconds_minutes_and_hours():
    texts = ("42.5", "0:42", "75:00", "1:02:30.25", "90", 7.5)
    assert [parse_time(text) for text in texts] == [42.5, 42, 4500, 3750.25, 90, 7.5]


@pytest.mark.parametrize(
    ("span", "problem"),
    [
        (("1:00", "1:05"), "--from must be in [0, 20.847] seconds, not 60.0"),
        (("0:10", "0:05"), "--to must be in (10, 20.847] seconds, not 5.0"),
    ],
)
def test_a_gap_beyond_the_piece_is_refused_by_the_name_of_the_option(model, song, tmp_path, span, problem):
    out = tmp_path / "out.mid"
    done = command.run("infill", song, "--from", span[0], "--to", span[1], "--model", model, "--out", out)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"longplay: {problem}\n"


def test_a_file_that_cannot_be_read_is_named_with_what_to_do(model, tmp_path):
    text = tmp_path / "text.mid"
    text.write_text("no music")
    missing = tmp_path / "missing.mid"
    problems = {
        text: f"{text}: not a MIDI file: it does not begin with MThd at byte 0. To fix this, give a Standard MIDI File",
        missing: f"{missing} does not exist. To fix this, check the name",
        tmp_path: f"{tmp_path} is a folder. To fix this, give the name of a file",
    }
    for name in ("perform", "generate"):
        for path, problem in problems.items():
            done = command.run(name, path, "--model", model, "--out", tmp_path / "out.mid")
            assert (done.returncode, done.stdout) == (1, "")
            assert done.stderr.startswith(f"longplay: {problem}")
