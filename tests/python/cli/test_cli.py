"""The command line: exit codes, streams, files."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict

import mido
import numpy as np
import pytest
import tiny_model
from command import run

import longplay
from longplay import _core
from longplay._model.runtime import gpu_count
from longplay.midi import NOTE


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(tiny_model.build(tmp_path_factory.mktemp("tiny")))


def test_generate_writes_a_piece_and_prints_its_name(model, seed, tmp_path):
    out = tmp_path / "out.mid"
    done = run("generate", seed, "--seconds", 30, "--out", out, "--model", model)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{out}\n", "")
    assert mido.MidiFile(out).length == pytest.approx(30, abs=0.0005)


def test_json_holds_what_made_the_piece(model, seed, tmp_path):
    out = tmp_path / "out.mid"
    asked = ["--random-seed", 5, "--temperature", 0.9, "--top-p", 0.8, "--style", "ragtime"]
    asked += ["--guidance-scale", 2.5, "--include-seed"]
    done = run("generate", seed, "--seconds", 30, *asked, "--out", out, "--model", model, "--json")
    result = json.loads(done.stdout)
    assert result["file"] == str(out)
    assert result["seconds"] == 30
    assert result["notes"] == len(longplay.read_midi(out))
    settings = {"random_seed": 5, "temperature": 0.9, "top_p": 0.8, "style": "ragtime", "guidance_scale": 2.5}
    assert result["provenance"]["settings"] == asdict(longplay.Settings(seconds=30, include_seed=True, **settings))


def test_an_odd_seed_gives_a_warning_on_stderr(model, tmp_path):
    seed, out = tmp_path / "seed.mid", tmp_path / "out.mid"
    seed.write_bytes(longplay.write_midi(np.empty(0, NOTE), 2))
    done = run("generate", seed, "--seconds", 30, "--out", out, "--model", model)
    assert (done.returncode, done.stdout) == (0, f"{out}\n")
    assert done.stderr.startswith(f"longplay: {out}: The seed has no notes")


def test_an_existing_file_is_refused_without_force(model, seed, tmp_path):
    out = tmp_path / "out.mid"
    out.write_bytes(b"precious")
    done = run("generate", seed, "--seconds", 30, "--out", out, "--model", model)
    assert done.returncode == 1
    assert done.stderr == f"longplay: {out} exists. To overwrite it, give --force\n"
    assert out.read_bytes() == b"precious"
    assert run("generate", seed, "--seconds", 30, "--out", out, "--model", model, "--force").returncode == 0
    assert out.read_bytes() != b"precious"


def test_score_prints_nats_per_note(model, seed):
    done = run("score", seed, "--model", model, "--json")
    result = json.loads(done.stdout)
    scored = longplay.Engine(model).score(seed)
    assert result == {"file": str(seed), "notes": 2, "total": scored.total, "fields": scored.fields}
    assert run("score", seed, "--model", model).stdout.startswith(f"{seed}: 2 notes, {scored.total:.3f} nats/note  (")


def test_a_file_without_notes_has_no_score_in_json(model, tmp_path):
    empty = tmp_path / "empty.mid"
    empty.write_bytes(longplay.write_midi(np.empty(0, NOTE), 2))
    result = json.loads(run("score", empty, "--model", model, "--json").stdout, parse_constant=pytest.fail)
    assert (result["notes"], result["total"], set(result["fields"].values())) == (0, None, {None})


def test_doctor_reports_what_works(model):
    done = run("doctor", "--model", model, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert report["cpu"] == "works"
    assert report["kernels"] == _core.Runtime.usable_kernels()[-1]
    assert (report["cuda"] == "no NVIDIA GPU here") == (gpu_count() == 0)
    assert (report["model"], report["styles"]) == ("tiny", ["romantic", "ragtime"])


def test_doctor_reports_kernels_that_do_not_exist(model, monkeypatch):
    monkeypatch.setenv("LONGPLAY_KERNELS", "MMX")
    done = run("doctor", "--model", model, "--json")
    report = json.loads(done.stdout)
    assert report["kernels"] == report["onnxruntime"] == report["cpu"]
    assert report["kernels"].startswith("LONGPLAY_KERNELS must be one of scalar, ")
    assert done.returncode == 1


def test_doctor_fails_when_nothing_works(tmp_path):
    done = run("doctor", "--model", tmp_path)
    assert done.returncode == 1
    assert "config.json" in done.stdout


def test_failures_are_one_line(model, seed, tmp_path):
    broken = tmp_path / "broken.mid"
    broken.write_bytes(b"RIFF")
    for arguments in (
        ("generate", broken, "--seconds", 30, "--out", tmp_path / "a.mid", "--model", model),
        ("generate", tmp_path / "nowhere.mid", "--out", tmp_path / "a.mid", "--model", model),
        ("generate", seed, "--seconds", 0, "--out", tmp_path / "a.mid", "--model", model),
        ("generate", seed, "--out", tmp_path / "a.mid", "--model", tmp_path),
        ("generate", seed, "--out", tmp_path / "a.mid", "--model", model, "--style", "polka"),
        ("generate", seed, "--out", tmp_path / "a.mid", "--model", model, "--device", "tpu"),
        ("score", broken, "--model", model),
    ):
        done = run(*arguments)
        assert done.returncode == 1, arguments
        assert done.stdout == ""
        assert done.stderr.startswith("longplay: ")
        assert done.stderr.count("\n") == 1, done.stderr


def test_misuse_is_status_2():
    assert run("generate", "--no-such-option").returncode == 2
    assert run("batch").returncode == 2
    assert run("no-such-command").returncode == 2


def test_version_is_printed():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"{longplay.__version__}\n")


# The command itself; it prints a line when it begins to generate, which may take a slow machine a while.
ANNOUNCED = """
import longplay
from longplay import _core
from longplay._model.runtime import gpu_count
from longplay.__main__ import main
generate = longplay.Engine.generate
def announce(*arguments, **settings):
    print("generating", flush=True)
    return generate(*arguments, **settings)
longplay.Engine.generate = announce
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_an_interrupt_is_status_130_and_leaves_no_file(model, seed, tmp_path):
    arguments = ["generate", str(seed), "--seconds", "86400", "--out", str(tmp_path / "out.mid"), "--model", model]
    process = subprocess.Popen(
        [sys.executable, "-c", ANNOUNCED, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background shell has it ignored
    )
    assert process.stdout.readline() == b"generating\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, message = process.communicate(timeout=10)
    assert (process.returncode, message) == (130, b"longplay: interrupted\n")
    assert set(tmp_path.iterdir()) == {seed}


def test_help_comes_at_once():
    assert "generate" in run("--help").stdout
    heavy = ("numpy", "longplay._core", "rich.progress")
    program = f"import sys, longplay.cli; sys.exit(any(name in sys.modules for name in {heavy}))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_square_brackets_are_shown_in_help():
    for command, extra in {"bench": "[bench]", "plot": "[plot]", "render": "[render]", "arena": "[arena]"}.items():
        assert extra in run(command, "--help").stdout
