"""The engine: a seed in, an hour of piano out."""

from collections.abc import Iterable, Iterator
from typing import Unpack

import numpy as np

from longplay._maker import Maker
from longplay._making.job import OnSnapshot, Progress, Task, pieces
from longplay._model.opened import DeviceName
from longplay.live import Session, Stream
from longplay.midi import MidiSource, Seed, midi_bytes
from longplay.originality.index import Index
from longplay.piece import Piece, Score
from longplay.provenance import Provenance
from longplay.settings import OwnSettings, Settings, SettingsArguments

__all__ = ["DeviceName", "Engine", "Progress", "Seed"]


class Engine(Maker):
    """Makes piano music with a model, on the CPU or a GPU.

    An engine may be used from several threads at once. It keeps the sessions it has opened.

    Parameters
    ----------
    model : path or str, optional
        A model folder (``docs/model-contract.md``), or the name of a built-in model: ``"piano-lstm"``, which is
        the default, or ``"piano-transformer"``, which knows music better and takes four times as long.
    device : str
        Where the model runs: "cpu"; "cuda" or "cuda:1", a GPU by its number; or "auto", the CPU but for batches of
        256 candidates and more, which go to the first GPU if it can run the model (``docs/cuda.md``). The built-in
        model is int8, which runs on the CPU alone.
    num_threads : int
        Threads that make candidates side by side; 0 takes one per core, and to feed a GPU at most 4. One candidate
        is made by one thread.
    cuda_graph : bool
        Record what a GPU does in a step, and replay it (``docs/cuda.md``).

    Raises
    ------
    ModelError
        The folder breaks the model contract; the message names the file and the entry.
    DeviceError
        ONNX Runtime or the device cannot be used; the message says what mends it.
    ValueError
        `device`, `num_threads` or `cuda_graph` is out of range.
    """

    def generate(
        self,
        seed: Seed = None,
        seconds: float = 60.0,
        *,
        progress: Progress | None = None,
        extendable: bool = False,
        avoid: Index | None = None,
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
        extendable : bool
            Keep what `extend` needs: the model's state before the ending, beside the piece.
        avoid : Index, optional
            A training set not to quote: no 12 notes in a row follow it, in any key. A note that would complete such
            a run is drawn again without its pitch, and `Piece.refusals` counts it; if no pitch is left, it is an
            Error. A piece without a refusal is the one that is made without `avoid`.
        **settings
            ``random_seed``, ``temperature``, ``top_k``, ``top_p``, ``min_p``, ``style``, ``guidance_scale``,
            ``max_velocity``, ``recital``, ``steady``, ``include_seed``: see `Settings`.

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
        return next(
            self.generate_batch([seed], seconds, progress=progress, extendable=extendable, avoid=avoid, **settings)
        )

    def generate_batch(
        self,
        seeds: Iterable[Seed],
        seconds: float = 60.0,
        *,
        each: Iterable[OwnSettings] | None = None,
        progress: Progress | None = None,
        extendable: bool = False,
        avoid: Index | None = None,
        on_snapshot: OnSnapshot | None = None,
        snapshot_seconds: float = 60.0,
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
        seconds, progress, extendable, avoid, **settings
            As for `generate`; `progress` counts all pieces together.
        each : iterable of mapping, optional
            One for each seed: settings that it has in place of these, `seconds` among them.
        on_snapshot : callable, optional
            Called with (candidate's place among the seeds, snapshot) while a piece is waited for, once for each
            candidate that has gone on. `extend_batch` with the same length makes the piece out of it that it would
            have become, to the bit. Implies `extendable`.
        snapshot_seconds : float
            How much music a candidate makes from one snapshot to the next.

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
        common: OwnSettings = {"seconds": seconds, **settings}
        sources = list(seeds)
        asked = [Settings(**(common | own)) for own in ([{}] * len(sources) if each is None else each)]
        if len(asked) != len(sources):
            raise ValueError(f"each must have an entry for each of {len(sources)} seeds, not {len(asked)}")
        tasks = [self.task(seed, asked[index], index, avoid) for index, seed in enumerate(sources)]
        longest = max((one.seconds for one in asked), default=seconds)
        keep_seconds = snapshot_seconds if on_snapshot else longest if extendable else None
        return pieces(self.start(tasks, keep_seconds, avoid), tasks, progress, on_snapshot)

    def remake(
        self,
        made: Provenance,
        seed: Seed = None,
        *,
        avoid: Index | None = None,
        progress: Progress | None = None,
        extendable: bool = False,
    ) -> Piece:
        """Make a piece again from what made it, to the bit on a machine of the same kind.

        Parameters
        ----------
        made : Provenance
            Of the piece.
        seed : path, bytes or None
            What the piece answers.
        avoid : Index, optional
            What the piece avoids, if it does.
        progress, extendable
            As for `generate`.

        Raises
        ------
        ValueError
            Model, seed or index is not the piece's, or the piece was gone on with from a snapshot that is kept while a
            piece is made; the message says which.
        MidiError, OSError
            As for `generate`.
        """
        task = self.task(seed, made.settings, made.candidate, avoid)
        for name in ("model_hash", "seed_hash", "index_hash"):
            given, wanted = getattr(task.made, name), getattr(made, name)
            if given != wanted:
                raise ValueError(f"{name} must be {wanted}, as of the piece, not {given}")
        job = self.start([task], made.settings.seconds if made.steps or extendable else None, avoid)
        piece = next(pieces(job, [task], progress, None))
        for step in made.steps:
            if piece.before_ending is None or piece.before_ending.core.events != step.events:
                raise ValueError(f"steps must begin where a piece's ending does, not after {step.events} events")
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
        """Make a piece longer: it goes on from before its ending.

        Its notes are the same up to the snapshot. From there it is planned anew for its new length; with its own
        length and branch 0 it is the same piece. It is extendable in turn.

        Parameters
        ----------
        snapshot : bytes
            From `Piece.snapshot`, or of a piece under way, from `generate_batch`.
        seconds : float
            Length of the whole, at least the piece's own, in [1, 86400].
        branch : int
            Which of 2**31 futures, each drawn with random numbers of its own; 0 goes on with the piece's.
        progress : callable, optional
            As for `generate`; what the snapshot holds counts as made.
        avoid : Index, optional
            The one that the piece avoids, if it does.

        Returns
        -------
        Piece

        Raises
        ------
        SnapshotError
            The bytes are damaged, or not the snapshot of a piece of this model.
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
        """Make pieces longer, many at once.

        Parameters
        ----------
        snapshots : iterable of bytes
            From `Piece.snapshot` or `on_snapshot`. Repeat a snapshot to get several futures of it.
        seconds, progress, avoid
            As for `extend`.
        on_snapshot, snapshot_seconds
            As for `generate_batch`.
        branches : iterable of int, optional
            One for each snapshot; by default 0 for all.

        Yields
        ------
        Piece
            In the order of the snapshots.

        Raises
        ------
        SnapshotError, ValueError
            As for `extend`.
        """
        old = [self._read("piece", data) for data in snapshots]
        futures = [0] * len(old) if branches is None else list(branches)
        tasks = [
            Task(snapshot.provenance.after(snapshot.core.events, branch, seconds), snapshot)
            for snapshot, branch in zip(old, futures, strict=True)
        ]
        before = sum(snapshot.provenance.settings_now.seconds for snapshot in old)
        job = self.start(tasks, snapshot_seconds if on_snapshot else seconds, avoid)
        return pieces(job, tasks, progress, on_snapshot, before)

    def stream(self, seed: Seed = None, **settings: Unpack[SettingsArguments]) -> Stream:
        """Make music without end, drawn while it is listened to: ``for notes in engine.stream(seed): ...``.

        A recital of pieces that goes on for ever. As far as no piece is planned otherwise because the whole ends, the
        notes are those of `generate` with the same arguments: with a length of ``s`` seconds, all those of its pieces
        that begin before ``s - 481.5``; without `recital`, those before ``s - 80``.

        Parameters
        ----------
        seed, **settings
            As for `generate`.

        Returns
        -------
        Stream
            Iterator of structured arrays of notes, each at least one note. It has heard the seed.

        Raises
        ------
        MidiError, OSError, ValueError
            As for `generate`.
        """
        source, made = self._begin(seed, settings)
        return Stream(self._core.stream(source, self._core_settings(made)), made)

    def session(self, seed: Seed = None, **settings: Unpack[SettingsArguments]) -> Session:
        """Play together with the model: `Session.feed` it notes, ask it for the `Session.next`.

        Parameters
        ----------
        seed, **settings
            As for `generate`. The music is one piece; `recital` and `include_seed` change nothing.

        Returns
        -------
        Session
            It has heard the seed.

        Raises
        ------
        MidiError, OSError, ValueError
            As for `generate`.
        """
        source, made = self._begin(seed, settings)
        return Session(self._core.session(source, self._core_settings(made)), made)

    def resume(self, snapshot: bytes, *, branch: int = 0) -> Stream:
        """Go on with a stream from its snapshot, to the bit.

        Parameters
        ----------
        snapshot : bytes
            From `Stream.snapshot`.
        branch : int
            Which of 2**31 futures, each drawn with random numbers of its own; 0 is the stream's.

        Returns
        -------
        Stream
            What it gives comes after what the other one had given.

        Raises
        ------
        SnapshotError
            The bytes are damaged, or not the snapshot of a stream of this model.
        ValueError
            `branch` is out of range.
        """
        before, made, settings = self._resume("stream", snapshot, branch)
        return Stream(self._core.resume_stream(before, settings), made)

    def resume_session(self, snapshot: bytes, *, branch: int = 0) -> Session:
        """Go on with a session from its snapshot, to the bit.

        Parameters
        ----------
        snapshot, branch
            As for `resume`, from `Session.snapshot`.

        Returns
        -------
        Session
        """
        before, made, settings = self._resume("session", snapshot, branch)
        return Session(self._core.resume_session(before, settings), made)

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
