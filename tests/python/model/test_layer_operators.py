"""The operators of a Transformer's layers beside attention, in a graph; what they refuse."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from longplay import _core
from longplay._model.folder import core_config
from longplay._model.runtime import library_path

WIDTH = 32
SIZE = 5
CONSTANTS = {
    "begins": np.array([0]),
    "table": (np.arange((SIZE + 1) * WIDTH).reshape(SIZE + 1, WIDTH) * 7 % 23 / 8 - 1).astype(np.float16),
    "part": np.linspace(-1, 1, WIDTH, dtype=np.float32),
    "gain": np.linspace(0.5, 2, WIDTH, dtype=np.float32),
    "other_gain": np.linspace(2, 0.5, WIDTH, dtype=np.float32),
    "columns": np.array([SIZE, WIDTH // 2 - SIZE]),
}
CONFIG = {
    "fields": [{"name": "one", "size": SIZE}],
    "format": 1,
    "name": "layers",
    "start_event": [SIZE],
    "controls": [],
    "states": [{"input": "h", "output": "next_h", "type": "float32", "shape": [WIDTH]}],
    "states_in_place": True,
}


@pytest.fixture(scope="module")
def runtime():
    return _core.Runtime(str(library_path()))


def ours(kind, *inputs, into):
    return helper.make_node(kind, inputs, into, domain="longplay")


NODES = [
    ours("EmbeddingSum", "event", "begins", "table", into=["given"]),
    ours("AddEarlier", "given", "h", "part", into=["shifted", "next_h"]),
    ours("Norm", "shifted", "gain", into=["normed"]),
    ours("AddNorm", "shifted", "normed", "other_gain", into=["both", "sum"]),
    ours("GatedUnit", "both", into=["gated"]),
    helper.make_node("Split", ["gated", "columns"], ["logits", "rest"], axis=1),
]


def files(constants=None, nodes=None):
    tensors = [numpy_helper.from_array(values, name) for name, values in (CONSTANTS | (constants or {})).items()]
    inputs = [
        helper.make_tensor_value_info("event", TensorProto.INT64, ["batch", 1]),
        helper.make_tensor_value_info("h", TensorProto.FLOAT, ["batch", WIDTH]),
    ]
    widths = {"logits": SIZE, "next_h": WIDTH}
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["batch", width]) for n, width in widths.items()]
    graph = helper.make_graph(nodes or NODES, "layers", inputs, outputs, tensors)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("longplay", 1)]
    step = helper.make_model(graph, ir_version=8, opset_imports=opsets).SerializeToString()
    return _core.ModelFiles(core_config(CONFIG), step, [], b"")


def normed(x, gain):
    apart = x - x.mean(axis=1, keepdims=True)
    return apart / np.sqrt((apart**2).mean(axis=1, keepdims=True) + 1e-5) * gain


@pytest.mark.parametrize("rows", [1, 3, 8])
def test_operators_say_what_their_formulas_say(runtime, rows):
    model = _core.Model(runtime, files(), _core.Device.cpu, rows)
    at = {name: values.astype(np.float64) for name, values in CONSTANTS.items()}
    random, h = np.random.default_rng(0), np.zeros((rows, WIDTH))
    for _ in range(10):
        event = random.integers(SIZE + 1, size=(rows, 1))
        given = at["table"][event[:, 0]]
        shifted, h = given + h * at["part"], given
        both = normed(shifted + normed(shifted, at["gain"]), at["other_gain"])
        gate, value = np.split(both, 2, axis=1)
        gated = gate / (1 + np.exp(-gate)) * value
        logits = model.step(event, np.zeros((rows, 0), np.int64))
        np.testing.assert_allclose(logits, gated[:, :SIZE], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("constants", "problem"),
    [
        ({"gain": np.ones(24, np.float32)}, r"Norm: gain must be \(width,\), a multiple of 16"),
        ({"gain": np.ones((1, WIDTH), np.float32)}, r"Norm: gain must be \(width,\), a multiple of 16"),
        ({"gain": np.ones(16, np.float32)}, r"Norm: x must be \(rows, width of the gain\)"),
        ({"other_gain": np.ones(48, np.float32)}, r"AddNorm: x must be \(rows, width of the gain\)"),
        ({"part": np.ones(16, np.float32)}, r"AddEarlier: x must be \(rows, width\), and part \(width,\)"),
        ({"part": np.ones((1, WIDTH), np.float32)}, r"AddEarlier: x must be \(rows, width\), and part \(width,\)"),
        (
            {"table": np.ones((SIZE + 1, 48), np.float16), "part": np.ones(48, np.float32)},
            "AddEarlier: earlier must have the shape of x",
        ),
    ],
)
def test_graphs_whose_shapes_do_not_fit_are_refused(runtime, constants, problem):
    with pytest.raises(_core.ModelError, match=problem):
        _core.Model(runtime, files(constants), _core.Device.cpu, 2)


def test_what_is_added_must_have_the_shape_of_the_stream(runtime):
    nodes = [*NODES]
    nodes[3:3] = [helper.make_node("Concat", ["normed", "normed"], ["twice"], axis=0)]
    nodes[4] = ours("AddNorm", "shifted", "twice", "other_gain", into=["both", "sum"])
    with pytest.raises(_core.ModelError, match="AddNorm: added must have the shape of x"):
        _core.Model(runtime, files(nodes=nodes), _core.Device.cpu, 2)


def test_a_gate_needs_a_value(runtime):
    nodes = [*NODES]
    constants = {"some": np.array([WIDTH - 1, 1])}
    nodes[4:5] = [
        helper.make_node("Split", ["both", "some"], ["most", "last"], axis=1),
        ours("GatedUnit", "most", into=["gated"]),
    ]
    with pytest.raises(_core.ModelError, match=r"GatedUnit: both must be \(rows, 2 \* units\)"):
        _core.Model(runtime, files(constants, nodes), _core.Device.cpu, 2)


@pytest.mark.parametrize("name", ["gain", "other_gain", "part"])
def test_what_kernels_keep_must_be_constant(runtime, name):
    computed = [
        helper.make_node("Mul", ["h", "zero"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["nothing"], keepdims=0),
        helper.make_node("Add", [name, "nothing"], ["computed"]),
    ]
    nodes = [type(node).FromString(node.SerializeToString()) for node in NODES]
    for node in nodes:
        node.input[:] = ["computed" if each == name else each for each in node.input]
    with pytest.raises(_core.ModelError, match=f"{name.split('_')[-1]} must be a constant"):
        _core.Model(runtime, files({"zero": np.float32(0)}, [*computed, *nodes]), _core.Device.cpu, 2)
