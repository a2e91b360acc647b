"""Reader of the arrays that PyTorch saved, without PyTorch: safetensors, and pickles by a list of allowed names.

Sources: the format of safetensors (https://github.com/huggingface/safetensors), and torch/serialization.py for the
archive of ``torch.save``: data.pkl, and a file for each storage.
"""

import json
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from longplay._base.require import show
from longplay._core import ModelError

StateDict: TypeAlias = dict[str, NDArray[np.float64]]

_LARGEST_PICKLE = 1 << 26
_SAFE_KINDS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "bf16", "I64": "<i8", "I32": "<i4", "U8": "u1"}
_SAFE_KINDS |= {"BOOL": "?", "I8": "i1", "I16": "<i2"}
_STORAGES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "bf16",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}
_NESTED = ("state_dict", "model_state_dict", "model")  # names under which training programs keep the state dict


def read_state_dict(path: Path) -> StateDict:
    """Read the arrays of a model by their names.

    Parameters
    ----------
    path : Path
        A file of safetensors, or of ``torch.save`` since PyTorch 1.6. The state dict may be an entry ``state_dict``,
        ``model_state_dict`` or ``model`` of the object that was saved.

    Raises
    ------
    ModelError
        The file is not one, or its pickle names anything but arrays and plain containers; the message names it.
    OSError
        The file cannot be read.
    """
    try:
        found = _read_safetensors(path) if path.suffix == ".safetensors" else _read_archive(path)
    except (KeyError, TypeError, ValueError, IndexError, EOFError, struct.error, pickle.UnpicklingError) as problem:
        raise ModelError(f"{path} is not a state dict that PyTorch saved: {show(str(problem))}") from problem
    except zipfile.BadZipFile as problem:
        raise ModelError(
            f"{path} must be a state dict that torch.save of PyTorch 1.6 or newer wrote, or a file .safetensors"
        ) from problem
    return {name: np.asarray(array, np.float64) for name, array in found.items()}


def _array(data: bytes, kind: str) -> NDArray[Any]:
    """Return a list of numbers; a bfloat16 is the upper half of a float32."""
    if kind == "bf16":
        return (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
    return np.frombuffer(data, kind)


def _read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    body = memoryview(data)[8 + length :]
    found = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            found[name] = _array(bytes(body[begin:end]), _SAFE_KINDS[entry["dtype"]]).reshape(entry["shape"])
    return found


def _read_archive(path: Path) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(path) as archive:
        (index,) = (one for one in archive.infolist() if one.filename.endswith("/data.pkl"))
        if index.file_size > _LARGEST_PICKLE:
            raise ValueError("its pickle is too large")
        with archive.open(index) as file:
            found = _Arrays(file, archive, index.filename.removesuffix("data.pkl")).load()
    for name in _NESTED:
        if isinstance(found, dict) and isinstance(found.get(name), dict):
            found = found[name]
    if not isinstance(found, dict) or not found:
        raise ValueError("it must hold a state dict; save model.state_dict() instead of the model")
    arrays = {name: one for name, one in found.items() if isinstance(one, np.ndarray)}
    if not arrays or not all(isinstance(name, str) for name in arrays):
        raise ValueError("it holds no arrays")
    return arrays


class _Arrays(pickle.Unpickler):
    """Builds dictionaries, lists, numbers and arrays, and refuses every other name of a pickle."""

    def __init__(self, file: Any, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(file)
        self._archive, self._folder = archive, folder

    def find_class(self, module: str, name: str) -> Any:
        allowed: dict[tuple[str, str], Callable[..., Any]] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _strided,
            ("torch._utils", "_rebuild_parameter"): lambda array, *_: array,
        }
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        if (module, name) not in allowed:
            raise ValueError(f"it must hold a state dict, without {module}.{name}; save model.state_dict()")
        return allowed[module, name]

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        _, kind, key, _, count = pid
        array = _array(self._archive.read(f"{self._folder}data/{key}"), kind)
        if len(array) != count:
            raise ValueError(f"storage {key} must have {count} numbers, not {len(array)}")
        return array


def _strided(storage: NDArray[Any], offset: int, shape: Sequence[int], strides: Sequence[int], *_: Any) -> NDArray[Any]:
    """Return the array of a storage; strides count numbers."""
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if (
        offset < 0
        or min(shape, default=1) < 0
        or min(strides, default=0) < 0
        or (0 not in shape and last >= len(storage))
    ):
        raise ValueError("an array must lie in its storage")
    width = storage.itemsize
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, [width * stride for stride in strides]).copy()
