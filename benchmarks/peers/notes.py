"""Rivals that generate notes, one at a time and on one thread."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from benchmarks.peers.loop import Loop, expect_same, playing
from benchmarks.peers.lstm import LSTMWeights, read
from benchmarks.peers.rival import Rival, Work, compare
from longplay.bench.figure import Figure
from longplay.bench.options import Options

_TRANSFORMER_NOTES = 200  # of one run of a Transformer; they fit its context


@dataclass(frozen=True)
class _SameWeights:
    """A loop with longplay's own weights, so that its results can be checked."""

    name: str
    packages: str
    module: str
    make: Callable[[Any, LSTMWeights, Options], Loop]
    tolerance: float
    """Largest allowed difference of an id's log-probability, in nats. The same graphs give the same numbers. longplay
    rounds the inputs of a product to 8 bits, an fp32 rival does not, and another int8 rival rounds differently."""
    slowdown: int = 1  # divides the number of notes that are timed


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
    _SameWeights("torch, window of 100", "torch", "torch_window", lambda m, w, _: m.WindowLoop(w), 0.1, slowdown=50),
)
_TRANSFORMERS = (
    ("transformers, GPT-2", "torch transformers", "gpt2"),
    # Without --no-deps, pip would overwrite the installed onnxruntime with another build.
    ("onnxruntime-genai, Llama", "torch transformers && pip install --no-deps onnxruntime-genai onnx-ir", "genai"),
)


def notes(options: Options) -> Iterator[Figure]:
    """Compare the generation of notes from the start event: longplay a piece, the rivals as in `loop`.

    Every event that longplay draws counts as a note, also events that its rules reject. The rivals have no such rules.
    """

    def own() -> int:
        before = options.engine.statistics().row_steps
        options.engine.generate(None, options.batch_seconds)
        return options.engine.statistics().row_steps - before

    yield from compare("making notes", "us", Work(own, own()), rivals(options), options.repeats)


def rivals(options: Options) -> list[Rival]:
    """Return all rivals. They fail if the model is not an LSTM that ``training/export.py`` wrote."""

    @cache
    def weights() -> LSTMWeights:
        return read(options.folder)

    same = [Rival(each.name, each.packages, _opening(each, weights, options)) for each in _LOOPS]
    others = [Rival(name, packages, _generating(module, weights, options)) for name, packages, module in _TRANSFORMERS]
    return [*same, *others]


def _opening(rival: _SameWeights, read_weights: Callable[[], LSTMWeights], options: Options) -> Callable[[], Work]:
    def open_it() -> Work:
        module, weights = _module(rival.module), read_weights()
        difference = expect_same(rival.make(module, weights, options), weights, options, rival.tolerance)
        count = max(1, options.calls // rival.slowdown)
        comment = f"log-probabilities within {difference:.1g} nats of longplay's"
        return Work(playing(rival.make(module, weights, options), weights, count), count, comment)

    return open_it


def _generating(name: str, read_weights: Callable[[], LSTMWeights], options: Options) -> Callable[[], Work]:
    def open_it() -> Work:
        count = min(_TRANSFORMER_NOTES, options.calls)
        run, comment = _module(name).generating(read_weights(), count)
        return Work(run, count, comment)

    return open_it


def _module(name: str) -> Any:
    """Import a module of this folder that needs further packages, and limit torch to one thread."""
    module = import_module(f"benchmarks.peers.{name}")
    if torch := getattr(module, "torch", None):
        torch.set_num_threads(1)
    return module
