"""What a loop that makes notes with the built-in model's weights has to do, and whether it does it right.

A note is one step and four draws with longplay's own `top_p`: of the ids that are kept, the one with the largest sum
of logit and Gumbel noise, which is the quickest way in Python. The noise is made beforehand and not counted, and
longplay's rules of time, form and repetition have no counterpart, nor has its MIDI. So a rival does less than longplay.
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
_NOISE = 256  # notes that noise is made for, to be used again and again
_FORCE = np.float32(1e9)
LEFT_OUT = -1e6  # in place of the logit of an id that is not kept: neither is drawn, unless it is forced


class Loop(Protocol):
    """A model that is being played, from the start event on and with unknown controls."""

    def prepared(self, noise: Floats) -> Sequence[Any]:
        """Noise of shape (notes, ids of all fields), in the loop's own form, one for each note."""

    def note(self, noise: Any) -> Any:
        """Draw a note; return the logits of all fields, or what `numpy.asarray` makes them of."""


def bounds(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Where each field's ids begin and end, side by side."""
    return list(pairwise(accumulate(sizes, initial=0)))


def draw(logits: Floats, noise: Floats, top_p: float) -> np.intp:
    """Of one field, the id with the largest sum of logit and noise among the likeliest that reach `top_p`.

    It is mostly the one with the largest sum of all, and one of the likeliest if those likelier than itself do not
    reach `top_p`. That takes half the time of finding them all.
    """
    drawn = (logits + noise).argmax()
    if top_p == 1:
        return drawn
    likely = np.exp(logits - logits[drawn])
    if likely.dot(likely > 1) < top_p * np.add.reduce(likely):
        return drawn
    return (_kept(logits, top_p) + noise).argmax()


def _kept(logits: Floats, top_p: float) -> Floats:
    """Logits, far lower outside the likeliest ids that reach `top_p`."""
    likely = np.exp(logits - logits.max())
    ranked = np.sort(likely)[::-1]
    reached = ranked.cumsum()
    least = ranked[reached.searchsorted(top_p * reached[-1])]
    return np.where(likely < least, LEFT_OUT, logits)


def playing(loop: Loop, weights: LSTMWeights, notes: int) -> Callable[[], None]:
    """Work of so many notes."""
    random = np.random.default_rng(0)
    noise = loop.prepared(random.gumbel(size=(_NOISE, sum(weights.sizes))).astype(np.float32))

    def play() -> None:
        for number in range(notes):
            loop.note(noise[number % _NOISE])

    return play


def expect_same(loop: Loop, weights: LSTMWeights, options: Options, tolerance: float) -> float:
    """Refuse a loop that, before any other note, finds a seed's notes more or less likely than longplay does.

    Returns
    -------
    float
        Nats by which an id differs at most.

    Raises
    ------
    AssertionError
        That is more than `tolerance`.
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
