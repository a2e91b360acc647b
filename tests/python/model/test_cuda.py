"""The CUDA path: on a double of CUDA's libraries everywhere, and on a GPU where there is one."""

import re
import shutil
import struct
from pathlib import Path

import cuda_double
import numpy as np
import onnx
import pytest
import tiny_model
from core_calls import generate_events, sampling_params
from cuda_double import identity_model

import longplay
from longplay import _core
from longplay._model import opened
from longplay._model.folder import load_model
from longplay._model.runtime import library_path, preload_cuda

REPORT = cuda_double.HERE / "model_report.py"
MODES = ["plain", "capture"]
LOOSE = {"temperature": 3.0, "top_p": 1.0}


@pytest.fixture(scope="module")
def double(tmp_path_factory):
    return cuda_double.build(tmp_path_factory.mktemp("double"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True)


# On the double: the provider is ONNX Runtime's own, and nothing but copies is carried out.


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("in_place", [True, False])
def test_states_stay_on_the_device_and_are_what_the_graph_made_of_them(double, tmp_path, in_place, mode):
    report = double.run(REPORT, identity_model.build(tmp_path, in_place=in_place), mode)
    assert report["zeros"]
    assert report["loaded"]
    for row, state in enumerate(report["states"]):
        a, b = (list(struct.unpack("<3f", bytes(state[12 * index : 12 * index + 12]))) for index in (0, 1))
        for step, logits in enumerate(report["said"]):
            first, second = (a, b) if in_place or step % 2 == 0 else (b, a)
            assert [field[row] for field in logits] == [first, second]
        a, b = (a, b) if in_place else (b, a)  # after three steps
        event = [(2 * row + field) % 3 for field in (0, 1)]
        assert bytes(report["kept"][row]) == struct.pack("<6f2q", *a, *b, *event) + bytes(state[-5:])


def test_a_step_carries_ids_up_and_logits_down_and_nothing_else(double, tiny):
    rows, logits = 4, tiny_model.SIZES[0]
    step = double.run(REPORT, tiny, "plain")["step"]
    assert step["up_bytes"] == 8 * rows * (len(tiny_model.SIZES) + len(tiny_model.CONTROLS))
    assert step["down_bytes"] == 4 * rows * logits
    assert (step["up"], step["down"], step["within"], step["rows"]) == (2, 1, 0, 0)


def test_a_captured_step_is_replayed_without_a_copy(double, tiny):
    report = double.run(REPORT, tiny, "capture")
    assert report["opened"]["down"] == 0  # nor is one recorded: the GPU writes logits to the host's memory itself
    step = report["step"]
    assert step.pop("replays") == 1
    assert set(step.values()) == {0}


@pytest.mark.parametrize("mode", MODES)
def test_a_graph_that_needs_the_cpu_is_refused(double, mode):
    refused = double.run(REPORT, Path(longplay.__file__).parent / "models" / "piano-lstm", mode)["refused"]
    assert refused.startswith("device 'cuda:1' cannot run step.onnx: ")
    assert "a model that is not int8 (docs/cuda.md)" in refused


def test_control_flow_is_not_captured(double, tmp_path, tiny):
    folder = shutil.copytree(tiny, tmp_path / "flow")
    step = onnx.load(folder / "step.onnx")
    node = onnx.helper.make_node
    branches = {
        f"{kind}_branch": onnx.helper.make_graph(
            [node("Identity", ["raw"], [kind])], kind, [], [onnx.ValueInfoProto(name=kind)]
        )
        for kind in ("then", "else")
    }
    next(n for n in step.graph.node if n.output == ["logits"]).output[0] = "raw"
    step.graph.node.append(node("ReduceMax", ["event"], ["highest"], keepdims=0))
    step.graph.node.append(node("Cast", ["highest"], ["any"], to=onnx.TensorProto.BOOL))
    step.graph.node.append(node("If", ["any"], ["logits"], **branches))
    onnx.save(step, folder / "step.onnx")
    refused = double.run(REPORT, folder, "capture")["refused"]
    assert re.match(r"device 'cuda:1' cannot run step.onnx: .*control flow", refused)


# Anywhere.


def test_devices_have_numbers_and_a_captured_graph_needs_a_gpu(tiny):
    with pytest.raises(ValueError, match="device must be 'auto', 'cpu', 'cuda' or 'cuda:N', not 'cuda:x'"):
        longplay.Engine(tiny, "cuda:x")
    with pytest.raises(ValueError, match="cuda_graph must be False on device 'cpu', not True"):
        longplay.Engine(tiny, "cpu", cuda_graph=True)
    with pytest.raises(ValueError, match="index must be at least 0, not -1"):
        _core.Device.cuda(-1, False)


@pytest.fixture
def gpu_stand_in(monkeypatch):
    """Let "auto" find the CPU as a GPU; the list has an entry for each search."""
    looked = []

    def find(self):
        looked.append(self)
        return self._open(_core.Device.cpu)

    monkeypatch.setattr(opened.OpenModel, "_try_gpu", find)
    return looked


def test_auto_makes_many_candidates_on_the_gpu_and_all_else_on_the_cpu(gpu_stand_in, tiny):
    engine = longplay.Engine(tiny, num_threads=1)
    assert engine.device == "cpu"
    list(engine.generate_batch([None] * 255, 1))
    assert (engine.device, gpu_stand_in) == ("cpu", [])
    before = engine.statistics().row_steps
    list(engine.generate_batch([None] * 256, 1))
    list(engine.generate_batch([None] * 300, 1))
    assert (engine.device, gpu_stand_in) == ("cuda:0", [engine._model])  # it is looked for once
    assert engine._model._gpu.time.row_steps == engine.statistics().row_steps - before > 0
    assert engine.statistics().row_copies == engine._model.core.row_copies + engine._model._gpu.row_copies
    engine.generate(seconds=1)
    assert engine.device == "cpu"


def test_auto_stays_on_the_cpu_where_no_gpu_starts(monkeypatch, tiny):
    def refuse():
        raise _core.DeviceError("there is none")

    monkeypatch.setattr(opened, "preload_cuda", refuse)
    engine = longplay.Engine(tiny, num_threads=1)
    list(engine.generate_batch([None] * 256, 1))
    assert engine.device == "cpu"


def test_no_note_copies_a_state(tiny):
    engine = longplay.Engine(tiny, "cpu", num_threads=1)
    for seconds in (60, 600):
        before = engine.statistics()
        engine.generate(seconds=seconds, recital=False)
        spent = engine.statistics() - before
        assert spent.row_steps > seconds
        assert 1 <= spent.row_copies < 30  # when its row begins, and for each attempt at a close


def test_a_piece_is_the_same_alone_and_among_1024(tiny):
    model, params = load_model(tiny).files, [sampling_params(top_p=0.9)] * 4
    runtime = _core.Runtime(str(library_path()))
    settings = {"params": params, "bias": [[]] * 4, "controls": list(tiny_model.UNKNOWN_CONTROL), "random_seed": 3}
    lengths = [20 + 7 * candidate % 41 for candidate in range(1500)]
    nothing = np.empty((0, 4), np.int32)
    together = generate_events(runtime, model, [nothing] * 1500, lengths, rows=1024, **settings)
    for candidate in (0, 1, 7, 64, 500, 1023, 1024, 1499):
        [alone] = generate_events(
            runtime, model, [nothing], [lengths[candidate]], first_candidate=candidate, **settings
        )
        for ours, theirs in zip(alone, together[candidate], strict=True):
            np.testing.assert_array_equal(ours, theirs)


# On a GPU. The tiny model's numbers are whole: what it says is the same on every device.


@pytest.fixture(scope="module")
def cuda(tiny):
    """Return how to open a model on the GPU."""
    try:
        preload_cuda()
        runtime = _core.Runtime(str(library_path()))
        _core.Model(runtime, load_model(tiny).files, _core.Device.cuda(0, False), 1)
    except _core.DeviceError as error:
        pytest.skip(str(error))
    return lambda files, rows, capture: _core.Model(runtime, files, _core.Device.cuda(0, capture), rows)


@pytest.mark.gpu
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("in_place", [True, False])
def test_a_gpu_says_what_the_cpu_says(cuda, tmp_path, in_place, mode):
    files = load_model(tiny_model.build(tmp_path, in_place=in_place, soft=True)).files
    model = cuda(files, 7, mode == "capture")
    predictors = [tiny_model.Predictor(soft=True) for _ in range(7)]
    random = np.random.default_rng(1)
    for batch in [7, 3, 7, 1, 7, 7, 2, 5] * 20:
        event = random.integers(0, np.array(tiny_model.SIZES) + 1, (batch, 4))
        control = random.integers(0, [c["size"] for c in tiny_model.CONTROLS], (batch, 2))
        drawn = random.integers(0, tiny_model.SIZES, (batch, 4))
        outputs = [model.step(event, control)]
        outputs += [model.head(field, np.ascontiguousarray(drawn[:, :field])) for field in (1, 2, 3)]
        for row in range(batch):
            said = [predictors[row].step(event[row].tolist(), control[row].tolist())]
            said += [predictors[row].head(drawn[row, :field].tolist()) for field in (1, 2, 3)]
            assert [logits[row].tolist() for logits in outputs] == said


@pytest.mark.gpu
@pytest.mark.parametrize("mode", MODES)
def test_a_gpu_makes_the_pieces_that_the_cpu_makes(cuda, tiny, mode):
    here, there = longplay.Engine(tiny, "cpu"), longplay.Engine(tiny, "cuda", cuda_graph=mode == "capture")
    pieces = zip(*(engine.generate_batch([None] * 300, 30, **LOOSE) for engine in (here, there)), strict=True)
    for ours, theirs in pieces:
        np.testing.assert_array_equal(ours.events, theirs.events)
    assert there.device == "cuda:0"


@pytest.mark.gpu
def test_a_piece_that_begins_on_the_cpu_resumes_on_a_gpu(cuda, tiny):
    here, there = longplay.Engine(tiny, "cpu"), longplay.Engine(tiny, "cuda")
    piece = here.generate(seconds=60, extendable=True, **LOOSE)
    longer = [engine.extend(piece.snapshot(), 120) for engine in (here, there)]
    np.testing.assert_array_equal(longer[0].events, longer[1].events)


@pytest.mark.gpu
def test_auto_takes_the_gpu_for_many_candidates(cuda, tiny):
    engine = longplay.Engine(tiny)
    list(engine.generate_batch([None] * 256, 1))
    assert engine.device == "cuda:0"
