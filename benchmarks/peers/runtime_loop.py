"""The same graphs in Python's ONNX Runtime: bound once, states overwritten in their memory, drawn with NumPy."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from benchmarks.peers.loop import bounds, draw
from benchmarks.peers.lstm import Floats, LSTMWeights
from longplay.bench.limits import one_thread


class RuntimeLoop:
    """Allocates nothing and looks up no name while it generates."""

    def __init__(self, weights: LSTMWeights, folder: Path) -> None:
        sizes, width = weights.sizes, weights.width
        self._event = np.array([weights.start_event], np.int64)
        control = np.array([weights.unknown], np.int64)
        context = np.zeros((1, weights.output.bias.size - sizes[0]), np.float32)
        self._bounds, self._top_p = bounds(sizes), weights.top_p
        self._all = np.zeros((1, sum(sizes)), np.float32)
        self._logits = [self._all[:, begin:end] for begin, end in self._bounds]
        self._drawn = [np.zeros((1, field), np.int64) for field in range(1, len(sizes))]
        states = {name: np.zeros((1, width), np.float32) for name in ("h0", "c0", "h1", "c1")}
        self._step = _Bound(
            folder / "step.onnx",
            {"event": self._event, "control": control, **states},
            {
                "logits": self._logits[0],
                "context": context,
                **{f"next_{name}": state for name, state in states.items()},
            },
        )
        self._heads = [
            _Bound(folder / f"head_{field}.onnx", {"context": context, "drawn": drawn}, {"logits": logits})
            for field, (drawn, logits) in enumerate(zip(self._drawn, self._logits[1:], strict=True), start=1)
        ]

    def prepared(self, noise: Floats) -> Sequence[list[Floats]]:
        """See `Loop`."""
        return [[row[begin:end] for begin, end in self._bounds] for row in noise]

    def note(self, noise: list[Floats]) -> Floats:
        """See `Loop`."""
        self._step.run()
        self._draw(0, noise)
        for field, head in enumerate(self._heads, start=1):
            head.run()
            self._draw(field, noise)
        return self._all

    def _draw(self, field: int, noise: list[Floats]) -> None:
        drawn = draw(self._logits[field][0], noise[field], self._top_p[field])
        self._event[0, field] = drawn
        for before in self._drawn[field:]:
            before[0, field] = drawn


class _Bound:
    """A session whose inputs and outputs are always the same arrays."""

    def __init__(self, path: Path, inputs: dict[str, NDArray[Any]], outputs: dict[str, NDArray[Any]]) -> None:
        self._session = onnxruntime.InferenceSession(path, one_thread(), providers=["CPUExecutionProvider"])
        self._binding = self._session.io_binding()
        self._kept = [*inputs.values(), *outputs.values()]
        for bind, arrays in ((self._binding.bind_input, inputs), (self._binding.bind_output, outputs)):
            for name, array in arrays.items():
                bind(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)

    def run(self) -> None:
        """Run the session once."""
        self._session.run_with_iobinding(self._binding)
