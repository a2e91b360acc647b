"""Reading of regular files, and writing of files that appear only when they are complete."""

import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_READ_AHEAD = 1 << 16  # bytes beyond the size of a file: it may grow, or report no size


@contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read bytes.

    Raises
    ------
    OSError
        The file cannot be opened, or is not a regular file: a pipe or a device may never end.
    """
    with open(path, "rb", opener=_open_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file; copy its content to one", str(path))
        yield file


def read_regular(path: Path, most: int) -> bytes | None:
    """Return the bytes of a regular file; None if it has more than `most`, which are then not read.

    Raises
    ------
    OSError
        As `open_regular`.
    """
    with open_regular(path) as file:
        size, parts = os.fstat(file.fileno()).st_size, []
        left = most + 1 if size <= most else 0
        while part := file.read(min(left, size + _READ_AHEAD)):
            parts.append(part)
            left -= len(part)
    return b"".join(parts) if left > 0 else None


def _open_at_once(path: str, flags: int) -> int:
    """Open a file without waiting for somebody to write to it, which opening a pipe does."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def write_whole(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Write a file under a temporary name in the same folder, then rename it; see `whole_file`.

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

    A file that is written over keeps its mode. A link is followed. The data of a device, a pipe or a file
    without a name (``/dev/stdout`` and the like) are written into it.

    Raises
    ------
    FileExistsError
        The file exists and `overwrite` is false, even if it appeared during the block.
    """
    if not overwrite and os.path.lexists(path):
        raise _exists(path)
    before = _status(path)
    real = Path(os.path.realpath(path)) if overwrite else path
    if before is not None and not (stat.S_ISREG(before.st_mode) and real.exists() and real.samefile(path)):
        with tempfile.TemporaryDirectory() as folder, _blamed(path, temporary := Path(folder, path.name)):
            yield temporary
            _write_into(path, temporary)
        return
    temporary = real.with_name(f"{_prefix(real.name)}{secrets.token_hex(4)}.part")
    with _blamed(path, temporary):
        try:
            temporary.touch(0o666 if before is None else 0o600, exist_ok=False)
            yield temporary
            with temporary.open("r+b") as file:  # Windows syncs only files that are open for writing
                os.fsync(file.fileno())
            if before is not None:
                temporary.chmod(stat.S_IMODE(before.st_mode))
            if overwrite:
                temporary.replace(real)
            else:
                _rename_to_new(temporary, real)
        finally:
            temporary.unlink(missing_ok=True)


def _status(path: Path) -> os.stat_result | None:
    """Return the status of a file; None if there is none. Raise OSError where there can be none."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


@contextmanager
def _blamed(path: Path, temporary: Path) -> Iterator[None]:
    """Name `path` in errors about its temporary file, and in errors that name no file."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename in (None, str(temporary)):
            error.filename = str(path)
        raise


def remove_leftovers(folder: Path, names: Collection[str]) -> None:
    """Remove the temporary files that killed writes of these files of a folder left."""
    prefixes = {_prefix(name) for name in names}
    for path in folder.iterdir():
        found = re.fullmatch(r"(\.longplay-[0-9a-f]{16}-)[0-9a-f]{8}\.part", path.name)
        if found and found[1] in prefixes:
            path.unlink()


def _prefix(name: str) -> str:
    """Return the prefix of the temporary names of a file, which is short and used by no other program."""
    return f".longplay-{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}-"


def _exists(path: Path) -> FileExistsError:
    return FileExistsError(errno.EEXIST, "file exists", str(path))


def _rename_to_new(temporary: Path, path: Path) -> None:
    """Rename a file; raise FileExistsError if the new name is taken."""
    try:
        os.link(temporary, path)  # unlike a rename, it never replaces a file
    except FileExistsError:
        raise _exists(path) from None
    except OSError:  # the file system has no hard links
        path.touch(exist_ok=False)
        temporary.replace(path)


def _write_into(path: Path, source: Path) -> None:
    """Write the bytes of a file into a device or a pipe; raise OSError if no process reads the pipe."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "no program reads this pipe", str(path)) from None
        raise
    os.set_blocking(descriptor, True)
    with os.fdopen(descriptor, "wb") as target, source.open("rb") as data:
        shutil.copyfileobj(data, target)
