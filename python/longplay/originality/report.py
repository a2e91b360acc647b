"""What a comparison with a training set found."""

from dataclasses import asdict, dataclass
from typing import Any

HIGHEST_PITCH = 127
NOTEWORTHY_WINDOWS = 3.0
"""So many times more near windows than real works have are worth a word."""


@dataclass(frozen=True)
class Passage:
    """A stretch of a file.

    Attributes
    ----------
    file : str
    begin, end : float
        Seconds.
    """

    file: str
    begin: float
    end: float

    def __str__(self) -> str:
        return f"{self.file} {clock(self.begin)}-{clock(self.end)}"


@dataclass(frozen=True)
class WindowPair:
    """A window and the nearest one of the training set.

    Attributes
    ----------
    distance : int
        DTW, in semitones times steps.
    similarity : float
        The contest's NDTW, (127 T - DTW) / (127 T): 1 for identical windows.
    percentile : float
        Share of the windows of real works that come as close to another work, in percent.
    """

    here: Passage
    there: Passage
    distance: int
    similarity: float
    percentile: float


@dataclass(frozen=True)
class Quotation:
    """A passage, or its melody, that follows one of the training set, in any key, at any tempo, but for a few notes.

    Attributes
    ----------
    notes : int
        How many notes it has; for a common run, all agree.
    same : int
        How many of them are in runs that agree.
    semitones : int
        How much higher it is than its source.
    tempo : float
        Its length, as a factor of its source's.
    bits : float or None
        How unlikely it is by the training set's own statistics; None for a common run, which is not weighed.
    """

    here: Passage
    there: Passage
    notes: int
    same: int
    semitones: int
    tempo: float
    bits: float | None = None


@dataclass(frozen=True)
class Originality:
    """How original a file is beside a training set.

    Attributes
    ----------
    file : str
    notes : int
    seconds : float
    settings : dict
        Of series and windows, as the index has them.
    works : int
        In the training set.
    windows : int
        Compared; windows with fewer than ``min_changes`` changes are not.
    plain_windows : int
        That were left out for that.
    near_windows : float
        Share of the compared windows that are as near to the training set as the nearest 1 % of real works' are
        to other works.
    near_expected : float
        That share for real works: 0.01, or more where distances are equal.
    closest : tuple of WindowPair
        The nearest first.
    longest_runs : tuple of Quotation
        Runs of intervals in common, the longest first.
    share_in_runs : float
        Share of the notes that lie in common runs of `run_notes` and more.
    run_notes : int
    quotations : tuple of Quotation
        All that are found, the most unlikely first.
    share_quoted : float
        Share of the notes that lie in quotations.
    melody_notes : int
        How many notes the melody has.
    melody_share_in_runs : float
        Share of them that lie in runs of `run_notes` and more that the melodies of the training set have, too.
    melodies : tuple of Quotation
        Melodies of the training set over other notes, the most unlikely first; those of quotations are left out.
    warnings : tuple of str
        Of reading the file.
    """

    file: str
    notes: int
    seconds: float
    settings: dict[str, Any]
    works: int
    windows: int
    plain_windows: int
    near_windows: float
    near_expected: float
    closest: tuple[WindowPair, ...]
    longest_runs: tuple[Quotation, ...]
    share_in_runs: float
    run_notes: int
    quotations: tuple[Quotation, ...]
    share_quoted: float
    melody_notes: int
    melody_share_in_runs: float
    melodies: tuple[Quotation, ...]
    warnings: tuple[str, ...]

    @property
    def quotes(self) -> bool:
        """Whether a passage or a melody is quoted."""
        return bool(self.quotations or self.melodies)

    @property
    def verdict(self) -> str:
        """One sentence."""
        if self.quotations:
            worst = self.quotations[0]
            return (
                f"It quotes {_count(len(self.quotations), 'passage', 'passages')}, {self.share_quoted:.1%} of its "
                f"notes; {worst.here} follows {worst.there} in {worst.same} of {worst.notes} notes."
            )
        if self.melodies:
            worst = self.melodies[0]
            return (
                f"It quotes {_count(len(self.melodies), 'melody', 'melodies')} over other notes; "
                f"{worst.here} follows {worst.there} in {worst.same} of {worst.notes} notes of the melody."
            )
        if self.windows == 0:
            return "Nothing is quoted; there is no window with enough changes to compare."
        near = (
            f"{self.near_windows:.1%} of its windows are as near to the training set as "
            f"{self.near_expected:.1%} of real works' are to other works"
        )
        if self.near_windows > NOTEWORTHY_WINDOWS * self.near_expected:
            return f"Nothing is quoted, but {near}: listen to the closest pairs."
        return f"Original: nothing is quoted, and {near}."

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return asdict(self) | {"verdict": self.verdict}


def clock(seconds: float) -> str:
    """Minutes and seconds to a tenth: 75.25 is "1:15.2"."""
    minutes, tenths = divmod(int(seconds * 10), 600)
    return f"{minutes}:{tenths // 10:02d}.{tenths % 10}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
