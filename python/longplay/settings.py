"""Settings of a piece: each is declared once, with its type, default, range and help text."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias, TypedDict

from longplay._base.key import parse_key, parse_scale
from longplay._base.require import (
    refuse_type,
    require_choice,
    require_flag,
    require_integer,
    require_list,
    require_number,
    show,
    show_range,
)

SamplingOption: TypeAlias = float | Mapping[str, float]
"""One number for all fields, or a mapping of field name to number."""

LONGEST_SECONDS = 86_400
"""Greatest length of a piece, which is the most that the MIDI writer takes (docs/midi.md)."""

MOST_BRANCHES = 64
"""Greatest number of branches of a search. The numbers are here because help, which shows them, loads no core."""

Kind: TypeAlias = Literal["number", "integer", "flag", "text", "choice", "key", "scale", "span", "sampling"]


@dataclass(frozen=True)
class Declaration:
    """The declaration of one field of `Settings`, in addition to name, type and default.

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
    choices : tuple of str
        Values of a "choice".
    shapes : str
        How the setting changes what the model would draw by itself, such as "hand rules"; empty if it does not. A
        submission to the challenge reports these settings.
    """

    kind: Kind
    help: str
    low: float = 0
    high: float = 0
    open_low: bool = False
    whole: bool = False
    choices: tuple[str, ...] = ()
    shapes: str = ""

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
        if self.kind == "key":
            return parse_key(name, value)
        if self.kind == "scale":
            return parse_scale(name, value)
        if self.kind == "choice":
            return require_choice(
                name, value if isinstance(value, str) else refuse_type(name, "text", value), self.choices
            )
        if value is None:
            return None
        if self.kind == "span":
            return self.check_span(name, value)
        if self.kind == "text":
            return value if isinstance(value, str) else refuse_type(name, "text", value)
        if not isinstance(value, Mapping):
            return self.check_one(name, value)
        return {str(key): self.check_one(f"{name} of {key}", number) for key, number in value.items()}

    def check_span(self, name: str, value: Any) -> tuple[int, int]:
        """Return the lowest and the highest of a span of integers, checked."""
        ends = require_list(name, value)
        if len(ends) != 2:
            raise ValueError(f"{name} must be a lowest and a highest number, not {show(value)}")
        low = require_integer(f"the lowest of {name}", ends[0], int(self.low), int(self.high))
        return low, require_integer(f"the highest of {name}", ends[1], low, int(self.high))

    def check_one(self, name: str, value: object) -> float:
        """Return one number of a sampling option, checked."""
        number = require_number(name, value, self.low, self.high, open_low=self.open_low)
        if not self.whole:
            return number
        if not number.is_integer():
            raise ValueError(f"{name} must be a whole number, not {show(value)}")
        return int(number)


def _setting(kind: Kind, text: str, low: float = 0, high: float = 0, **more: Any) -> dict[str, Declaration]:
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
        id). Then it keeps the `top_k` likeliest ids (0 keeps all). Of these, it keeps the fewest that reach probability
        `top_p` [1]_. Then it drops ids less than `min_p` times as likely as the likeliest [2]_. A mapping sets single
        fields of ``time_shift``, ``pitch``, ``velocity`` and ``duration``. The other fields use ``sampling`` of the
        model's config.
    style : str, optional
        One of `Engine.styles`; by default the seed alone decides.
    guidance_scale : float
        How closely to follow the style, in [1, 20]. The engine multiplies the difference between conditional and
        unconditional logits by this number [3]_. Above 1, a piece with a style takes two rows of a batch and twice the
        time.
    max_velocity : int
        Highest MIDI velocity, in [1, 127].
    pace : float
        How many notes a second, compared with what the model would draw by itself, in [0.5, 2]. The engine makes long
        or short time shifts likelier, so the number is met roughly (docs/prompts.md).
    recital : bool
        Make pieces of two to six minutes, each of which continues the seed afresh, instead of one piece.
    dynamics : str
        How to answer a seed that is no performance, if `style` is None. ``"performed"``: in the model's performed
        style, if it has one; ``"seed"``: in the seed's own style, if the model recognises styles. A seed is no
        performance if it has one velocity (standard deviation below 1), or if the model recognises a written style.
    steady : bool
        Keep the density near the seed's, and the music from a few pitches over and over (docs/musical-rules.md).
    two_hands : bool
        Strike together only notes that two hands reach: ten notes within 50 ms, in two octaves.
    playable : bool
        Keep to what a pianist can play live: also the leaps of each hand, their crossing, and the time from one stroke
        of a key to the next have limits (docs/musical-rules.md).
    key : str
        To which the music is pulled. ``"seed"``: the pitch classes of the seed. ``"free"``: no key. A name such as
        ``"D minor"`` or ``"Bb major"``: that key.
    scale : str, optional
        Draw only pitches of this major or natural minor scale, such as ``"D minor"``; by default all.
    pitches : (int, int), optional
        Draw only MIDI pitches from the first to the second, in [0, 127]; by default all.
    search : int
        Draw each phrase so many times, in [1, 64], and keep the one that the model's critic finds most like real
        music [4]_. The time grows by this factor. Above 1, the model must have a critic (`Engine.has_critic`).
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
    .. [4] Deng et al., "Residual Energy-Based Models for Text Generation", arXiv:2004.11714, 2020.
    """

    seconds: float = field(
        default=3600.0,
        metadata=_setting("number", "Length of the music, exact to the millisecond.", 1, LONGEST_SECONDS),
    )
    random_seed: int = field(
        default=0, metadata=_setting("integer", "The same number generates the same music.", 0, 2**64 - 1)
    )
    temperature: SamplingOption | None = field(
        default=None,
        metadata=_setting("sampling", "Above 1 more adventurous, below 1 tamer.", 0, 1_000_000, shapes="sampling"),
    )
    top_k: SamplingOption | None = field(
        default=None,
        metadata=_setting(
            "sampling", "Draw from this many likeliest ids; 0 for all.", 0, 2**31 - 1, whole=True, shapes="sampling"
        ),
    )
    top_p: SamplingOption | None = field(
        default=None,
        metadata=_setting(
            "sampling",
            "Draw from the likeliest ids that reach this probability.",
            0,
            1,
            open_low=True,
            shapes="sampling",
        ),
    )
    min_p: SamplingOption | None = field(
        default=None,
        metadata=_setting(
            "sampling", "Draw from ids at least this many times as likely as the likeliest.", 0, 1, shapes="sampling"
        ),
    )
    style: str | None = field(
        default=None, metadata=_setting("text", "One of the model's styles, which `longplay doctor` lists.")
    )
    guidance_scale: float = field(default=3.0, metadata=_setting("number", "How closely to follow the style.", 1, 20))
    max_velocity: int = field(default=100, metadata=_setting("integer", "Highest MIDI velocity.", 1, 127))
    pace: float = field(
        default=1.0,
        metadata=_setting("number", "Notes a second, compared with what the model would draw.", 0.5, 2),
    )
    recital: bool = field(
        default=True, metadata=_setting("flag", "Make pieces of two to six minutes instead of one long piece.")
    )
    dynamics: str = field(
        default="performed",
        metadata=_setting(
            "choice",
            'Answer a written seed as a performance ("performed") or as it is ("seed").',
            choices=("performed", "seed"),
        ),
    )
    steady: bool = field(
        default=True, metadata=_setting("flag", "Keep the density near the seed's.", shapes="steadiness")
    )
    two_hands: bool = field(
        default=True, metadata=_setting("flag", "Strike together only notes that two hands reach.", shapes="hand rules")
    )
    playable: bool = field(
        default=False, metadata=_setting("flag", "Keep to what a pianist can play live.", shapes="hand rules")
    )
    key: str = field(
        default="seed",
        metadata=_setting("key", 'Pull the music to "seed", to a key such as "D minor", or "free".', shapes="key pull"),
    )
    scale: str | None = field(
        default=None,
        metadata=_setting("scale", 'Draw only pitches of a scale such as "D minor".'),
    )
    pitches: tuple[int, int] | None = field(
        default=None,
        metadata=_setting("span", "Draw only pitches from a lowest to a highest.", 0, 127),
    )
    search: int = field(
        default=1,
        metadata=_setting(
            "integer", "Draw each phrase this many times and keep the best.", 1, MOST_BRANCHES, shapes="search"
        ),
    )
    include_seed: bool = field(default=False, metadata=_setting("flag", "Begin with the seed itself."))

    def __post_init__(self) -> None:
        for name, declared in DECLARATIONS.items():
            object.__setattr__(self, name, declared.check(name, getattr(self, name)))

    @property
    def milliseconds(self) -> int:
        """Length in milliseconds."""
        return round(self.seconds * 1000)


def settings_from(given: Mapping[str, Any]) -> Settings:
    """Return settings from a mapping of names to values.

    Raises
    ------
    TypeError
        A name is not that of a setting; also as for `Settings`.
    ValueError
        As for `Settings`.
    """
    if strangers := [name for name in given if name not in DECLARATIONS]:
        raise TypeError(f"a setting must be one of {', '.join(DECLARATIONS)}, not {show(strangers[0])}")
    return Settings(**given)


DECLARATIONS: Mapping[str, Declaration] = {one.name: one.metadata["setting"] for one in fields(Settings)}
"""Declaration of each setting, by name."""

DEFAULT_SECONDS: float = Settings.seconds
"""Default length of a piece."""


RULES = ("pace", "scale", "pitches")
"""Settings that tell the model what to play. A submission to the challenge must not use them."""

NO_SKETCH_SETTINGS = ("seconds", "recital", "search", "include_seed")
"""Settings that do not apply to a sketch."""

MOST_PARTICLES = 1024
"""Greatest number of particles of a sketch."""


@dataclass(frozen=True, kw_only=True)
class SketchOptions:
    """Options of the calls that complete a sketch, in addition to `Settings`.

    Attributes
    ----------
    particles : int
        Draw the music between given notes so many times, in [1, 1024]. What leads to the given notes survives.
    density : float
        Number of notes that accompany a note of a melody, in [0, 32]. 0 leaves the number to the model.
    keep : float
        Share of the notes that a variation keeps, in [0, 1].
    recall : float
        Share of its original's notes that a section keeps when it returns, in [0, 1]. Those of the melody come first.
    slack : float
        By how many seconds a performance may move an onset, in [0, 1].

    Raises
    ------
    TypeError, ValueError
        As for `Settings`.
    """

    particles: int = field(
        default=64,
        metadata=_setting("integer", "Draw the music between given notes this many times.", 1, MOST_PARTICLES),
    )
    density: float = field(
        default=1.6, metadata=_setting("number", "Notes that accompany a note of the melody; 0 for any number.", 0, 32)
    )
    keep: float = field(default=0.3, metadata=_setting("number", "Share of the notes to keep.", 0, 1))
    recall: float = field(
        default=0.5, metadata=_setting("number", "Share of the notes that a returning section keeps.", 0, 1)
    )
    slack: float = field(default=0.03, metadata=_setting("number", "By how many seconds onsets may move.", 0, 1))

    def __post_init__(self) -> None:
        for one in fields(self):
            checked = one.metadata["setting"].check(one.name, getattr(self, one.name))
            object.__setattr__(self, one.name, checked)


class SketchArguments(TypedDict, total=False):
    """The settings of a sketch as keyword arguments; see `Settings`."""

    random_seed: int
    temperature: SamplingOption | None
    top_k: SamplingOption | None
    top_p: SamplingOption | None
    min_p: SamplingOption | None
    style: str | None
    guidance_scale: float
    max_velocity: int
    pace: float
    dynamics: str
    steady: bool
    two_hands: bool
    playable: bool
    key: str
    scale: str | None
    pitches: tuple[int, int] | None


class SettingsArguments(SketchArguments, total=False):
    """The settings as keyword arguments, without `seconds`; see `Settings`."""

    recital: bool
    search: int
    include_seed: bool


class OwnSettings(SettingsArguments, total=False):
    """The settings of one candidate of a batch, as keyword arguments; see `Settings`."""

    seconds: float
