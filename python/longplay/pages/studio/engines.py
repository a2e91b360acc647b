"""The models that the studio offers, and what a page must know of them and of the settings."""

import threading
from dataclasses import Field, fields
from typing import Any

from longplay._core import Error
from longplay._model.folder import load_model
from longplay._model.opened import built_in_models, model_path
from longplay._model.styles import styles
from longplay.engine import DeviceName, Engine
from longplay.pages.studio.order import MOST, MOST_BYTES, MOST_CANDIDATES
from longplay.render import require_renderer
from longplay.settings import Declaration, Settings, SketchOptions

FIRST_SECONDS = 60.0
"""Length that the page proposes: short enough to wait for."""


class Engines:
    """The engines of the studio. Each is opened when it is first needed, and then kept.

    Parameters
    ----------
    model : str, optional
        Model folder, or the name of a built-in model, which the page proposes; by default that of `Engine`.
    device, threads
        As for `Engine`.

    Raises
    ------
    ModelError, DeviceError
        The proposed model cannot be opened.
    """

    def __init__(self, model: str | None = None, device: DeviceName = "auto", threads: int = 0) -> None:
        self._device = device
        self._threads = threads
        self._lock = threading.Lock()
        self._opened: dict[str, Engine] = {}
        first = model or model_path(None).name
        self._names = list(dict.fromkeys([first, *(path.name for path in built_in_models())]))
        self.open(first)

    def open(self, name: object) -> Engine:
        """Return the engine of a model.

        Raises
        ------
        ValueError
            The studio does not offer the model.
        """
        if name not in self._names:
            raise ValueError(f"model must be one of {', '.join(self._names)}, not {name!r}")
        with self._lock:
            if name not in self._opened:
                self._opened[str(name)] = Engine(str(name), self._device, self._threads)
            return self._opened[str(name)]

    def describe(self) -> dict[str, Any]:
        """Return the models, the settings and the limits as values for JSON."""
        return {
            "models": [_model(name) for name in self._names],
            "settings": [_setting(one) for one in (*fields(Settings), *fields(SketchOptions))],
            "most_candidates": MOST_CANDIDATES,
            "most_bytes": MOST_BYTES,
            "silent": _why_silent(),
        }


def _model(name: str) -> dict[str, Any]:
    config = load_model(model_path(name)).config
    return {"name": name, "styles": styles(config), "has_critic": "critic" in config}


def _setting(one: Field[Any]) -> dict[str, Any]:
    declared: Declaration = one.metadata["setting"]
    described = {name: getattr(declared, name) for name in ("kind", "help", "low", "choices")}
    high = MOST.get(one.name, declared.high)
    default = FIRST_SECONDS if one.name == "seconds" else one.default
    return {"name": one.name, "default": default, "high": high, **described}


def _why_silent() -> str:
    """Return why this machine cannot render sound; empty if it can."""
    try:
        require_renderer()
    except Error as problem:
        return str(problem)
    return ""
