"""The interface of a loop that generates notes with the built-in model's weights, and a check of its results.

A note is one step and four draws with longplay's own `top_p`. Of the ids that are kept, a draw takes the one with
the largest sum of logit and Gumbel noise, which is the fastest way in Python. The noise is made before the time is
measured. The loops apply no rules of time, form and repetition and write no MIDI, so a rival does less than longplay.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.lstm import Floats, LSTMWeights
from longplay.bench.options import Options
from longplay.midi import read_midi

_SCORED = 60  # notes that a loop is checked on
_NOISE = 256  # notes for which noise is made; the loops reuse it
_FORCE = np.float32(1e9)
LEFT_OUT = -1e6  # replaces the logit of an id that is not kept, so that only noise of `_FORCE` draws it


class Loop(Protocol):
    """A model that generates notes from the start event, with unknown controls."""

    def prepared(self, noise: Floats) -> Sequence[Any]:
        """Convert noise of shape (notes, ids of all fields) to the loop's own form, one item for each note."""

    def note(self, noise: Any) -> Any:
        """Draw a note; return the logits of all fields, as `numpy.asarray` takes them."""


def bounds(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Return where each field's ids begin and end if all fields stand in one row."""
    return list(pairwise(accumulate(sizes, initial=0)))


def draw(logits: Floats, noise: Floats, top_p: float) -> np.intp:
    """Return the id of a field with the largest sum of logit and noise among the likeliest that reach `top_p`.

    Mostly, this id has the largest sum of all ids. It is one of the likeliest if the likelier ones do not reach
    `top_p`. This check takes half the time of finding all of the likeliest.
    """
    drawn = (logits + noise).argmax()
    if top_p == 1:
        return drawn
    likely = np.exp(logits - logits[drawn])
    if likely.dot(likely > 1) < top_p * np.add.reduce(likely):
        return drawn
    return (_kept(logits, top_p) + noise).argmax()


def _kept(logits: Floats, top_p: float) -> Floats:
    """Replace the logits outside the likeliest ids that reach `top_p`."""
    likely = np.exp(logits - logits.max())
    ranked = np.sort(likely)[::-1]
    reached = ranked.cumsum()
    least = ranked[reached.searchsorted(top_p * reached[-1])]
    return np.where(likely < least, LEFT_OUT, logits)


def playing(loop: Loop, weights: LSTMWeights, notes: int) -> Callable[[], None]:
    """Return work of so many notes."""
    random = np.random.default_rng(0)
    noise = loop.prepared(random.gumbel(size=(_NOISE, sum(weights.sizes))).astype(np.float32))

    def play() -> None:
        for number in range(notes):
            loop.note(noise[number % _NOISE])

    return play


def expect_same(loop: Loop, weights: LSTMWeights, options: Options, tolerance: float) -> float:
    """Compare the log-probabilities of a seed's notes with longplay's. The loop must not have drawn a note before.

    Returns
    -------
    float
        Largest difference of an id's log-probability, in nats.

    Raises
    ------
    AssertionError
        The difference is more than `tolerance`.
    """
    events = options.tokenizer.encode(read_midi(options.source))[:_SCORED]
    expected = options.engine.score(options.source).log_probabilities[:_SCORED]
    found = _score(loop, weights.sizes, events)
    difference = float(np.abs(found - expected).max())
    if not difference <= tolerance:
        raise AssertionError(f"log-probabilities differ by {difference} nats, more than {tolerance}")
    return difference


def _score(loop: Loop, sizes: Sequence[int], events: NDArray[np.int32]) -> NDArray[np.float64]:
    noise = np.zeros((len(events), sum(sizes)), np.float32)
    for field, (begin, _) in enumerate(bounds(sizes)):
        noise[np.arange(len(events)), begin + events[:, field]] = _FORCE
    scores = np.empty(events.shape)
    for row, (event, force) in enumerate(zip(events, loop.prepared(noise), strict=True)):
        logits = np.asarray(loop.note(force), np.float64).ravel()
        for field, (begin, end) in enumerate(bounds(sizes)):
            part = logits[begin:end] - logits[begin:end].max()
            scores[row, field] = part[event[field]] - np.log(np.exp(part).sum())
    return scores
