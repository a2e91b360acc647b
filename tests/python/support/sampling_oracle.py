"""Sampling as docs/sampling.md describes it, in float64 and with a sort: slow, but easy to read."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from longplay import _core


@dataclass(frozen=True)
class OracleDraw:
    """The id that is drawn, and the distance (in probability) of the nearest decision from its threshold."""

    id: int
    log_probability: float
    margin: float


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def draw(
    logits: NDArray[np.float32], bias: NDArray[np.float32] | None, params: _core.SamplingParams, u: float
) -> OracleDraw:
    """Draw one id from one row, with the number `u` in [0, 1)."""
    biased = (logits if bias is None else logits + bias).astype(np.float64)
    plain = logits.astype(np.float64)
    log_sum = np.log(np.exp(plain - plain.max()).sum()) + plain.max()
    ranking = np.argsort(-biased, kind="stable")  # equals stay in the order of their ids
    if params.temperature == 0:
        return OracleDraw(int(ranking[0]), float(plain[ranking[0]] - log_sum), 1.0)

    margins = [1.0]
    p = softmax(biased / params.temperature)
    if params.top_k > 0:
        p[ranking[params.top_k :]] = 0
        p /= p.sum()
    if params.top_p < 1:
        reached = np.cumsum(p[ranking])
        p[ranking[int((reached < params.top_p).sum()) + 1 :]] = 0
        p /= p.sum()
        margins.append(float(np.abs(reached - params.top_p).min()))
    if params.min_p > 0:
        ratios = p / p.max()
        p[ratios < params.min_p] = 0
        p /= p.sum()
        margins.append(float(np.abs(ratios[ratios != 1] - params.min_p).min(initial=1.0)))

    edges = np.cumsum(p)
    drawn = int((edges <= u).sum())
    last = int(np.flatnonzero(p)[-1])
    margins.append(float(np.abs(edges[:last] - u).min(initial=1.0)))
    drawn = min(drawn, last)  # the last edge may round to just below 1
    return OracleDraw(drawn, float(plain[drawn] - log_sum), min(margins))
