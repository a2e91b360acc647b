"""Write the manifest.csv of MAESTRO for `training.prepare`, with the official splits."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from training.options import parse_config

SPLITS = {"train": "train", "validation": "val", "test": "test"}


@dataclass(frozen=True)
class MaestroConfig:
    """The options of the command."""

    data: Path = field(metadata={"help": "unpacked folder that contains maestro-v2.0.0.csv"})


def manifest_rows(listed: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Return the rows of the manifest for the rows of MAESTRO's CSV file.

    Raises
    ------
    ValueError
        A split is not one of `SPLITS`.
    """
    rows = []
    for piece in listed:
        if piece["split"] not in SPLITS:
            raise ValueError(f"split of {piece['midi_filename']} must be {', '.join(SPLITS)}, not {piece['split']!r}")
        split = SPLITS[piece["split"]]
        rows.append({"path": piece["midi_filename"], "source": "maestro", "tier": "research", "split": split})
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    """Write the manifest into MAESTRO's folder."""
    config = parse_config(MaestroConfig, argv, __doc__ or "")
    lists = sorted(config.data.glob("maestro-v*.csv"))
    if len(lists) != 1:
        raise SystemExit(f"data must hold one maestro-v*.csv; {config.data} holds {len(lists)}")
    with lists[0].open(newline="", encoding="utf-8") as file:
        try:
            rows = manifest_rows(list(csv.DictReader(file)))
        except ValueError as error:
            raise SystemExit(f"{lists[0].name}: {error}") from error
    with (config.data / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
