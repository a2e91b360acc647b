"""Writing of files that appear only when they are complete."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Write a file under a temporary name in the same folder, then rename it.

    Raises
    ------
    FileExistsError
        The file exists and `overwrite` is false.
    """
    with whole_file(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(data)


@contextmanager
def whole_file(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a temporary path to write to, and rename the file when the block ends without an error.

    Raises
    ------
    FileExistsError
        The file exists and `overwrite` is false.
    """
    if not overwrite and path.exists():
        raise FileExistsError(errno.EEXIST, "file exists", str(path))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        temporary.touch(exist_ok=False)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
