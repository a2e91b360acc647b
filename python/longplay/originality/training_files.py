"""The MIDI files of a training set: from a folder, an archive or a list."""

import csv
import io
import lzma
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SUFFIXES = (".mid", ".midi")
MANIFEST = "manifest.csv"


@dataclass(frozen=True)
class TrainingFile:
    """A MIDI file of a training set.

    Attributes
    ----------
    name : str
        By which reports call it.
    group : str
        Files of one group are versions of one work.
    data : bytes
    """

    name: str
    group: str
    data: bytes


def training_files(sources: Iterable[Path], split: str | None = "train") -> Iterator[TrainingFile]:
    """Read the MIDI files of a training set.

    Parameters
    ----------
    sources : iterable of paths
        MIDI files; folders; tar archives, also compressed ones (.zst needs the package zstandard). In a folder or
        an archive, a ``manifest.csv`` with the columns path, work_group and split says what to take; without one
        all MIDI files are taken, each a work of its own.
    split : str or None
        The split of the manifest to take; None takes all.

    Raises
    ------
    FileNotFoundError
        A source does not exist.
    ValueError
        A source is none of these, or a manifest names a file that is not there.
    """
    for source in sources:
        if source.is_dir():
            files = {str(path.relative_to(source)): path for path in sorted(source.rglob("*"))}
            yield from _listed({name: path.read_bytes for name, path in files.items() if _wanted(name)}, split)
        elif source.suffix.lower() in SUFFIXES:
            yield TrainingFile(source.name, str(source), source.read_bytes())
        elif not source.exists():
            raise FileNotFoundError(f"{source} does not exist")
        else:
            yield from _listed({name: (lambda data=data: data) for name, data in _unpacked(source).items()}, split)


def _wanted(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) or Path(name).name == MANIFEST


def _listed(files: dict[str, Any], split: str | None) -> Iterator[TrainingFile]:
    """Take the files of the topmost manifest, or all of them; `files` gives a function that reads each."""
    manifests = sorted((name for name in files if Path(name).name == MANIFEST), key=lambda name: name.count("/"))
    if not manifests:
        yield from (TrainingFile(name, name, read()) for name, read in files.items())
        return
    root = manifests[0].removesuffix(MANIFEST)
    for row in csv.DictReader(io.StringIO(files[manifests[0]]().decode("utf-8"))):
        if missing := {"path", "work_group", "split"} - row.keys():
            raise ValueError(f"{manifests[0]} must have the column {sorted(missing)[0]!r}")
        if split is not None and row["split"] != split:
            continue
        if root + row["path"] not in files:
            raise ValueError(f"{manifests[0]} names {row['path']}, which is not there")
        yield TrainingFile(row["path"], row["work_group"], files[root + row["path"]]())


def _unpacked(archive: Path) -> dict[str, bytes]:
    broken: tuple[type[Exception], ...] = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError)
    with archive.open("rb") as packed:
        stream: Any = packed
        if archive.suffix == ".zst":
            zstandard = _zstandard(archive)
            broken += (zstandard.ZstdError,)
            stream = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(packed)
        try:
            with tarfile.open(fileobj=stream, mode="r|*") as files:
                return {
                    member.name: content.read()
                    for member in files
                    if _wanted(member.name) and member.isfile() and (content := files.extractfile(member))
                }
        except broken as error:
            raise ValueError(f"{archive} is neither a folder, a MIDI file nor a tar archive ({error})") from error


def _zstandard(archive: Path) -> Any:
    try:
        import zstandard
    except ImportError as error:
        raise ValueError(f"{archive} needs the package zstandard: pip install zstandard") from error
    return zstandard
