"""Styles that a model was trained with."""

from collections.abc import Mapping
from typing import Any


def styles(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the styles of a model's config, without the unknown style."""
    for control in config["controls"]:
        if control["name"] == "style":
            return tuple(name for i, name in enumerate(control["names"]) if i != control["unknown"])
    return ()


def performed_style(config: Mapping[str, Any]) -> str | None:
    """Return the first style whose name begins with ``performed``; None if there is none."""
    return next((name for name in styles(config) if name.startswith("performed")), None)
