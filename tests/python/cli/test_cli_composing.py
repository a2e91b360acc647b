"""The commands accompany, infill, vary and perform."""

import json
from functools import partial

import command
import numpy as np
import pytest
import tiny_model

import longplay
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


def test_a_time_that_is_none_is_refused(model, song, tmp_path):
    done = command.run("infill", song, "--from", "soon", "--to", "0:08", "--model", model)
    assert done.returncode == 2
    assert "must be a time such as 0:42 or 42.5" in done.stderr


def test_a_gap_beyond_the_piece_is_refused_in_one_line(model, song, tmp_path):
    out = tmp_path / "out.mid"
    done = command.run("infill", song, "--from", "1:00", "--to", "1:05", "--model", model, "--out", out)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "longplay: start must be in [0, 20.847], not 60.0\n"
