"""The operator that finds the slots of notes in rings, in a graph."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from longplay import _core
from longplay._model.folder import core_config
from longplay._model.runtime import library_path

OUTPUTS = {"turn": 1, "near_slot": 1, "near_seen": 1, "far_slot": 1, "far_seen": 2}
SIZE = sum(OUTPUTS.values())
CONSTANTS = {"sizes": np.array([7, 3, 5]), "near": np.array([4]), "one": np.array([1])}


@pytest.fixture(scope="module")
def runtime():
    return _core.Runtime(str(library_path()))


def files(constants=None, marks="marks"):
    """Write a model whose logits are the places of a note; an event above 0 is of the seed."""
    places = ["counts", marks, "sizes", "near"]
    nodes = [
        helper.make_node("Min", ["event", "one"], ["marks"]),
        helper.make_node("Concat", ["marks", "marks"], ["twice"], axis=1),
        helper.make_node("NotePlaces", places, ["next_counts", *OUTPUTS], domain="longplay"),
        helper.make_node("Concat", list(OUTPUTS), ["all"], axis=1),
        helper.make_node("Cast", ["all"], ["logits"], to=TensorProto.FLOAT),
    ]
    tensors = [numpy_helper.from_array(values, name) for name, values in (CONSTANTS | (constants or {})).items()]
    widths = {"event": 1, "counts": 3, "next_counts": 3}
    of = {n: helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", width]) for n, width in widths.items()}
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", SIZE])
    graph = helper.make_graph(nodes, "places", [of["event"], of["counts"]], [logits, of["next_counts"]], tensors)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("longplay", 1)]
    config = {
        "fields": [{"name": "one", "size": SIZE}],
        "format": 1,
        "name": "places",
        "start_event": [SIZE],
        "controls": [],
        "states": [{"input": "counts", "output": "next_counts", "type": "int64", "shape": [3]}],
        "states_in_place": True,
    }
    step = helper.make_model(graph, ir_version=8, opset_imports=opsets).SerializeToString()
    return _core.ModelFiles(core_config(config), step, [], b"")


def test_each_note_gets_the_oldest_slot_of_its_ring(runtime):
    rows = 3
    model, random = _core.Model(runtime, files(), _core.Device.cpu, rows), np.random.default_rng(2)
    read = [{"all": 0, "seed": 0, "other": 0} for _ in range(rows)]
    for _ in range(60):
        event = random.integers(SIZE + 1, size=(rows, 1)) * random.integers(2, size=(rows, 1))
        found = model.step(event, np.zeros((rows, 0), np.int64))
        for row, counts in enumerate(read):
            of_seed = event[row, 0] > 0
            before = dict(counts)
            counts["all"] += 1
            counts["seed" if of_seed else "other"] += 1
            far_slot = before["seed"] % 3 if of_seed else 3 + before["other"] % 5
            seen = [min(counts["seed"], 3), min(counts["other"], 5)]
            turn, *rest = found[row].tolist()
            assert turn % 7 == before["all"] % 7
            assert turn < 14
            assert rest == [turn % 4, min(counts["all"], 4), far_slot, *seen]


@pytest.mark.parametrize(
    ("constants", "problem"),
    [
        ({"sizes": np.array([7, 3])}, "NotePlaces: sizes must be three numbers"),
        ({"near": np.array([4, 4])}, "NotePlaces: near must be one number"),
        ({"sizes": np.array([7, 0, 5])}, "NotePlaces: sizes and near must be above 0"),
        ({"near": np.array([0])}, "NotePlaces: sizes and near must be above 0"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(runtime, constants, problem):
    with pytest.raises(_core.ModelError, match=problem):
        _core.Model(runtime, files(constants), _core.Device.cpu, 2)


def test_a_note_has_one_mark(runtime):
    with pytest.raises(_core.ModelError, match=r"NotePlaces: seed must be \(rows, 1\)"):
        _core.Model(runtime, files(marks="twice"), _core.Device.cpu, 2)
