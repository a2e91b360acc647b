"""Settings of a piece: each is declared once, with its type, default, range and help text."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias, TypedDict

from longplay._require import refuse_type, require_flag, require_integer, require_number, show_range

SamplingOption: TypeAlias = float | Mapping[str, float]
"""One number for all fields, or a mapping of field name to number."""

Kind: TypeAlias = Literal["number", "integer", "flag", "text", "sampling"]


@dataclass(frozen=True)
class Declaration:
    """What `Settings` declares about one of its fields, besides name, type and default.

    Attributes
    ----------
    kind : str
        Which values the setting takes.
    help : str
        Help text of the command-line option.
    low, high : float, optional
        Range of a number.
    open_low : bool
        Exclude `low` from the range.
    whole : bool
        Take whole numbers only; "integer" settings always do.
    """

    kind: Kind
    help: str
    low: float = 0
    high: float = 0
    open_low: bool = False
    whole: bool = False

    @property
    def range(self) -> str:
        """Range as text, such as "[1, 127]"; empty if the setting has none."""
        return show_range(self.low, self.high, self.open_low) if self.high > self.low else ""

    def check(self, name: str, value: Any) -> Any:
        """Return `value` as Python's own type; raise TypeError or ValueError if it is not allowed."""
        if self.kind == "flag":
            return require_flag(name, value)
        if self.kind == "integer":
            return require_integer(name, value, int(self.low), int(self.high))
        if self.kind == "number":
            return require_number(name, value, self.low, self.high, open_low=self.open_low)
        if value is None:
            return None
        if self.kind == "text":
            return value if isinstance(value, str) else refuse_type(name, "text", value)
        if not isinstance(value, Mapping):
            return self.check_one(name, value)
        return {str(key): self.check_one(f"{name} of {key}", number) for key, number in value.items()}

    def check_one(self, name: str, value: object) -> float:
        """Return one number of a sampling option, checked."""
        number = require_number(name, value, self.low, self.high, open_low=self.open_low)
        if not self.whole:
            return number
        if not number.is_integer():
            raise ValueError(f"{name} must be a whole number, not {value}")
        return int(number)


def _setting(kind: Kind, text: str, low: float = 0, high: float = 0, **more: bool) -> dict[str, Declaration]:
    return {"setting": Declaration(kind, text, low, high, **more)}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of a piece.

    Attributes
    ----------
    seconds : float
        Length, in [1, 86400], exact to the millisecond.
    random_seed : int
        Any integer in [0, 2**64 - 1].
    temperature, top_k, top_p, min_p : number, or mapping of field name to number
        Sampling options, as in Hugging Face and vLLM. The engine divides logits by `temperature` (0 takes the likeliest
        id). It keeps the `top_k` likeliest ids (0 keeps all), then the fewest that reach probability `top_p` [1]_, then
        those at least `min_p` times as likely as the likeliest [2]_. A mapping sets single fields of ``time_shift``,
        ``pitch``, ``velocity`` and ``duration``. The other fields use ``sampling`` of the model's config.
    style : str, optional
        One of `Engine.styles`; by default the seed alone decides.
    guidance_scale : float
        How closely to follow the style, in [1, 20]. The engine multiplies the difference between conditional and
        unconditional logits by this number [3]_. Above 1, a piece with a style takes two rows of a batch and twice the
        time.
    max_velocity : int
        Highest MIDI velocity, in [1, 127].
    recital : bool
        Make pieces of two to six minutes, each of which answers the seed afresh; otherwise one piece.
    steady : bool
        Keep five figures of any five minutes within the bands in the model's config, those of its training music
        (docs/pieces.md). Without bands in the config, this setting has no effect.
    include_seed : bool
        Begin with the seed itself. The seed's time is part of `seconds`.

    Raises
    ------
    TypeError
        A setting has the wrong type; the message names it.
    ValueError
        A setting is out of range; the message names it.

    References
    ----------
    .. [1] Holtzman et al., "The Curious Case of Neural Text Degeneration", ICLR 2020.
    .. [2] Nguyen et al., "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM Outputs", ICLR 2025.
    .. [3] Ho and Salimans, "Classifier-Free Diffusion Guidance", arXiv:2207.12598, 2022.
    """

    seconds: float = field(
        default=3600.0, metadata=_setting("number", "Length of the music, exact to the millisecond.", 1, 86_400)
    )
    random_seed: int = field(
        default=0, metadata=_setting("integer", "The same number generates the same music.", 0, 2**64 - 1)
    )
    temperature: SamplingOption | None = field(
        default=None, metadata=_setting("sampling", "Above 1 more adventurous, below 1 tamer.", 0, 1_000_000)
    )
    top_k: SamplingOption | None = field(
        default=None,
        metadata=_setting("sampling", "Draw from this many likeliest ids; 0 for all.", 0, 2**31 - 1, whole=True),
    )
    top_p: SamplingOption | None = field(
        default=None,
        metadata=_setting("sampling", "Draw from the likeliest ids that reach this probability.", 0, 1, open_low=True),
    )
    min_p: SamplingOption | None = field(
        default=None,
        metadata=_setting("sampling", "Draw from ids at least this many times as likely as the likeliest.", 0, 1),
    )
    style: str | None = field(
        default=None, metadata=_setting("text", "One of the model's styles, which `longplay doctor` lists.")
    )
    guidance_scale: float = field(default=3.0, metadata=_setting("number", "How closely to follow the style.", 1, 20))
    max_velocity: int = field(default=100, metadata=_setting("integer", "Highest MIDI velocity.", 1, 127))
    recital: bool = field(
        default=True, metadata=_setting("flag", "Make pieces of two to six minutes instead of one long piece.")
    )
    steady: bool = field(
        default=True, metadata=_setting("flag", "Keep the music within the bands of the model's training music.")
    )
    include_seed: bool = field(default=False, metadata=_setting("flag", "Begin with the seed itself."))

    def __post_init__(self) -> None:
        for name, declared in DECLARATIONS.items():
            object.__setattr__(self, name, declared.check(name, getattr(self, name)))

    @property
    def milliseconds(self) -> int:
        """Length in milliseconds."""
        return round(self.seconds * 1000)


DECLARATIONS: Mapping[str, Declaration] = {one.name: one.metadata["setting"] for one in fields(Settings)}
"""Declaration of each setting, by name."""

DEFAULT_SECONDS: float = Settings.seconds
"""Default length of a piece."""

LONGEST_SECONDS = int(DECLARATIONS["seconds"].high)
"""Greatest length of a piece, which is the most that the MIDI writer takes (docs/midi.md)."""


class SettingsArguments(TypedDict, total=False):
    """The settings as keyword arguments, without `seconds`; see `Settings`."""

    random_seed: int
    temperature: SamplingOption | None
    top_k: SamplingOption | None
    top_p: SamplingOption | None
    min_p: SamplingOption | None
    style: str | None
    guidance_scale: float
    max_velocity: int
    recital: bool
    steady: bool
    include_seed: bool


class OwnSettings(SettingsArguments, total=False):
    """The settings of one candidate of a batch, as keyword arguments; see `Settings`."""

    seconds: float
