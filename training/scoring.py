"""Nats per note of a model on whole pieces."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from training import tables
from training.corpus import IGNORED, Corpus, Reading
from training.model import NoteModel

Scorer: TypeAlias = Callable[[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]
"""Scores whole pieces from a state of zeros.

Given events (steps, rows, 4), controls (steps, rows, 2) and targets (steps, rows, 4), returns the nats of each
field, shape (steps, rows, 4), 0 where a target is ignored.
"""

ROWS = 16


def torch_scorer(model: NoteModel) -> Scorer:
    """Score pieces with the torch model."""
    device = model.out.weight.device

    @torch.no_grad()
    def scorer(
        events: NDArray[np.int64], controls: NDArray[np.int64], targets: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        state = model.zero_state(events.shape[1])
        nats = np.zeros(targets.shape)
        for begin in range(0, len(events), 256):
            part = slice(begin, begin + 256)
            given = [torch.from_numpy(array[part]).to(device) for array in (events, controls, targets)]
            heard, state = model.hear(given[0], given[1], state)
            losses = model.field_losses(heard, given[2])
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
    """Nats per note on pieces as they are, over all of them and by source.

    Parameters
    ----------
    controls : sequence of str
        Controls that the model is told; the others are unknown.
    notes_per_source, steps_per_piece : int or None
        Take only so much, for a quick look.

    Returns
    -------
    dict
        ``total`` and each source: ``notes``, ``nats_per_note``, and by field ``time_shift`` ... ``duration``.
        What END costs is part of ``time_shift``.
    """
    sums = {source: np.zeros(5) for source in corpus.by_source}  # notes, then nats by field
    chosen = choose_pieces(corpus, notes_per_source)
    told = [name in controls for name in ("remaining", "style")]
    for begin in range(0, len(chosen), ROWS):
        part = chosen[begin : begin + ROWS]
        readings = [corpus.read(index) for index in part]
        events, given, targets = _padded(readings, told, steps_per_piece)
        nats = scorer(events, given, targets)
        notes = (targets[..., 1] != IGNORED).sum(axis=0)
        for r, index in enumerate(part):
            sums[corpus.pieces[index]["source"]] += [notes[r], *nats[:, r].sum(axis=0)]
    report = {"total": _summary(np.sum(list(sums.values()), axis=0))}
    report.update({source: _summary(values) for source, values in sums.items() if values[0] > 0})
    return report


def _padded(
    readings: Sequence[Reading], told: Sequence[bool], limit: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    steps = max(len(reading.events) for reading in readings)
    steps = min(steps, limit or steps)
    events = np.zeros((steps, len(readings), 4), np.int64)
    targets = np.full((steps, len(readings), 4), IGNORED, np.int64)
    given = np.tile(np.array(tables.UNKNOWN_CONTROL, np.int64), (steps, len(readings), 1))
    for r, reading in enumerate(readings):
        count = min(steps, len(reading.events))
        events[:count, r] = reading.events[:count]
        targets[:count, r] = reading.targets[:count]
        given[:count, r] = np.where(told, reading.controls[:count], tables.UNKNOWN_CONTROL)
    return events, given, targets


def _summary(values: NDArray[np.float64]) -> dict[str, float]:
    notes, nats = values[0], values[1:] / values[0]
    fields = {name: round(float(n), 4) for name, n in zip(tables.TABLES, nats, strict=True)}
    return {"notes": int(notes), "nats_per_note": round(float(nats.sum()), 4), **fields}
