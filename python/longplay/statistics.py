"""Figures that an engine counts while it generates."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Statistics:
    """Time and work of an engine since it was opened, summed over its threads and devices.

    The difference of two statistics counts the work between them. A thread is counted when it has finished its part of
    a job.

    Attributes
    ----------
    loop_seconds : float
        Seconds in the generation loop. The other times are parts of this time.
    run_seconds : float
        Seconds inside ONNX Runtime's ``Run``, for all graphs.
    step_seconds : float
        Seconds inside ``Run`` for ``step.onnx`` alone.
    sampling_seconds : float
        Seconds in sampling.
    steps : int
        Steps of the model, each for all rows that are in use.
    row_steps : int
        Steps of the model times the rows of each step. One row steps one note of one candidate; rows that prefill
        a prompt, and notes that the engine rejects, count too.
    row_copies : int
        Number of copies of the model state of one row.
    """

    loop_seconds: float
    run_seconds: float
    step_seconds: float
    sampling_seconds: float
    steps: int
    row_steps: int
    row_copies: int

    def __sub__(self, earlier: "Statistics") -> "Statistics":
        """Return the counts since an earlier call of `Engine.statistics`."""
        return Statistics(*(getattr(self, one.name) - getattr(earlier, one.name) for one in fields(self)))

    def __add__(self, other: "Statistics") -> "Statistics":
        """Return the sum of two statistics."""
        return Statistics(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))
