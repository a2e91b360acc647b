"""A model, opened on a device."""

import threading
from pathlib import Path

from longplay import _core
from longplay._base.require import require_flag, require_integer, require_path
from longplay._model.device import DeviceName, gpu_index
from longplay._model.folder import ModelFolder, load_model
from longplay._model.runtime import open_library, preload_cuda
from longplay.statistics import Statistics

AUTO_CANDIDATES = 256
"""The device "auto" puts batches of at least this many candidates on the first GPU; docs/cuda.md gives the reason."""

_BUILT_IN = Path(__file__).parents[1] / "models"
_DEFAULT_MODEL = "piano-small"
_MAX_THREADS = 1024


class OpenModel:
    """A model folder, and the core engines that run it: one for the chosen device, for "auto" also one for a GPU.

    Parameters
    ----------
    model, device, num_threads, cuda_graph
        As for `Engine`.

    Attributes
    ----------
    folder : ModelFolder
        The model's files.
    core : _core.Engine
        Runs everything but large batches on the device "auto".
    """

    def __init__(self, model: str | Path | None, device: DeviceName, num_threads: int, cuda_graph: bool) -> None:
        index = gpu_index(device)
        if require_flag("cuda_graph", cuda_graph) and device == "cpu":
            raise ValueError("cuda_graph must be False on device 'cpu', not True")
        self._num_threads = require_integer("num_threads", num_threads, 0, _MAX_THREADS)
        self._cuda_graph = cuda_graph
        self.folder: ModelFolder = load_model(model_path(model))
        self._runtime, chosen = open_runtime(index, cuda_graph)
        self._device = "cpu" if index is None else f"cuda:{index}"
        self.core = self._open(chosen)
        self._auto = device == "auto"
        self._choosing = threading.Lock()
        self._tried_gpu = False
        self._gpu: _core.Engine | None = None

    @property
    def device(self) -> str:
        """Device of the last batch: "cpu", or "cuda:0" and so on."""
        return self._device

    @property
    def name(self) -> str:
        """Name of the model."""
        return str(self.folder.config["name"])

    @property
    def hash(self) -> str:
        """SHA-256 of the model's files."""
        return self.folder.hash

    def statistics(self) -> Statistics:
        """Return the sum of the counts of all core engines."""
        counted = _statistics(self.core)
        return counted + _statistics(self._gpu) if self._gpu else counted

    def core_for(self, candidates: int) -> _core.Engine:
        """Return the core engine for a batch of so many candidates."""
        if not self._auto:
            return self.core
        many = candidates >= AUTO_CANDIDATES
        with self._choosing:
            if many and not self._tried_gpu:
                self._tried_gpu, self._gpu = True, self._try_gpu()
            if many and self._gpu:
                self._device = "cuda:0"
                return self._gpu
            self._device = "cpu"
            return self.core

    def _try_gpu(self) -> _core.Engine | None:
        try:
            preload_cuda()
            return self._open(_core.Device.cuda(0, self._cuda_graph))
        except _core.DeviceError:
            return None

    def _open(self, device: _core.Device) -> _core.Engine:
        return _core.Engine(self._runtime, self.folder.files, device, self._num_threads)


def built_in_models() -> list[Path]:
    """Return the folders of the built-in models, by name."""
    return sorted(config.parent for config in _BUILT_IN.glob("*/config.json"))


def model_path(model: str | Path | None) -> Path:
    """Return the folder of a model: the given folder, or the folder of a built-in model."""
    name = _DEFAULT_MODEL if model is None else model
    if isinstance(name, str) and not name:
        raise _core.ModelError("model must be a folder or the name of a built-in model, not ''")
    if isinstance(name, str) and (_BUILT_IN / name / "config.json").is_file():
        return _BUILT_IN / name
    return require_path("model", name)


def open_runtime(index: int | None, cuda_graph: bool = False) -> tuple[_core.Runtime, _core.Device]:
    """Open ONNX Runtime for the GPU of this number, or for the CPU if it is None."""
    if index is not None:
        preload_cuda()
    device = _core.Device.cpu if index is None else _core.Device.cuda(index, cuda_graph)
    return open_library(), device


def _statistics(core: _core.Engine) -> Statistics:
    time = core.time
    return Statistics(
        loop_seconds=time.total_seconds,
        run_seconds=time.run_seconds,
        step_seconds=time.step_seconds,
        sampling_seconds=time.sampling_seconds,
        steps=time.steps,
        row_steps=time.row_steps,
        row_copies=core.row_copies,
    )
