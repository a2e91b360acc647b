"""The MIDI files of a training set: from a folder, an archive or a list."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from longplay.data_set import SUFFIXES, read_data_set
from longplay.midi import midi_bytes


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
            yield TrainingFile(source.name, str(source), midi_bytes(source))
            continue
        for one in read_data_set(source, ("work_group", "split")).files:
            if split is None or not one.row or one.row["split"] == split:
                yield TrainingFile(one.path, one.row.get("work_group", one.path), midi_bytes(one.file))
