"""List the files of a data set, with what its manifest states about each."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from longplay.data_set import SUFFIXES, DataFile, read_data_set
from longplay.midi import MidiSource

COLUMNS = ("source", "tier", "split")  # required in a manifest, in addition to the path


@dataclass(frozen=True)
class Entry:
    """A MIDI file of a data set.

    Attributes
    ----------
    path : str
        Relative to the manifest's folder if there is one, otherwise to the data set.
    source : str
        The collection that the file comes from.
    tier, licence : str
        As in the manifest, or empty.
    split : str
        ``train``, ``val`` or ``test``; empty if unknown.
    work : str
        The identifier that all editions of a work share; empty if unknown.
    file : path or bytes
        The argument of `longplay.read_midi`.
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
    """The content of a data set: its `entries`, and the `unlisted` files that its manifest does not name."""

    entries: list[Entry]
    unlisted: list[str]
    has_manifest: bool


def list_files(data: Path) -> Listing:
    """Find the MIDI files of a folder, or of a tar archive; see `longplay.data_set.read_data_set`.

    Without a manifest, the source of a file is the first folder of its path, or the name of the data set.

    Raises
    ------
    FileNotFoundError
        The data set does not exist.
    ValueError
        There are no MIDI files, or the manifest lacks a column, names a missing file, or has a work in two splits.
    """
    found = read_data_set(data, COLUMNS)
    entries = [_entry(one, data) for one in found.files]
    if not entries:
        raise ValueError(f"{data} must hold MIDI files, {' or '.join(SUFFIXES)}; there are none")
    if found.manifest is not None:
        _check_splits(entries, found.manifest)
    return Listing(entries, found.unlisted, has_manifest=found.manifest is not None)


def _entry(one: DataFile, data: Path) -> Entry:
    folders = PurePosixPath(one.path).parts[:-1]
    source = folders[0] if folders else data.resolve().name.split(".")[0]
    return Entry(
        path=one.path,
        source=one.row.get("source", source),
        tier=one.row.get("tier", ""),
        licence=one.row.get("licence", ""),
        split=one.row.get("split", ""),
        work=one.row.get("work_group", ""),
        file=one.file,
    )


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
