"""Results of a comparison with a training set."""

from dataclasses import asdict, dataclass
from typing import Any

HIGHEST_PITCH = 127
NOTEWORTHY_WINDOWS = 3.0
"""Factor, over the share of near windows in real works, from which the verdict mentions them."""


@dataclass(frozen=True)
class Passage:
    """A passage of a file.

    Attributes
    ----------
    file : str
    begin, end : float
        Times in seconds.
    """

    file: str
    begin: float
    end: float

    def __str__(self) -> str:
        return f"{self.file} {clock(self.begin)}-{clock(self.end)}"


@dataclass(frozen=True)
class WindowPair:
    """A window and the nearest window of the training set.

    Attributes
    ----------
    distance : int
        Distance by dynamic time warping (DTW), in semitones times steps.
    similarity : float
        The challenge's NDTW, (127 T - DTW) / (127 T): 1 for identical windows.
    percentile : float
        Percentage of the windows of real works that are as close to another work.
    """

    here: Passage
    there: Passage
    distance: int
    similarity: float
    percentile: float


@dataclass(frozen=True)
class Quotation:
    """A passage or melody that follows one of the training set, in any key and tempo, except for a few notes.

    Attributes
    ----------
    notes : int
        Number of notes; in a common run, all agree.
    same : int
        Number of notes in runs that agree.
    semitones : int
        Transposition from its source.
    tempo : float
        Length divided by that of its source.
    bits : float or None
        Improbability by the statistics of the training set; None for a common run.
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
    """Report of a comparison with a training set.

    Attributes
    ----------
    file : str
    notes : int
    seconds : float
    settings : dict
        Settings of the index; see `IndexSettings`.
    works : int
        Number of works in the training set.
    windows : int
        Number of windows compared.
    plain_windows : int
        Number of windows skipped because they have fewer than ``min_changes`` changes.
    near_windows : float
        Share of the compared windows that are exceptionally near to the training set: as near as the nearest 1 % of
        the windows of real works are to other works.
    near_expected : float
        The same share for real works: 0.01, or more if distances are equal.
    closest : tuple of WindowPair
        Closest pairs, the nearest first.
    longest_runs : tuple of Quotation
        Common runs of intervals, the longest first.
    share_in_runs : float
        Share of the notes that lie in common runs of at least `run_notes` notes.
    run_notes : int
    quotations : tuple of Quotation
        All quotations, the most improbable first.
    share_quoted : float
        Share of the notes that lie in quotations.
    melody_notes : int
        Number of notes of the melody.
    melody_share_in_runs : float
        Share of the melody's notes that lie in runs of at least `run_notes` notes common with melodies of the
        training set.
    melodies : tuple of Quotation
        Quoted melodies over other notes, the most improbable first, without those of `quotations`.
    warnings : tuple of str
        Warnings of the MIDI reader.
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
        """Whether the file quotes a passage or a melody."""
        return bool(self.quotations or self.melodies)

    @property
    def verdict(self) -> str:
        """Verdict in one sentence."""
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
        """Return the report as values for JSON."""
        return asdict(self) | {"verdict": self.verdict}


def clock(seconds: float) -> str:
    """Format seconds as minutes and seconds to a tenth: 75.25 is "1:15.2"."""
    minutes, tenths = divmod(int(seconds * 10), 600)
    return f"{minutes}:{tenths // 10:02d}.{tenths % 10}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
