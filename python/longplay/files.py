"""Files that are there whole or not at all."""

import errno
import os
import secrets
from pathlib import Path


def write_whole(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Write a file under a temporary name beside it, then give it its own.

    Raises
    ------
    FileExistsError
        The file exists and `overwrite` is false.
    """
    if not overwrite and path.exists():
        raise FileExistsError(errno.EEXIST, "file exists", str(path))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
