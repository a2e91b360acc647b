"""Provenance: the record from which a piece can be generated again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from longplay import _core
from longplay._base.require import require_instance, require_integer, require_list, require_mapping, show
from longplay.originality.index import Index
from longplay.settings import DECLARATIONS, MOST_PARTICLES, Settings, settings_from

FORMAT = 4
"""Version of the entries that `Provenance.as_dict` returns and `Provenance.from_dict` reads."""


@dataclass(frozen=True)
class Step:
    """A later change of a piece: another length, or another continuation.

    Attributes
    ----------
    events : int
        Number of events before the change.
    branch : int
        Number of the continuation, in [0, 2**31 - 1]; 0 is the piece's own.
    seconds : float
        Length of the piece after the change.
    """

    events: int
    branch: int
    seconds: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "events", require_integer("events", self.events, 0, 2**64 - 1))
        object.__setattr__(self, "branch", require_integer("branch", self.branch, 0, 2**31 - 1))
        object.__setattr__(self, "seconds", DECLARATIONS["seconds"].check("seconds", self.seconds))


@dataclass(frozen=True)
class SeedStyle:
    """The style in which a piece answers its seed, if the settings name none.

    Attributes
    ----------
    name : str
        One of `Engine.styles`.
    guidance_scale : float
        How closely the piece follows the style, in [1, 20].
    """

    name: str
    guidance_scale: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", DECLARATIONS["style"].check("name", self.name))
        scale = DECLARATIONS["guidance_scale"].check("guidance_scale", self.guidance_scale)
        object.__setattr__(self, "guidance_scale", scale)


@dataclass(frozen=True)
class SketchOrigin:
    """The sketch that a piece completes.

    Attributes
    ----------
    hash : str
        `Sketch.hash` of the sketch.
    particles : int
        Number of particles, in [1, 1024].
    form : str or None
        Plan of the sections, of a piece from `Engine.compose`.
    """

    hash: str
    particles: int
    form: str | None = None

    def __post_init__(self) -> None:
        require_instance("hash", self.hash, str)
        object.__setattr__(self, "particles", require_integer("particles", self.particles, 1, MOST_PARTICLES))
        if self.form is not None:
            require_instance("form", self.form, str)


@dataclass(frozen=True)
class Provenance:
    """Everything that a piece depends on: `Engine.regenerate` generates the piece again from it.

    Attributes
    ----------
    version : str
        Version of longplay.
    model, model_hash : str
        Name of the model, and the SHA-256 of its files.
    seed_hash : str or None
        SHA-256 of the seed's bytes; None without a seed.
    candidate : int
        Index of the piece in its batch. The random numbers depend on it and on ``settings.random_seed``.
    settings : Settings
        All settings of the piece at first, defaults included.
    steps : tuple of Step
        Later changes, of a piece that was extended or branched.
    index_hash : str or None
        `Index.hash` of the index that the piece avoids; None if it avoids none.
    seed_style : SeedStyle or None
        Style that the engine chose for the seed: a performed one for a seed of one velocity (setting ``dynamics``), or
        the one that it recognised. None if it chose none.
    sketch : SketchOrigin or None
        The sketch that the piece completes; `Engine.complete` makes the piece again. None if the piece completes none.
    """

    version: str
    model: str
    model_hash: str
    seed_hash: str | None
    candidate: int
    settings: Settings
    steps: tuple[Step, ...] = ()
    index_hash: str | None = None
    seed_style: SeedStyle | None = None
    sketch: SketchOrigin | None = None

    def __post_init__(self) -> None:
        for name in ("version", "model", "model_hash"):
            require_instance(name, getattr(self, name), str)
        for name, kind in _KINDS.items():
            if (value := getattr(self, name)) is not None:
                require_instance(name, value, kind)
        object.__setattr__(self, "candidate", require_integer("candidate", self.candidate, 0, 2**32 - 1))
        require_instance("settings", self.settings, Settings)

    @property
    def settings_now(self) -> Settings:
        """The settings after all steps, with the style of the seed."""
        now = self.settings
        if self.seed_style is not None:
            now = replace(now, style=self.seed_style.name, guidance_scale=self.seed_style.guidance_scale)
        for step in self.steps:
            now = replace(now, seconds=step.seconds)
            if step.branch > 0:
                number = _core.branch_seed(
                    random_seed=now.random_seed, candidate=self.candidate, event=step.events, branch=step.branch
                )
                now = replace(now, random_seed=number)
        return now

    def after(self, events: int, branch: int, seconds: float | None = None) -> "Provenance":
        """Return the provenance after a further step. A step without an effect is left out."""
        length = self.settings_now.seconds if seconds is None else seconds
        step = Step(events, branch, length)
        if step.branch == 0 and step.seconds == self.settings_now.seconds:
            return self
        return replace(self, steps=(*self.steps, step))

    def check_index(self, avoid: Index | None) -> None:
        """Raise ValueError unless `avoid` is the index that the piece avoids."""
        given = None if avoid is None else avoid.hash
        if given != self.index_hash:
            wanted = "None" if self.index_hash is None else f"the index of hash {show(self.index_hash)}"
            shown = "None" if given is None else f"the index of hash {show(given)}"
            raise ValueError(f"avoid must be {wanted}, as in the piece's provenance, not {shown}")

    def as_dict(self) -> dict[str, Any]:
        """Return the provenance as plain values, ready for JSON, with their format."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Provenance":
        """Return the provenance that `as_dict` returned as plain values.

        Raises
        ------
        TypeError, ValueError
            The format is another one, or an entry is missing, unknown or out of range.
        """
        entries = dict(require_mapping("values", values))
        if (found := entries.pop("format", 0)) != FORMAT:
            raise ValueError(
                f"the provenance has format {show(found)}, but this version of longplay reads format {FORMAT}. "
                "To fix this, use the version that wrote it"
            )
        entries["settings"] = settings_from(require_mapping("settings", entries["settings"]))
        steps = require_list("steps", entries["steps"])
        entries["steps"] = tuple(Step(**require_mapping(f"steps[{i}]", step)) for i, step in enumerate(steps))
        if entries["seed_style"] is not None:
            entries["seed_style"] = SeedStyle(**require_mapping("seed_style", entries["seed_style"]))
        if entries["sketch"] is not None:
            entries["sketch"] = SketchOrigin(**require_mapping("sketch", entries["sketch"]))
        return cls(**entries)


_KINDS: Mapping[str, type] = {
    "seed_hash": str,
    "index_hash": str,
    "seed_style": SeedStyle,
    "sketch": SketchOrigin,
}
"""Types of the entries that may be None."""
