"""Our operators in graphs, compared with ONNX Runtime's nodes; what the operators refuse."""

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from longplay import _core
from longplay._model.folder import core_config, load_model
from longplay._model.opened import model_path
from longplay._model.runtime import library_path

UNITS = 3


@pytest.fixture(scope="module")
def runtime():
    return _core.Runtime(str(library_path()))


class Alone:
    """A model folder as ONNX Runtime runs it by itself, which puts functions' nodes in their place."""

    def __init__(self, folder, rows):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        paths = ["step.onnx", *(f"head_{field}.onnx" for field in (1, 2, 3))]
        self._step, *self._heads = (onnxruntime.InferenceSession(folder / path, options) for path in paths)
        kinds = {"float": np.float32, "float16": np.float16, "int64": np.int64, "int8": np.int8}
        self._state = {
            tensor.name: np.zeros([rows, *tensor.shape[1:]], kinds[tensor.type[len("tensor(") : -1]])
            for tensor in self._step.get_inputs()
            if tensor.name not in ("event", "control", "seed")
        }
        marked = any(tensor.name == "seed" for tensor in self._step.get_inputs())
        self._mark = {"seed": np.zeros((rows, 1), np.int64)} if marked else {}  # no event is the seed's

    def step(self, events, controls):
        names = ["logits", "context", *(f"next_{name}" for name in self._state)]
        inputs = {"event": events, "control": controls} | self._mark | self._state
        logits, self._context, *states = self._step.run(names, inputs)
        self._state = dict(zip(self._state, states, strict=True))
        return logits

    def head(self, field, drawn):
        return self._heads[field - 1].run(None, {"context": self._context, "drawn": drawn})[0]


def mean_distance(logits, others):
    assert logits.shape == others.shape
    return np.abs(logits - others).mean()


@pytest.mark.parametrize(("name", "apart"), [("piano-lstm", 0.002), ("piano", 0.2)])
@pytest.mark.parametrize("rows", [1, 7])
def test_our_kernels_say_what_onnx_runtimes_nodes_say(runtime, name, apart, rows):
    folder = model_path(name)
    model = load_model(folder)
    ours, alone = _core.Model(runtime, model.files, _core.Device.cpu, rows), Alone(folder, rows)
    sizes = [field["size"] for field in model.config["fields"]]
    control_sizes = [control["size"] for control in model.config["controls"]]
    random = np.random.default_rng(0)
    for _ in range(40):
        events = np.stack([random.integers(size, size=rows) for size in sizes], axis=1)
        controls = np.stack([random.integers(size, size=rows) for size in control_sizes], axis=1)
        # A number that is quantised to the next one moves logits by hundredths, which layers and steps add up.
        assert mean_distance(ours.step(events, controls), alone.step(events, controls)) < apart
        for field in (1, 2, 3):
            drawn = np.ascontiguousarray(events[:, :field])
            assert mean_distance(ours.head(field, drawn), alone.head(field, drawn)) < apart


FIELDS = [5, 4]  # ids
CONSTANTS = {
    "begins": np.array([0, 6]),
    "table": (np.arange(11 * 4 * UNITS).reshape(11, 4 * UNITS) % 17 / 8 - 1).astype(np.float16),
    "cell_weight": (np.arange(4 * UNITS * UNITS).reshape(UNITS, 4 * UNITS) * 7 % 127 - 63).astype(np.int8),
    "cell_scale": np.full(4 * UNITS, 1e-4, np.float32),
    "weight": (np.arange(5 * UNITS).reshape(UNITS, 5) * 11 % 127 - 63).astype(np.int8),
    "scale": np.full(5, 1e-3, np.float32),
    "bias": np.arange(5, dtype=np.float32),
    "begin": np.array([1]),
    "head_begins": np.array([0]),
    "head_table": (np.arange(10).reshape(5, 2) / 8).astype(np.float16),
    "head_weight": (np.arange(8).reshape(2, 4) * 15 - 63).astype(np.int8),
    "head_scale": np.full(4, 1e-3, np.float32),
    "head_bias": np.arange(4, dtype=np.float32),
}


def files(constants=None, *, computed=(), split=False, first_drawn=False):
    """Write an LSTM of three units, with a head whose input is two of them, as our operators alone.

    `computed` names the inputs that are not constant. `split` replaces the cell by a product and its gates. With
    `first_drawn`, the head gets the drawn fields of the first row only.
    """
    both = CONSTANTS | (constants or {})
    states = [{"input": n, "output": f"next_{n}", "type": "float32", "shape": [UNITS]} for n in "hc"]
    config = {
        "fields": [{"name": name, "size": size} for name, size in zip(["one", "other"], FIELDS, strict=True)],
        "format": 1,
        "name": "lstm",
        "start_event": FIELDS,
        "context_width": UNITS,
        "controls": [],
        "states": states,
        "states_in_place": True,
    }
    cell = [
        our("Int8LSTMCell", "h", "c", "cell_weight", "cell_scale", "given", into=["next_h", "next_c"]),
    ]
    if split:
        cell = [
            our("Int8Linear", "h", "cell_weight", "cell_scale", "given", into=["gates"]),
            our("LSTMGates", "gates", "c", into=["next_h", "next_c"]),
        ]
    step = [
        our("EmbeddingSum", "event", "begins", "table", into=["given"]),
        *cell,
        our("Int8Linear", "next_h", "weight", "scale", "bias", into=["logits"]),
        helper.make_node("Identity", ["next_h"], ["context"]),
    ]
    drawn = "first" if first_drawn else "drawn"
    head = [
        helper.make_node("Gather", ["drawn", "head_begins"], ["first"]),
        our("Int8Head", "context", "begin", drawn, *(f"head_{n}" for n in WEIGHED), into=["logits"]),
    ]
    hc = [real(name, UNITS) for name in "hc"]
    next_hc = [real(f"next_{name}", UNITS) for name in "hc"]
    return _core.ModelFiles(
        core_config(config),
        graph(step, [integers("event", 2), *hc], [real("logits", 5), real("context", UNITS), *next_hc], both, computed),
        [graph(head, [real("context", UNITS), integers("drawn", 1)], [real("logits", 4)], both, computed)],
        b"",
    )


WEIGHED = ("begins", "table", "weight", "scale", "bias")


def our(kind, *inputs, into):
    return helper.make_node(kind, inputs, into, domain="longplay")


def real(name, width):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width])


def integers(name, width):
    return helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", width])


def graph(nodes, inputs, outputs, constants, computed):
    read = {name for node in nodes for name in node.input}
    kept = {name: values for name, values in constants.items() if name in read}
    before = []
    for name in kept.keys() & set(computed):  # looked up by what the graph is given, times 0
        kept |= {f"all_{name}": kept.pop(name)[None], "zero": np.array(0), "axes": np.array([0, 1])}
        before += [
            helper.make_node("Mul", [inputs[-1 if inputs[0].name == "context" else 0].name, "zero"], ["nothing"]),
            helper.make_node("ReduceSum", ["nothing", "axes"], ["place"], keepdims=0),
            helper.make_node("Gather", [f"all_{name}", "place"], [name]),
        ]
    tensors = [numpy_helper.from_array(values, name) for name, values in kept.items()]
    made = helper.make_graph([*before, *nodes], "lstm", inputs, outputs, tensors)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("longplay", 1)]
    return helper.make_model(made, ir_version=8, opset_imports=opsets).SerializeToString()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def rounded(x):
    return np.clip(np.rint(127 * x), -128, 127)


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("rows", [1, 3, 8])
def test_operators_say_what_their_formulas_say(runtime, rows, split):
    model = _core.Model(runtime, files(split=split), _core.Device.cpu, rows)
    at = {name: values.astype(np.float64) for name, values in CONSTANTS.items()}
    random = np.random.default_rng(0)
    h = c = np.zeros((rows, UNITS))
    for _ in range(20):
        event = np.stack([random.integers(size + 1, size=rows) for size in FIELDS], axis=1)
        given = at["table"][event + CONSTANTS["begins"]].sum(axis=1)
        gates = rounded(h) @ at["cell_weight"] * at["cell_scale"] + given
        write, keep, show, new = np.split(gates, 4, axis=1)
        c = sigmoid(keep) * c + sigmoid(write) * np.tanh(new)
        h = sigmoid(show) * np.tanh(c)
        logits = rounded(h) @ at["weight"] * at["scale"] + at["bias"]
        np.testing.assert_allclose(model.step(event, np.zeros((rows, 0), np.int64)), logits, rtol=0, atol=1e-5)
        drawn = random.integers(5, size=(rows, 1))
        hidden = rounded(np.tanh(h[:, 1:] + at["head_table"][drawn[:, 0]]))
        logits = hidden @ at["head_weight"] * at["head_scale"] + at["head_bias"]
        np.testing.assert_allclose(model.head(1, drawn), logits, rtol=0, atol=1e-5)


FLAT, DEEP = np.zeros(12, np.int8), np.zeros((1, UNITS, 5), np.int8)


@pytest.mark.parametrize(
    ("constants", "problem"),
    [
        ({"cell_weight": np.zeros((UNITS, 10), np.int8)}, "Int8LSTMCell: weight must have outputs for four gates"),
        ({"cell_weight": np.zeros((4, 12), np.int8)}, r"Int8LSTMCell: x must be \(rows, inputs of the weight\)"),
        (
            {"cell_weight": np.zeros((UNITS, 16), np.int8), "cell_scale": np.zeros(16, np.float32)},
            r"Int8LSTMCell: c must be \(rows, units\)",
        ),
        ({"cell_scale": np.zeros(11, np.float32)}, r"Int8LSTMCell: scale must be \(outputs,\)"),
        ({"table": np.zeros((11, 8), np.float16)}, r"Int8LSTMCell: bias must be \(outputs,\) or \(rows, outputs\)"),
        ({"weight": np.full((UNITS, 5), 64, np.int8)}, r"Int8Linear: weight must be in \[-64, 63\]"),
        ({"weight": np.full((UNITS, 5), -65, np.int8)}, r"Int8Linear: weight must be in \[-64, 63\]"),
        ({"weight": FLAT}, r"Int8Linear: weight must be \(inputs, outputs\)"),
        ({"weight": DEEP}, r"Int8Linear: weight must be \(inputs, outputs\)"),
        ({"weight": DEEP[None, None]}, "Int8Linear: an input has more than four dimensions"),
        ({"scale": np.zeros((1, 5), np.float32)}, r"Int8Linear: scale must be \(outputs,\)"),
        ({"bias": np.zeros(6, np.float32)}, r"Int8Linear: bias must be \(outputs,\) or \(rows, outputs\)"),
        ({"bias": np.zeros((3, 5), np.float32)}, r"Int8Linear: bias must be \(outputs,\) or \(rows, outputs\)"),
        ({"begins": np.array([0])}, r"EmbeddingSum: ids must be \(rows, tables\)"),
        ({"begins": np.array([[0, 6]])}, r"EmbeddingSum: begins must be \(tables,\)"),
        ({"begins": np.array([0, 7])}, "EmbeddingSum: an id is beyond the table"),
        ({"begins": np.array([-6, 6])}, "EmbeddingSum: an id is beyond the table"),
        ({"table": np.zeros(11, np.float16)}, r"EmbeddingSum: table must be \(ids of all tables, width\)"),
        ({"begin": np.array([2])}, "Int8Head: context is not wide enough"),
        ({"begin": np.array([-1])}, "Int8Head: begin must be one number, not negative"),
        ({"begin": np.array([0, 1])}, "Int8Head: begin must be one number, not negative"),
        ({"head_weight": np.zeros((3, 4), np.int8)}, "Int8Head: table must be as wide as the weight has inputs"),
        ({"head_begins": np.array([5])}, "Int8Head: an id is beyond the table"),
    ],
)
def test_graphs_whose_shapes_do_not_fit_are_refused(runtime, constants, problem):
    with pytest.raises(_core.ModelError, match=problem):
        _core.Model(runtime, files(constants), _core.Device.cpu, 2)


def test_gates_that_do_not_fit_are_refused(runtime):
    wider = {
        "cell_weight": np.zeros((UNITS, 16), np.int8),
        "cell_scale": np.zeros(16, np.float32),
        "table": np.zeros((11, 16), np.float16),
    }
    with pytest.raises(_core.ModelError, match=r"LSTMGates: gates must be \(rows, 4 \* units\), c \(rows, units\)"):
        _core.Model(runtime, files(wider, split=True), _core.Device.cpu, 2)


def test_a_head_needs_as_many_drawn_rows_as_context_rows(runtime):
    with pytest.raises(_core.ModelError, match="Int8Head: context and drawn must have the same number of rows"):
        _core.Model(runtime, files(first_drawn=True), _core.Device.cpu, 2)


@pytest.mark.parametrize(
    "name", ["begins", "table", "cell_weight", "cell_scale", "weight", "scale", "begin", "head_begins", "head_table"]
)
def test_what_kernels_keep_must_be_constant(runtime, name):
    with pytest.raises(_core.ModelError, match=f"{name.split('_')[-1]} must be a constant"):
        _core.Model(runtime, files(computed=[name]), _core.Device.cpu, 2)


def test_a_bias_may_be_computed(runtime):
    model = _core.Model(runtime, files(computed=["bias", "head_bias"]), _core.Device.cpu, 1)
    loaded = _core.Model(runtime, files(), _core.Device.cpu, 1)
    event, control = np.array([[1, 2]]), np.zeros((1, 0), np.int64)
    np.testing.assert_array_equal(model.step(event, control), loaded.step(event, control))
