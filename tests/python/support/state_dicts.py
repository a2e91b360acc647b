"""State dicts as torch.save writes them, without PyTorch."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

_STORAGES = {"<f4": "FloatStorage", "<f2": "HalfStorage", "<f8": "DoubleStorage"}


class _Pickler(pickle._Pickler):  # type: ignore[name-defined]
    """Writes arrays as torch.save does, without PyTorch: names of torch, and storages beside the pickle."""

    def __init__(self, file: Any) -> None:
        super().__init__(file, 2)
        self.storages: list[Any] = []

    def save_global_of_torch(self, module: str, name: str) -> None:
        self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())

    def save_array(self, array: Any) -> None:
        self.save_global_of_torch("torch._utils", "_rebuild_tensor_v2")
        self.write(pickle.MARK)
        self.write(pickle.MARK)
        self.save("storage")
        self.save_global_of_torch("torch", _STORAGES[array.dtype.str])
        for each in (str(len(self.storages)), "cpu", array.size):
            self.save(each)
        self.write(pickle.TUPLE + pickle.BINPERSID)
        strides = tuple(stride // array.itemsize for stride in array.strides)
        for each in (0, array.shape, strides, False, {}):
            self.save(each)
        self.write(pickle.TUPLE + pickle.REDUCE)
        self.storages.append(array)

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if isinstance(obj, np.ndarray):
            self.save_array(obj)
        else:
            super().save(obj, save_persistent_id)


def save(path: Path, whole: Any) -> Path:
    """Write an object with arrays as torch.save does."""
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("archive/data.pkl", "w") as file:
            pickler = _Pickler(file)
            pickler.dump(whole)
        for number, array in enumerate(pickler.storages):
            archive.writestr(f"archive/data/{number}", array.tobytes("A"))
    return path


def lstm_arrays(tokens: int, width: int = 5, units: int = 6, layers: int = 2) -> dict[str, Any]:
    random = np.random.default_rng(0)
    shapes = {"embedding.weight": (tokens, width)}
    for number in range(layers):
        inputs = width if number == 0 else units
        shapes |= {f"rnn.weight_ih_l{number}": (4 * units, inputs), f"rnn.weight_hh_l{number}": (4 * units, units)}
        shapes |= {f"rnn.bias_ih_l{number}": (4 * units,), f"rnn.bias_hh_l{number}": (4 * units,)}
    shapes |= {"out.weight": (tokens, units), "out.bias": (tokens,)}
    return {name: random.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}
