"""One model, run step by step, for training and measurements."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay import _core
from longplay._base.arrays import require_integers
from longplay._base.cancel import Cancel, require_cancel
from longplay._base.require import require_flag, require_instance, require_integer, require_list, show
from longplay._model.device import DeviceName, gpu_index
from longplay._model.folder import load_model
from longplay._model.opened import model_path, open_runtime
from longplay._model.sampling import SAMPLING_OFF, field_params, sampling_params
from longplay.settings import Settings


class Model:
    """Run a model step by step: the caller chooses the events, and reads the logits.

    A model has a state for each row of a batch. `step` advances the first rows by one event and returns the logits of
    the first field; `head` returns the logits of a later field. `Engine` generates pieces with the same core.

    Parameters
    ----------
    model : path or str, optional
        A model folder (``docs/model-contract.md``), or the name of a built-in model, as for `Engine`.
    max_batch : int
        Number of rows, in [1, 4096].
    device : str
        "cpu", or "cuda" or "cuda:1", a GPU by its number.

    Raises
    ------
    ModelError
        The folder breaks the model contract; the message names the file and the entry.
    DeviceError
        ONNX Runtime or the device cannot be used; the message says how to fix it.
    TypeError, ValueError
        `max_batch` or `device` is not allowed; the message names it.

    Examples
    --------
    >>> model = longplay.Model("piano-lstm")
    >>> events = np.array([model.start_event])
    >>> controls = np.array([model.unknown_controls])
    >>> logits = model.step(events, controls)  # of the first field
    """

    def __init__(self, model: str | Path | None = None, *, max_batch: int = 1, device: DeviceName = "cpu") -> None:
        index = gpu_index(device)
        if device == "auto":
            raise ValueError("device must be 'cpu', 'cuda' or 'cuda:N', not 'auto'")
        rows = require_integer("max_batch", max_batch, 1, _core.MAX_BATCH)
        self._folder = load_model(model_path(model))
        self._runtime, chosen = open_runtime(index)
        self._core = _core.Model(self._runtime, self._folder.files, chosen, rows)

    @property
    def path(self) -> Path:
        """Folder of the model."""
        return self._folder.path

    @property
    def config(self) -> Mapping[str, Any]:
        """The model's ``config.json``."""
        return self._folder.config

    @property
    def hash(self) -> str:
        """SHA-256 of the model's files."""
        return self._folder.hash

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields of an event."""
        return tuple(str(field["name"]) for field in self.config["fields"])

    @property
    def start_event(self) -> tuple[int, ...]:
        """The event before the first one."""
        return tuple(int(id_) for id_ in self.config["start_event"])

    @property
    def unknown_controls(self) -> tuple[int, ...]:
        """Value of each control that means unknown."""
        return tuple(int(control["unknown"]) for control in self.config["controls"])

    @property
    def max_batch(self) -> int:
        """Number of rows."""
        return self._core.max_batch

    @property
    def state_bytes(self) -> int:
        """Size of the state of one row, in bytes."""
        return self._core.state_bytes

    @property
    def run_seconds(self) -> float:
        """Seconds inside ONNX Runtime's ``Run`` since the model was opened."""
        return self._core.run_seconds

    def step(
        self, events: NDArray[np.int64], controls: NDArray[np.int64], *, seed: bool = False
    ) -> NDArray[np.float32]:
        """Advance the first rows by one event.

        Parameters
        ----------
        events : int64 array, shape (rows, fields)
            The last event of each row; `start_event` before the first. `rows` is at most `max_batch`.
        controls : int64 array, shape (rows, controls)
            Value of each control.
        seed : bool
            Whether `events` are notes of the seed, or the start; a model distinguishes them if its config.json has
            ``seed_events``.

        Returns
        -------
        float32 array, shape (rows, ids of the first field)
            Logits of the first field of the next event.

        Raises
        ------
        ValueError
            A shape is wrong, or an id is out of range.
        """
        last = require_integers("events", events, np.int64, len(self.fields))
        values = require_integers("controls", controls, np.int64, len(self.unknown_controls))
        flag = require_flag("seed", seed)
        for row in range(min(len(last), self.max_batch)):
            self._core.mark_seed(row, flag)
        return self._core.step(last, values)

    def head(self, field: int, drawn: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the logits of a later field of the next event, after `step`.

        Parameters
        ----------
        field : int
            Index of the field, from 1.
        drawn : int64 array, shape (rows, field)
            Ids of the fields before it, with as many rows as in the last `step`.

        Returns
        -------
        float32 array, shape (rows, ids of the field)

        Raises
        ------
        ValueError
            `field`, the shape or an id is out of range.
        """
        which = require_integer("field", field, 1, len(self.fields) - 1)
        return self._core.head(which, require_integers("drawn", drawn, np.int64, which))

    def reset(self, row: int) -> None:
        """Set the state of a row to the initial state."""
        self._core.reset(self._row(row))

    def save(self, row: int) -> bytes:
        """Return the state of a row, for `load`."""
        return self._core.save(self._row(row))

    def load(self, row: int, state: bytes) -> None:
        """Set the state of a row to bytes from `save`.

        Raises
        ------
        ValueError
            The bytes are not a state of this model.
        """
        self._core.load(self._row(row), require_instance("state", state, bytes))

    def sampling(self, settings: Settings | None = None) -> list[dict[str, float]]:
        """Return ``temperature``, ``top_k``, ``top_p`` and ``min_p`` of each field, after settings and config."""
        chosen = Settings() if settings is None else require_instance("settings", settings, Settings)
        params = field_params(chosen, self.config)
        return [{name: getattr(one, name) for name in SAMPLING_OFF} for one in params]

    def score_events(
        self, events: NDArray[np.int32], *, controls: Sequence[int] | None = None, cancel: Cancel | None = None
    ) -> NDArray[np.float32]:
        """Return the log-probability of each field of events, each given all events before it.

        Parameters
        ----------
        events : int32 array, shape (events, fields)
        controls : sequence of int, optional
            Value of each control; by default `unknown_controls`.
        cancel : threading.Event, optional
            As for `Engine.generate`.

        Returns
        -------
        float32 array, shape (events, fields)
            Natural logarithms, before temperature and filters.

        Raises
        ------
        ValueError
            The shape is wrong, or an id is out of range.
        """
        scored = require_integers("events", events, np.int32, len(self.fields))
        return self._generate(scored, 0, {}, 0, controls, cancel, score_prompt=True)[2]

    def generate_events(
        self,
        count: int,
        prompt: NDArray[np.int32] | None = None,
        *,
        random_seed: int = 0,
        controls: Sequence[int] | None = None,
        cancel: Cancel | None = None,
        **sampling: float,
    ) -> NDArray[np.int32]:
        """Draw events after a prompt, without the rules of form that `Engine` adds.

        Parameters
        ----------
        count : int
            Number of events.
        prompt : int32 array, shape (events, fields), optional
            The events before them.
        random_seed : int
            Any integer in [0, 2**64 - 1].
        controls, cancel
            As for `score_events`.
        **sampling
            ``temperature``, ``top_k``, ``top_p``, ``min_p`` of all fields; by default the model's distribution is
            unchanged.

        Returns
        -------
        int32 array, shape (events, fields)

        Raises
        ------
        TypeError, ValueError
            An argument has the wrong type or is out of range.
        """
        nothing = np.empty((0, len(self.fields)), np.int32)
        before = nothing if prompt is None else require_integers("prompt", prompt, np.int32, len(self.fields))
        number = require_integer("count", count, 0, 2**62)
        seed = require_integer("random_seed", random_seed, 0, 2**64 - 1)
        return self._generate(before, number, sampling, seed, controls, cancel)[0]

    def _generate(
        self,
        prompt: NDArray[np.int32],
        count: int,
        sampling: Mapping[str, float],
        random_seed: int,
        controls: Sequence[int] | None,
        cancel: Cancel | None,
        score_prompt: bool = False,
    ) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
        require_cancel(cancel)
        if unknown := sorted(set(sampling) - set(SAMPLING_OFF)):
            raise TypeError(f"sampling must name {', '.join(SAMPLING_OFF)}, not {show(unknown[0])}")
        [generated] = _core.generate_events(
            self._runtime,
            self._folder.files,
            [prompt],
            [count],
            random_seed=random_seed,
            first_candidate=0,
            params=[sampling_params({**SAMPLING_OFF, **sampling})] * len(self.fields),
            bias=[[]] * len(self.fields),
            controls=self._controls(controls),
            guidance_scale=_core.GUIDANCE_OFF,
            score_prompt=score_prompt,
            rows=1,
            cancel=cancel,
        )
        return generated

    def _row(self, row: int) -> int:
        return require_integer("row", row, 0, self.max_batch - 1)

    def _controls(self, controls: Sequence[int] | None) -> list[int]:
        if controls is None:
            return list(self.unknown_controls)
        return [require_integer("controls", value, 0, 2**31 - 1) for value in require_list("controls", controls)]
