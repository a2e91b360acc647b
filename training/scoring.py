"""Nats per note, and per second of music, of a model on whole pieces."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from training.corpus import IGNORED, Corpus, Reading, Vocabulary
from training.model import NoteModel

Scorer: TypeAlias = Callable[[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]
"""Scores whole pieces from a state of zeros.

Given events (steps, rows, fields), controls (steps, rows, controls) and targets (steps, rows, fields), returns the
nats of each field, shape (steps, rows, fields), 0 where a target is ignored.
"""

ROWS = 16
CHUNK = 256  # events that are read at once
POSITIONS = {"0-64": 0, "64-256": 64, "256-1024": 256, "1024-": 1024}
"""Parts of a piece, by the number of its first event."""


def torch_scorer(model: NoteModel, context: int | None = None) -> Scorer:
    """Score pieces with the torch model, in nats of the ids of `training.tables.TABLES`, if its own are finer.

    With a `context`, a multiple of `CHUNK`, a piece is cut into so many events, and each cut is read as if it were a
    piece of its own, from START; what is left over at the end is one too.
    """
    if context is not None and (context < CHUNK or context % CHUNK):
        raise ValueError(f"context must be a multiple of {CHUNK}, not {context}")
    device = model.out.weight.device
    start = torch.tensor(list(model.vocabulary.fields.values()), device=device)

    @torch.no_grad()
    def scorer(
        events: NDArray[np.int64], controls: NDArray[np.int64], targets: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        state = model.zero_state(events.shape[1])
        nats = np.zeros(targets.shape)
        for begin in range(0, len(events), CHUNK):
            part = slice(begin, begin + CHUNK)
            given = [torch.from_numpy(array[part]).to(device) for array in (events, controls, targets)]
            if context is not None and begin % context == 0:
                state = model.zero_state(events.shape[1])
                given[0] = given[0].clone()  # the memory is the caller's
                given[0][0] = start
            heard, state = model.hear(given[0], given[1], state)
            losses = model.field_losses(heard, given[0], given[2], coarse=True)
            nats[part] = torch.stack(losses, dim=-1).cpu().numpy()
        return nats

    return scorer


def choose_pieces(corpus: Corpus, notes_per_source: int | None) -> list[int]:
    """Pieces until each source has its notes; all of them for None."""
    chosen = []
    for indices in corpus.by_source.values():
        total = 0
        for index in indices:
            if notes_per_source is not None and total >= notes_per_source:
                break
            chosen.append(index)
            total += corpus.pieces[index]["count"]
    return sorted(chosen, key=lambda index: corpus.pieces[index]["count"])  # little padding in a batch


def score_corpus(
    corpus: Corpus,
    scorer: Scorer,
    *,
    controls: Sequence[str] = (),
    notes_per_source: int | None = None,
    steps_per_piece: int | None = None,
) -> dict[str, Any]:
    """Nats on pieces as they are, over all of them, by source, and by position in the piece.

    Parameters
    ----------
    controls : sequence of str
        Controls that the model is told; the others are unknown.
    notes_per_source, steps_per_piece : int or None
        Take only so much, for a quick look.

    Returns
    -------
    dict
        ``total``, ``sources`` by name, ``positions`` by `POSITIONS`; of each: ``notes``, ``events`` (END is one),
        ``seconds`` from the first onset to the last as the model is told them, ``nats_per_note``, ``nats_per_event``,
        ``nats_per_second``, and nats per note by field, ``time_shift`` ... ``duration``. What END costs is part of
        ``time_shift``.
    """
    vocabulary = corpus.vocabulary
    counts = 3 + len(vocabulary.fields)  # notes, events, seconds, nats by field
    sums = {source: np.zeros((len(POSITIONS), counts)) for source in corpus.by_source}
    chosen = choose_pieces(corpus, notes_per_source)
    told = [name in controls for name in vocabulary.controls]
    for begin in range(0, len(chosen), ROWS):
        part = chosen[begin : begin + ROWS]
        readings = [corpus.read(index) for index in part]
        events, given, targets = _padded(readings, vocabulary, told, steps_per_piece)
        nats = scorer(events, given, targets)
        first = targets[..., :1]
        there, ids = first != IGNORED, first.clip(min=0)
        parts = [there & vocabulary.notes[ids], there, there * vocabulary.seconds[ids], nats]
        counted = np.concatenate(parts, axis=-1)
        starts = [first for first in POSITIONS.values() if first < len(targets)]
        by_position = np.add.reduceat(counted, starts, axis=0)
        for r, index in enumerate(part):
            sums[corpus.pieces[index]["source"]][: len(starts)] += by_position[:, r]
    total = np.sum(list(sums.values()), axis=0)
    return {
        "total": _summary(total.sum(axis=0), vocabulary),
        "sources": {source: _summary(v.sum(axis=0), vocabulary) for source, v in sums.items() if v.any()},
        "positions": {name: _summary(v, vocabulary) for name, v in zip(POSITIONS, total, strict=True) if v[0] > 0},
    }


def _padded(
    readings: Sequence[Reading], vocabulary: Vocabulary, told: Sequence[bool], limit: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    steps = max(len(reading.events) for reading in readings)
    steps = min(steps, limit or steps)
    fields, unknown = len(vocabulary.fields), np.array(vocabulary.unknown, np.int64)
    events = np.zeros((steps, len(readings), fields), np.int64)
    targets = np.full((steps, len(readings), fields), IGNORED, np.int64)
    given = np.tile(unknown, (steps, len(readings), 1))
    for r, reading in enumerate(readings):
        count = min(steps, len(reading.events))
        events[:count, r] = reading.events[:count]
        targets[:count, r] = reading.targets[:count]
        given[:count, r] = np.where(told, reading.controls[:count], unknown)
    return events, given, targets


def _summary(values: NDArray[np.float64], vocabulary: Vocabulary) -> dict[str, float]:
    notes, events, seconds, nats = *values[:3], values[3:]
    return {
        "notes": int(notes),
        "events": int(events),
        "seconds": round(float(seconds), 3),
        "nats_per_note": round(float(nats.sum() / notes), 4),
        "nats_per_event": round(float(nats.sum() / events), 4),
        "nats_per_second": round(float(nats.sum() / seconds), 4) if seconds > 0 else float("nan"),
        **{name: round(float(n / notes), 4) for name, n in zip(vocabulary.fields, nats, strict=True)},
    }
