"""The command `extend`."""

import json
from functools import partial

import command
import pytest
import tiny_model

import longplay
from longplay.provenance import Provenance

run = partial(command.run, "extend")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True))


@pytest.fixture
def previews(model, seed, tmp_path):
    done = command.run("batch", seed, "--count", 2, "--seconds", 30, "--out", tmp_path / "previews", "--model", model)
    assert done.returncode == 0, done.stderr
    return tmp_path / "previews"


def test_a_preview_of_a_farm_is_made_longer_in_several_ways(model, seed, previews, tmp_path):
    engine = longplay.Engine(model)
    *_, preview = engine.generate_batch([seed] * 2, 30, extendable=True)
    made = {}
    for branch in (0, 1):
        out = tmp_path / f"{branch}.mid"
        asked = ["--seed", seed, "--seconds", 120, "--branch", branch, "--model", model, "--out", out, "--json"]
        done = run(previews / "seed-0001.mid", *asked)
        assert (done.returncode, done.stderr) == (0, "")
        expected = engine.extend(preview.snapshot(), 120, branch=branch)
        reported, made[branch] = json.loads(done.stdout), out.read_bytes()
        assert made[branch] == expected.to_bytes()
        assert (reported["file"], reported["seconds"], reported["notes"]) == (str(out), 120, len(expected.notes))
        assert Provenance.from_dict(reported["provenance"]) == expected.provenance
    assert made[0] != made[1]


def test_a_piece_of_generate_is_extended_several_times(model, tmp_path):
    asked = ["--model", model]
    done = command.run("generate", "--seconds", 30, *asked, "--out", tmp_path / "30.mid")
    for shorter, longer in ((30, 60), (60, 300)):
        assert (done.returncode, done.stderr) == (0, "")
        done = run(tmp_path / f"{shorter}.mid", "--seconds", longer, *asked, "--out", tmp_path / f"{longer}.mid")
        assert (done.returncode, done.stderr) == (0, "")
    first, last = (longplay.read_midi(tmp_path / f"{seconds}.mid") for seconds in (30, 300))
    same = first["onset_ms"] < 18_000  # up to the ending of the shortest
    assert same.sum() > 10
    assert (first["onset_ms"][same] == last["onset_ms"][: same.sum()]).all()


def test_what_cannot_be_made_longer_is_refused_in_a_line(model, seed, previews, tmp_path):
    def refused(file, *arguments):
        done = run(file, *arguments, "--model", model, "--out", tmp_path / "out.mid")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
        assert not (tmp_path / "out.mid").exists()
        return done.stderr

    preview = previews / "seed-0001.mid"
    answer = ["--seed", seed]
    assert f"no JSON file in the folder of {seed} holds its provenance" in refused(seed)
    assert "seed_hash must be" in refused(preview)
    assert "the length must be at least the snapshot's own 30000 ms" in refused(preview, *answer, "--seconds", 20)
    preview.write_bytes(seed.read_bytes())
    assert f"{preview} differs from the piece that this machine regenerates" in refused(preview, *answer)
