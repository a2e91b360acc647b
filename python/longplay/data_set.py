"""The MIDI files of a data set: a folder or a tar archive, and what its manifest says of them."""

import csv
import io
import lzma
import tarfile
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from longplay.midi import MidiSource

MANIFEST = "manifest.csv"
SUFFIXES = (".mid", ".midi")


@dataclass(frozen=True)
class DataFile:
    """A MIDI file of a data set.

    Attributes
    ----------
    path : str
        Within the data set; below the manifest's folder if there is one.
    row : mapping of str to str
        What the manifest says of it, by column; empty without a manifest.
    file : path or bytes
        What `longplay.read_midi` takes: bytes if it comes from an archive.
    """

    path: str
    row: Mapping[str, str]
    file: MidiSource = field(repr=False)


@dataclass(frozen=True)
class DataSet:
    """What a data set holds.

    Attributes
    ----------
    files : list of DataFile
        In the order of the manifest, or by path.
    unlisted : list of str
        MIDI files that the manifest does not name.
    manifest : str or None
        Path of the manifest within the data set.
    """

    files: list[DataFile]
    unlisted: list[str]
    manifest: str | None


def read_data_set(data: Path, columns: Collection[str]) -> DataSet:
    """Find the MIDI files of a folder, or of a tar archive; a compressed one too (.zst needs the package zstandard).

    A manifest is a file ``manifest.csv``, in the folder itself or in one folder within.

    Parameters
    ----------
    data : Path
    columns : collection of str
        What a manifest must have besides ``path``.

    Raises
    ------
    FileNotFoundError
        The data set does not exist.
    ValueError
        It is neither a folder nor an archive that can be read, or its manifest lacks a column or names a file that is
        not there.
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
            raise ValueError(f"{manifest} names {row['path']}, which is not there")
        listed.append(DataFile(row["path"], row, files.pop(path)))
    return DataSet(listed, sorted(files), manifest)


def _wanted(path: PurePosixPath) -> bool:
    return path.name == MANIFEST or path.suffix.lower() in SUFFIXES


def _folder(data: Path) -> dict[str, MidiSource]:
    found = (path.relative_to(data) for path in data.rglob("*") if path.is_file())
    return {path.as_posix(): data / path for path in found if _wanted(PurePosixPath(path))}


def _archive(data: Path) -> dict[str, MidiSource]:
    broken: tuple[type[Exception], ...] = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError)
    with data.open("rb") as packed:
        stream: Any = packed
        if data.suffix == ".zst":
            zstandard = _zstandard(data)
            broken += (zstandard.ZstdError,)
            stream = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(packed)  # of zstd --long=27
        try:
            with tarfile.open(fileobj=stream, mode="r|*") as members:
                return {
                    str(PurePosixPath(member.name)): content.read()
                    for member in members
                    if _wanted(PurePosixPath(member.name))
                    and member.isfile()
                    and (content := members.extractfile(member))
                }
        except broken as error:
            raise ValueError(f"data must be a folder or a tar archive, not {data}: {error}") from error


def _zstandard(data: Path) -> Any:
    try:
        import zstandard
    except ImportError as error:
        raise ValueError(f"{data} needs the package zstandard: pip install zstandard") from error
    return zstandard


def _find_manifest(files: dict[str, MidiSource]) -> str | None:
    """Take the manifests out of the files but for the highest; return its path."""
    found = [path for path in files if PurePosixPath(path).name == MANIFEST]
    places = {path: len(PurePosixPath(path).parts) for path in found}
    highest = [path for path in found if places[path] == min(places.values()) and places[path] <= 2]
    if len(highest) > 1:
        raise ValueError(f"data must hold one {MANIFEST}, not {len(highest)}: {', '.join(sorted(highest))}")
    for path in set(found) - set(highest):
        del files[path]
    return highest[0] if highest else None


def _rows(manifest: str, held: MidiSource, columns: Collection[str]) -> list[dict[str, str]]:
    text = (held if isinstance(held, bytes) else Path(held).read_bytes()).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    for column in columns:
        if not rows or column not in rows[0]:
            raise ValueError(f"{manifest} must have rows and the columns {', '.join(columns)}; {column} is missing")
    return rows
