"""What made a piece."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from longplay import _core
from longplay.originality.index import Index
from longplay.settings import Settings


@dataclass(frozen=True)
class Step:
    """A snapshot that was gone on with otherwise than it would have by itself.

    Attributes
    ----------
    events : int
        How many events had been drawn.
    branch : int
        Which future was taken; 0 is the one that would have come.
    seconds : float
        Length of the piece from then on.
    """

    events: int
    branch: int
    seconds: float

    def __post_init__(self) -> None:
        if not 0 <= self.events < 2**64:
            raise ValueError(f"events must be in [0, 2**64), not {self.events}")
        if not 0 <= self.branch < 2**31:
            raise ValueError(f"branch must be in [0, 2**31), not {self.branch}")


@dataclass(frozen=True)
class Provenance:
    """What made a piece: enough to make it again on a machine of the same kind.

    Attributes
    ----------
    version : str
        Of longplay.
    model, model_hash : str
        Name of the model, and the SHA-256 of its files.
    seed_hash : str or None
        SHA-256 of the seed's bytes; None without a seed.
    candidate : int
        Its place among the seeds; with ``settings.random_seed``, what the random numbers are a function of.
    settings : Settings
        Everything that was asked for at first, defaults included.
    steps : tuple of Step
        What was asked for later, of a piece that was extended or of a branch.
    index_hash : str or None
        `Index.hash` of what the piece had to avoid; None if it was free.
    """

    version: str
    model: str
    model_hash: str
    seed_hash: str | None
    candidate: int
    settings: Settings
    steps: tuple[Step, ...] = ()
    index_hash: str | None = None

    @property
    def settings_now(self) -> Settings:
        """The settings after all steps."""
        now = self.settings
        for step in self.steps:
            now = replace(now, seconds=step.seconds)
            if step.branch > 0:
                number = _core.branch_seed(
                    random_seed=now.random_seed, candidate=self.candidate, event=step.events, branch=step.branch
                )
                now = replace(now, random_seed=number)
        return now

    def after(self, events: int, branch: int, seconds: float | None = None) -> "Provenance":
        """The same after a further step, which is left out where it changes nothing."""
        length = self.settings_now.seconds if seconds is None else seconds
        step = Step(events, branch, length)
        if branch == 0 and length == self.settings_now.seconds:
            return self
        return replace(self, steps=(*self.steps, step))

    def check_index(self, avoid: Index | None) -> None:
        """Raise ValueError unless `avoid` is what the piece had to avoid."""
        given = None if avoid is None else avoid.hash
        if given != self.index_hash:
            wanted = "no index" if self.index_hash is None else f"the index of hash {self.index_hash}"
            raise ValueError(f"avoid must be {wanted}, as of the piece, not {given and f'that of hash {given}'}")

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Provenance":
        """What `as_dict` gave.

        Raises
        ------
        TypeError, ValueError
            An entry is missing, unknown or out of range.
        """
        entries = dict(values)
        entries["settings"] = Settings(**entries["settings"])
        entries["steps"] = tuple(Step(**step) for step in entries["steps"])
        return cls(**entries)
