"""Check int8 graphs."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

from onnx import TensorProto, helper

from training.graphs.builder import Floats, Graph

INPUTS, OUTPUTS = 40, 30


def multiplied(given: Floats, weight: Floats, bias: Floats | None) -> Floats:
    """Return the result of an int8 product."""
    g = Graph("int8")
    g.product("y", "x", weight, bias)
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width])
        for name, width in [("x", INPUTS), ("y", OUTPUTS)]
    )
    model = g.model("product", [x], [y])
    assert [function.name for function in model.functions] == ["Int8Linear"]
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    product: Floats = session.run(None, {"x": given})[0]
    return product


@pytest.mark.parametrize("biased", [True, False])
def test_a_product_in_int8_is_near_that_of_floats(biased: bool) -> None:
    random = np.random.default_rng(0)
    weight = random.normal(size=(INPUTS, OUTPUTS)).astype(np.float32)
    given = random.uniform(-1, 1, (5, INPUTS)).astype(np.float32)
    bias = random.normal(size=OUTPUTS).astype(np.float32) if biased else None
    exact = given @ weight + (0 if bias is None else bias)
    assert np.abs(multiplied(given, weight, bias) - exact).max() < 0.2


def test_rows_of_a_product_do_not_depend_on_their_batch() -> None:
    random = np.random.default_rng(1)
    weight = random.normal(size=(INPUTS, OUTPUTS)).astype(np.float32)
    given = random.uniform(-1, 1, (64, INPUTS)).astype(np.float32)
    together = multiplied(given, weight, weight[0])
    for row in (0, 33, 63):
        np.testing.assert_array_equal(together[row], multiplied(given[row : row + 1], weight, weight[0])[0])


def test_a_model_holds_the_functions_that_its_functions_name() -> None:
    g = Graph("int8")
    weight = np.ones((INPUTS, 4 * INPUTS), np.float32)
    g.lstm_cell(0, "h0", weight, weight[0])
    tensors = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", INPUTS])
        for name in ("h0", "c0", "next_h0", "next_c0")
    ]
    model = g.model("cell", tensors[:2], tensors[2:])
    assert [function.name for function in model.functions] == ["Int8LSTMCell", "Int8Linear", "LSTMGates"]
