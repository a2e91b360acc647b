"""What to ask of a piece: every setting, its default and its range, in one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypedDict

from longplay import _core
from longplay.originality.index import Index

SamplingOption: TypeAlias = float | Mapping[str, float]
"""One number for all fields, or a mapping of field name to number."""

_LONGEST_SECONDS = 86_400  # what the writer takes; see docs/midi.md
_STRONGEST_GUIDANCE = 20

SAMPLING_OFF: Mapping[str, float] = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0}
"""Every option of sampling, with the value that leaves the model's own distribution as it is."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of a piece.

    Attributes
    ----------
    seconds : float
        Length, in [1, 86400], exact to the millisecond.
    random_seed : int
        Any integer in [0, 2**64).
    temperature, top_k, top_p, min_p : number, or mapping of field name to number
        Sampling, as in Hugging Face and vLLM: divide logits by `temperature` (0 takes the likeliest id), keep
        the `top_k` likeliest (0 keeps all), then the fewest that reach probability `top_p` [1]_, then those at
        least `min_p` times as likely as the likeliest [2]_. A mapping sets single fields of ``time_shift``,
        ``pitch``, ``velocity`` and ``duration``. What is not set is as ``sampling`` in the model's config has it.
    style : str, optional
        One of `Engine.styles`; by default the seed alone decides.
    guidance_scale : float
        How closely to follow the style, in [1, 20]: what being told it changes in the logits is multiplied by this
        [3]_. Above 1 a piece with a style takes two rows of a batch, so twice the time.
    max_velocity : int
        Highest MIDI velocity, in [1, 127].
    recital : bool
        Make pieces of two to six minutes, each of which answers the seed afresh; otherwise one piece.
    steady : bool
        Keep five figures of any five minutes within the bands that the model's config names, those of its training
        music (docs/pieces.md). A model without bands is left alone.
    include_seed : bool
        Begin with the seed itself; its time counts.

    Raises
    ------
    ValueError
        A setting is out of range; the message names it.

    References
    ----------
    .. [1] Holtzman et al., "The Curious Case of Neural Text Degeneration", ICLR 2020.
    .. [2] Nguyen et al., "Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM Outputs", ICLR 2025.
    .. [3] Ho and Salimans, "Classifier-Free Diffusion Guidance", arXiv:2207.12598, 2022.
    """

    seconds: float = 60.0
    random_seed: int = 0
    temperature: SamplingOption | None = None
    top_k: SamplingOption | None = None
    top_p: SamplingOption | None = None
    min_p: SamplingOption | None = None
    style: str | None = None
    guidance_scale: float = 3.0
    max_velocity: int = 100
    recital: bool = True
    steady: bool = True
    include_seed: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.seconds <= _LONGEST_SECONDS:
            raise ValueError(f"seconds must be in [1, {_LONGEST_SECONDS}], not {self.seconds}")
        if not 0 <= self.random_seed < 2**64:
            raise ValueError(f"random_seed must be in [0, 2**64), not {self.random_seed}")
        if not 1 <= self.max_velocity <= 127:
            raise ValueError(f"max_velocity must be in [1, 127], not {self.max_velocity}")
        if not 1 <= self.guidance_scale <= _STRONGEST_GUIDANCE:
            raise ValueError(f"guidance_scale must be in [1, {_STRONGEST_GUIDANCE}], not {self.guidance_scale}")

    @property
    def milliseconds(self) -> int:
        """Length in milliseconds."""
        return round(self.seconds * 1000)


class SettingsArguments(TypedDict, total=False):
    """The settings as keyword arguments; `Settings` says what they mean."""

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
    """Settings of one candidate of many, its length among them."""

    seconds: float


def core_settings(
    settings: Settings,
    config: Mapping[str, Any],
    *,
    candidate: int = 0,
    keep_seconds: float | None = None,
    avoid: Index | None = None,
) -> _core.Settings:
    """The core's form of the settings, for a model's config.

    Raises
    ------
    ValueError
        A setting does not fit the model; the message names it.
    """
    return _core.Settings(
        length_ms=settings.milliseconds,
        random_seed=settings.random_seed,
        params=field_params(settings, config),
        bias=[_bias(field, settings) for field in config["fields"]],
        controls=[_control(control, settings) for control in config["controls"]],
        guidance_scale=settings.guidance_scale,
        include_seed=settings.include_seed,
        recital=settings.recital,
        steady=settings.steady,
        candidate=candidate,
        keep_ms=None if keep_seconds is None else _milliseconds(keep_seconds),
        avoid=None if avoid is None else avoid.phrases,
    )


def _milliseconds(keep_seconds: float) -> int:
    if not 1 <= keep_seconds <= _LONGEST_SECONDS:
        raise ValueError(f"snapshot_seconds must be in [1, {_LONGEST_SECONDS}], not {keep_seconds}")
    return round(keep_seconds * 1000)


def styles(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the styles that a model was trained with, the unknown one left out."""
    for control in config["controls"]:
        if control["name"] == "style":
            return tuple(name for i, name in enumerate(control["names"]) if i != control["unknown"])
    return ()


def field_params(settings: Settings, config: Mapping[str, Any]) -> list[_core.SamplingParams]:
    """What each field of a model is drawn with: the settings, and where they do not say, the model's own."""
    fields = [str(field["name"]) for field in config["fields"]]

    def of(field: str, name: str) -> float:
        own: float = config.get("sampling", {}).get(name, {}).get(field, SAMPLING_OFF[name])
        option: SamplingOption | None = getattr(settings, name)
        if not isinstance(option, Mapping):
            return own if option is None else option
        if strangers := sorted(set(option) - set(fields)):
            raise ValueError(f"{name} names {strangers[0]!r}, which is not a field: {', '.join(fields)}")
        return option.get(field, own)

    return [sampling_params({name: of(field, name) for name in SAMPLING_OFF}) for field in fields]


def sampling_params(options: Mapping[str, float]) -> _core.SamplingParams:
    """The core's form of the sampling options of one field.

    Raises
    ------
    ValueError
        One is out of range; the message names it.
    """
    top_k = options["top_k"]
    if not float(top_k).is_integer():
        raise ValueError(f"top_k must be a whole number, not {top_k}")
    if abs(top_k) >= 2**31:
        raise ValueError(f"top_k must be in [0, 2**31), not {top_k}")
    return _core.SamplingParams(
        temperature=options["temperature"], top_k=int(top_k), top_p=options["top_p"], min_p=options["min_p"]
    )


def _bias(field: Mapping[str, Any], settings: Settings) -> list[float]:
    """Forbids velocities above the highest; empty for no bias."""
    if field["name"] != "velocity" or max(field["values"]) <= settings.max_velocity:
        return []
    if min(field["values"]) > settings.max_velocity:
        lowest = min(field["values"])
        raise ValueError(f"max_velocity must be at least the model's lowest, {lowest}, not {settings.max_velocity}")
    return [float("-inf") if value > settings.max_velocity else 0.0 for value in field["values"]]


def _control(control: Mapping[str, Any], settings: Settings) -> int:
    """What a control is told all along: unknown, unless asked for."""
    if control["name"] == "style" and settings.style is not None:
        known = styles({"controls": [control]})
        if settings.style not in known:
            raise ValueError(f"style must be one of {', '.join(known)}, not {settings.style!r}")
        return int(control["names"].index(settings.style))
    return int(control["unknown"])
