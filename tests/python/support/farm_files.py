"""Parts that the tests of farms share: settings that vary the pieces, and the files of a farm."""

from pathlib import Path

LOOSE = {"temperature": 3.0, "top_p": 1.0}


def files(folder: Path) -> dict[str, bytes]:
    """Return the bytes of each MIDI file of a farm, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".mid"}
