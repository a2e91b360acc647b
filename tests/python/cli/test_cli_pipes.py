"""Pipes, devices and closed streams in every place of a file: a line on stderr, and no command waits for ever."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import command
import pytest
import tiny_model

import longplay

posix = pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
pytestmark = posix


@pytest.fixture
def pipe(tmp_path):
    """Make a pipe that nobody writes to."""
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True)


def message(*arguments, **options):
    done = command.run(*arguments, timeout=30, **options)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    return done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "PIPE"),
        ("bench", "PIPE"),
        ("generate", "PIPE", "--out", "OUT.mid"),
        ("generate", "SEED", "--avoid", "PIPE", "--out", "OUT.mid"),
        ("originality", "SEED", "--index", "PIPE"),
        ("originality-index", "PIPE", "--out", "OUT.index"),
    ],
    ids=" ".join,
)
def test_a_pipe_that_nobody_writes_to_is_refused(pipe, seed, tmp_path, arguments):
    names = {"PIPE": pipe, "SEED": seed, "OUT.mid": tmp_path / "out.mid", "OUT.index": tmp_path / "out.index"}
    assert "not a regular file" in message(*(names.get(argument, argument) for argument in arguments))


def test_a_pipe_is_no_soundfont(pipe, seed, tmp_path):
    pytest.importorskip("soundfile", reason="the extra [render] is not installed")
    assert "not a regular file" in message("render", seed, "--out", tmp_path / "out.wav", "--soundfont", pipe)


def test_what_is_not_a_file_is_passed_over_where_provenances_are_sought(seed, tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "loop.json").symlink_to("loop.json")
    (tmp_path / "lost.jsonl").symlink_to("nowhere")
    assert "no JSON file in the folder" in message("extend", seed, "--out", tmp_path / "out.mid")


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="there is no /dev/fd")
def test_a_pipe_without_a_name_takes_an_output(model, tmp_path):
    asked = [sys.executable, "-m", "longplay", "generate", "--seconds", "5", "--model", str(model), "--force", "--out"]
    plain = tmp_path / "plain.mid"
    subprocess.run([*asked, plain], check=True, capture_output=True)
    read, write = os.pipe()
    with os.fdopen(read, "rb") as data:
        done = subprocess.run([*asked, f"/dev/fd/{write}"], pass_fds=[write], capture_output=True, check=False)
        os.close(write)
        assert (done.returncode, done.stderr) == (0, b"")
        assert data.read() == plain.read_bytes()


@pytest.mark.parametrize(
    ("stream", "arguments"), [("stdin", ("check", "-")), ("stdout", ("generate", "--seconds", "5", "--out", "-"))]
)
def test_a_closed_stream_is_named(model, stream, arguments):
    options = ["--model", str(model)] if stream == "stdout" else []
    shell = f'exec "$@" {"<" if stream == "stdin" else ">"}&-'
    asked = ["sh", "-c", shell, "sh", sys.executable, "-m", "longplay", *arguments, *options]
    done = subprocess.run(asked, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (1, f"longplay: {stream} is closed\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("generate --seconds 5 --out - --model", "No space left on device"),
        ("doctor --model", "No space left on device"),
        ("--version", "No space left on device"),
        ("--help", "No space left on device"),
        ("check /no.mid", "/no.mid does not exist. To fix this, check the name"),
    ],
)
def test_a_full_disk_behind_stdout_is_an_error_in_a_line(model, command, problem):
    words = [*command.split(), *([model] if command.endswith("--model") else [])]
    with Path("/dev/full").open("wb") as full:
        asked = [sys.executable, "-m", "longplay", *words]
        done = subprocess.run(asked, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (1, f"longplay: {problem}\n")


@pytest.mark.parametrize("command", ["--version", "check SEED", "generate --seconds 5 --out - --model MODEL"])
def test_a_reader_of_stdout_that_has_left_is_no_error_to_tell(model, seed, command):
    read, write = os.pipe()
    os.close(read)
    words = [str({"SEED": seed, "MODEL": model}.get(word, word)) for word in command.split()]
    with os.fdopen(write, "wb") as stdout:
        asked = [sys.executable, "-m", "longplay", *words]
        done = subprocess.run(asked, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
@pytest.mark.parametrize("name", ["generate", "pack"])
def test_an_output_is_written_before_the_warnings_which_may_find_a_full_disk(model, seed, tmp_path, name):
    seed.write_bytes(b"\n" + seed.read_bytes())
    words = [name, seed, "--model", model, "--out", tmp_path / "out.mid"]
    with Path("/dev/full").open("wb") as full:
        asked = [sys.executable, "-m", "longplay", *map(str, words)]
        done = subprocess.run(asked, stdout=subprocess.DEVNULL, stderr=full, check=False, timeout=60)
    assert done.returncode != 0
    assert len(longplay.read_midi(tmp_path / "out.mid")) > 0
    assert (tmp_path / "out.json").exists() == (name == "generate")


@pytest.mark.parametrize(("name", "extra"), [("plot", "matplotlib"), ("render", "soundfile"), ("pack", "longplay")])
def test_a_disk_that_becomes_full_leaves_no_part_of_an_output(model, seed, tmp_path, name, extra):
    """A limit of the size of files stands for the disk."""
    pytest.importorskip(extra, reason="the extra is not installed")
    suffix = {"plot": ".png", "render": ".wav", "pack": ".mid"}[name]
    options = ["--model", str(model)] if name == "pack" else []
    asked = [sys.executable, "-m", "longplay", name, seed, *options, "--out", tmp_path / f"out{suffix}"]
    done = subprocess.run(
        asked,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)),
    )
    if "soundfont" in done.stderr or "FluidSynth" in done.stderr:
        pytest.skip("FluidSynth is not installed")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert list(tmp_path.iterdir()) == [seed]
