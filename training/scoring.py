"""Score a model on whole pieces, in nats per note and per second of music."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from training.corpus import IGNORED, Corpus, Reading, Vocabulary
from training.model import NoteModel

Scorer: TypeAlias = Callable[[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]
"""A function that scores whole pieces, from a state of zeros.

Its arguments are events (steps, rows, fields), controls (steps, rows, controls) and targets (steps, rows, fields). It
returns the nats of each field, shape (steps, rows, fields), with 0 where a target is ignored.
"""

ROWS = 16
CHUNK = 256  # events that the model reads in one call
POSITIONS = {"0-64": 0, "64-256": 64, "256-1024": 256, "1024-": 1024}
"""The first event of each part of a piece."""


def torch_scorer(model: NoteModel, context: int | None = None) -> Scorer:
    """Return a scorer that uses the torch model; if its tables are finer, nats are of ids of `training.tables.TABLES`.

    With a `context`, a multiple of `CHUNK`, the scorer cuts a piece into parts of this many events. Each part,
    including the shorter one at the end, is read as a piece of its own, from START.
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
            event, control, target = (torch.from_numpy(array[part]).to(device) for array in (events, controls, targets))
            if context is not None and begin % context == 0:
                state = model.zero_state(events.shape[1])
                event = event.clone()  # the memory is the caller's
                event[0] = start
            output, state = model.run_backbone(event, control, state)
            losses = model.field_losses(output, event, target, coarse=True)
            nats[part] = torch.stack(losses, dim=-1).cpu().numpy()
        return nats

    return scorer


def choose_pieces(corpus: Corpus, notes_per_source: int | None) -> list[int]:
    """Choose pieces until each source has `notes_per_source` notes; None chooses all."""
    chosen = []
    for indices in corpus.by_source.values():
        total = 0
        for index in indices:
            if notes_per_source is not None and total >= notes_per_source:
                break
            chosen.append(index)
            total += corpus.pieces[index]["count"]
    return sorted(chosen, key=lambda index: corpus.pieces[index]["count"])  # so that batches need little padding


def score_corpus(
    corpus: Corpus,
    scorer: Scorer,
    *,
    controls: Sequence[str] = (),
    notes_per_source: int | None = None,
    steps_per_piece: int | None = None,
) -> dict[str, Any]:
    """Score unchanged pieces: in total, by source, and by position in the piece.

    Parameters
    ----------
    corpus : Corpus
    scorer : callable
    controls : sequence of str
        Controls whose values the model gets; the others are unknown.
    notes_per_source, steps_per_piece : int or None
        Limits, for a quick look.

    Returns
    -------
    dict
        ``total``, ``sources`` by name, and ``positions`` by `POSITIONS`. Each holds ``notes``, ``events`` (with END),
        ``seconds`` (from the first onset to the last, as the ids encode them), ``nats_per_note``, ``nats_per_event``,
        ``nats_per_second``, and nats per note by field, ``time_shift`` to ``duration``. The nats of END are part of
        ``time_shift``.
    """
    vocabulary = corpus.vocabulary
    counts = 3 + len(vocabulary.fields)  # notes, events, seconds, nats by field
    sums = {source: np.zeros((len(POSITIONS), counts)) for source in corpus.by_source}
    chosen = choose_pieces(corpus, notes_per_source)
    known = [name in controls for name in vocabulary.controls]
    for begin in range(0, len(chosen), ROWS):
        part = chosen[begin : begin + ROWS]
        readings = [corpus.read(index) for index in part]
        events, values, targets = _padded(readings, vocabulary, known, steps_per_piece)
        nats = scorer(events, values, targets)
        first = targets[..., :1]
        scored, ids = first != IGNORED, first.clip(min=0)
        parts = [scored & vocabulary.notes[ids], scored, scored * vocabulary.seconds[ids], nats]
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
    readings: Sequence[Reading], vocabulary: Vocabulary, known: Sequence[bool], limit: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    steps = max(len(reading.events) for reading in readings)
    steps = min(steps, limit or steps)
    fields, unknown = len(vocabulary.fields), np.array(vocabulary.unknown, np.int64)
    events = np.zeros((steps, len(readings), fields), np.int64)
    targets = np.full((steps, len(readings), fields), IGNORED, np.int64)
    controls = np.tile(unknown, (steps, len(readings), 1))
    for r, reading in enumerate(readings):
        count = min(steps, len(reading.events))
        events[:count, r] = reading.events[:count]
        targets[:count, r] = reading.targets[:count]
        controls[:count, r] = np.where(known, reading.controls[:count], unknown)
    return events, controls, targets


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
