"""Reader of model folders (docs/model-contract.md)."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from longplay import _core
from longplay._base.require import show
from longplay._core import ModelError
from longplay._model.sampling import SAMPLING_OFF, sampling_params

T = TypeVar("T")

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
        raise ModelError(f"{folder} is not a model folder")
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
        _refuse("the whole", "an object", config)
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
    entry = _Object("", config)
    version = entry.take("format", _integer)
    translated = _core.ModelConfig(
        name=entry.take("name", _text),
        fields=entry.take("fields", _list_of(_field)),
        start_event=entry.take("start_event", _list_of(_integer)),
        context_width=entry.take("context_width", _integer, 0),
        controls=entry.take("controls", _list_of(_control)),
        states=entry.take("states", _list_of(_state)),
        states_in_place=entry.take("states_in_place", _flag),
        seed_events=entry.take("seed_events", _integer, 0) if version > 1 else 0,
        notes_per_second=_notes_per_second(entry.take("bands", _Object)) if "bands" in config else None,
        critic=_critic(entry.take("critic", _Object)) if "critic" in config and version > 1 else None,
    )
    if "sampling" in config:
        _check_sampling(entry.take("sampling", _Object), [field["name"] for field in config["fields"]])
    entry.finish()
    for index, control in enumerate(config["controls"] if version == 1 else ()):
        if "recognised_from" in control:
            raise ModelError(f"config.json: controls[{index}].recognised_from needs format 2")
    for index, state in enumerate(config["states"] if version == 1 else ()):
        if state["type"] in _ONLY_IN_FORMAT_2:
            raise ModelError(f"config.json: states[{index}].type: {state['type']} needs format 2")
    translated.validate()
    return translated


class _Object:
    """An object of config.json, every key of which must be taken."""

    def __init__(self, entry: str, value: object) -> None:
        if not isinstance(value, dict):
            _refuse(entry, "an object", value)
        self._prefix = f"{entry}." if entry else ""
        self._left = dict(value)

    def take(self, key: str, translate: Callable[[str, Any], T], default: T | None = None) -> T:
        """Remove a key and translate its value; a key without a default must exist."""
        if key in self._left:
            return translate(self._prefix + key, self._left.pop(key))
        if default is None:
            raise ModelError(f"config.json: {self._prefix}{key} is missing")
        return default

    def finish(self) -> None:
        """Refuse keys that were not taken."""
        for key in self._left:
            raise ModelError(f"config.json: {self._prefix}{key} is not an entry of the format")


def _field(entry: str, value: object) -> _core.FieldConfig:
    field = _Object(entry, value)
    translated = _core.FieldConfig(
        name=field.take("name", _text),
        size=field.take("size", _integer),
        values=field.take("values", _list_of(_integer), []),
    )
    field.finish()
    return translated


def _control(entry: str, value: object) -> _core.ControlConfig:
    control = _Object(entry, value)
    name = control.take("name", _text)
    if name == "style":
        control.take("recognised_from", _recognised_from, 0)
    translated = _core.ControlConfig(
        name=name,
        size=control.take("size", _integer),
        unknown=control.take("unknown", _integer),
        bounds=control.take("bounds", _list_of(_integer), []),
        names=control.take("names", _list_of(_text), []),
    )
    control.finish()
    return translated


def _state(entry: str, value: object) -> _core.StateConfig:
    state = _Object(entry, value)
    translated = _core.StateConfig(
        input=state.take("input", _text),
        output=state.take("output", _text),
        type=state.take("type", _element_type),
        shape=state.take("shape", _list_of(_integer)),
    )
    state.finish()
    return translated


def _notes_per_second(bands: _Object) -> tuple[float, float]:
    """Check all bands, and return the one that the core uses."""
    checked = {name: bands.take(name, _band) for name in BANDS}
    bands.finish()
    return checked["notes_per_second"]


def _critic(entry: _Object) -> _core.CriticConfig:
    translated = _core.CriticConfig(events=entry.take("events", _integer), phrase_ms=entry.take("phrase_ms", _integer))
    entry.finish()
    return translated


def _check_sampling(entry: _Object, fields: list[str]) -> None:
    for name, off in SAMPLING_OFF.items():
        option = entry.take(name, _Object, _Object("", {}))
        for field in fields:
            try:
                sampling_params({**SAMPLING_OFF, name: option.take(field, _number, off)})
            except ValueError as problem:
                raise ModelError(f"config.json: sampling.{name}.{field}: {problem}") from problem
        option.finish()
    entry.finish()


def _list_of(translate: Callable[[str, Any], T]) -> Callable[[str, Any], list[T]]:
    def translate_all(entry: str, value: object) -> list[T]:
        if not isinstance(value, list):
            _refuse(entry, "a list", value)
        return [translate(f"{entry}[{index}]", item) for index, item in enumerate(value)]

    return translate_all


def _text(entry: str, value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        _refuse(entry, "printable text", value)
    return value


def _integer(entry: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**31) <= value < 2**31:
        _refuse(entry, "an integer of 32 bits", value)
    return value


def _recognised_from(entry: str, value: object) -> int:
    count = _integer(entry, value)
    if not 0 <= count <= MOST_RECOGNISED:
        _refuse(entry, f"in [0, {MOST_RECOGNISED}]", value)
    return count


def _number(entry: str, value: object) -> float:
    if type(value) not in (int, float):
        _refuse(entry, "a number", value)
    return float(value)  # type: ignore[arg-type]


def _band(entry: str, value: object) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2 or {type(edge) for edge in value} - {int, float}:
        _refuse(entry, "two numbers", value)
    low, high = float(value[0]), float(value[1])
    if not 0 <= low < high < float("inf"):
        _refuse(entry, "two numbers that ascend, the first at least 0", value)
    return low, high


def _flag(entry: str, value: object) -> bool:
    if not isinstance(value, bool):
        _refuse(entry, "true or false", value)
    return value


def _element_type(entry: str, value: object) -> _core.ElementType:
    known = _core.ElementType.__members__
    if not isinstance(value, str) or value not in known:
        _refuse(entry, f"one of {', '.join(known)}", value)
    return known[value]


def _refuse(entry: str, rule: str, value: object) -> NoReturn:
    raise ModelError(f"config.json: {entry} must be {rule}, not {show(value)}")
