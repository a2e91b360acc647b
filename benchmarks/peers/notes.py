"""Others that make notes, one at a time and on one thread."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from benchmarks.peers.loop import Loop, expect_same, playing
from benchmarks.peers.lstm import LSTMWeights, read
from benchmarks.peers.rival import Rival, Work, compare
from longplay.bench.figure import Figure
from longplay.bench.options import Options

_MODELS_NOTES = 200  # of a Transformer at once: what fits its context


@dataclass(frozen=True)
class _SameWeights:
    """A loop that runs longplay's own weights, so that its answers can be checked."""

    name: str
    packages: str
    module: str
    make: Callable[[Any, LSTMWeights, Options], Loop]
    tolerance: float
    """Nats by which an id's log-probability may differ. The same graphs give the same numbers. In longplay's products
    eight bits are left of what enters them; in fp32 all, in another int8 other eight."""
    pace: int = 1  # it makes that many times fewer notes


_LOOPS = (
    _SameWeights(
        "onnxruntime, IOBinding", "onnxruntime", "runtime_loop", lambda m, w, o: m.RuntimeLoop(w, o.folder), 1e-5
    ),
    _SameWeights("torch, eager", "torch", "torch_eager", lambda m, w, _: m.EagerLoop(w), 0.1),
    _SameWeights(
        *("torch, eager, int8", "torch", "torch_function"),
        *(lambda m, w, _: m.FunctionLoop(w, m.int8, compiled=False), 0.3),
    ),
    _SameWeights(
        *("torch, compiled", "torch", "torch_function"),
        *(lambda m, w, _: m.FunctionLoop(w, m.fp32, compiled=True), 0.1),
    ),
    _SameWeights(
        *("torch, compiled, int8 weights", "torch", "torch_function"),
        *(lambda m, w, _: m.FunctionLoop(w, m.int8_weights, compiled=True), 0.3),
    ),
    _SameWeights("torch, window of 100", "torch", "torch_window", lambda m, w, _: m.WindowLoop(w), 0.1, pace=50),
)
_TRANSFORMERS = (
    ("transformers, GPT-2", "torch transformers", "gpt2"),
    # Without --no-deps pip would lay another onnxruntime over the one that is there.
    ("onnxruntime-genai, Llama", "torch transformers && pip install --no-deps onnxruntime-genai onnx-ir", "genai"),
)


def notes(options: Options) -> Iterator[Figure]:
    """Compare making notes, from the start event on: longplay a piece, the others as `loop` has it.

    All that longplay draws count as notes, also those that its rules do not keep: the others have no such rules.
    """

    def own() -> int:
        before = options.engine.statistics().row_steps
        options.engine.generate(None, options.batch_seconds)
        return options.engine.statistics().row_steps - before

    yield from compare("making notes", "us", Work(own, own()), rivals(options), options.repeats)


def rivals(options: Options) -> list[Rival]:
    """All of them; a model that is no LSTM as ``training/export.py`` writes it has none, and an Error says so."""
    weights = read(options.folder)
    same = [Rival(each.name, each.packages, _opening(each, weights, options)) for each in _LOOPS]
    others = [Rival(name, packages, _generating(module, weights, options)) for name, packages, module in _TRANSFORMERS]
    return [*same, *others]


def _opening(rival: _SameWeights, weights: LSTMWeights, options: Options) -> Callable[[], Work]:
    def open_it() -> Work:
        module = _module(rival.module)
        difference = expect_same(rival.make(module, weights, options), weights, options, rival.tolerance)
        count = max(1, options.calls // rival.pace)
        remark = f"log-probabilities within {difference:.1g} of ours"
        return Work(playing(rival.make(module, weights, options), weights, count), count, remark)

    return open_it


def _generating(name: str, weights: LSTMWeights, options: Options) -> Callable[[], Work]:
    def open_it() -> Work:
        count = min(_MODELS_NOTES, options.calls)
        run, remark = _module(name).generating(weights, count)
        return Work(run, count, remark)

    return open_it


def _module(name: str) -> Any:
    """A module of this folder that needs packages of its own; what it measures has one thread."""
    module = import_module(f"benchmarks.peers.{name}")
    if torch := getattr(module, "torch", None):
        torch.set_num_threads(1)
    return module
