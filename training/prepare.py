"""Reads the MIDI files of a data set, with the package's own reader, into one array of notes.

The data set is a folder, or a tar.zst archive, that holds ``permissive/manifest.csv`` with the columns path,
source, tier, split and kind. What is written: ``notes.npy`` and ``pieces.json``; see `training.corpus`.
"""

import csv
import io
import json
import multiprocessing
import tarfile
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import longplay
from training.corpus import STORED
from training.options import parse_config

MANIFEST = "permissive/manifest.csv"


@dataclass(frozen=True)
class PrepareConfig:
    """What to read and where to write."""

    data: Path = field(metadata={"help": "folder or tar.zst archive"})
    out: Path = field(metadata={"help": "folder to write"})
    tiers: str = field(default="AB", metadata={"help": "tiers of licence to take"})
    workers: int = field(default=1, metadata={"help": "processes"})


def load_files(data: Path) -> dict[str, bytes]:
    """Read the manifest and every MIDI file, by path relative to the data set's root."""
    if data.is_dir():
        paths = [data / MANIFEST, *(data / "permissive").rglob("*.mid")]
        return {str(path.relative_to(data)): path.read_bytes() for path in paths}
    import zstandard

    files = {}
    with data.open("rb") as packed:
        stream = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(packed)
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                if member.isfile() and (member.name == MANIFEST or member.name.endswith(".mid")):
                    files[member.name] = archive.extractfile(member).read()  # type: ignore[union-attr]
    return files


def read_file(data: bytes) -> NDArray[Any] | None:
    """Read one file's notes, the first at 0 ms; None when it is not readable or holds none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # oddities of old files; they are read all the same
        try:
            notes = longplay.read_midi(data)
        except longplay.MidiError:
            return None
    if len(notes) == 0:
        return None
    stored = np.empty(len(notes), STORED)
    for name in STORED.names or ():
        stored[name] = notes[name]
    stored["onset_ms"] -= stored["onset_ms"][0]
    return stored


def main(argv: Sequence[str] | None = None) -> None:
    """Read every file of the manifest; refuse to write over an earlier result."""
    config = parse_config(PrepareConfig, argv, __doc__ or "")
    if (config.out / "pieces.json").exists():
        raise SystemExit(f"{config.out} already holds prepared data")
    files = load_files(config.data)
    rows = list(csv.DictReader(io.StringIO(files[MANIFEST].decode("utf-8"))))
    rows = [row for row in rows if row["tier"] in config.tiers]

    with multiprocessing.Pool(config.workers) as pool:
        read = pool.map(read_file, [files[f"permissive/{row['path']}"] for row in rows], chunksize=16)
    pieces: list[dict[str, Any]] = []
    arrays, skipped, begin = [], [], 0
    for row, notes in zip(rows, read, strict=True):
        if notes is None:
            skipped.append(row["path"])
            continue
        keys = ("path", "source", "tier", "split")
        pieces.append({**{key: row[key] for key in keys}, "begin": begin, "count": len(notes)})
        arrays.append(notes)
        begin += len(notes)

    config.out.mkdir(parents=True, exist_ok=True)
    np.save(config.out / "notes.npy", np.concatenate(arrays))
    partial = config.out / "pieces.json.partial"
    partial.write_text(json.dumps(pieces), encoding="utf-8")
    partial.replace(config.out / "pieces.json")
    totals: Counter[str] = Counter()
    for piece in pieces:
        totals[f"{piece['source']} {piece['split']}"] += piece["count"]
    print(json.dumps({"notes": begin, "by_source": totals, "skipped": skipped}, indent=1))


if __name__ == "__main__":
    main()
