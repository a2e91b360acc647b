"""Styles that a model was trained with."""

from collections.abc import Mapping
from typing import Any

from longplay._base.require import require_choice


def styles(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the styles of a model's config, without the unknown style."""
    for control in config["controls"]:
        if control["name"] == "style":
            return tuple(name for i, name in enumerate(control["names"]) if i != control["unknown"])
    return ()


def performed_style(config: Mapping[str, Any]) -> str | None:
    """Return the first style whose name begins with ``performed``; None if there is none."""
    return next((name for name in styles(config) if name.startswith("performed")), None)


def is_performance(style: str) -> bool:
    """Return whether music of a style was played, not written."""
    return style.startswith(("performed", "transcribed"))


def recognised_from(config: Mapping[str, Any]) -> int:
    """Return from how many of a seed's notes the engine recognises its style; 0 if it does not."""
    return sum(control.get("recognised_from", 0) for control in config["controls"])


def control_values(config: Mapping[str, Any], style: str | None) -> list[int]:
    """Return the value of each control: the unknown one, but for a style that is given.

    Raises
    ------
    ValueError
        The model does not have the style.
    """
    return [_control_value(control, style) for control in config["controls"]]


def _control_value(control: Mapping[str, Any], style: str | None) -> int:
    if control["name"] == "style" and style is not None:
        return int(control["names"].index(require_choice("style", style, styles({"controls": [control]}))))
    return int(control["unknown"])
