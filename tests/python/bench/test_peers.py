"""Test the rivals of `python -m benchmarks.peers`: checked before they are timed, and their failures reported."""

import importlib
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tiny_model

import longplay
from benchmarks.peers import lstm
from benchmarks.peers.files import midi
from benchmarks.peers.loop import draw, expect_same
from benchmarks.peers.notes import notes
from benchmarks.peers.rival import Rival, Work, compare
from benchmarks.peers.runtime_loop import RuntimeLoop
from longplay.bench.options import Options

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def built_in():
    return Options("piano-lstm")


def timed(*rivals):
    """Compare 1 ms of work with rivals, twice each."""
    return list(compare("part", "us", Work(lambda: time.sleep(0.001), 10), rivals, 2))


def fail(message):
    raise AssertionError(message)


def fail_in_a_subprocess():
    program = "import sys; print('no such model', file=sys.stderr); sys.exit(3)"
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


def test_a_rival_has_a_ratio_to_longplay(monkeypatch):
    now = 0.0

    def lasting(seconds):
        def run():
            nonlocal now
            now += seconds

        return run

    monkeypatch.setattr("longplay.bench.figure.time.perf_counter", lambda: now)
    slow = Rival("slow", "slow", lambda: Work(lasting(0.03), 10))
    own, time_of_slow, ratio = compare("part", "us", Work(lasting(0.01), 10), [slow], 3)
    assert own.values == pytest.approx([1000] * 3)
    assert time_of_slow.values == pytest.approx([3000] * 3)
    assert ratio.values == pytest.approx([3] * 3)


@pytest.mark.parametrize(
    ("opened", "reason"),
    [
        (
            lambda: __import__("no_such_package"),
            "no_such_package is not installed. To fix this, run: pip install rival-package",
        ),
        (lambda: fail("log-probabilities differ"), "failed: AssertionError: log-probabilities differ"),
        (
            fail_in_a_subprocess,
            "failed: CalledProcessError: a subprocess failed with status 3: no such model",
        ),
        (lambda: Work(lambda: fail("7 tokens"), 10), "failed: AssertionError: 7 tokens"),
        (lambda: Work(lambda: 1 / 0, 10), "failed: ZeroDivisionError: division by zero"),
    ],
    ids=["not installed", "wrong results", "subprocess", "work fails", "any exception"],
)
def test_a_rival_that_fails_is_a_row_with_a_reason(opened, reason):
    right = Rival("right", "right", lambda: Work(lambda: time.sleep(0.001), 10))
    own, failed, after, ratio = timed(Rival("failing", "rival-package", opened), right)
    assert (list(failed.values), failed.comment, failed.labels["rival"]) == ([], reason, "failing")
    assert failed.as_dict()["median"] is None
    assert min(own.median, after.median, ratio.median) > 0


def test_an_interrupt_stops_the_measurement():
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        timed(Rival("interrupted", "x", interrupt))


def test_a_model_that_is_no_lstm_is_measured_without_rivals(tmp_path):
    options = Options(str(tiny_model.build(tmp_path / "tiny")), batch_seconds=2, repeats=2)
    own, *rivals = notes(options)
    assert own.median > 0
    assert len(rivals) > 5
    assert all(re.search("is no LSTM|is not installed", rival.comment) for rival in rivals)


def test_the_command_writes_a_table_json_and_a_picture(tmp_path):
    pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
    files = ["--json", tmp_path / "a.json", "--plot", tmp_path / "a.png"]
    command = [sys.executable, "-m", "benchmarks.peers", "--quick", "--part", "midi", *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    figures = json.loads((tmp_path / "a.json").read_text())["figures"]
    assert {figure["rival"] for figure in figures} == {"longplay", "symusic", "mido", "pretty_midi"}
    assert "READING MIDI" in done.stdout
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_the_wheel_imports_no_torch():
    package = Path(longplay.__path__[0])
    imported = [
        path.name for path in package.rglob("*.py") if re.search(r"^\s*(import|from) torch", path.read_text(), re.M)
    ]
    assert imported == []


def test_a_rivals_wrong_answers_are_not_timed(built_in):
    model = lstm.read(built_in.folder)
    right = RuntimeLoop(model, built_in.folder)
    assert expect_same(right, model, built_in, 1e-5) < 1e-5
    with pytest.raises(AssertionError, match="log-probabilities differ by"):
        expect_same(right, model, built_in, 1e-5)  # its state holds the notes before


@pytest.mark.parametrize("top_p", [1, 0.9, 0.5])
def test_a_rival_draws_among_the_likeliest_alone(top_p):
    random = np.random.default_rng(0)
    for _ in range(200):
        logits = (3 * random.normal(size=50)).astype(np.float32)
        noise = random.gumbel(size=50).astype(np.float32)
        shares = np.exp(logits) / np.exp(logits).sum()
        allowed = [each for each in range(50) if shares[shares > shares[each]].sum() < top_p]
        assert draw(logits, noise, top_p) == max(allowed, key=lambda each: logits[each] + noise[each])


@pytest.mark.parametrize("name", ["eager", "fp32", "int8", "int8_weights", "window"])
def test_pytorch_finds_notes_as_likely_as_longplay_does(built_in, name):
    pytest.importorskip("torch", reason="the rivals with longplay's weights need PyTorch")
    from benchmarks.peers import torch_eager, torch_function, torch_window

    model = lstm.read(built_in.folder)
    if name in ("eager", "window"):
        loop = torch_eager.EagerLoop(model) if name == "eager" else torch_window.WindowLoop(model)
    else:
        loop = torch_function.FunctionLoop(model, getattr(torch_function, name), compiled=False)
    assert expect_same(loop, model, built_in, 0.3) > 0


@pytest.mark.parametrize(
    ("name", "packages"), [("gpt2", ["transformers"]), ("genai", ["transformers", "onnxruntime_genai"])]
)
def test_a_transformer_makes_four_tokens_a_note(built_in, name, packages):
    for package in ("torch", *packages):
        pytest.importorskip(package, reason=f"this rival needs {package}")
    rival = importlib.import_module(f"benchmarks.peers.{name}")
    work, comment = rival.generating(lstm.read(built_in.folder), 3)
    work()
    assert re.match(r"5\.\d M weights", comment)


def test_a_transformer_that_stops_early_is_not_timed():
    pytest.importorskip("torch", reason="the Transformers among the rivals need PyTorch")
    from benchmarks.peers.transformer import making

    making(2, lambda tokens: tokens)()
    with pytest.raises(AssertionError, match="7 tokens were generated instead of 8"):
        making(2, lambda tokens: tokens - 1)()


def test_rivals_draw_as_the_model_is_drawn_from_by_default(built_in, tmp_path):
    assert lstm.read(built_in.folder).top_p == [1.0, 0.92, 0.95, 0.98]
    folder = shutil.copytree(built_in.folder, tmp_path / "plain")
    config = json.loads((folder / "config.json").read_text())
    del config["sampling"]
    (folder / "config.json").write_text(json.dumps(config))
    assert lstm.read(folder).top_p == [1.0] * 4


def test_a_model_of_another_kind_has_no_rivals_with_its_weights(tmp_path):
    with pytest.raises(longplay.Error, match="is no LSTM"):
        lstm.read(tiny_model.build(tmp_path))


def test_files_are_read_and_written_beside_others():
    figures = list(midi(Options(notes=300, repeats=2)))
    assert {figure.part for figure in figures} == {"reading MIDI", "writing MIDI"}
    for rival in ("longplay", "symusic", "mido"):
        assert [f.median > 0 for f in figures if f.labels["rival"] == rival and f.name == "a note"] == [True, True]
