"""The engine: from a seed to an hour of piano music."""

import sys
from collections.abc import Iterable, Iterator
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, Unpack

from longplay._base.cancel import Cancel, require_cancel
from longplay._base.require import require_flag, require_instance, require_list, require_mapping
from longplay._making.arguments import check_arguments
from longplay._making.job import OnSnapshot, Progress, pieces
from longplay._making.planner import Planner
from longplay._model.device import DeviceName
from longplay._model.opened import OpenModel
from longplay._model.styles import control_values, styles
from longplay.composing import ComposingEngine
from longplay.live import LiveEngine
from longplay.midi import MidiSource, Seed, midi_bytes
from longplay.originality.index import Index
from longplay.piece import Piece, Score
from longplay.provenance import Provenance
from longplay.settings import DECLARATIONS, DEFAULT_SECONDS, OwnSettings, SettingsArguments, settings_from
from longplay.statistics import Statistics
from longplay.tokenizer import Tokenizer

__all__ = ["DeviceName", "Engine", "Progress", "Seed"]


class Engine(LiveEngine, ComposingEngine):
    """Generate piano music with a model, on the CPU or a GPU.

    An engine may be used from several threads at once. It keeps the ONNX Runtime sessions that it has opened.

    Parameters
    ----------
    model : path or str, optional
        A model folder (``docs/model-contract.md``), or the name of a built-in model. The default is ``"piano-small"``.
        ``"piano-lstm"`` is faster, and hardly ever repeats a theme; ``"piano"`` predicts music best, and takes twice
        as long.
    device : str
        Where the model runs. "cpu" is the CPU; "cuda" or "cuda:1" is a GPU by its number. "auto" is the CPU, and the
        first GPU for batches of 256 candidates and more if it can run the model (``docs/cuda.md``). The built-in
        models are int8 and run on the CPU alone.
    num_threads : int
        Threads that generate candidates side by side, in [0, 1024]. 0 takes one for each core, and at most 4 for a
        GPU. One thread generates one candidate.
    cuda_graph : bool
        Record the work of a GPU in one step as a CUDA graph, and replay the graph (``docs/cuda.md``).

    Raises
    ------
    ModelError
        The folder breaks the model contract; the message names the file and the entry.
    DeviceError
        ONNX Runtime or the device cannot be used; the message says how to fix it.
    TypeError, ValueError
        `device`, `num_threads` or `cuda_graph` is not allowed; the message names it.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        device: DeviceName = "auto",
        num_threads: int = 0,
        *,
        cuda_graph: bool = False,
    ) -> None:
        self._model = OpenModel(model, device, num_threads, cuda_graph)
        self._planner = Planner(self._model)
        self._arguments = (model, device, num_threads, cuda_graph)

    def __repr__(self) -> str:
        return "Engine({!r}, {!r}, {}, cuda_graph={})".format(*self._arguments)

    def __reduce__(self) -> tuple[Any, ...]:  # pickled as its arguments
        return partial(type(self), cuda_graph=self._arguments[3]), self._arguments[:3]

    @property
    def device(self) -> str:
        """Device of the last batch: "cpu", or "cuda:0" and so on. An engine on "auto" starts with "cpu"."""
        return self._model.device

    @property
    def num_threads(self) -> int:
        """Number of threads that generate candidates."""
        return self._model.core.num_threads

    @property
    def model_name(self) -> str:
        """Name of the model, from its config."""
        return self._model.name

    @property
    def model_hash(self) -> str:
        """SHA-256 of the model's files."""
        return self._model.hash

    @property
    def styles(self) -> tuple[str, ...]:
        """Styles that the setting ``style`` may name; empty if the model has none."""
        return styles(self._model.folder.config)

    @property
    def has_critic(self) -> bool:
        """Whether the setting ``search`` may be above 1."""
        return "critic" in self._model.folder.config

    @property
    def tokenizer(self) -> Tokenizer:
        """Tokenizer of the model. Its `end_id` is the time shift in `Piece.events` that means END."""
        return Tokenizer(self._model.folder.config)

    def statistics(self) -> Statistics:
        """Return the time and work of all pieces so far."""
        return self._model.statistics()

    def generate(
        self,
        seed: Seed = None,
        seconds: float = DEFAULT_SECONDS,
        *,
        progress: Progress | None = None,
        extendable: bool = False,
        avoid: Index | None = None,
        cancel: Cancel | None = None,
        **settings: Unpack[SettingsArguments],
    ) -> Piece:
        """Generate one piece that continues a seed.

        The piece depends on the model, the seed and the settings alone. It is the same, to the bit, as the first piece
        of `generate_batch` with the same arguments.

        Parameters
        ----------
        seed : MidiSource, optional
            The MIDI file to continue, of any length. With None, the piece has no seed.
        seconds : float
            Length of the piece, in [1, 86400], exact to the millisecond; by default an hour.
        progress : callable, optional
            Called with (seconds made, seconds in total) a few times a second.
        extendable : bool
            Keep the model's state before the ending in the piece, for `extend`.
        avoid : Index, optional
            A training set not to quote. No 12 notes in a row follow the training set, in any key. If a note would
            complete such a run, the engine draws the note again without its pitch, and `Piece.refusals` counts the
            note. If no pitch is left, the engine raises Error. A piece without a refusal is the same as without
            `avoid`.
        cancel : threading.Event, optional
            Cancels the call when another thread sets it (``docs/processes.md``).
        **settings
            ``random_seed``, ``temperature``, ``top_k``, ``top_p``, ``min_p``, ``style``, ``guidance_scale``,
            ``max_velocity``, ``pace``, ``recital``, ``dynamics``, ``steady``, ``two_hands``, ``playable``, ``key``,
            ``scale``, ``pitches``, ``search``, ``include_seed``: see `Settings`.

        Raises
        ------
        MidiError
            The seed is not a readable MIDI file.
        OSError
            The seed cannot be opened.
        Cancelled
            `cancel` is set.
        TypeError, ValueError
            A setting has the wrong type or is out of range; the message names it.
        """
        common: dict[str, Any] = {"progress": progress, "extendable": extendable, "avoid": avoid, "cancel": cancel}
        return next(self.generate_batch([seed], seconds, **common, **settings))

    def generate_batch(
        self,
        seeds: Iterable[Seed],
        seconds: float = DEFAULT_SECONDS,
        *,
        each: Iterable[OwnSettings] | None = None,
        progress: Progress | None = None,
        extendable: bool = False,
        avoid: Index | None = None,
        on_snapshot: OnSnapshot | None = None,
        snapshot_seconds: float = 60.0,
        cancel: Cancel | None = None,
        **settings: Unpack[SettingsArguments],
    ) -> Iterator[Piece]:
        """Generate one piece for each seed, many at once.

        Candidate ``i`` continues ``seeds[i]``. Its random numbers depend on ``(random_seed, i)`` alone, so the other
        candidates and the number of threads do not change it. ``docs/pieces.md`` lists the properties of every piece.

        Parameters
        ----------
        seeds : iterable of MidiSource
            The files to continue. Repeat a seed to get several continuations of it.
        seconds, progress, extendable, avoid, cancel, **settings
            As for `generate`, which also lists the errors; `progress` counts all pieces together.
        each : iterable of mapping, optional
            Settings of each candidate, which override the common ones; they may hold ``seconds``.
        on_snapshot : callable, optional
            Called with (index of the candidate, snapshot) while the caller waits for a piece, once for each candidate
            that has advanced. With the same length, `extend_batch` completes the snapshot to the same piece, to the
            bit. Implies `extendable`.
        snapshot_seconds : float
            Seconds of music between two snapshots of a candidate, in [1, 86400].

        Yields
        ------
        Piece
            In the order of the seeds, each as soon as it and all before it are finished.
        """
        require_cancel(cancel)
        common: OwnSettings = {"seconds": seconds, **settings}
        sources = require_list("seeds", seeds)
        check_arguments(progress, avoid, on_snapshot, snapshot_seconds)
        own = [{}] * len(sources) if each is None else require_list("each", each)
        chosen = [settings_from({**common, **require_mapping("each", one)}) for one in own]
        if len(chosen) != len(sources):
            raise ValueError(f"each must have an entry for each of {len(sources)} seeds, not {len(chosen)}")
        names = [_name(index, seed) for index, seed in enumerate(sources)] if len(sources) > 1 else [""]
        tasks = [
            self._planner.generate_task(seed, own, index, avoid, name, cancel)
            for index, (seed, own, name) in enumerate(zip(sources, chosen, names, strict=False))
        ]
        longest = max((one.seconds for one in chosen), default=DEFAULT_SECONDS)
        keep_seconds = longest if require_flag("extendable", extendable) else None
        keep_seconds = snapshot_seconds if on_snapshot else keep_seconds
        job = self._planner.start(tasks, keep_seconds, avoid, cancel)
        return pieces(job, tasks, progress, on_snapshot, cancel)

    def regenerate(
        self,
        provenance: Provenance,
        seed: Seed = None,
        *,
        avoid: Index | None = None,
        progress: Progress | None = None,
        extendable: bool = False,
        cancel: Cancel | None = None,
    ) -> Piece:
        """Generate a piece again from its provenance, to the bit on a machine of the same kind.

        Parameters
        ----------
        provenance : Provenance
            `Piece.provenance` of the piece.
        seed : MidiSource, optional
            The seed that the piece continues.
        avoid : Index, optional
            The index that the piece avoids, if it avoids one.
        progress, extendable, cancel
            As for `generate`.

        Raises
        ------
        ValueError
            Model, seed or index is not the piece's, or the piece was extended from a snapshot of `on_snapshot`; the
            message says which.
        MidiError, OSError, Cancelled
            As for `generate`.
        """
        require_cancel(cancel)
        check_arguments(progress, avoid)
        if require_instance("provenance", provenance, Provenance).sketch is not None:
            raise ValueError("provenance must be of a piece without a sketch. To repeat this one, call `complete`")
        task = self._planner.generate_task(seed, provenance.settings, provenance.candidate, avoid, cancel=cancel)
        for name in ("model_hash", "seed_hash", "index_hash"):
            given, wanted = getattr(task.provenance, name), getattr(provenance, name)
            if given != wanted:
                raise ValueError(f"{name} must be {wanted}, as in the provenance, not {given}")
        extendable = require_flag("extendable", extendable)
        keep_seconds = provenance.settings.seconds if provenance.steps or extendable else None
        piece = next(pieces(self._planner.start([task], keep_seconds, avoid, cancel), [task], progress, None, cancel))
        for step in provenance.steps:
            if piece.before_ending is None or piece.before_ending.core.events != step.events:
                raise ValueError(f"steps must begin at the ending of the piece, not after {step.events} events")
            common: dict[str, Any] = {"progress": progress, "avoid": avoid, "cancel": cancel}
            piece = self.extend(piece.snapshot(), step.seconds, branch=step.branch, **common)
        return piece

    def extend(
        self,
        snapshot: bytes,
        seconds: float,
        *,
        branch: int = 0,
        progress: Progress | None = None,
        avoid: Index | None = None,
        cancel: Cancel | None = None,
    ) -> Piece:
        """Extend a piece from before its ending.

        The notes up to the snapshot stay the same. The rest is planned for the new length. With the piece's own length
        and branch 0, the result is the same piece. The result is extendable, too.

        Parameters
        ----------
        snapshot : bytes
            From `Piece.snapshot`, or from `on_snapshot` of `generate_batch`.
        seconds : float
            Length of the whole piece, at least the length so far, in [1, 86400].
        branch : int
            Number of the continuation, in [0, 2**31 - 1]. Each has its own random numbers; 0 keeps the piece's.
        progress : callable, optional
            As for `generate`; the music in the snapshot counts as made.
        avoid : Index, optional
            The index that the piece avoids, if it avoids one.
        cancel : threading.Event, optional
            As for `generate`.

        Raises
        ------
        SnapshotError
            The bytes are damaged, or are not the snapshot of a piece of this model.
        Cancelled
            `cancel` is set.
        ValueError
            `seconds` or `branch` is out of range, or `avoid` is another index.
        """
        common: dict[str, Any] = {"progress": progress, "avoid": avoid, "cancel": cancel}
        return next(self.extend_batch([snapshot], seconds, branches=[branch], **common))

    def extend_batch(
        self,
        snapshots: Iterable[bytes],
        seconds: float,
        *,
        branches: Iterable[int] | None = None,
        progress: Progress | None = None,
        avoid: Index | None = None,
        on_snapshot: OnSnapshot | None = None,
        snapshot_seconds: float = 60.0,
        cancel: Cancel | None = None,
    ) -> Iterator[Piece]:
        """Extend pieces, many at once; yield them in the order of the snapshots.

        Parameters
        ----------
        snapshots : iterable of bytes
            As for `extend`. Repeat a snapshot to get several continuations of it.
        branches : iterable of int, optional
            One for each snapshot; by default 0 for all.
        seconds, progress, avoid, cancel
            As for `extend`, which also lists the errors.
        on_snapshot, snapshot_seconds
            As for `generate_batch`.
        """
        require_cancel(cancel)
        before = [self._planner.read("piece", data) for data in require_list("snapshots", snapshots)]
        check_arguments(progress, avoid, on_snapshot, snapshot_seconds)
        numbers = [0] * len(before) if branches is None else require_list("branches", branches)
        tasks = [self._planner.extend_task(*pair, seconds) for pair in zip(before, numbers, strict=True)]
        seconds_before = sum(snapshot.provenance.settings_now.seconds for snapshot in before)
        job = self._planner.start(tasks, snapshot_seconds if on_snapshot else seconds, avoid, cancel)
        return pieces(job, tasks, progress, on_snapshot, cancel, seconds_before)

    def score(self, midi: MidiSource, *, style: str | None = None, cancel: Cancel | None = None) -> Score:
        """Score a MIDI file: how likely the model finds each note, given all notes before it.

        Parameters
        ----------
        midi : MidiSource
        style : str, optional
            One of `styles`, if the model shall know it.
        cancel : threading.Event, optional
            As for `generate`.

        Raises
        ------
        Cancelled
            `cancel` is set.
        MidiError
            The file is not a readable MIDI file.
        OSError
            The file cannot be opened.
        ValueError
            The model does not have the style.
        """
        require_cancel(cancel)
        config = self._model.folder.config
        values = [control_values(config, DECLARATIONS["style"].check("style", style))]
        scores, warnings = self._model.core.score(midi_bytes(midi, name="midi"), values, sys.maxsize, cancel)
        return Score.of([str(field["name"]) for field in config["fields"]], scores[0], warnings)


def _name(index: int, seed: Seed) -> str:
    """Return the name of one of several seeds in errors."""
    return f"seeds[{index}], {seed}" if isinstance(seed, str | PathLike) else f"seeds[{index}]"


def planner_of(engine: Engine) -> Planner:
    """Return the planner of an engine, which only `longplay.farm` and `longplay.challenge` need."""
    return engine._planner
