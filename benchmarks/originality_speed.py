"""Measure how fast the nearest window is found: `python -m benchmarks.originality_speed --index FILE`.

The script finds the nearest of the same windows for the same queries with longplay, dtaidistance and aeon, on one
thread, in one run. It needs `pip install dtaidistance aeon`. It compares the answers first. dtaidistance (its C code)
and longplay sum absolute differences. aeon sums squared differences, so its answers differ, but it computes as many
cells. Neither rival searches for the nearest of many windows, so both measure every pair.
"""

import argparse
import importlib
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay import _core
from longplay.originality import Index


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--queries", type=int, default=10)
    parser.add_argument("--windows", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args(argv)
    os.environ["NUMBA_NUM_THREADS"] = "1"
    rival: Any = importlib.import_module("dtaidistance.dtw")
    aeon: Any = importlib.import_module("aeon.distances")

    index = Index.open(args.index)
    steps, band = index.settings.steps, index.settings.band
    random = np.random.default_rng(0)
    # Queries from one half of the training set, candidates from the other.
    starts = random.permutation(index.window_starts)
    half = len(index.series) // 2
    here = np.sort(starts[starts < half - steps][: args.queries])
    there = starts[starts >= half][: args.windows]
    queries = index.series[here[:, None] + np.arange(steps)]
    windows = index.series[there[:, None] + np.arange(steps)]
    both = np.concatenate([queries, windows]).astype(np.float64)
    block = ((0, len(queries)), (len(queries), len(both)))
    search = _core.WindowSearch(index.series, _core.order_windows(index.series, there, steps), steps, band)
    none = np.empty((0, 2), np.uint32)

    def ours() -> NDArray[np.uint32]:
        return np.asarray(search.nearest(queries, none, 1)[1])

    def dtaidistance() -> NDArray[np.float64]:
        matrix = rival.distance_matrix_fast(both, block=block, inner_dist="euclidean", parallel=False)
        return np.asarray(np.asarray(matrix)[: len(queries), len(queries) :].min(axis=1))

    def aeon_all() -> NDArray[np.float64]:
        return np.asarray(aeon.dtw_pairwise_distance(both[: len(queries)], both[len(queries) :]))

    np.testing.assert_array_equal(ours(), dtaidistance())
    pairs = len(queries) * len(windows)
    print(f"{len(queries)} queries x {len(windows)} windows of {steps} steps; CPU time, median of {args.repeats}")
    for name, work in (("longplay", ours), ("dtaidistance", dtaidistance), ("aeon", aeon_all)):
        seconds = median_seconds(work, args.repeats)
        print(f"{name:14} {seconds:8.3f} s   {1e9 * seconds / pairs:9.1f} ns a pair")

    # The whole index without the half that the queries are from.
    excluded = np.tile(np.array([0, half], np.uint32), (len(queries), 1))
    seconds = median_seconds(lambda: index.search.nearest(queries, excluded, 1), 1)
    print(f"all {len(index.window_starts)} windows: {1000 * seconds / len(queries):.1f} ms a query")


if __name__ == "__main__":
    main()
