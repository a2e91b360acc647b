"""Read a folder or tar archive of MIDI files with `longplay.read_midi`, and write it as one array of notes.

A ``manifest.csv`` in the data states the source, tier and split of each file. Without a manifest, sources are folders
and a tenth of the works is held out; copies and transpositions of a piece are in its split. The output is
``notes.npy`` and ``pieces.json``, which `training.corpus` reads, and a data card, ``card.md`` and ``card.json``.
"""

import hashlib
import json
import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from training.dataset.card import Dropped, Piece, format_card, make_card
from training.dataset.files import Entry, Listing, list_files
from training.dataset.reading import ReadFile, read_file
from training.dataset.similarity import similar_pairs
from training.dataset.splits import group, leaks, make_splits
from training.options import parse_config, plain

KEYS = ("as_written", "normalised")


@dataclass(frozen=True)
class PrepareConfig:
    """The options of the command."""

    data: Path = field(metadata={"help": "folder or tar archive of MIDI files"})
    out: Path = field(metadata={"help": "folder to write"})
    tiers: str = field(default="", metadata={"help": "tiers of the manifest to take, e.g. A or A,B; all if empty"})
    piano_only: bool = field(default=False, metadata={"help": "drop notes of programs that are not pianos"})
    key: str = field(default="as_written", metadata={"help": "as_written, or normalised: to C major or A minor"})
    workers: int = field(default=os.cpu_count() or 1, metadata={"help": "processes"})

    def validate(self) -> None:
        """Raise a ValueError that names the field with an invalid value."""
        if self.key not in KEYS:
            raise ValueError(f"key must be {' or '.join(KEYS)}, not {self.key!r}")
        if self.workers < 1:
            raise ValueError(f"workers must be 1 or more, not {self.workers}")
        if (self.out / "pieces.json").exists():
            raise ValueError(f"out must be a new folder; {self.out} already holds prepared data")


def read_files(entries: Sequence[Entry], config: PrepareConfig) -> list[ReadFile]:
    """Read files in several processes, with a progress bar if there is a terminal."""
    read = partial(read_file, piano_only=config.piano_only, normalised=config.key == "normalised")
    console = Console(stderr=True)
    with multiprocessing.Pool(config.workers) as pool:
        results = pool.imap(read, [entry.file for entry in entries], chunksize=16)
        bar = track(results, "reading", len(entries), console=console, disable=not console.is_terminal)
        return list(bar)


def take_tiers(listing: Listing, tiers: str) -> tuple[list[Entry], list[Dropped]]:
    """Keep the entries of the requested tiers, and list the dropped files."""
    dropped = [Dropped(path, "not named in the manifest") for path in listing.unlisted]
    wanted = tiers.split(",")
    if not tiers:
        return listing.entries, dropped
    if not listing.has_manifest:
        raise ValueError(f"tiers must be empty for data without a manifest, not {tiers!r}")
    known = {entry.tier for entry in listing.entries}
    if not set(wanted) <= known:
        raise ValueError(f"tiers must name {', '.join(sorted(known))}, not {tiers!r}")
    dropped += [Dropped(e.path, f"of tier {e.tier}") for e in listing.entries if e.tier not in wanted]
    return [entry for entry in listing.entries if entry.tier in wanted], dropped


def keep_readable(entries: Sequence[Entry], reads: Sequence[ReadFile]) -> tuple[list[int], list[Dropped]]:
    """Drop files without notes and copies; return the indices of the others, and the dropped files."""
    kept: list[int] = []
    dropped = []
    paths: dict[bytes, str] = {}  # the first file with these notes
    for index, (entry, read) in enumerate(zip(entries, reads, strict=True)):
        reason, _, detail = read.problem.partition(": ")
        if not reason:
            original = paths.setdefault(hashlib.sha256(read.notes.tobytes()).digest(), entry.path)
            if original != entry.path:
                reason, detail = "a copy, note by note", f"of {original}"
        if reason:
            dropped.append(Dropped(entry.path, reason, detail))
        else:
            kept.append(index)
    return kept, dropped


def choose_pieces(
    entries: Sequence[Entry], reads: Sequence[ReadFile], has_manifest: bool
) -> tuple[list[Piece], list[Dropped]]:
    """Assign a split and a work to each file that is kept, and list the dropped files."""
    kept, dropped = keep_readable(entries, reads)
    if not kept:
        raise ValueError("data must hold a file with notes")
    entries, reads = [entries[index] for index in kept], [reads[index] for index in kept]
    pairs = similar_pairs([read.sketch for read in reads])
    groups = group(len(reads), pairs)
    held_out: dict[int, int] = {}
    if has_manifest:
        splits = [entry.split for entry in entries]
        held_out = leaks(splits, pairs)
    else:
        splits = make_splits(groups, [read.digest for read in reads])
    pieces = []
    for index, (entry, read) in enumerate(zip(entries, reads, strict=True)):
        if index in held_out:
            other = held_out[index]
            detail = f"{entries[other].path} in {splits[other]}"
            dropped.append(Dropped(entry.path, f"of {entry.split}, resembles a piece that is held out", detail))
        else:
            pieces.append(Piece(entry, read, splits[index], entry.work or f"g{groups[index]:06}"))
    return pieces, dropped


def write(out: Path, pieces: Sequence[Piece], card: dict[str, Any]) -> None:
    """Write the arrays and the card; pieces.json is written last, so its presence means that all is complete."""
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "notes.npy", np.concatenate([piece.read.notes for piece in pieces]))
    rows: list[dict[str, Any]] = []
    begin = 0
    for piece in pieces:
        entry, key, count = piece.entry, piece.read.key, len(piece.read.notes)
        row: dict[str, Any] = {"path": entry.path, "source": entry.source, "tier": entry.tier, "split": piece.split}
        row |= {"work": piece.work, "begin": begin, "count": count}
        if key is not None:
            row |= {"key": key.name, "key_confidence": round(key.confidence, 4), "semitones": key.semitones}
        rows.append(row)
        begin += count
    (out / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False), encoding="utf-8")
    (out / "card.md").write_text(format_card(card), encoding="utf-8")
    partial_file = out / "pieces.json.partial"
    partial_file.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    partial_file.replace(out / "pieces.json")


def prepare(config: PrepareConfig) -> dict[str, Any]:
    """Prepare a data set and return its card."""
    config.validate()
    listing = list_files(config.data)
    entries, dropped = take_tiers(listing, config.tiers)
    reads = read_files(entries, config)
    pieces, more = choose_pieces(entries, reads, listing.has_manifest)
    options = {name: value for name, value in plain(config).items() if name not in ("data", "out", "workers")}
    card = make_card(options, entries, reads, pieces, dropped + more)
    write(config.out, pieces, card)
    return card


def main(argv: Sequence[str] | None = None) -> None:
    """Prepare a data set and print its card, or refuse to overwrite an earlier result."""
    config = parse_config(PrepareConfig, argv, __doc__ or "")
    try:
        card = prepare(config)
    except (OSError, ValueError) as error:
        raise SystemExit(f"prepare: {error}") from error
    print(format_card(card), end="")


if __name__ == "__main__":
    main()
