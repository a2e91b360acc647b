"""The file format of an index: a JSON header, then arrays (``docs/originality.md``).

The reader does not trust the bytes: damage raises an `Error` that describes it.
"""

import io
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from longplay import _core
from longplay._base.text import reason
from longplay.files import open_regular, write_whole

MAGIC = b"LONGPLAY-ORIGINALITY"
VERSION = 2
ALIGNMENT = 64
MAX_HEADER_BYTES = 1 << 26

ARRAYS: dict[str, np.dtype[Any]] = {
    "series": np.dtype("u1"),
    "first_steps": np.dtype("<u4"),
    "windows": np.dtype("<u4"),
    "pitches": np.dtype("u1"),
    "onsets_ms": np.dtype("<u4"),
    "first_notes": np.dtype("<u4"),
    "phrases": np.dtype("<u4"),
    "melody": np.dtype("<u4"),
    "melody_phrases": np.dtype("<u4"),
    "calibration": np.dtype("<u4"),
}
"""Data types of the arrays, in the order of the file."""

_FIXED = len(MAGIC) + 4 + 8 + 4  # magic, version, length and checksum of the header


@dataclass(frozen=True)
class IndexContent:
    """Content of an index file.

    Attributes
    ----------
    settings : dict
        Settings of series and windows; see `IndexSettings`.
    works : list of (name, group)
    arrays : dict
        One-dimensional arrays by the names of `ARRAYS`.
    """

    settings: dict[str, Any]
    works: list[tuple[str, str]]
    arrays: dict[str, NDArray[Any]]


def write_index(path: Path, content: IndexContent, *, overwrite: bool) -> None:
    """Write an index file, complete or not at all."""
    entries, body, offset = {}, io.BytesIO(), 0
    for name, dtype in ARRAYS.items():
        data = np.ascontiguousarray(content.arrays[name], dtype).tobytes()
        entries[name] = {"offset": offset, "count": len(data) // dtype.itemsize, "crc32": zlib.crc32(data)}
        body.write(data + bytes(-len(data) % ALIGNMENT))
        offset = body.tell()
    header = json.dumps({"settings": content.settings, "works": content.works, "arrays": entries}).encode()
    header += b" " * (-(_FIXED + len(header)) % ALIGNMENT)
    fixed = MAGIC + VERSION.to_bytes(4, "little") + len(header).to_bytes(8, "little")
    write_whole(path, fixed + zlib.crc32(header).to_bytes(4, "little") + header + body.getvalue(), overwrite=overwrite)


def read_index(path: Path) -> IndexContent:
    """Read an index file. Later changes to the file do not matter.

    Raises
    ------
    longplay.Error
        The file is not an index, has another version, or is damaged.
    OSError
        The file cannot be opened, or is not a regular file.
    """
    with open_regular(path) as file:
        fixed = file.read(_FIXED)
        if len(fixed) < _FIXED or not fixed.startswith(MAGIC):
            raise _core.Error(
                f"{path} is not an index of originality: it does not begin with {MAGIC.decode()}. "
                "To fix this, give a file that `longplay originality-index` made"
            )
        version = int.from_bytes(fixed[len(MAGIC) : len(MAGIC) + 4], "little")
        if version != VERSION:
            raise _core.Error(
                f"{path}: the version of an index must be {VERSION}, not {version}. To fix this, build the index again"
            )
        length = int.from_bytes(fixed[len(MAGIC) + 4 : -4], "little")
        if length > MAX_HEADER_BYTES:
            raise broken(path, f"its header must have at most {MAX_HEADER_BYTES} bytes, not {length}")
        header = file.read(length)
        body = file.read()
    if len(header) < length or zlib.crc32(header) != int.from_bytes(fixed[-4:], "little"):
        raise broken(path, "its header is damaged")
    try:
        parsed = json.loads(header)
        settings = dict(parsed["settings"])
        works = [(str(name), str(group)) for name, group in parsed["works"]]
        entries = {
            name: tuple(int(parsed["arrays"][name][key]) for key in ("offset", "count", "crc32")) for name in ARRAYS
        }
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise broken(path, f"its header is not that of an index: {reason(error)}") from error
    arrays = {name: _array(path, body, name, *entries[name]) for name in ARRAYS}
    return IndexContent(settings, works, arrays)


def _array(path: Path, body: bytes, name: str, offset: int, count: int, crc: int) -> NDArray[Any]:
    dtype = ARRAYS[name]
    end = offset + count * dtype.itemsize
    if offset < 0 or count < 0 or offset % ALIGNMENT or end > len(body):
        raise broken(path, f"the array {name!r} does not lie within the file")
    data = memoryview(body)[offset:end]
    if zlib.crc32(data) != crc:
        raise broken(path, f"the array {name!r} is damaged")
    return np.frombuffer(data, dtype)


def broken(index: object, problem: str) -> _core.Error:
    """Return the error that an index is broken."""
    return _core.Error(f"{index} is broken: {problem}. To fix this, build the index again")
