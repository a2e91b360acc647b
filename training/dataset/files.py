"""The files of a data set, and what is known of each before it is read."""

import csv
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from longplay.midi import MidiSource

MANIFEST = "manifest.csv"
COLUMNS = ("path", "source", "tier", "split")  # that a manifest must have
SUFFIXES = (".mid", ".midi")


@dataclass(frozen=True)
class Entry:
    """A MIDI file of a data set.

    Attributes
    ----------
    path : str
        Within the data set; below the manifest's folder if there is one.
    source : str
        The collection it comes from.
    tier, licence : str
        As in the manifest, or empty.
    split : str
        ``train``, ``val`` or ``test``, or empty: not told.
    work : str
        What is the same for all editions of a work; empty: not told.
    file : path or bytes
        What `longplay.read_midi` takes.
    """

    path: str
    source: str
    tier: str
    licence: str
    split: str
    work: str
    file: MidiSource


@dataclass(frozen=True)
class Listing:
    """What a data set holds: `entries`, and `unlisted` files that its manifest does not name."""

    entries: list[Entry]
    unlisted: list[str]
    has_manifest: bool


def list_files(data: Path) -> Listing:
    """Find the MIDI files of a folder, or of a tar archive.

    A manifest is a file ``manifest.csv``, in the folder itself or in one folder within. Without one, a file's
    source is the name of the first folder on its way, or of the data set.

    Raises
    ------
    ValueError
        There are no MIDI files, or the manifest lacks a column, names a file that is not there, or has a work in
        two splits.
    """
    files = _folder(data) if data.is_dir() else _archive(data)
    manifest = _find_manifest(files)
    if manifest is not None:
        return _listed(files, manifest)
    entries = [_unlisted_entry(path, files[path], data) for path in sorted(files)]
    if not entries:
        raise ValueError(f"{data} must hold MIDI files, {' or '.join(SUFFIXES)}; there are none")
    return Listing(entries, [], has_manifest=False)


def _wanted(path: PurePosixPath) -> bool:
    return path.name == MANIFEST or path.suffix.lower() in SUFFIXES


def _folder(data: Path) -> dict[str, MidiSource]:
    found = (path.relative_to(data) for path in data.rglob("*") if path.is_file())
    return {path.as_posix(): data / path for path in found if _wanted(PurePosixPath(path))}


def _archive(data: Path) -> dict[str, MidiSource]:
    with data.open("rb") as packed:
        try:
            if data.suffix != ".zst":
                return _members(packed, "r|*")
            import zstandard

            window = 2**27  # of archives made with --long=27
            return _members(zstandard.ZstdDecompressor(max_window_size=window).stream_reader(packed), "r|")
        except tarfile.ReadError as error:
            raise ValueError(f"data must be a folder or a tar archive, not {data}: {error}") from error


def _members(stream: IO[bytes], mode: str) -> dict[str, MidiSource]:
    files: dict[str, MidiSource] = {}
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for member in archive:
            path = PurePosixPath(member.name)
            if member.isfile() and _wanted(path):
                files[str(path)] = archive.extractfile(member).read()
    return files


def _find_manifest(files: dict[str, MidiSource]) -> str | None:
    """Take the manifests out of the files; return the path of the highest with its text put back."""
    found = [path for path in files if PurePosixPath(path).name == MANIFEST]
    places = {path: len(PurePosixPath(path).parts) for path in found}
    highest = [path for path in found if places[path] == min(places.values()) and places[path] <= 2]
    if len(highest) > 1:
        raise ValueError(f"data must hold one {MANIFEST}, not {len(highest)}: {', '.join(sorted(highest))}")
    for path in set(found) - set(highest):
        del files[path]
    return highest[0] if highest else None


def _listed(files: dict[str, MidiSource], manifest: str) -> Listing:
    held = files.pop(manifest)
    text = (held if isinstance(held, bytes) else cast(Path, held).read_bytes()).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    for column in COLUMNS:
        if not rows or column not in rows[0]:
            raise ValueError(f"{manifest} must have rows and the columns {', '.join(COLUMNS)}; {column} is missing")
    root = PurePosixPath(manifest).parent
    entries = []
    for row in rows:
        path = str(root / row["path"])
        if path not in files:
            raise ValueError(f"{manifest} names {row['path']}, which is not there")
        entries.append(
            Entry(
                path=row["path"],
                source=row["source"],
                tier=row["tier"],
                licence=row.get("licence", ""),
                split=row["split"],
                work=row.get("work_group", ""),
                file=files.pop(path),
            )
        )
    _check_splits(entries, manifest)
    return Listing(entries, sorted(files), has_manifest=True)


def _check_splits(entries: list[Entry], manifest: str) -> None:
    splits: dict[str, str] = {}
    for entry in entries:
        if entry.split not in ("train", "val", "test"):
            raise ValueError(f"split of {entry.path} in {manifest} must be train, val or test, not {entry.split!r}")
        if entry.work and splits.setdefault(entry.work, entry.split) != entry.split:
            raise ValueError(
                f"work_group {entry.work} in {manifest} must be in one split, "
                f"not in {splits[entry.work]} and {entry.split}"
            )


def _unlisted_entry(path: str, file: MidiSource, data: Path) -> Entry:
    folders = PurePosixPath(path).parts[:-1]
    source = folders[0] if folders else data.resolve().name.split(".")[0]
    return Entry(path, source, tier="", licence="", split="", work="", file=file)
