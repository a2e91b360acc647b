"""Sampling parameters of a model's fields."""

from collections.abc import Mapping
from typing import Any

from longplay import _core
from longplay._base.require import show
from longplay.settings import DECLARATIONS, SamplingOption, Settings

SAMPLING_OFF: Mapping[str, float] = {
    name: getattr(_core.SAMPLING_OFF, name) for name in ("temperature", "top_k", "top_p", "min_p")
}
"""Every sampling option, with the value that leaves the model's distribution unchanged."""


def field_params(settings: Settings, config: Mapping[str, Any]) -> list[_core.SamplingParams]:
    """Return the sampling parameters of each field: from the settings, or else from the model's config.

    Raises
    ------
    ValueError
        A setting names a field that the model does not have.
    """
    fields = [str(field["name"]) for field in config["fields"]]

    def value(field: str, name: str) -> float:
        own: float = config.get("sampling", {}).get(name, {}).get(field, SAMPLING_OFF[name])
        option: SamplingOption | None = getattr(settings, name)
        if not isinstance(option, Mapping):
            return own if option is None else option
        if unknown := sorted(set(option) - set(fields)):
            raise ValueError(f"{name} must name fields of the model ({', '.join(fields)}), not {show(unknown[0])}")
        return option.get(field, own)

    return [sampling_params({name: value(field, name) for name in SAMPLING_OFF}) for field in fields]


def sampling_params(options: Mapping[str, float]) -> _core.SamplingParams:
    """Return the sampling options of one field as the core takes them.

    Raises
    ------
    ValueError
        An option is out of range; the message names it.
    """
    checked = {name: DECLARATIONS[name].check_one(name, options[name]) for name in SAMPLING_OFF}
    return _core.SamplingParams(
        temperature=checked["temperature"],
        top_k=int(checked["top_k"]),
        top_p=checked["top_p"],
        min_p=checked["min_p"],
    )
