"""The parts of the ONNX format that a bench needs: weights of a model, and graphs of one product.

This module replaces the package `onnx`. Field numbers are those of ``onnx.proto``.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import DTypeLike, NDArray

_TYPES: dict[int, DTypeLike] = {1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64, 10: np.float16}
_NUMBERS = {np.dtype(kind): number for number, kind in _TYPES.items()}
_VARINT, _BYTES, _FIXED = 0, 2, {1: 8, 5: 4}  # wire types of protocol buffers


def weights(model: bytes) -> dict[str, NDArray[np.generic]]:
    """Return the constants of a model's graph that are stored as raw bytes, by name."""
    found = {}
    for graph in _each(model, 7):
        for tensor in _each(graph, 5):
            parts = dict(_fields(tensor))
            kind, raw = parts[2], parts.get(9)
            if isinstance(kind, int) and kind in _TYPES and isinstance(raw, bytes):
                shape = [extent for number, extent in _fields(tensor) if number == 1 and isinstance(extent, int)]
                found[_text(parts[8])] = np.frombuffer(raw, _TYPES[kind]).reshape(shape)
    return found


def product(kind: str, input_type: DTypeLike, weight: NDArray[np.generic], output_type: DTypeLike) -> bytes:
    """Return a model of one node, ``y = kind(x, weight)``, where x has any number of rows."""
    node = _field(1, b"x") + _field(1, b"w") + _field(2, b"y") + _field(4, kind.encode())
    shape = b"".join(_field(1, extent) for extent in weight.shape)
    constant = shape + _field(2, _NUMBERS[weight.dtype]) + _field(8, b"w") + _field(9, weight.tobytes())
    x, y = _value(b"x", input_type, weight.shape[0]), _value(b"y", output_type, weight.shape[1])
    graph = _field(1, node) + _field(2, b"product") + _field(5, constant) + _field(11, x) + _field(12, y)
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 17))  # IR version 8, operators of version 17


def _value(name: bytes, kind: DTypeLike, width: int) -> bytes:
    shape = _field(1, _field(2, b"rows")) + _field(1, _field(1, width))
    tensor = _field(1, _NUMBERS[np.dtype(kind)]) + _field(2, shape)
    return _field(1, name) + _field(2, _field(1, tensor))


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value)
    return _varint(number << 3 | _BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


def _each(message: bytes, number: int) -> Iterator[bytes]:
    for found, value in _fields(message):
        if found == number and isinstance(value, bytes):
            yield value


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the field numbers and values of a message; fixed-size values are bytes."""
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _read_varint(message, at)
            yield number, value
            continue
        size, at = (_FIXED[wire], at) if wire in _FIXED else _read_varint(message, at)
        yield number, message[at : at + size]
        at += size


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _text(value: int | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
