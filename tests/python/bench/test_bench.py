"""`longplay bench`: what it measures, and that rivals answer right before they are timed."""

import importlib
import json
import re
import shutil
import subprocess
import sys
import time

import numpy as np
import onnx
import pytest
import tiny_model

import longplay
from benchmarks.peers import lstm
from benchmarks.peers.files import midi
from benchmarks.peers.loop import draw, expect_same
from benchmarks.peers.rival import Rival, Work, compare
from benchmarks.peers.runtime_loop import RuntimeLoop
from longplay.bench import measure
from longplay.bench.figure import Figure
from longplay.bench.files import a_file
from longplay.bench.making import sample
from longplay.bench.onnx_bytes import product, weights
from longplay.bench.options import Options


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """What a quick bench of the tiny model writes, and its picture."""
    folder = tmp_path_factory.mktemp("bench")
    asked = ["--model", tiny_model.build(folder / "tiny"), "--json", folder / "a.json", "--plot", folder / "a.png"]
    command = [sys.executable, "-m", "longplay", "bench", "--quick", "--threads", "2", *map(str, asked)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads((folder / "a.json").read_text()), (folder / "a.png").read_bytes(), done.stdout


@pytest.fixture(scope="module")
def built_in():
    return Options()


def named(report, name, **labels):
    found = [f for f in report["figures"] if f["name"] == name and labels.items() <= f.items()]
    assert found, name
    return found


def test_a_bench_measures_every_part_and_tells_the_machine(report):
    measured, picture, table = report
    parts = {"hour", "throughput", "limits", "latency", "memory", "files"}
    assert {figure["part"] for figure in measured["figures"]} == parts
    for figure in measured["figures"]:
        assert 0 <= figure["low"] <= figure["median"] <= figure["high"], figure
        assert figure["runs"] >= 1
        assert figure["unit"]
        assert figure["name"] in table
    assert {"processor", "cores", "kernels", "system", "python", "longplay", "numpy"} <= measured["machine"].keys()
    assert picture.startswith(b"\x89PNG")


def test_the_shares_of_the_loops_time_make_up_the_whole(report):
    for batch in (1, 8):
        parts = [named(report[0], f"in {part}", batch=batch) for part in ("step.onnx", "the heads", "sampling")]
        rest = named(report[0], "in the rest", batch=batch)
        assert sum(figure[0]["median"] for figure in [*parts, rest]) == pytest.approx(100, abs=5)


def test_no_part_of_the_loops_time_is_counted_twice(built_in):
    made = sample(built_in.engine, built_in.source, 1, 10, 0)
    parts = (made.step_seconds, made.head_seconds, made.sampling_seconds)
    assert min(parts) > 0
    assert sum(parts) < made.loop_seconds < made.seconds


def test_an_hours_rates_agree_with_its_time(report):
    (hour,) = named(report[0], "time")
    (rate,) = (figure for figure in named(report[0], "candidates of an hour") if figure["part"] == "hour")
    assert rate["median"] * hour["median"] == pytest.approx(hour["music_seconds"] / 60, rel=0.5)


def test_the_limits_are_those_of_a_machine_of_this_century(report):
    for name in ("int8 multiply-adds", "fp32 multiply-adds"):
        assert 1 < named(report[0], name)[0]["median"] < 1e5
    assert 0.5 < named(report[0], "reading memory")[0]["median"] < 1e4


def test_memory_is_that_of_processes_of_their_own(report):
    short, long = named(report[0], "held by a process that streams")
    assert long["music_seconds"] == 10 * short["music_seconds"]
    assert 20 < short["median"] < 300
    for held, most in zip((short, long), named(report[0], "held by it at most"), strict=True):
        assert held["median"] <= most["median"]
    assert long["median"] == pytest.approx(short["median"], rel=0.1)


def test_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match=r"part must be one of hour, throughput, .*, not 'speed'"):
        measure.figures(Options(), ["hour", "speed"])


def test_a_figure_tells_the_middle_of_its_values():
    told = Figure("part", "name", "s", [5, 1, 2, 4, 3], {"batch": 8}).as_dict()
    assert (told["low"], told["median"], told["high"], told["runs"], told["batch"]) == (2, 3, 4, 5, 8)


def test_weights_are_those_that_onnx_reads(built_in):
    for path in built_in.folder.glob("*.onnx"):
        found = weights(path.read_bytes())
        expected = onnx.load(path).graph.initializer
        assert found.keys() == {tensor.name for tensor in expected}
        for tensor in expected:
            np.testing.assert_array_equal(found[tensor.name], onnx.numpy_helper.to_array(tensor))


def test_the_graph_of_a_product_is_one_that_onnx_accepts():
    model = onnx.load_from_string(product("MatMulInteger", np.uint8, np.ones((300, 4), np.int8), np.int32))
    onnx.checker.check_model(model, full_check=True)
    assert model.graph.node[0].op_type == "MatMulInteger"


def test_a_rival_is_told_in_times_longplays(built_in):
    rivals = [
        Rival("slow", "slow", lambda: Work(lambda: time.sleep(0.03), 10)),
        Rival("gone", "gone-package", lambda: __import__("no_such_package")),
    ]
    _, slow, ratio, gone = compare("part", "us", Work(lambda: time.sleep(0.01), 10), rivals, 3)
    assert slow.median == pytest.approx(3000, rel=0.3)
    assert ratio.median == pytest.approx(3, rel=0.3)
    assert (list(gone.values), gone.remark) == ([], "not installed: pip install gone-package")
    assert gone.as_dict()["median"] is None


def test_a_rivals_wrong_answers_are_not_timed(built_in):
    model = lstm.read(built_in.folder)
    right = RuntimeLoop(model, built_in.folder)
    assert expect_same(right, model, built_in, 1e-5) < 1e-5
    with pytest.raises(AssertionError, match="log-probabilities differ by"):
        expect_same(right, model, built_in, 1e-5)  # it has heard the notes before


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
    work, remark = rival.generating(lstm.read(built_in.folder), 3)
    work()
    assert re.match(r"5\.\d M weights", remark)


def test_a_transformer_that_stops_early_is_not_timed():
    pytest.importorskip("torch", reason="the Transformers among the rivals need PyTorch")
    from benchmarks.peers.transformer import making

    making(2, lambda tokens: tokens)()
    with pytest.raises(AssertionError, match="7 tokens were made, not 8"):
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


def test_the_notes_of_the_file_fill_a_piano():
    notes, seconds, data = a_file(2000)
    assert 6 < len(notes) / seconds < 12
    np.testing.assert_array_equal(longplay.read_midi(data), notes)
