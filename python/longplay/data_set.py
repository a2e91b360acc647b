"""The MIDI files of a data set, a folder or a tar archive, with the rows of its manifest."""

import csv
import io
import lzma
import tarfile
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from longplay._base.extras import missing_extra
from longplay._core import MAX_MIDI_BYTES
from longplay.files import open_regular

MANIFEST = "manifest.csv"
SUFFIXES = (".mid", ".midi")


@dataclass(frozen=True)
class DataFile:
    """A MIDI file of a data set.

    Attributes
    ----------
    path : str
        Path within the data set; relative to the manifest if there is one.
    row : mapping of str to str
        Row of the manifest, by column; empty without a manifest.
    file : path or bytes
        Argument for `longplay.read_midi`: bytes if the file comes from an archive.
    """

    path: str
    row: Mapping[str, str]
    file: Path | bytes = field(repr=False)


@dataclass(frozen=True)
class DataSet:
    """Content of a data set.

    Attributes
    ----------
    files : list of DataFile
        Files in the order of the manifest, or by path.
    unlisted : list of str
        Paths of MIDI files that the manifest does not list.
    manifest : str or None
        Path of the manifest within the data set.
    """

    files: list[DataFile]
    unlisted: list[str]
    manifest: str | None


def read_data_set(data: Path, columns: Collection[str]) -> DataSet:
    """Find the MIDI files of a folder or of a tar archive, compressed or not.

    A manifest is a file ``manifest.csv`` in the folder or in a direct subfolder. An archive with the suffix .zst needs
    the package zstandard.

    Parameters
    ----------
    data : Path
    columns : collection of str
        Columns that a manifest must have in addition to ``path``.

    Raises
    ------
    FileNotFoundError
        The data set does not exist.
    Error
        The package zstandard is not installed.
    ValueError
        The data set is neither a folder nor a readable archive, or its manifest lacks a column or lists a missing
        file.
    """
    if not data.exists():
        raise FileNotFoundError(f"{data} does not exist")
    files = _folder(data) if data.is_dir() else _archive(data)
    manifest = _find_manifest(files)
    if manifest is None:
        return DataSet([DataFile(path, {}, files[path]) for path in sorted(files)], [], None)
    rows = _rows(manifest, files.pop(manifest), ("path", *columns))
    root = PurePosixPath(manifest).parent
    listed = []
    for row in rows:
        path = str(root / row["path"])
        if path not in files:
            raise ValueError(f"{manifest} lists {row['path']}, which does not exist")
        listed.append(DataFile(row["path"], row, files.pop(path)))
    return DataSet(listed, sorted(files), manifest)


def _wanted(path: PurePosixPath) -> bool:
    return path.name == MANIFEST or path.suffix.lower() in SUFFIXES


def _folder(data: Path) -> dict[str, Path | bytes]:
    found = (path.relative_to(data) for path in data.rglob("*") if path.is_file())
    return {path.as_posix(): data / path for path in found if _wanted(PurePosixPath(path))}


def _archive(data: Path) -> dict[str, Path | bytes]:
    broken: tuple[type[Exception], ...] = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError)
    with open_regular(data) as packed:
        stream: Any = packed
        if data.suffix == ".zst":
            zstandard = _zstandard()
            broken += (zstandard.ZstdError,)
            stream = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(packed)  # of zstd --long=27
        try:
            with tarfile.open(fileobj=stream, mode="r|*") as members:
                return {
                    str(PurePosixPath(member.name)): content.read(MAX_MIDI_BYTES + 1)  # more is refused later
                    for member in members
                    if _wanted(PurePosixPath(member.name))
                    and member.isfile()
                    and (content := members.extractfile(member))
                }
        except broken as error:
            raise ValueError(f"data must be a folder or a tar archive, not {data}: {error}") from error


def _zstandard() -> Any:
    try:
        import zstandard
    except ModuleNotFoundError:
        raise missing_extra("zstandard", "train") from None
    return zstandard


def _find_manifest(files: dict[str, Path | bytes]) -> str | None:
    """Remove all manifests from `files` except the highest, and return its path."""
    found = [path for path in files if PurePosixPath(path).name == MANIFEST]
    depths = {path: len(PurePosixPath(path).parts) for path in found}
    highest = [path for path in found if depths[path] == min(depths.values()) and depths[path] <= 2]
    if len(highest) > 1:
        raise ValueError(f"data must hold one {MANIFEST}, not {len(highest)}: {', '.join(sorted(highest))}")
    for path in set(found) - set(highest):
        del files[path]
    return highest[0] if highest else None


def _rows(manifest: str, held: Path | bytes, columns: Collection[str]) -> list[dict[str, str]]:
    data = held if isinstance(held, bytes) else Path(held).read_bytes()
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{manifest} must be a table of CSV in UTF-8: {error}") from error
    for column in columns:
        if not rows or column not in rows[0]:
            raise ValueError(f"{manifest} must have rows and the columns {', '.join(columns)}; {column} is missing")
        for number, row in enumerate(rows, 1):
            if row[column] is None:
                raise ValueError(f"{manifest}: {column} is missing in row {number}")
    return rows
