"""Products of the graphs, by how wide they are."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

from onnx import TensorProto, helper

from training.graphs.builder import WIDE, Floats, Graph

WIDTH = 40


def multiplied(given: Floats, weight: Floats, bias: Floats | None) -> tuple[Floats, set[str]]:
    """What an int8 product says, and the operators it consists of."""
    g = Graph("int8")
    g.product("y", "x", weight, bias)
    tensors = [("x", WIDTH), ("y", weight.shape[1])]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width]) for name, width in tensors)
    model = g.model("product", [x], [y])
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": given})[0], {node.op_type for node in model.graph.node}


@pytest.mark.parametrize("biased", [True, False])
def test_a_wide_product_is_that_of_its_narrow_parts(biased: bool) -> None:
    random = np.random.default_rng(0)
    weight = random.normal(size=(WIDTH, WIDE)).astype(np.float32)
    given = random.uniform(-1, 1, (5, WIDTH)).astype(np.float32)
    bias = random.normal(size=WIDE).astype(np.float32) if biased else None
    whole, wide = multiplied(given, weight, bias)
    assert np.abs(whole - (given @ weight + (0 if bias is None else bias))).max() < 0.2
    for part in np.split(np.arange(WIDE), 4):
        said, narrow = multiplied(given, weight[:, part], None if bias is None else bias[part])
        np.testing.assert_allclose(whole[:, part], said, atol=1e-5)
        assert ("MatMulInteger" in wide, "MatMulIntegerToFloat" in narrow) == (True, True)


def test_rows_of_a_wide_product_do_not_depend_on_their_batch() -> None:
    random = np.random.default_rng(1)
    weight = random.normal(size=(WIDTH, WIDE)).astype(np.float32)
    given = random.uniform(-1, 1, (64, WIDTH)).astype(np.float32)
    together, _ = multiplied(given, weight, weight[0])
    for row in (0, 33, 63):
        alone, _ = multiplied(given[row : row + 1], weight, weight[0])
        np.testing.assert_array_equal(together[row], alone[0])
