"""Limits of the machine, and the share of them that the model's step reaches.

The peak of multiply-adds is measured on ONNX Runtime's kernels in their best case: one product with many rows and a
cached weight. The bandwidth is that of NumPy's maximum of a byte array. One array is as large as the model's weights,
so a cache holds it; the other one is larger than any cache. All run on one thread.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from longplay.bench.figure import Figure, repeated
from longplay.bench.making import samples
from longplay.bench.onnx_bytes import product, weights
from longplay.bench.options import Options

_MEMORY = 256 << 20  # bytes
_SHAPES = ((256, 512, 512), (256, 512, 2048), (512, 1024, 1024))  # rows, inputs, outputs
_ROWS = 64  # of the second batch for which the share of the limit is measured; the first has one row


def limits(options: Options) -> Iterator[Figure]:
    """Measure the limits of the machine, and the step's share of them."""
    int8 = _peak(options, "MatMulInteger", np.uint8, np.int8, np.int32)
    fp32 = _peak(options, "MatMul", np.float32, np.float32, np.float32)
    int8_work, fp32_work = _multiply_adds(options)
    weight_bytes = int8_work + 4 * fp32_work
    cached, memory = (_bandwidth(options, size) for size in (weight_bytes, _MEMORY))
    yield Figure("limits", "int8 multiply-adds", "10^9/s", [each / 1e9 for each in int8], comment="MatMulInteger")
    yield Figure("limits", "fp32 multiply-adds", "10^9/s", [each / 1e9 for each in fp32], comment="MatMul")
    yield Figure("limits", "reading as many bytes as weights", "GB/s", [each / 1e9 for each in cached])
    yield Figure("limits", "reading memory", "GB/s", [each / 1e9 for each in memory])
    yield Figure("limits", "weights that multiply", "bytes", [weight_bytes])

    best = [int8_work / max(int8) + fp32_work / max(fp32), weight_bytes / max(cached)]
    for batch in (1, _ROWS):
        made = samples(options.engine, options, batch, options.batch_seconds)
        seconds = max(best[0], best[1] / batch)
        labels = {"batch": batch}
        bound = "multiply-adds" if seconds == best[0] else "reading weights"
        yield Figure("limits", "notes at most", "1/s", [1 / seconds], labels, f"bound by {bound}")
        rates = [each.steps / each.seconds for each in made]
        yield Figure("limits", "share that generation reaches", "%", [100 * seconds * rate for rate in rates], labels)
        running = [100 * seconds * each.steps / (each.step_seconds + each.head_seconds) for each in made]
        yield Figure("limits", "share that Run reaches", "%", running, labels)


def _multiply_adds(options: Options) -> tuple[int, int]:
    """Count the int8 and the fp32 weights of all products of a note. Lookup tables have 16 bits and do not count."""
    count = {np.dtype(np.int8): 0, np.dtype(np.float32): 0}
    for path in sorted(options.folder.glob("*.onnx")):
        for array in weights(path.read_bytes()).values():
            if array.ndim == 2 and array.dtype in count:
                count[array.dtype] += array.size
    return count[np.dtype(np.int8)], count[np.dtype(np.float32)]


def _peak(options: Options, kind: str, input_type: Any, weight: Any, output_type: Any) -> list[float]:
    """Measure multiply-adds a second, in the best of several shapes."""
    rates = []
    for rows, inputs, outputs in _SHAPES:
        values = _numbers((inputs, outputs), weight)
        session = onnxruntime.InferenceSession(product(kind, input_type, values, output_type), one_thread())
        x = _numbers((rows, inputs), input_type)
        wrong = np.abs(session.run(None, {"x": x})[0] - x.astype(np.float64) @ values.astype(np.float64)).max()
        if wrong > 1e-2:
            raise AssertionError(f"{kind} differs from the product by {wrong}")
        run = partial(session.run, None, {"x": x})
        times = [min(repeated(run, 10)) for _ in range(options.repeats)]
        rates.append([rows * inputs * outputs / each for each in times])
    return max(rates, key=max)


def _bandwidth(options: Options, size: int) -> list[float]:
    """Measure bytes read a second."""
    array = np.zeros(max(size, 1), np.int8)
    again = max(1, (64 << 20) // len(array))
    times = repeated(lambda: [array.max() for _ in range(again)], options.repeats)
    return [again * len(array) / each for each in times]


def _numbers(shape: tuple[int, int], kind: Any) -> NDArray[Any]:
    """Return random integers of 7 bits, as the model has, or fp32 numbers in [0, 1)."""
    random = np.random.default_rng(0)
    return random.random(shape, np.float32) if kind == np.float32 else random.integers(0, 64, shape, kind)


def one_thread() -> Any:
    """Return the options of a session that runs in the thread of its caller."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return options
