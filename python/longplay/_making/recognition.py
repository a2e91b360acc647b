"""The style in which the engine answers a seed."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

import numpy as np

from longplay import _core
from longplay._base.cancel import Cancel
from longplay._core import MidiError
from longplay._model.opened import OpenModel
from longplay._model.styles import control_values, is_performance, performed_style, recognised_from, styles
from longplay.midi import parse_midi
from longplay.provenance import SeedStyle
from longplay.settings import Settings

FLAT_SPREAD = 1.0
"""Standard deviation of velocities below which a seed has no dynamics."""

KEPT_SEEDS = 64
"""Seeds whose dynamics and style are remembered, for batches that repeat a seed."""

T = TypeVar("T")


class Recognition:
    """Recognise the dynamics and the style of seeds with an open model."""

    def __init__(self, model: OpenModel) -> None:
        self._model = model
        self._names: _Remembered[str | None] = _Remembered()
        self._flat: _Remembered[bool] = _Remembered()

    def seed_style(self, source: bytes, settings: Settings, cancel: Cancel | None = None) -> SeedStyle | None:
        """Return the style in which the engine answers a seed; None if the settings or the seed alone decide.

        Raises
        ------
        Cancelled
            `cancel` is set.
        """
        config = self._model.folder.config
        if settings.style is not None:
            return None
        performed = performed_style(config) if settings.dynamics == "performed" else None
        is_answered = performed is not None and self._is_written(source, cancel)
        name = performed if is_answered else self._name(source, cancel)
        scale = _core.GUIDANCE_OFF if recognised_from(config) else settings.guidance_scale
        return None if name is None else SeedStyle(name, scale)

    def _is_written(self, source: bytes, cancel: Cancel | None) -> bool:
        """Return whether a seed is no performance."""
        if self._flat.get(source, lambda: _is_flat(source, cancel)):
            return True
        name = self._name(source, cancel)
        return name is not None and not is_performance(name)

    def _name(self, source: bytes, cancel: Cancel | None) -> str | None:
        """Return the style with which the model finds the first notes of a seed likeliest; None if it has none."""
        if not recognised_from(self._model.folder.config):
            return None
        return self._names.get(source, lambda: self._recognise(source, cancel))

    def _recognise(self, source: bytes, cancel: Cancel | None) -> str | None:
        config = self._model.folder.config
        names = styles(config)
        values = [control_values(config, name) for name in names]
        try:
            scores, _ = self._model.core.score(source, values, recognised_from(config), cancel)
        except MidiError:
            return None  # the core refuses the seed when the piece begins
        return names[int(np.argmax([score.sum(dtype=np.float64) for score in scores]))] if len(scores[0]) else None


class _Remembered(Generic[T]):
    """The values of the last seeds; safe to use from several threads."""

    def __init__(self) -> None:
        self._values: dict[bytes, T] = {}
        self._lock = Lock()

    def get(self, source: bytes, make: Callable[[], T]) -> T:
        """Return the value of a seed, made by `make` if it is new."""
        with self._lock:
            if source in self._values:
                return self._values[source]
        value = make()  # without the lock, so that another thread's seed does not wait
        with self._lock:
            self._values[source] = value
            if len(self._values) > KEPT_SEEDS:
                del self._values[next(iter(self._values))]
        return value


def _is_flat(source: bytes, cancel: Cancel | None) -> bool:
    """Return whether a seed has no dynamics; False for one that cannot be read, which the core refuses."""
    try:
        notes, _ = parse_midi(source, cancel=cancel)
    except MidiError:
        return False
    return len(notes) > 0 and float(notes["velocity"].std()) < FLAT_SPREAD
