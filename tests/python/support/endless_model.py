"""The tiny model with a loop in its step that runs practically for ever."""

from pathlib import Path

import onnx
import tiny_model
from onnx import TensorProto, helper

_TURNS = 2**62


def build(folder: Path, *, from_the_start: bool = False) -> Path:
    """Write the model. By default the first step of a row returns, so that the model can be opened."""
    tiny_model.build(folder, soft=True)
    model = onnx.load(folder / "step.onnx")
    graph = model.graph
    producer = next(node for node in graph.node if "logits" in node.output)
    producer.output[list(producer.output).index("logits")] = "logits_before"
    start = -1 if from_the_start else max(tiny_model.START_EVENT)  # higher than any id that is drawn
    integers = {"turns": _TURNS, "none": 0, "start": start}
    graph.initializer.extend(helper.make_tensor(name, TensorProto.INT64, [], [n]) for name, n in integers.items())
    numbers = {"zero": 0.0, "one": 1.0}
    graph.initializer.extend(helper.make_tensor(name, TensorProto.FLOAT, [], [n]) for name, n in numbers.items())
    graph.initializer.append(helper.make_tensor("go_on", TensorProto.BOOL, [], [True]))
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["goes_on"], ["goes_on_still"]),
            helper.make_node("Add", ["sum_before", "one"], ["sum_after"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("sum_before", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("goes_on_still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("sum_after", TensorProto.FLOAT, []),
        ],
    )
    graph.node.extend(
        [
            helper.make_node("ReduceMax", ["event"], ["highest"], keepdims=0),
            helper.make_node("Equal", ["highest", "start"], ["is_start"]),
            helper.make_node("Where", ["is_start", "none", "turns"], ["times"]),
            helper.make_node("Loop", ["times", "go_on", "zero"], ["sum"], body=body),
            helper.make_node("Mul", ["sum", "zero"], ["nothing"]),
            helper.make_node("Add", ["logits_before", "nothing"], ["logits"]),
        ]
    )
    onnx.save(model, folder / "step.onnx")
    return folder
