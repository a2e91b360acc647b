"""The MIDI files of a training set: from a folder, an archive or a list."""

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from longplay._core import MidiError
from longplay.data_set import SUFFIXES, read_data_set
from longplay.midi import MidiSource, midi_bytes


@dataclass(frozen=True)
class TrainingFile:
    """A MIDI file of a training set.

    Attributes
    ----------
    name : str
        Name in reports.
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
        MIDI files, folders, and tar archives, also compressed ones (.zst needs the package zstandard). In a folder
        or an archive, a ``manifest.csv`` with the columns path, work_group and split selects the files. Without a
        manifest, each MIDI file is one work.
    split : str or None
        Split of the manifest to read; None reads all.

    A file that is too long is skipped with a warning.

    Yields
    ------
    TrainingFile

    Raises
    ------
    FileNotFoundError
        A source does not exist.
    ValueError
        As `longplay.data_set.read_data_set`.
    """
    for source in sources:
        if source.is_file() and source.suffix.lower() in SUFFIXES:
            yield from _read(source.name, str(source), source)
            continue
        for one in read_data_set(source, ("work_group", "split")).files:
            if split is None or not one.row or one.row["split"] == split:
                yield from _read(one.path, one.row.get("work_group", one.path), one.file)


def _read(name: str, group: str, file: MidiSource) -> Iterator[TrainingFile]:
    try:
        yield TrainingFile(name, group, midi_bytes(file))
    except MidiError as error:  # it is too long
        warnings.warn(f"{name} was skipped: {error}", stacklevel=3)
