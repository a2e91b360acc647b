"""Settings as the core takes them, for one model."""

from collections.abc import Mapping
from typing import Any

from longplay import _core
from longplay._base.key import named_key, pitch_classes
from longplay._model.sampling import field_params
from longplay._model.styles import control_values
from longplay._model.vocabulary import velocities_of_ids
from longplay.originality.index import Index
from longplay.settings import RULES, Settings

PACE_NATS = 1.4
"""How many nats likelier half the pace makes the longest time shift, compared with the shortest."""


def core_settings(
    settings: Settings,
    config: Mapping[str, Any],
    *,
    candidate: int = 0,
    keep_seconds: float | None = None,
    avoid: Index | None = None,
) -> _core.Settings:
    """Return the settings as the core takes them, for a model's config.

    Raises
    ------
    ValueError
        A setting does not fit the model; the message names it.
    """
    return _core.Settings(
        length_ms=settings.milliseconds,
        random_seed=settings.random_seed,
        params=field_params(settings, config),
        bias=[_bias(field, config, settings) for field in config["fields"]],
        controls=control_values(config, settings.style),
        guidance_scale=settings.guidance_scale,
        include_seed=settings.include_seed,
        recital=settings.recital,
        steady=settings.steady,
        two_hands=settings.two_hands,
        playable=settings.playable,
        search=settings.search,
        key=_key(settings.key),
        candidate=candidate,
        keep_ms=None if keep_seconds is None else round(keep_seconds * 1000),
        avoid=None if avoid is None else avoid.phrases,
    )


def _key(name: str) -> _core.KeyOfSeed | _core.NamedKey | _core.NoKey:
    if name == "seed":
        return _core.KeyOfSeed()
    return _core.NoKey() if name == "free" else _core.NamedKey(*named_key(name))


def _velocities(field: Mapping[str, Any], config: Mapping[str, Any]) -> list[int | None]:
    """Return the velocity that each id of a field sets; None for an id that sets none."""
    if field["name"] == "velocity":
        return list(field["values"])
    return velocities_of_ids(config["vocabulary"]) if "vocabulary" in config else []


def _bias(field: Mapping[str, Any], config: Mapping[str, Any], settings: Settings) -> list[float]:
    """Return the bias that forbids ids of a field; empty for no bias."""
    if field["name"] == "time_shift":
        return _time_shift_bias(field, settings.pace)
    if field["name"] == "pitch":
        return _pitch_bias(field["values"], settings)
    for name in RULES:
        if "vocabulary" in config and getattr(settings, name) != (default := getattr(Settings, name)):
            raise ValueError(f"{name} must be {default} for a model of tokens")
    return _velocity_bias(_velocities(field, config), settings)


def _time_shift_bias(field: Mapping[str, Any], pace: float) -> list[float]:
    """Return the bias that makes long time shifts likelier for a slow pace, short ones for a fast; empty for none."""
    if pace == 1:
        return []
    nats = -PACE_NATS * _core.binary_logarithm(pace)
    bias = [nats * _core.time_rank(ms) for ms in field["values"]]
    return bias + [0.0] * (field["size"] - len(bias))


def _pitch_bias(pitches: list[int], settings: Settings) -> list[float]:
    """Return the bias that forbids pitches outside the scale and the span; empty for no bias."""
    if settings.scale is None and settings.pitches is None:
        return []
    classes = range(12) if settings.scale is None else pitch_classes(settings.scale)
    low, high = settings.pitches or (0, 127)
    allowed = [low <= pitch <= high and pitch % 12 in classes for pitch in pitches]
    if not any(allowed):
        raise ValueError(
            f"the model plays no pitch of the scale {settings.scale} in [{low}, {high}]. To fix this, change scale or "
            "pitches"
        )
    return [0.0 if one else float("-inf") for one in allowed]


def _velocity_bias(velocities: list[int | None], settings: Settings) -> list[float]:
    """Return the bias that forbids velocities above the highest; empty for no bias."""
    known = [velocity for velocity in velocities if velocity is not None]
    if not known or max(known) <= settings.max_velocity:
        return []
    if (lowest := min(known)) > settings.max_velocity:
        raise ValueError(f"max_velocity must be at least the model's lowest, {lowest}, not {settings.max_velocity}")
    return [
        float("-inf") if velocity is not None and velocity > settings.max_velocity else 0.0 for velocity in velocities
    ]
