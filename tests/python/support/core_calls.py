"""Calls of the core with values for what a test does not choose. The core itself has no defaults."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay import _core
from longplay._model.sampling import SAMPLING_OFF
from longplay.midi import Notes


def sampling_params(**options: float) -> _core.SamplingParams:
    """Return parameters as the core takes them, of any value; by default the model's own distribution."""
    return _core.SamplingParams(**{**SAMPLING_OFF, **options})  # type: ignore[arg-type]


def sample_batch(
    logits: NDArray[np.float32], params: _core.SamplingParams, **options: Any
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Draw from a batch; by default the first field of the first event of the first candidate."""
    options = {"step": 0, "field": 0, "first_candidate": 0, "bias": None} | options
    return _core.sample_batch(logits, params, **options)


def write_score(notes: Notes, length_ms: int, *, running_status: bool = True, clip_ms: int = _core.CLIP_MS) -> bytes:
    """Write notes as a MIDI file; by default as `longplay.write_midi` does."""
    return _core.write_score(notes, length_ms, running_status=running_status, clip_ms=clip_ms)


def generate_events(*arguments: Any, **settings: Any) -> list[tuple[Any, Any, Any]]:
    """Draw events; by default one row at a time, without guidance, from the first candidate on."""
    off = {"random_seed": 0, "first_candidate": 0, "score_prompt": False, "rows": 1}
    return _core.generate_events(*arguments, **({"guidance_scale": _core.GUIDANCE_OFF} | off | settings))
