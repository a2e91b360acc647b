"""Reader of model folders (docs/model-contract.md)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longplay import _core
from longplay._base.require import show
from longplay._core import ModelError
from longplay._model.entries import Object, flag, integer, list_of, number, one_of, refuse, text
from longplay._model.sampling import SAMPLING_OFF, sampling_params
from longplay._model.vocabulary import read_vocabulary

BANDS = ("notes_per_second", "mean_pitch", "distinct_pitches", "velocity_spread", "pitch_class_entropy")
"""Names of the figures that ``bands`` of a config.json limits."""

MOST_RECOGNISED = 4096
"""Greatest number of a seed's notes from which a style is recognised."""

_FORMATS = (1, 2)
_ONLY_IN_FORMAT_2 = ("float16", "int8")  # types of states
_MAX_CONFIG_BYTES = 1 << 24
_MAX_GRAPH_BYTES = (1 << 31) - 1  # the limit of protocol buffers


@dataclass(frozen=True)
class ModelFolder:
    """The files of a model, read and checked as far as possible without running them."""

    path: Path
    config: Mapping[str, Any]
    files: _core.ModelFiles
    hash: str
    """SHA-256, hexadecimal, of the output of ``sha256sum config.json step.onnx head_1.onnx ... critic.onnx``."""


def load_model(path: str | Path) -> ModelFolder:
    """Read a model folder.

    Raises
    ------
    ModelError
        The folder breaks the contract; the message names the file and the entry.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise ModelError(
            f"{folder} is not a model folder. To fix this, give a folder with a config.json, or a built-in model, "
            "which `longplay models` lists"
        )
    contents = {"config.json": _read(folder, "config.json", _MAX_CONFIG_BYTES)}
    config = _parse(contents["config.json"])
    translated = core_config(config)
    heads = [f"head_{field}.onnx" for field in range(1, len(config["fields"]))]
    if strangers := sorted({file.name for file in folder.glob("head_*.onnx")} - set(heads)):
        raise ModelError(f"{strangers[0]}: config.json has no field for it")
    critic = ["critic.onnx"] if "critic" in config else []
    if not critic and (folder / "critic.onnx").exists():
        raise ModelError("critic.onnx: config.json has no entry critic")
    for name in ["step.onnx", *heads, *critic]:
        contents[name] = _read(folder, name, _MAX_GRAPH_BYTES)
    graphs = [contents[name] for name in heads]
    files = _core.ModelFiles(translated, contents["step.onnx"], graphs, contents.get("critic.onnx", b""))
    return ModelFolder(folder, config, files, _hash(contents))


def _read(folder: Path, name: str, max_bytes: int) -> bytes:
    path = folder / name
    try:
        if path.exists() and not path.is_file():
            raise ModelError(f"{name}: {path} is not a file")
        size = path.stat().st_size
        if size > max_bytes:
            raise ModelError(f"{name}: must have at most {max_bytes} bytes, not {size}")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{name}: cannot read {path}: {error.strerror}") from error


def _hash(contents: Mapping[str, bytes]) -> str:
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in contents.items()]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _parse(data: bytes) -> dict[str, Any]:
    try:
        config = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"config.json: not JSON in UTF-8: {error}") from error
    if not isinstance(config, dict):
        refuse("the whole", "an object", config)
    return config


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ModelError(f"config.json: key {show(key)} occurs twice in one object")
        found[key] = value
    return found


def core_config(config: dict[str, Any]) -> _core.ModelConfig:
    """Return a config as the core takes it. This module checks types, and the core checks values."""
    if type(config.get("format")) is not int or config["format"] not in _FORMATS:
        raise ModelError(f"config.json: format must be 1 or 2, not {show(config.get('format'))}")
    entry = Object("", config)
    version = entry.take("format", integer)
    translated = _core.ModelConfig(
        name=entry.take("name", text),
        fields=entry.take("fields", list_of(_field)),
        start_event=entry.take("start_event", list_of(integer)),
        context_width=entry.take("context_width", integer, 0),
        controls=entry.take("controls", list_of(_control)),
        states=entry.take("states", list_of(_state)),
        states_in_place=entry.take("states_in_place", flag),
        seed_events=entry.take("seed_events", integer, 0) if version > 1 else 0,
        notes_per_second=_notes_per_second(entry.take("bands", Object)) if "bands" in config else None,
        critic=_critic(entry.take("critic", Object)) if "critic" in config and version > 1 else None,
        vocabulary=entry.take("vocabulary", read_vocabulary) if "vocabulary" in config and version > 1 else None,
    )
    if "sampling" in config:
        _check_sampling(entry.take("sampling", Object), [field["name"] for field in config["fields"]])
    entry.finish()
    for index, control in enumerate(config["controls"] if version == 1 else ()):
        if "recognised_from" in control:
            raise ModelError(f"config.json: controls[{index}].recognised_from needs format 2")
    for index, state in enumerate(config["states"] if version == 1 else ()):
        if state["type"] in _ONLY_IN_FORMAT_2:
            raise ModelError(f"config.json: states[{index}].type: {state['type']} needs format 2")
    translated.validate()
    return translated


def _field(entry: str, value: object) -> _core.FieldConfig:
    field = Object(entry, value)
    translated = _core.FieldConfig(
        name=field.take("name", text),
        size=field.take("size", integer),
        values=field.take("values", list_of(integer), []),
    )
    field.finish()
    return translated


def _control(entry: str, value: object) -> _core.ControlConfig:
    control = Object(entry, value)
    name = control.take("name", text)
    if name == "style":
        control.take("recognised_from", _recognised_from, 0)
    translated = _core.ControlConfig(
        name=name,
        size=control.take("size", integer),
        unknown=control.take("unknown", integer),
        bounds=control.take("bounds", list_of(integer), []),
        names=control.take("names", list_of(text), []),
    )
    control.finish()
    return translated


def _state(entry: str, value: object) -> _core.StateConfig:
    state = Object(entry, value)
    translated = _core.StateConfig(
        input=state.take("input", text),
        output=state.take("output", text),
        type=state.take("type", one_of(_core.ElementType)),
        shape=state.take("shape", list_of(integer)),
    )
    state.finish()
    return translated


def _notes_per_second(bands: Object) -> tuple[float, float]:
    """Check all bands, and return the one that the core uses."""
    checked = {name: bands.take(name, _band) for name in BANDS}
    bands.finish()
    return checked["notes_per_second"]


def _critic(entry: Object) -> _core.CriticConfig:
    translated = _core.CriticConfig(events=entry.take("events", integer), phrase_ms=entry.take("phrase_ms", integer))
    entry.finish()
    return translated


def _check_sampling(entry: Object, fields: list[str]) -> None:
    for name, off in SAMPLING_OFF.items():
        option = entry.take(name, Object, Object("", {}))
        for field in fields:
            try:
                sampling_params({**SAMPLING_OFF, name: option.take(field, number, off)})
            except ValueError as problem:
                raise ModelError(f"config.json: sampling.{name}.{field}: {problem}") from problem
        option.finish()
    entry.finish()


def _recognised_from(entry: str, value: object) -> int:
    count = integer(entry, value)
    if not 0 <= count <= MOST_RECOGNISED:
        refuse(entry, f"in [0, {MOST_RECOGNISED}]", value)
    return count


def _band(entry: str, value: object) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2 or {type(edge) for edge in value} - {int, float}:
        refuse(entry, "two numbers", value)
    low, high = float(value[0]), float(value[1])
    if not 0 <= low < high < float("inf"):
        refuse(entry, "two numbers that ascend, the first at least 0", value)
    return low, high
