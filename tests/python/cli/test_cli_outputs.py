"""Commands refuse bad outputs before they work, and write complete files."""

import json
import os
import shutil
import stat
import subprocess
import sys
from functools import partial

import command
import numpy as np
import pytest
import tiny_model

import longplay
from longplay.midi import NOTE

posix = pytest.mark.skipif(os.name != "posix", reason="devices, and names that are bytes")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True)


@pytest.fixture
def generate(model):
    return partial(command.run, "generate", "--seconds", 2, "--model", model, "--out")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere/out.mid", "nowhere does not exist. To fix this, create it"),
        ("n" * 252 + ".mid", "File name too long"),
        ("n" * 251 + ".mid", "File name too long"),  # of its provenance
        ("out.midi.txt", "the name of the output must end in .mid or .midi, not 'out.midi.txt'"),
        ("folder.mid", "folder.mid is a folder. To fix this, give the name of a file"),
        ("there.mid", "there.mid exists. To overwrite it, give --force"),
        ("kept.mid", "kept.json exists. To overwrite it, give --force"),
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_the_model_is_opened(tmp_path, name, message):
    (tmp_path / "folder.mid").mkdir()
    (tmp_path / "there.mid").touch()
    (tmp_path / "kept.json").write_text("precious")
    before = sorted(tmp_path.iterdir())
    done = command.run("generate", "--model", tmp_path / "no model", "--out", tmp_path / name)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert message in done.stderr
    assert sorted(tmp_path.iterdir()) == before


@posix
@pytest.mark.parametrize(
    ("target", "complaint"),
    [("out.mid", "Too many levels of symbolic links"), ("gone/out.mid", "gone does not exist")],
    ids=["a circle", "nowhere"],
)
def test_a_link_that_leads_nowhere_is_refused_before_the_model_is_opened(tmp_path, target, complaint):
    (tmp_path / "out.mid").symlink_to(tmp_path / target)
    done = command.run("generate", "--force", "--model", tmp_path / "no model", "--out", tmp_path / "out.mid")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert complaint in done.stderr


@posix
def test_a_file_that_may_not_be_read_is_written_over_but_is_no_seed(model, tmp_path):
    path = tmp_path / "out.mid"
    path.touch(0o200)
    call = [sys.executable, "-m", "longplay", "generate", "--seconds", "2", "--model", model, "--out"]
    if os.access(path, os.R_OK):  # root reads all
        if shutil.which("setpriv") is None:
            pytest.skip("root, and there is no setpriv that takes its rights away")
        call = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *call]
    run = partial(subprocess.run, capture_output=True, text=True, check=False)
    done = run([*call, path, "--force"])
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o200
    done = run([*call, tmp_path / "b.mid", path])
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "may not be opened. To fix this, change its permissions" in done.stderr


def test_the_provenance_of_a_piece_stands_in_a_file_of_its_name(generate, tmp_path):
    done = generate(tmp_path / "out.mid", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    written = json.loads((tmp_path / "out.json").read_text())
    assert written == json.loads(done.stdout) | {"file": "out.mid"}
    assert generate(tmp_path / "out.mid", "--force").returncode == 0
    assert json.loads((tmp_path / "out.json").read_text()) == written


@posix
def test_a_device_is_written_into_and_has_no_provenance(generate, tmp_path):
    (tmp_path / "null").symlink_to(os.devnull)
    done = generate(tmp_path / "null", "--force")
    assert (done.returncode, done.stderr) == (0, "")
    assert stat.S_ISCHR((tmp_path / "null").stat().st_mode)
    assert [path.name for path in tmp_path.iterdir()] == ["null"]


@pytest.fixture
def odd_name(tmp_path):
    notes = np.array([(0, 9000, 60, 64)], NOTE)
    path = tmp_path / os.fsdecode(b"caf\xe9.mid")
    try:
        path.write_bytes(longplay.write_midi(notes, 10))
    except OSError:
        pytest.skip("this file system has names in UTF-8 only")
    return path


@posix
def test_a_farm_answers_a_seed_whose_name_is_not_utf_8(model, odd_name, tmp_path):
    arguments = ("batch", odd_name, "--model", model, "--out", tmp_path / "farm", "--count", "2", "--seconds", "5")
    for _ in range(2):  # the second one finds all pieces made
        done = command.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
    pieces = {path.name for path in (tmp_path / "farm").glob("*.mid")}
    assert pieces == {"caf\ufffd-0000.mid", "caf\ufffd-0001.mid"}


@posix
def test_an_arena_shows_a_name_that_is_not_utf_8(odd_name, tmp_path):
    pytest.importorskip("starlette", reason="the extra [arena] is not installed")
    (tmp_path / "b.mid").write_bytes(longplay.write_midi(np.array([(0, 9000, 62, 64)], NOTE), 10))
    done = command.run("arena", tmp_path, "--export", tmp_path / "out.json")
    assert (done.returncode, done.stderr) == (0, "")
    ranking = json.loads((tmp_path / "out.json").read_text())["ranking"]
    assert {row["name"] for row in ranking} == {"b", "caf\ufffd"}


@posix
def test_an_output_whose_name_is_not_utf_8_is_written_and_printed(model, odd_name):
    asked = [sys.executable, "-m", "longplay", "generate", "--seconds", "2", "--model", model, "--force", "--out"]
    done = subprocess.run([*asked, odd_name], capture_output=True, check=True)
    assert done.stdout == os.fsencode(odd_name) + b"\n"


def test_the_bad_one_of_many_seeds_is_named(model, seed, tmp_path):
    bad = tmp_path / "bad.mid"
    bad.write_bytes(b"no")
    done = command.run("batch", seed, bad, "--model", model, "--out", tmp_path / "farm")
    assert done.returncode == 1
    assert done.stderr.startswith(f"longplay: {bad}: ")
