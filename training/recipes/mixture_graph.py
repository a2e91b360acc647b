"""Build the graphs of `training.recipes.mixture`: one step, and a head for each further field."""

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from longplay.importing.nodes import onnx_gates
from training import tables
from training.graphs.builder import Graph
from training.recipes.steps import state

if TYPE_CHECKING:
    from training.recipes.mixture import Mixture


def log_widths(scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logarithm of the width around each value of an ascending scale."""
    return np.log(np.gradient(scale)).astype(np.float32)


def graphs(model: "Mixture") -> tuple[dict[str, onnx.ModelProto], list[dict[str, Any]]]:
    """Return step.onnx and the heads by name, and the states."""
    step, states = _step(model)
    return {"step": step, **{f"head_{number}": _head(model, number) for number in (1, 2, 3)}}, states


def _tensor(name: str, kind: int, width: int) -> Any:
    return helper.make_tensor_value_info(name, kind, ["batch", width])


def _step(model: "Mixture") -> tuple[onnx.ModelProto, list[dict[str, Any]]]:
    g = Graph("fp32")
    columns = []
    for number, scale in enumerate(model.scales):
        first, last = g.integers([number]), g.integers([number + 1])
        ids = g.add("Slice", "event", first, last, g.integers([1]), into=f"id_{number}")
        table = g.constant(f"padded_{number}", np.pad(scale.numpy(), (0, 2)), np.float32)
        columns.append(g.add("Gather", table, ids, into=f"real_{number}"))
    value = g.add("Unsqueeze", g.add("Concat", *columns, into="x", axis=1), g.integers([0]), into="x_steps")
    states: list[dict[str, Any]] = []
    for layer in range(model.lstm.num_layers):
        value, more = _lstm(g, model, value, layer)
        states += more
    h = f"next_h{model.lstm.num_layers - 1}"
    both = g.product("parameters", h, model.out.weight.detach().numpy().T, model.out.bias.detach().numpy())
    context_width = model.components * (1 + 2 * len(model.fields))
    g.split(both, {"context": context_width, "end": 1})
    time = _field(g, model, 0, drawn="")
    stays = g.add("Neg", g.add("Softplus", "end", into="soft_end"), into="stays")
    ends = g.add("Neg", g.add("Softplus", g.add("Neg", "end", into="not_end"), into="soft_not"), into="ends")
    g.add("Concat", g.add("Add", time, stays, into="times"), ends, into="logits", axis=1)
    inputs = [_tensor("event", TensorProto.INT64, len(model.fields))]
    inputs += [_tensor(one["input"], TensorProto.FLOAT, one["shape"][0]) for one in states]
    outputs = [_tensor("logits", TensorProto.FLOAT, tables.SIZES[0])]
    outputs += [_tensor("context", TensorProto.FLOAT, context_width)]
    outputs += [_tensor(one["output"], TensorProto.FLOAT, one["shape"][0]) for one in states]
    return g.model("step", inputs, outputs), states


def _lstm(g: Graph, model: "Mixture", value: str, layer: int) -> tuple[str, list[dict[str, Any]]]:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    part = {name: getattr(model.lstm, f"{name}_l{layer}").detach().numpy() for name in names}
    bias = part["bias_ih"] + part["bias_hh"]
    arrays = [onnx_gates(part["weight_ih"].T), onnx_gates(part["weight_hh"].T)]
    arrays.append(np.concatenate([onnx_gates(bias), np.zeros((1, bias.size))], axis=1))
    weights = [g.constant(f"lstm{layer}_{number}", array, np.float32) for number, array in enumerate(arrays)]
    states = [state(f"{kind}{layer}", "float32", model.lstm.hidden_size) for kind in "hc"]
    given = [g.add("Unsqueeze", one["input"], g.integers([0]), into=f"given_{one['input']}") for one in states]
    after = [f"after_{one['input']}" for one in states]
    size = model.lstm.hidden_size
    g.add("LSTM", value, *weights, "", *given, into="", more=after, hidden_size=size)
    for one, name in zip(states, after, strict=True):
        g.add("Squeeze", name, g.integers([0]), into=one["output"])
    return after[0], states


def _shares(g: Graph, model: "Mixture", number: int) -> str:
    """Add the log-probability of each value of a field in each component, (batch, components, values)."""
    count = model.components
    parts = []
    for offset in (1 + 2 * number, 2 + 2 * number):
        begin, end = g.integers([offset * count]), g.integers([(offset + 1) * count])
        part = g.add("Slice", "context", begin, end, g.integers([1]), into=f"part_{offset}")
        parts.append(g.add("Unsqueeze", part, g.integers([2]), into=f"column_{offset}"))
    scale = g.constant(f"scale_{number}", model.scales[number].numpy(), np.float32)
    widths = g.constant(f"widths_{number}", model.log_widths[number].numpy(), np.float32)
    off = g.add("Sub", scale, parts[0], into=f"off_{number}")
    distance = g.add("Div", off, g.add("Exp", parts[1], into=f"deviation_{number}"), into=f"distance_{number}")
    square = g.add("Mul", distance, distance, into=f"square_{number}")
    half = g.add("Mul", square, g.constant("half", 0.5, np.float32), into=f"half_{number}")
    return g.add("LogSoftmax", g.add("Sub", widths, half, into=f"log_{number}"), into=f"shares_{number}", axis=2)


def _field(g: Graph, model: "Mixture", number: int, drawn: str) -> str:
    """Add the logits of a field: the log of the sum over components, weighted by the fields `drawn` before it."""
    first = g.add("Slice", "context", g.integers([0]), g.integers([model.components]), g.integers([1]), into="weights")
    weights = g.add("LogSoftmax", first, into="log_weights", axis=1)
    for earlier in range(number):
        begin, end = g.integers([earlier]), g.integers([earlier + 1])
        ids = g.add("Slice", drawn, begin, end, g.integers([1]), into=f"drawn_{earlier}")
        last = len(model.scales[earlier]) - 1  # END has no further fields
        ids = g.add("Min", ids, g.integers([last]), into=f"value_{earlier}")
        spread = g.add(
            "Expand",
            g.add("Unsqueeze", ids, g.integers([1]), into=f"one_{earlier}"),
            g.integers([1, model.components, 1]),
            into=f"each_{earlier}",
        )
        chosen = g.add("GatherElements", _shares(g, model, earlier), spread, into=f"chosen_{earlier}", axis=2)
        chosen = g.add("Squeeze", chosen, g.integers([2]), into=f"likely_{earlier}")
        weights = g.add("Add", weights, chosen, into=f"weights_{earlier}")
    weights = g.add("LogSoftmax", weights, into="posterior", axis=1)
    joint = g.add(
        "Add",
        g.add("Unsqueeze", weights, g.integers([2]), into="weight_column"),
        _shares(g, model, number),
        into="joint",
    )
    return g.add("ReduceLogSumExp", joint, into="field", axes=[1], keepdims=0)


def _head(model: "Mixture", number: int) -> onnx.ModelProto:
    g = Graph("fp32")
    g.add("Identity", _field(g, model, number, drawn="drawn"), into="logits")
    inputs = [_tensor("context", TensorProto.FLOAT, model.components * (1 + 2 * len(model.fields)))]
    inputs.append(_tensor("drawn", TensorProto.INT64, number))
    return g.model(f"head_{number}", inputs, [_tensor("logits", TensorProto.FLOAT, tables.SIZES[number])])
