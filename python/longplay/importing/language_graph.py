"""Graphs of language models: each step reads one token, and the states hold what the network remembers."""

from typing import Any

import numpy as np

from longplay.importing.language import Block, Gpt2, LanguageModel, LstmModel
from longplay.importing.nodes import Nodes, onnx_gates


def language_graph(model: LanguageModel) -> tuple[bytes, list[dict[str, Any]]]:
    """Return step.onnx of a language model, and the states of its config.json.

    The id `model.tokens` stands before the first token and leaves the states as they are. GPT-2 keeps the keys and the
    values of its last `context` tokens. After so many tokens, each new one has the last position, and the oldest is
    forgotten.
    """
    nodes = Nodes()
    is_token = nodes.add("Less", "event", nodes.integers(model.tokens))
    table = np.concatenate([model.embedding, np.zeros((1, model.embedding.shape[1]))])
    embedded = nodes.add("Gather", nodes.constant(table), "event")  # (batch, 1, width)
    if isinstance(model, LstmModel):
        states = _lstm_steps(nodes, model, embedded, is_token)
    else:
        states = _gpt2_step(nodes, model, embedded, is_token)
    return nodes.model(model.tokens, states), states


def _state(name: str, kind: str, *shape: int) -> dict[str, Any]:
    return {"input": name, "output": f"next_{name}", "type": kind, "shape": list(shape)}


def _lstm_steps(nodes: Nodes, model: LstmModel, embedded: str, is_token: str) -> list[dict[str, Any]]:
    states = []
    kept = nodes.add("Cast", is_token, to=nodes.onnx.TensorProto.FLOAT)
    values = nodes.add("Transpose", embedded, perm=[1, 0, 2])  # (1, batch, width)
    for number, layer in enumerate(model.layers):
        units = len(layer.recurrent_kernel)
        before = [_state(f"{part}_{number}", "float32", units) for part in ("hidden", "cell")]
        bias = np.concatenate([onnx_gates(layer.bias), np.zeros((1, layer.bias.size))], axis=1)
        weights = [nodes.constant(one) for one in (onnx_gates(layer.kernel), onnx_gates(layer.recurrent_kernel), bias)]
        given = [nodes.add("Unsqueeze", one["input"], nodes.integers(0)) for one in before]
        names = ["", f"new_hidden_{number}", f"new_cell_{number}"]
        after = nodes.add_all("LSTM", values, *weights, "", *given, into=names, hidden_size=units)[1:]
        for one, new in zip(before, after, strict=True):
            nodes.add("Mul", nodes.add("Squeeze", new, nodes.integers(0)), kept, into=one["output"])
        values = after[0]
        states += before
    _linear(nodes, nodes.add("Squeeze", values, nodes.integers(0)), model.kernel, model.bias, into="logits")
    return states


def _gpt2_step(nodes: Nodes, model: Gpt2, embedded: str, is_token: str) -> list[dict[str, Any]]:
    context, width = model.positions.shape
    heads, depth = model.heads, width // model.heads
    count = _state("count", "int64", 1)
    more = nodes.add("Add", "count", nodes.add("Cast", is_token, to=nodes.onnx.TensorProto.INT64))
    known = nodes.add("Min", more, nodes.integers(context), into=count["output"])
    known = nodes.add("Max", known, nodes.integers(1))  # before the first token there is something to attend to
    position = nodes.add("Gather", nodes.constant(model.positions), nodes.add("Sub", known, nodes.integers(1)))
    values = nodes.add("Add", embedded, position)
    mask = _mask(nodes, known, context)
    states = [count]
    for number, block in enumerate(model.blocks):
        normal = _norm(nodes, values, block.weights["ln_1.weight"], block.weights["ln_1.bias"])
        caches = [_state(f"{part}_{number}", "float32", heads, context, depth) for part in ("keys", "values")]
        attended = _attend(nodes, block, normal, mask, caches, (heads, depth))
        values = nodes.add("Add", values, _layer(nodes, block, "attn.c_proj", attended))
        normal = _norm(nodes, values, block.weights["ln_2.weight"], block.weights["ln_2.bias"])
        inner = _gelu(nodes, _layer(nodes, block, "mlp.c_fc", normal))
        values = nodes.add("Add", values, _layer(nodes, block, "mlp.c_proj", inner))
        states += caches
    normal = nodes.add("Squeeze", _norm(nodes, values, *model.norm), nodes.integers(1))
    nodes.add("MatMul", normal, nodes.constant(model.head), into="logits")
    return states


def _mask(nodes: Nodes, known: str, context: int) -> str:
    """Return what to add to the scores (batch, 1, 1, context) so that unknown tokens have no weight."""
    ago = nodes.constant([list(range(context, 0, -1))], np.int64)  # 1 for the newest
    is_known = nodes.add("LessOrEqual", ago, known)
    row = nodes.add("Where", is_known, nodes.constant(0.0), nodes.constant(-1e9))
    return nodes.add("Unsqueeze", row, nodes.integers(1, 2))


def _attend(
    nodes: Nodes, block: Block, normal: str, mask: str, caches: list[dict[str, Any]], shape: tuple[int, int]
) -> str:
    """Return the attention of one token (batch, 1, width), which joins the caches."""
    heads, depth = shape
    together = _layer(nodes, block, "attn.c_attn", normal)
    split = nodes.add("Reshape", together, nodes.integers(0, 3, heads, depth))
    query, *new = (
        nodes.add("Transpose", nodes.add("Gather", split, nodes.integers(part), axis=1), perm=[0, 2, 1, 3])
        for part in range(3)
    )
    context = caches[0]["shape"][1]
    key, value = (
        nodes.add("Concat", _without_oldest(nodes, cache["input"], context), one, into=cache["output"], axis=2)
        for cache, one in zip(caches, new, strict=True)
    )
    scores = nodes.add("MatMul", query, nodes.add("Transpose", key, perm=[0, 1, 3, 2]))
    scores = nodes.add("Add", nodes.add("Mul", scores, nodes.constant(1 / np.sqrt(depth))), mask)
    attended = nodes.add("MatMul", nodes.add("Softmax", scores, axis=-1), value)
    return nodes.add("Reshape", attended, nodes.integers(0, 1, heads * depth))


def _without_oldest(nodes: Nodes, cache: str, context: int) -> str:
    return nodes.add("Slice", cache, nodes.integers(1), nodes.integers(context), nodes.integers(2))


def _layer(nodes: Nodes, block: Block, name: str, values: str) -> str:
    return _linear(nodes, values, block.weights[f"{name}.weight"], block.weights[f"{name}.bias"])


def _linear(nodes: Nodes, values: str, kernel: Any, bias: Any, into: str = "") -> str:
    return nodes.add("Add", nodes.add("MatMul", values, nodes.constant(kernel)), nodes.constant(bias), into=into)


def _norm(nodes: Nodes, values: str, weight: Any, bias: Any) -> str:
    return nodes.add("LayerNormalization", values, nodes.constant(weight), nodes.constant(bias), axis=-1, epsilon=1e-5)


def _gelu(nodes: Nodes, values: str) -> str:
    cube = nodes.add("Mul", nodes.add("Mul", values, values), nodes.add("Mul", values, nodes.constant(0.044715)))
    inner = nodes.add("Mul", nodes.add("Add", values, cube), nodes.constant(np.sqrt(2 / np.pi)))
    share = nodes.add("Add", nodes.add("Tanh", inner), nodes.constant(1.0))
    return nodes.add("Mul", nodes.add("Mul", values, nodes.constant(0.5)), share)
