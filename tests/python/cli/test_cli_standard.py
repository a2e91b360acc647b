"""Commands that read from stdin and write to stdout, where a name is -."""

import json
import subprocess
import sys

import pytest
import tiny_model

import longplay


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True))


@pytest.fixture
def run(tmp_path):
    """Run a command in an empty folder with these bytes as its stdin."""

    def run_it(*arguments, stdin=b""):
        command = [sys.executable, "-m", "longplay", *map(str, arguments)]
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        done = subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=60, cwd=work)
        assert list(work.iterdir()) == []
        return done

    return run_it


def test_a_seed_comes_from_stdin_and_the_piece_goes_to_stdout(run, model, seed):
    done = run("generate", "-", "--seconds", 30, "--model", model, "--out", "-", "--json", stdin=seed.read_bytes())
    assert done.returncode == 0, done.stderr
    piece = longplay.Engine(model).generate(seed, 30)
    assert done.stdout == piece.to_bytes()
    assert json.loads(done.stderr)["provenance"]["seed_hash"] == piece.provenance.seed_hash


def test_a_piece_is_extended_to_stdout(run, model, seed, tmp_path):
    out, data = tmp_path / "a.mid", seed.read_bytes()
    subprocess.run(
        [sys.executable, "-m", "longplay", "generate", seed, "--seconds", "30", "--model", model, "--out", out],
        check=True,
    )
    done = run("extend", out, "--seed", "-", "--seconds", 60, "--model", model, "--out", "-", stdin=data)
    assert (done.returncode, done.stderr) == (0, b"-\n")
    engine = longplay.Engine(model)
    snapshot = engine.generate(data, 30, extendable=True).snapshot()
    assert done.stdout == engine.extend(snapshot, 60).to_bytes()


def test_a_file_is_packed_from_stdin_to_stdout(run, model, seed):
    done = run("pack", "-", "--model", model, "--out", "-", stdin=seed.read_bytes())
    assert done.returncode == 0, done.stderr
    assert longplay.check(done.stdout).safe
    assert done.stderr.endswith(b"\n-\n")


def test_reports_read_stdin(run, model, seed):
    data = seed.read_bytes()
    report = json.loads(run("check", "-", "--json", stdin=data).stdout)
    assert report["file"] == "-"
    assert report["outcome"] == longplay.check(data).outcome
    report = json.loads(run("score", "-", "--json", "--model", model, stdin=data).stdout)
    assert (report["file"], report["notes"]) == ("-", 2)


def test_bad_bytes_of_stdin_are_an_error_in_a_line(run, model):
    for command in ("generate", "score", "check"):
        options = ["--model", model] if command != "check" else ["--json"]
        done = run(command, "-", *options, *(["--out", "-"] if command == "generate" else []), stdin=b"no MIDI")
        assert done.returncode == 1
        assert b"Traceback" not in done.stderr


def test_a_reader_that_leaves_ends_a_command_with_status_1(model):
    command = [sys.executable, "-m", "longplay", "generate", "--seconds", "60", "--model", model, "--out", "-"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    message = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 1
    assert message == b""


def test_a_ranking_does_not_go_to_stdout(run, model, seed):
    done = run("batch", seed, "--seconds", 30, "--model", model, "--out", "-")
    assert done.returncode == 1
    assert b"out must be a folder, not -" in done.stderr
