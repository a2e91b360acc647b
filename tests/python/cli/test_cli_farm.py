"""The command `batch`."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial

import command
import numpy as np
import pytest
import tiny_model

import longplay
from longplay.farm import COLUMNS
from longplay.midi import NOTE


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True))


run = partial(command.run, "batch")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_batch_keeps_the_best_and_explains_the_table(model, seed, tmp_path):
    out = tmp_path / "many"
    done = run(seed, seed, "--count", 2, "--seconds", 30, "--keep", 3, "--out", out, "--model", model)
    assert (done.returncode, done.stderr) == (0, "")
    ranking = json.loads((out / "ranking.json").read_text())
    kept = [candidate["file"] for candidate in ranking["candidates"][:3]]
    assert len(ranking["candidates"]) == 4
    assert names(out) == sorted([*kept, "manifest.sqlite", "ranking.json"])
    pieces = list(longplay.Engine(model).generate_batch([seed] * 4, 30))
    for file in kept:
        assert (out / file).read_bytes() == pieces[int(file[5:9])].to_bytes()
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [row[:2] for row in rows[2:5]] == [[str(i), file] for i, file in enumerate(kept, start=1)]
    words = done.stdout.split()
    for meaning in COLUMNS.values():
        assert " ".join(meaning.split()) in " ".join(words)


def test_json_has_a_line_for_each_kept_candidate_with_what_made_it(model, seed, tmp_path):
    out = tmp_path / "many"
    done = run(seed, "--count", 3, "--keep", 2, "--seconds", 30, "--out", out, "--model", model, "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    best = json.loads((out / "ranking.json").read_text())["candidates"][:2]
    pieces = list(longplay.Engine(model).generate_batch([seed] * 3, 30))
    assert lines == [
        {
            **candidate,
            "file": str(out / candidate["file"]),
            "seconds": 30,
            "provenance": json.loads(json.dumps(pieces[candidate["number"]].provenance.as_dict())),
        }
        for candidate in best
    ]


def test_a_different_command_in_the_folder_is_refused_in_a_line(model, seed, tmp_path):
    out = tmp_path / "many"
    assert run(seed, "--seconds", 30, "--out", out, "--model", model).returncode == 0
    done = run(seed, "--seconds", 60, "--out", out, "--model", model)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"longplay: {out} holds the farm of another command: its seconds is 30.0, not 60.0. "
        "To fix this, give the same command or another folder\n"
    )


def test_an_odd_seed_gives_a_warning_on_stderr(model, tmp_path):
    seed = tmp_path / "seed.mid"
    seed.write_bytes(longplay.write_midi(np.empty(0, NOTE), 2))
    done = run(seed, "--seconds", 30, "--out", tmp_path / "many", "--model", model)
    assert done.returncode == 0
    assert done.stderr.startswith("longplay: seed.mid: The seed has no notes")
    assert done.stdout.splitlines()[2].split()[-2] == "-"  # no response


def test_a_gpu_is_not_asked_of_a_cluster(model, seed, tmp_path):
    done = run(seed, "--out", tmp_path / "many", "--model", model, "--ray", "local", "--device", "cuda")
    assert (done.returncode, done.stderr) == (1, "longplay: device must be auto or cpu with --ray, not 'cuda'\n")


@pytest.mark.skipif(os.name == "nt", reason="terminals are POSIX's")
def test_a_terminal_is_shown_pieces_notes_a_second_and_time_left(model, seed, tmp_path):
    ours, theirs = os.openpty()
    arguments = [str(seed), "--count", "3", "--seconds", "3600", "--out", str(tmp_path / "many"), "--model", model]
    with subprocess.Popen(
        [sys.executable, "-m", "longplay", "batch", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "120"},
    ) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # Linux's way to say that the other end is closed
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    assert process.returncode == 0, shown
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    rates = re.findall(r"3 of 3 pieces, ([\d,]+) notes/s, 0:00:00", lines)
    assert rates, lines
    assert int(rates[-1].replace(",", "")) > 100


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_an_interrupted_batch_resumes(model, seed, tmp_path):
    out = tmp_path / "many"
    arguments = [str(seed), "--count", "2", "--seconds", "20000", "--out", str(out), "--model", model]
    process = subprocess.Popen(
        [sys.executable, "-m", "longplay", "batch", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.default_int_handler
        ),  # a background shell has it ignored
    )
    deadline = time.monotonic() + 60
    while not (out / "manifest.sqlite").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, message = process.communicate(timeout=30)
    assert process.returncode == 130, message
    assert message == f"longplay: stopped. To resume in {out}, run the same command\n"
    assert [name for name in names(out) if not name.startswith("manifest")] == []
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    assert names(out) == ["manifest.sqlite", "ranking.json", "seed-0000.mid", "seed-0001.mid"]
