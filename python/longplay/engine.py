"""The engine: from a seed to an hour of piano music."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Unpack

from longplay._making.job import OnSnapshot, Progress, pieces
from longplay._making.planner import Planner
from longplay._model.device import DeviceName
from longplay._model.opened import OpenModel
from longplay._model.styles import styles
from longplay.live import Session, Stream
from longplay.midi import MidiSource, Seed, midi_bytes
from longplay.originality.index import Index
from longplay.piece import Piece, Score
from longplay.provenance import Provenance
from longplay.settings import DEFAULT_SECONDS, OwnSettings, Settings, SettingsArguments
from longplay.statistics import Statistics
from longplay.tokenizer import Tokenizer

__all__ = ["DeviceName", "Engine", "Progress", "Seed"]


class Engine:
    """Generate piano music with a model, on the CPU or a GPU.

    An engine may be used from several threads at once. It keeps the ONNX Runtime sessions that it has opened.

    Parameters
    ----------
    model : path or str, optional
        A model folder (``docs/model-contract.md``), or the name of a built-in model. The default is ``"piano-lstm"``;
        ``"piano-transformer"`` knows music better and takes four times as long.
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
        **settings: Unpack[SettingsArguments],
    ) -> Piece:
        """Generate one piece that answers a seed.

        The piece depends on the model, the seed and the settings alone. It is the same, to the bit, as the first piece
        of `generate_batch` with the same arguments.

        Parameters
        ----------
        seed : path, bytes or None
            The MIDI file to answer, of any length. With None, the piece has no seed.
        seconds : float
            Length of the piece, in [1, 86400], exact to the millisecond; by default an hour.
        progress : callable, optional
            Called with (seconds made, seconds in total) a few times a second.
        extendable : bool
            Keep in the piece what `extend` needs: the model's state before the ending.
        avoid : Index, optional
            A training set not to quote. No 12 notes in a row follow the training set, in any key. If a note would
            complete such a run, the engine draws the note again without its pitch, and `Piece.refusals` counts the
            note. If no pitch is left, the engine raises Error. A piece without a refusal is the same as without
            `avoid`.
        **settings
            ``random_seed``, ``temperature``, ``top_k``, ``top_p``, ``min_p``, ``style``, ``guidance_scale``,
            ``max_velocity``, ``recital``, ``steady``, ``include_seed``: see `Settings`.

        Raises
        ------
        MidiError
            The seed is not a readable MIDI file.
        OSError
            The seed cannot be opened.
        TypeError, ValueError
            A setting has the wrong type or is out of range; the message names it.
        """
        return next(
            self.generate_batch([seed], seconds, progress=progress, extendable=extendable, avoid=avoid, **settings)
        )

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
        **settings: Unpack[SettingsArguments],
    ) -> Iterator[Piece]:
        """Generate one piece for each seed, many at once.

        Candidate ``i`` answers ``seeds[i]``. Its random numbers depend on ``(random_seed, i)`` alone, so the other
        candidates and the number of threads do not change it. ``docs/pieces.md`` says what holds for every piece.

        Parameters
        ----------
        seeds : iterable of path, bytes or None
            What to answer. Repeat a seed to get several answers to it.
        seconds, progress, extendable, avoid, **settings
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
        common: OwnSettings = {"seconds": seconds, **settings}
        sources = list(seeds)
        chosen = [Settings(**(common | own)) for own in ([{}] * len(sources) if each is None else each)]
        if len(chosen) != len(sources):
            raise ValueError(f"each must have an entry for each of {len(sources)} seeds, not {len(chosen)}")
        tasks = [self._planner.generate_task(seed, chosen[index], index, avoid) for index, seed in enumerate(sources)]
        longest = max((one.seconds for one in chosen), default=DEFAULT_SECONDS)
        keep_seconds = snapshot_seconds if on_snapshot else longest if extendable else None
        return pieces(self._planner.start(tasks, keep_seconds, avoid), tasks, progress, on_snapshot)

    def regenerate(
        self,
        provenance: Provenance,
        seed: Seed = None,
        *,
        avoid: Index | None = None,
        progress: Progress | None = None,
        extendable: bool = False,
    ) -> Piece:
        """Generate a piece again from its provenance, to the bit on a machine of the same kind.

        Parameters
        ----------
        provenance : Provenance
            `Piece.provenance` of the piece.
        seed : path, bytes or None
            The seed that the piece answers.
        avoid : Index, optional
            The index that the piece avoids, if it avoids one.
        progress, extendable
            As for `generate`.

        Raises
        ------
        ValueError
            Model, seed or index is not the piece's, or the piece was extended from a snapshot of `on_snapshot`; the
            message says which.
        MidiError, OSError
            As for `generate`.
        """
        task = self._planner.generate_task(seed, provenance.settings, provenance.candidate, avoid)
        for name in ("model_hash", "seed_hash", "index_hash"):
            given, wanted = getattr(task.provenance, name), getattr(provenance, name)
            if given != wanted:
                raise ValueError(f"{name} must be {wanted}, as in the provenance, not {given}")
        keep_seconds = provenance.settings.seconds if provenance.steps or extendable else None
        piece = next(pieces(self._planner.start([task], keep_seconds, avoid), [task], progress, None))
        for step in provenance.steps:
            if piece.before_ending is None or piece.before_ending.core.events != step.events:
                raise ValueError(f"steps must begin at the ending of the piece, not after {step.events} events")
            piece = self.extend(piece.snapshot(), step.seconds, branch=step.branch, progress=progress, avoid=avoid)
        return piece

    def extend(
        self,
        snapshot: bytes,
        seconds: float,
        *,
        branch: int = 0,
        progress: Progress | None = None,
        avoid: Index | None = None,
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

        Raises
        ------
        SnapshotError
            The bytes are damaged, or are not the snapshot of a piece of this model.
        ValueError
            `seconds` or `branch` is out of range, or `avoid` is another index.
        """
        return next(self.extend_batch([snapshot], seconds, branches=[branch], progress=progress, avoid=avoid))

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
    ) -> Iterator[Piece]:
        """Extend pieces, many at once.

        Parameters
        ----------
        snapshots : iterable of bytes
            As for `extend`. Repeat a snapshot to get several continuations of it.
        branches : iterable of int, optional
            One for each snapshot; by default 0 for all.
        seconds, progress, avoid
            As for `extend`, which also lists the errors.
        on_snapshot, snapshot_seconds
            As for `generate_batch`.

        Yields
        ------
        Piece
            In the order of the snapshots.
        """
        before = [self._planner.read("piece", data) for data in snapshots]
        numbers = [0] * len(before) if branches is None else list(branches)
        tasks = [self._planner.extend_task(*pair, seconds) for pair in zip(before, numbers, strict=True)]
        seconds_before = sum(snapshot.provenance.settings_now.seconds for snapshot in before)
        job = self._planner.start(tasks, snapshot_seconds if on_snapshot else seconds, avoid)
        return pieces(job, tasks, progress, on_snapshot, seconds_before)

    def stream(self, seed: Seed = None, **settings: Unpack[SettingsArguments]) -> Stream:
        """Start endless music, drawn while somebody listens: ``for notes in engine.stream(seed): ...``.

        The music is an endless recital. Its notes are those of `generate` with the same arguments, apart from the end:
        with a length of ``s`` seconds, all notes of the pieces that begin before ``s - 481.5``. Without `recital`, all
        notes before ``s - 80``.

        Parameters
        ----------
        seed, **settings
            As for `generate`, which also lists the errors.

        Returns
        -------
        Stream
            Iterator of structured arrays of at least one note. The seed is already prefilled.
        """
        source, provenance, core_settings = self._planner.begin(seed, Settings(**settings))
        return Stream(self._model.core.stream(source, core_settings), provenance)

    def session(self, seed: Seed = None, **settings: Unpack[SettingsArguments]) -> Session:
        """Start a session: `Session.feed` gives notes to the model, and `Session.next` draws the next note.

        Parameters
        ----------
        seed, **settings
            As for `generate`, which also lists the errors. `recital` and `include_seed` have no effect: a session is
            one piece.

        Returns
        -------
        Session
            The seed is already prefilled.
        """
        source, provenance, core_settings = self._planner.begin(seed, Settings(**settings))
        return Session(self._model.core.session(source, core_settings), provenance)

    def resume(self, snapshot: bytes, *, branch: int = 0) -> Stream:
        """Resume a stream from its snapshot, to the bit.

        Parameters
        ----------
        snapshot : bytes
            From `Stream.snapshot`.
        branch : int
            Number of the continuation, as for `extend`; 0 is the stream's own.

        Returns
        -------
        Stream
            Its first notes follow the last notes that the other stream returned.

        Raises
        ------
        SnapshotError
            The bytes are damaged, or are not the snapshot of a stream of this model.
        ValueError
            `branch` is out of range.
        """
        before, provenance, settings = self._planner.resume("stream", snapshot, branch)
        return Stream(self._model.core.resume_stream(before, settings), provenance)

    def resume_session(self, snapshot: bytes, *, branch: int = 0) -> Session:
        """Resume a session from its snapshot, to the bit; `Session.snapshot` returns one, the rest as for `resume`."""
        before, provenance, settings = self._planner.resume("session", snapshot, branch)
        return Session(self._model.core.resume_session(before, settings), provenance)

    def score(self, midi: MidiSource) -> Score:
        """Score a MIDI file: how likely the model finds each note, given all notes before it.

        Parameters
        ----------
        midi : path or bytes

        Raises
        ------
        MidiError
            The file is not a readable MIDI file.
        OSError
            The file cannot be opened.
        """
        _, log_probabilities, warnings = self._model.core.score(midi_bytes(midi))
        names = [str(field["name"]) for field in self._model.folder.config["fields"]]
        return Score.of(names, log_probabilities, warnings)


def planner_of(engine: Engine) -> Planner:
    """Return the planner of an engine. Only `longplay.farm` needs it, to start jobs of its own."""
    return engine._planner
