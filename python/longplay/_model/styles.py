"""Styles that a model was trained with."""

from collections.abc import Mapping
from typing import Any


def styles(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the styles of a model's config, without the unknown style."""
    for control in config["controls"]:
        if control["name"] == "style":
            return tuple(name for i, name in enumerate(control["names"]) if i != control["unknown"])
    return ()
