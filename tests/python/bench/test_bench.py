"""Test what `longplay bench` measures."""

import json
import subprocess
import sys

import numpy as np
import onnx
import pytest
import tiny_model

import longplay
from longplay.bench import measure
from longplay.bench.figure import Figure
from longplay.bench.files import a_file
from longplay.bench.making import sample
from longplay.bench.onnx_bytes import product, weights
from longplay.bench.options import Options


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Return the JSON report, the picture and the table of a quick bench of the tiny model."""
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


def test_a_bench_measures_every_part_and_reports_the_machine(report):
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
    short, long = named(report[0], "memory of a process that streams")
    assert long["music_seconds"] == 10 * short["music_seconds"]
    assert 20 < short["median"] < 300
    for held, most in zip((short, long), named(report[0], "its peak"), strict=True):
        assert held["median"] <= most["median"]
    assert long["median"] == pytest.approx(short["median"], rel=0.1)


def test_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match=r"part must be one of hour, throughput, .*, not 'speed'"):
        measure.figures(Options(), ["hour", "speed"])


def test_a_figure_reports_the_middle_of_its_values():
    entry = Figure("part", "name", "s", [5, 1, 2, 4, 3], {"batch": 8}).as_dict()
    assert [entry[key] for key in ("low", "median", "high", "runs", "batch")] == [2, 3, 4, 5, 8]


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


def test_the_notes_of_the_file_fill_a_piano():
    notes, seconds, data = a_file(2000)
    assert 6 < len(notes) / seconds < 12
    np.testing.assert_array_equal(longplay.read_midi(data), notes)
