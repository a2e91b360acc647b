"""Define the operators of the domain ``longplay`` as functions of ONNX's operators (docs/model-contract.md).

ONNX Runtime inlines the nodes of a function unless a kernel is registered. The engine registers kernels.
"""

from collections.abc import Iterable

import onnx

from training.graphs.ring_attention import INT8_HEADS, INT8_RING_ATTENTION

DOMAIN, VERSION = "longplay", 1
INPUT_SCALE = 1 / 127
"""The value of one unit of the integers that `Int8Linear` multiplies."""
NORM_EPSILON = 1e-5
"""What `Norm` adds to the variance."""

_TEXTS = {
    "Int8Linear": f"""(x, weight, scale, bias) => (y) {{
        input_scale = Constant <value_float: float = {INPUT_SCALE}> ()
        zero = Constant <value = uint8 {{128}}> ()
        given = QuantizeLinear (x, input_scale, zero)
        whole = MatMulInteger (given, weight, zero)
        real = Cast <to: int = 1> (whole)
        scaled = Mul (real, scale)
        y = Add (scaled, bias)
    }}""",
    "Int8LSTMCell": """(x, c, weight, scale, bias) => (next_h, next_c) {
        gates = longplay.Int8Linear (x, weight, scale, bias)
        next_h, next_c = longplay.LSTMGates (gates, c)
    }""",
    "LSTMGates": """(gates, c) => (next_h, next_c) {
        input, forget, output, candidate = Split <axis: int = 1> (gates)
        write = Sigmoid (input)
        keep = Sigmoid (forget)
        show = Sigmoid (output)
        new = Tanh (candidate)
        kept = Mul (keep, c)
        written = Mul (write, new)
        next_c = Add (kept, written)
        shown = Tanh (next_c)
        next_h = Mul (show, shown)
    }""",
    # A product with ones takes half the time of a ReduceSum.
    "EmbeddingSum": """(ids, begins, table) => (sum) {
        real = Cast <to: int = 1> (table)
        places = Add (ids, begins)
        each = Gather <axis: int = 0> (real, places)
        count = Shape (begins)
        ones = ConstantOfShape <value = float[1] {1.0}> (count)
        sum = MatMul (ones, each)
    }""",
    "Int8Head": """(context, begin, drawn, begins, table, weight, scale, bias) => (logits) {
        axis = Constant <value_ints: ints = [1]> ()
        width = Shape <start: int = 1> (table)
        end = Add (begin, width)
        part = Slice (context, begin, end, axis)
        embedded = longplay.EmbeddingSum (drawn, begins, table)
        sum = Add (part, embedded)
        hidden = Tanh (sum)
        logits = longplay.Int8Linear (hidden, weight, scale, bias)
    }""",
    "Norm": f"""(x, gain) => (y) {{
        y = LayerNormalization <axis: int = -1, epsilon: float = {NORM_EPSILON}> (x, gain)
    }}""",
    "AddNorm": """(x, added, gain) => (y, sum) {
        sum = Add (x, added)
        y = longplay.Norm (sum, gain)
    }""",
    "GatedUnit": """(both) => (y) {
        gate, value = Split <axis: int = 1> (both)
        open = Sigmoid (gate)
        gated = Mul (gate, open)
        y = Mul (gated, value)
    }""",
    # The node that reads the state also writes it, because input and output may share their memory.
    "AddEarlier": """(x, earlier, part) => (sum, next_earlier) {
        both = Concat <axis: int = 1> (earlier, x)
        before, next_earlier = Split <axis: int = 1> (both)
        added = Mul (before, part)
        sum = Add (x, added)
    }""",
    # Only one node reads the state, so that it is read before it is overwritten.
    "NotePlaces": """(counts, seed, sizes, near)
            => (next_counts, turn, near_slot, near_seen, far_slot, far_seen) {
        one = Constant <value_ints: ints = [1]> ()
        of_others = Sub (one, seed)
        of_all = Add (seed, of_others)
        step = Concat <axis: int = 1> (of_all, seed, of_others)
        count = Add (counts, step)
        before = Sub (count, step)
        ends = Add (sizes, sizes)
        is_end = Equal (count, ends)
        smaller = Sub (count, sizes)
        next_counts = Where (is_end, smaller, count)
        turn, seeds_before, others_before = Split <axis: int = 1> (before)
        notes, seeds, others = Split <axis: int = 1> (count)
        near_slot = Mod (turn, near)
        near_seen = Min (notes, near)
        _, kept, window = Split <axis: int = 0> (sizes)
        seed_slot = Mod (seeds_before, kept)
        index = Mod (others_before, window)
        other_slot = Add (index, kept)
        is_seed = Equal (seed, one)
        far_slot = Where (is_seed, seed_slot, other_slot)
        seeds_seen = Min (seeds, kept)
        others_seen = Min (others, window)
        far_seen = Concat <axis: int = 1> (seeds_seen, others_seen)
    }""",
    "Int8Heads": INT8_HEADS,
    "Int8RingAttention": INT8_RING_ATTENTION,
}


def functions(nodes: Iterable[onnx.NodeProto], opset: int) -> list[onnx.FunctionProto]:
    """Return the functions that `nodes` use, and the functions that those use in turn."""
    named = [node.op_type for node in nodes if node.domain == DOMAIN]
    head = f'<opset_import: ["": {opset}, "{DOMAIN}": {VERSION}], domain: "{DOMAIN}">'
    found: dict[str, onnx.FunctionProto] = {}
    while named:
        name = named.pop()
        if name not in found:
            found[name] = onnx.parser.parse_function(f"{head} {name} {_TEXTS[name]}")
            named += [node.op_type for node in found[name].node if node.domain == DOMAIN]
    return [found[name] for name in sorted(found)]
