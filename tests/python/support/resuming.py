"""Streams that go on from their snapshots."""

import numpy as np

import longplay


def check_a_resumed_stream(engine: longplay.Engine, stream: longplay.Stream, before: int, after: int) -> None:
    """Draw from a stream, resume its snapshot, and compare what both draw then, to the bit."""
    for _ in range(before):
        next(stream)
    resumed = engine.resume(stream.snapshot())
    for _ in range(after):
        np.testing.assert_array_equal(next(stream), next(resumed))
