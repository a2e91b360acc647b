"""Write the data card: the content of a prepared data set, the dropped files, and checksums of all files read."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from training.dataset.files import Entry
from training.dataset.reading import ReadFile
from training.dataset.splits import SIDES


@dataclass(frozen=True)
class Piece:
    """A piece that is kept."""

    entry: Entry
    read: ReadFile
    split: str
    work: str

    @property
    def milliseconds(self) -> int:
        """The time from the first onset to the last release."""
        notes = self.read.notes
        return int((notes["onset_ms"].astype(int) + notes["duration_ms"]).max())


@dataclass(frozen=True)
class Dropped:
    """A dropped file; many files share a `reason`, and `detail` may add to it."""

    path: str
    reason: str
    detail: str = ""


def checksum(digests: Iterable[str]) -> str:
    """Return the SHA-256 over the sorted SHA-256s of files, one a line."""
    return hashlib.sha256("".join(f"{digest}\n" for digest in sorted(digests)).encode()).hexdigest()


def make_card(
    options: dict[str, Any],
    entries: Sequence[Entry],
    reads: Sequence[ReadFile],
    pieces: Sequence[Piece],
    dropped: Sequence[Dropped],
) -> dict[str, Any]:
    """Collect the card as values for JSON.

    Parameters
    ----------
    options : dict
        The options of the command.
    entries, reads : sequence, shape (files,)
        Every file that was read.
    pieces, dropped : sequence
        The pieces that were kept, and the dropped files, including files that were not read.
    """
    sources: dict[str, dict[str, Any]] = {}
    for source in sorted({entry.source for entry in entries}):
        files = [(entry, read) for entry, read in zip(entries, reads, strict=True) if entry.source == source]
        sources[source] = {
            "files": len(files),
            "sha256": checksum(read.digest for _, read in files),
            "tiers": dict(Counter(entry.tier or "not stated" for entry, _ in files)),
            "licences": dict(Counter(entry.licence or "not stated" for entry, _ in files)),
            "splits": {
                split: _amount([piece for piece in pieces if (piece.entry.source, piece.split) == (source, split)])
                for split in SIDES
            },
        }
    reasons: dict[str, list[str]] = defaultdict(list)
    for drop in dropped:
        reasons[drop.reason].append(f"{drop.path}: {drop.detail}" if drop.detail else drop.path)
    card = {
        "options": options,
        "total": _amount(pieces),
        "works": len({piece.work for piece in pieces}),
        "sources": sources,
        "dropped": dict(reasons),
        "notes_outside_the_piano": sum(read.outside for read in reads),
        "warnings": dict(Counter(text for read in reads for text in set(read.warnings)).most_common()),
    }
    keys = [piece.read.key for piece in pieces if piece.read.key is not None]
    if keys:
        counts = Counter(key.name for key in keys).most_common()
        confidences = sorted(key.confidence for key in keys)
        card["keys"] = dict(counts)
        ranks = {percent: (len(confidences) - 1) * percent // 100 for percent in (5, 25, 50, 75)}
        card["key_confidence"] = {f"{percent} %": round(confidences[rank], 3) for percent, rank in ranks.items()}
    return card


def _amount(pieces: Sequence[Piece]) -> dict[str, float]:
    hours = sum(piece.milliseconds for piece in pieces) / 3_600_000
    notes = sum(len(piece.read.notes) for piece in pieces)
    return {"pieces": len(pieces), "hours": round(hours, 2), "notes": notes}


def format_card(card: dict[str, Any]) -> str:
    """Format the card as Markdown."""
    total = card["total"]
    lines = [
        "# Data card",
        "",
        f"{total['pieces']:,} pieces of {card['works']:,} works, {total['hours']:,} hours, {total['notes']:,} notes.",
        f"Options: {', '.join(f'{name} {value!r}' for name, value in card['options'].items())}.",
        "",
        *_table(
            ["source", "split", "pieces", "hours", "notes"],
            [
                [source, split, *(f"{amount[name]:,}" for name in ("pieces", "hours", "notes"))]
                for source, values in card["sources"].items()
                for split, amount in values["splits"].items()
            ],
        ),
        "",
        "## Sources",
        "",
        "A checksum is the SHA-256 over the sorted SHA-256s of the files that were read, one a line.",
        "",
        *_table(
            ["source", "files", "tier", "licence", "SHA-256"],
            [
                [source, f"{of['files']:,}", _counts(of["tiers"]), _counts(of["licences"]), of["sha256"]]
                for source, of in card["sources"].items()
            ],
        ),
        "",
        "## Dropped",
        "",
        *_table(["reason", "files"], [[why, f"{len(paths):,}"] for why, paths in card["dropped"].items()]),
        "",
        f"Notes outside the range of a piano: {card['notes_outside_the_piano']:,}. card.json names the dropped files.",
        "",
        "## Warnings about files that were read",
        "",
        *_table(["warning", "files"], [[text, f"{count:,}"] for text, count in card["warnings"].items()]),
    ]
    if "keys" in card:
        shares = ", ".join(f"{value} at {percent}" for percent, value in card["key_confidence"].items())
        lines += ["", "## Keys before transposing", "", f"Percentiles of the confidence: {shares}.", ""]
        lines += _table(["key", "pieces"], [[name, f"{count:,}"] for name, count in card["keys"].items()])
    return "\n".join(lines) + "\n"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(counts) if len(counts) == 1 else ", ".join(f"{name} ({count:,})" for name, count in counts.items())


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (names, ["---"] * len(names), *rows)] if rows else ["None."]
