"""Files whose names are not UTF-8, or that matplotlib would read as a formula."""

import os
import subprocess
import sys

import numpy as np
import pytest
import tiny_model

import longplay
from longplay.midi import NOTE

pytestmark = pytest.mark.skipif(os.name != "posix", reason="names that are bytes")
NAME = os.fsdecode(b"caf\xe9 $x^$")
MODEL, PLOT = "MODEL", "matplotlib"
COMMANDS = {
    "check": ("check FILE", None),
    "score": ("score FILE --model MODEL", None),
    "generate": ("generate FILE --seconds 5 --model MODEL --out NAME-2.mid", None),
    "extend": ("extend NAME-1.mid --seconds 60 --model MODEL --out NAME-2.mid", None),
    "batch": ("batch ../other.mid --seconds 5 --model MODEL --out NAME-farm", None),
    "pack": ("pack FILE --model MODEL --out NAME-2.mid", None),
    "clips": ("clips NAME-hour.mid --out NAME-clips", None),
    "originality-index": ("originality-index FILE --out NAME-2.index", None),
    "originality": ("originality FILE --index NAME.index --plot NAME.png", PLOT),
    "plot": ("plot FILE --out NAME.png", PLOT),
    "plot of clips": ("plot FILE --picture clips --out NAME.png", PLOT),
    "plot of the roll": ("plot FILE --picture roll --out NAME.png", PLOT),
    "notate": ("notate FILE --out NAME.musicxml", "music21"),
    "render": ("render FILE --out NAME.wav", "fluidsynth"),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True))


@pytest.fixture
def run(model, tmp_path):
    def run_it(command):
        words = [NAME + ".mid" if word == "FILE" else word.replace("NAME", NAME) for word in command.split()]
        words = [model if word == MODEL else word for word in words]
        call = [sys.executable, "-m", "longplay", *words]
        return subprocess.run(call, capture_output=True, check=False, timeout=100, cwd=tmp_path / "work")

    work = tmp_path / "work"
    work.mkdir()
    notes = np.zeros(120, NOTE)
    notes["onset_ms"], notes["duration_ms"], notes["velocity"] = np.arange(120) * 250, 200, 64
    notes["pitch"] = np.random.default_rng(2).integers(48, 69, 120)
    data = longplay.write_midi(notes, 31)
    try:
        (work / f"{NAME}.mid").write_bytes(data)
    except OSError:
        pytest.skip("this file system has names in UTF-8 only")
    (tmp_path / "other.mid").write_bytes(data)
    return run_it


@pytest.mark.parametrize(("command", "package"), COMMANDS.values(), ids=COMMANDS)
def test_a_command_takes_a_name_that_is_not_utf_8(run, command, package):
    if package is not None:
        pytest.importorskip(package)
    if "NAME-1.mid" in command:
        assert run("generate --seconds 30 --model MODEL --out NAME-1.mid").returncode == 0
    if "NAME-hour.mid" in command:
        assert run("generate --seconds 3600 --model MODEL --out NAME-hour.mid").returncode == 0
    if "NAME.index" in command:
        assert run("originality-index FILE --out NAME.index").returncode == 0
    done = run(command)
    assert b"Traceback" not in done.stderr, done.stderr
    assert done.returncode == (1 if command.startswith("check") else 0), done.stderr


def test_control_characters_of_a_name_are_shown_as_escapes(model, tmp_path, seed):
    seed.write_bytes(seed.read_bytes() + b"more")
    folder = tmp_path / "new\nline\x1b[31m"
    call = [sys.executable, "-m", "longplay", "generate", seed, "--seconds", "5", "--model", model, "--out"]
    done = subprocess.run([*call, folder / "a.mid"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert r"new\nline\x1b[31m does not exist" in done.stderr
    folder.mkdir()
    done = subprocess.run([*call, folder / "a.mid"], capture_output=True, text=True, check=True)
    assert r"new\nline\x1b[31m/a.mid: 4 bytes outside of chunks were skipped" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["[red]a[bold].mid", ":smile:.mid", "back\\.mid"])
def test_tables_show_a_name_as_it_is(model, tmp_path, seed, name):
    folder = tmp_path / "seeds"
    folder.mkdir()
    (folder / name).write_bytes(seed.read_bytes())

    def shown(*words):
        call = [sys.executable, "-m", "longplay", *words]
        return subprocess.run(call, capture_output=True, text=True, check=False, cwd=folder).stdout

    assert f"{name}: refused" in shown("check", name)
    farm = ("batch", name, "--seconds", "5", "--model", model, "--out", "farm")
    assert f"{name[:-4]}-0000.mid " in shown(*farm)
    shown("originality-index", name, "--out", "index", "--calibration", "1")
    assert f"{name}: " in shown("originality", name, "--index", "index")


def test_tables_show_control_characters_of_a_name_as_escapes(model, tmp_path, seed):
    (tmp_path / "new\nline.mid").write_bytes(seed.read_bytes())
    call = [sys.executable, "-m", "longplay", "batch", "new\nline.mid", "--seconds", "5", "--model", model]
    done = subprocess.run([*call, "--out", "farm"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert r"new\nline-0000.mid " in done.stdout
