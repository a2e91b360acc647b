"""The engine: a seed in, an hour of piano out."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Literal, TypeAlias, Unpack

import numpy as np

from longplay import _core
from longplay._model_folder import ModelFolder, load_model
from longplay._runtime import library_path, preload_cuda
from longplay.midi import MidiSource, midi_bytes
from longplay.piece import Piece, Provenance, Score
from longplay.settings import Settings, SettingsArguments, core_settings, styles

Seed: TypeAlias = MidiSource | None
"""The MIDI file that a piece answers: a path, bytes, or None for a piece from nothing."""

Progress: TypeAlias = Callable[[float, float], None]
"""Called with seconds of music made so far and in all, a few times a second."""

DeviceName: TypeAlias = Literal["auto", "cpu", "cuda"]

_BUILT_IN = Path(__file__).parent / "models"
_DEFAULT_MODEL = "piano-lstm"
_POLL_SECONDS = 0.05


class Engine:
    """Makes piano music with a model, on the CPU or a GPU.

    An engine may be used from several threads at once. It keeps the sessions it has opened.

    Parameters
    ----------
    model : path or str, optional
        A model folder (``docs/model-contract.md``), or the name of a built-in model. By default
        ``"piano-lstm"``.
    device : {"auto", "cpu", "cuda"}
        Where the model runs. "auto" takes the CPU: for the built-in model it is the faster of the two until
        many candidates are made at once.
    num_threads : int
        Threads that make candidates side by side; 0 takes one per core. One candidate is made by one thread.

    Raises
    ------
    ModelError
        The folder breaks the model contract; the message names the file and the entry.
    DeviceError
        ONNX Runtime or the device cannot be used; the message says what mends it.
    ValueError
        `device` or `num_threads` is out of range.
    """

    def __init__(self, model: str | Path | None = None, device: DeviceName = "auto", num_threads: int = 0) -> None:
        if device not in ("auto", "cpu", "cuda"):
            raise ValueError(f"device must be 'auto', 'cpu' or 'cuda', not {device!r}")
        self._model: ModelFolder = load_model(_model_path(model))
        self._device: DeviceName = "cuda" if device == "cuda" else "cpu"
        if device == "cuda":
            preload_cuda()
        self._core = _core.Engine(
            _core.Runtime(str(library_path())),
            self._model.files,
            _core.Device.cuda if device == "cuda" else _core.Device.cpu,
            num_threads,
        )

    @property
    def device(self) -> str:
        """The device in use: "cpu" or "cuda"."""
        return self._device

    @property
    def num_threads(self) -> int:
        """How many threads make candidates."""
        return self._core.num_threads

    @property
    def model_name(self) -> str:
        """The model's own name."""
        return str(self._model.config["name"])

    @property
    def model_hash(self) -> str:
        """SHA-256 of the model's files."""
        return self._model.hash

    @property
    def end_id(self) -> int:
        """The time shift in `Piece.events` that means END."""
        return int(self._model.config["fields"][0]["size"]) - 1

    @property
    def loop_time(self) -> _core.LoopTime:
        """Where the time went in all pieces so far: in the loop, and inside ONNX Runtime's Run."""
        return self._core.time

    @property
    def styles(self) -> tuple[str, ...]:
        """Styles that `generate` may be asked for; empty when the model knows none."""
        return styles(self._model.config)

    def generate(
        self,
        seed: Seed = None,
        seconds: float = 60.0,
        *,
        progress: Progress | None = None,
        **settings: Unpack[SettingsArguments],
    ) -> Piece:
        """Make one piece that answers a seed.

        The first of `generate_batch` with the same arguments, to the bit: a piece depends on the model, the
        seed and the settings alone.

        Parameters
        ----------
        seed : path, bytes or None
            The MIDI file to answer, of any length; None makes a piece from nothing.
        seconds : float
            Length of the piece, in [1, 86400], exact to the millisecond.
        progress : callable, optional
            Called with (seconds made, seconds in all) a few times a second.
        **settings
            ``random_seed``, ``temperature``, ``top_k``, ``top_p``, ``min_p``, ``style``, ``max_velocity``,
            ``recital``, ``include_seed``: see `Settings`.

        Returns
        -------
        Piece

        Raises
        ------
        MidiError
            The seed is not a readable MIDI file.
        OSError
            The seed cannot be opened.
        ValueError
            A setting is out of range; the message names it.
        """
        return next(self.generate_batch([seed], seconds, progress=progress, **settings))

    def generate_batch(
        self,
        seeds: Iterable[Seed],
        seconds: float = 60.0,
        *,
        progress: Progress | None = None,
        **settings: Unpack[SettingsArguments],
    ) -> Iterator[Piece]:
        """Make one piece for each seed, many at once.

        Candidate ``i`` answers ``seeds[i]`` and is drawn with random numbers that depend on ``(random_seed, i)``
        alone, so it is the same piece whatever else is made beside it and by however many threads.

        A piece has an onset at time 0 and within half a second of each multiple of 30 s, no more than 3 s from
        one onset to the next except between the pieces of a recital, no run of 16 to 256 pitches three times in
        a row, and nothing sounding in its last 10 ms.

        Parameters
        ----------
        seeds : iterable of path, bytes or None
            What to answer. Repeat a seed to get several answers to it.
        seconds, progress, **settings
            As for `generate`; `progress` counts all pieces together.

        Yields
        ------
        Piece
            In the order of the seeds, each as soon as it and all before it are done.

        Raises
        ------
        MidiError
            A seed is not a readable MIDI file.
        OSError
            A seed cannot be opened.
        ValueError
            A setting is out of range; the message names it.
        """
        asked = Settings(seconds=seconds, **settings)
        sources = [None if seed is None else midi_bytes(seed) for seed in seeds]
        job = self._core.start(sources, core_settings(asked, self._model.config))
        return self._pieces(job, sources, asked, progress)

    def _pieces(
        self, job: _core.Job, sources: list[bytes | None], settings: Settings, progress: Progress | None
    ) -> Iterator[Piece]:
        whole = settings.seconds * len(sources)
        try:
            for index, source in enumerate(sources):
                while not job.wait(index, _POLL_SECONDS):  # Ctrl-C is heard between two waits
                    if progress is not None:
                        progress(job.made_ms / 1000, whole)
                yield self._piece(job, index, source, settings)
            if progress is not None:
                progress(whole, whole)
        finally:
            job.stop()

    def _piece(self, job: _core.Job, index: int, source: bytes | None, settings: Settings) -> Piece:
        notes, events, log_probabilities, remarks = job.take(index)
        provenance = Provenance(
            version=version("longplay"),
            model=self.model_name,
            model_hash=self.model_hash,
            seed_hash=None if source is None else hashlib.sha256(source).hexdigest(),
            candidate=index,
            settings=settings,
        )
        duration = settings.milliseconds / 1000
        return Piece(notes, duration, events, log_probabilities, provenance, tuple(remarks))

    def score(self, midi: MidiSource) -> Score:
        """Score a MIDI file: how likely the model finds its notes, each given all before it.

        Parameters
        ----------
        midi : path or bytes

        Returns
        -------
        Score
            Nats per note, in total and per field. A file without notes has zero notes.

        Raises
        ------
        MidiError
            The file is not a readable MIDI file.
        OSError
            The file cannot be opened.
        """
        _, log_probabilities, remarks = self._core.score(midi_bytes(midi))
        count = len(log_probabilities)
        means = -log_probabilities.mean(axis=0, dtype=np.float64) if count else np.full(4, np.nan)
        names = [str(field["name"]) for field in self._model.config["fields"]]
        fields = {name: float(mean) for name, mean in zip(names, means, strict=True)}
        return Score(count, fields, log_probabilities, tuple(remarks))


def _model_path(model: str | Path | None) -> Path:
    name = _DEFAULT_MODEL if model is None else model
    if isinstance(name, str) and (_BUILT_IN / name / "config.json").is_file():
        return _BUILT_IN / name
    return Path(name)
