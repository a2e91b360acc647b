"""A model, opened on a device."""

from pathlib import Path
from typing import Literal, TypeAlias

from longplay import _core
from longplay._model_folder import ModelFolder, load_model
from longplay._runtime import library_path, preload_cuda
from longplay.settings import styles

DeviceName: TypeAlias = Literal["auto", "cpu", "cuda"]

_BUILT_IN = Path(__file__).parent / "models"
_DEFAULT_MODEL = "piano-lstm"


class OpenModel:
    """What an `Engine` works with, and what it tells about that."""

    def __init__(self, model: str | Path | None = None, device: DeviceName = "auto", num_threads: int = 0) -> None:
        if device not in ("auto", "cpu", "cuda"):
            raise ValueError(f"device must be 'auto', 'cpu' or 'cuda', not {device!r}")
        self._model: ModelFolder = load_model(model_path(model))
        self._device: DeviceName = "cuda" if device == "cuda" else "cpu"
        if device == "cuda":
            preload_cuda()
        self._core = _core.Engine(
            _core.Runtime(str(library_path())),
            self._model.files,
            _core.Device.cuda if device == "cuda" else _core.Device.cpu,
            num_threads,
        )

    @property
    def device(self) -> str:
        """The device in use: "cpu" or "cuda"."""
        return self._device

    @property
    def num_threads(self) -> int:
        """How many threads make candidates."""
        return self._core.num_threads

    @property
    def model_name(self) -> str:
        """The model's own name."""
        return str(self._model.config["name"])

    @property
    def model_hash(self) -> str:
        """SHA-256 of the model's files."""
        return self._model.hash

    @property
    def end_id(self) -> int:
        """The time shift in `Piece.events` that means END."""
        return int(self._model.config["fields"][0]["size"]) - 1

    @property
    def loop_time(self) -> _core.LoopTime:
        """Where the time went in all pieces so far: in the loop, in ONNX Runtime's Run, in sampling."""
        return self._core.time

    @property
    def styles(self) -> tuple[str, ...]:
        """Styles that `generate` may be asked for; empty when the model knows none."""
        return styles(self._model.config)


def model_path(model: str | Path | None) -> Path:
    """Folder of a model: the one named, or a built-in one."""
    name = _DEFAULT_MODEL if model is None else model
    if isinstance(name, str) and (_BUILT_IN / name / "config.json").is_file():
        return _BUILT_IN / name
    return Path(name)
