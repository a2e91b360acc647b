"""A model, opened on a device."""

import re
import threading
from pathlib import Path
from typing import TypeAlias

from longplay import _core
from longplay._model.folder import ModelFolder, load_model
from longplay._model.runtime import library_path, preload_cuda
from longplay.settings import styles

DeviceName: TypeAlias = str
"""``"cpu"``; ``"cuda"`` or ``"cuda:1"``, a GPU by its number; or ``"auto"``, which chooses."""

AUTO_CANDIDATES = 256
"""From so many candidates on, ``"auto"`` makes them on the first GPU: docs/cuda.md says why."""

_BUILT_IN = Path(__file__).parents[1] / "models"
_DEFAULT_MODEL = "piano-lstm"


class OpenModel:
    """What an `Engine` works with, and what it tells about that."""

    def __init__(
        self,
        model: str | Path | None = None,
        device: DeviceName = "auto",
        num_threads: int = 0,
        *,
        cuda_graph: bool = False,
    ) -> None:
        named = re.fullmatch(r"auto|cpu|cuda(?::(\d{1,4}))?", device) if isinstance(device, str) else None
        if not named:
            raise ValueError(f"device must be 'auto', 'cpu', 'cuda' or 'cuda:N', not {device!r}")
        if cuda_graph and device == "cpu":
            raise ValueError("cuda_graph must be False on device 'cpu', not True")
        self._model: ModelFolder = load_model(model_path(model))
        self._num_threads = num_threads
        self._cuda_graph = cuda_graph
        if device.startswith("cuda"):
            self._device = f"cuda:{int(named[1] or 0)}"
            preload_cuda()
            self._runtime = _core.Runtime(str(library_path()))
            self._core = self._open(_core.Device.cuda(int(named[1] or 0), cuda_graph))
        else:
            self._device = "cpu"
            self._runtime = _core.Runtime(str(library_path()))
            self._core = self._open(_core.Device.cpu)
        self._auto = device == "auto"
        self._choosing = threading.Lock()
        self._tried_gpu = False
        self._gpu: _core.Engine | None = None

    @property
    def device(self) -> str:
        """The device in use: "cpu", or "cuda:0" and so on. Of "auto", where the last batch was made, at first "cpu"."""
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
        return self._core.time + self._gpu.time if self._gpu else self._core.time

    @property
    def row_copies(self) -> int:
        """How often the model's state of one candidate was copied, in all pieces so far. No note copies one."""
        return self._core.row_copies + (self._gpu.row_copies if self._gpu else 0)

    @property
    def styles(self) -> tuple[str, ...]:
        """Styles that `generate` may be asked for; empty when the model knows none."""
        return styles(self._model.config)

    def _core_for(self, candidates: int) -> _core.Engine:
        """Return where to make so many candidates at once."""
        if not self._auto:
            return self._core
        many = candidates >= AUTO_CANDIDATES
        with self._choosing:
            if many and not self._tried_gpu:
                self._tried_gpu, self._gpu = True, self._try_gpu()
            if many and self._gpu:
                self._device = "cuda:0"
                return self._gpu
            self._device = "cpu"
            return self._core

    def _try_gpu(self) -> _core.Engine | None:
        try:
            preload_cuda()
            return self._open(_core.Device.cuda(0, self._cuda_graph))
        except _core.DeviceError:
            return None

    def _open(self, device: _core.Device) -> _core.Engine:
        return _core.Engine(self._runtime, self._model.files, device, self._num_threads)


def model_path(model: str | Path | None) -> Path:
    """Folder of a model: the one named, or a built-in one."""
    name = _DEFAULT_MODEL if model is None else model
    if isinstance(name, str) and (_BUILT_IN / name / "config.json").is_file():
        return _BUILT_IN / name
    return Path(name)
