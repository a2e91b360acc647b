"""An hour of piano that answers a seed: a sampling engine for symbolic music.

>>> import longplay
>>> engine = longplay.Engine()
>>> piece = engine.generate("seed.mid", seconds=3600)
>>> piece.save("hour.mid")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longplay._core import DeviceError, Error, MidiError, ModelError, SnapshotError
    from longplay.challenge.check import check, clips
    from longplay.challenge.packing import pack
    from longplay.engine import Engine
    from longplay.live import Session, Stream
    from longplay.midi import NOTE, read_midi, resolve_overlaps, write_midi
    from longplay.piece import Piece, Score
    from longplay.provenance import Provenance, Step
    from longplay.settings import Settings
    from longplay.tokenizer import Tokenizer

    __version__: str

__all__ = [
    "NOTE",
    "DeviceError",
    "Engine",
    "Error",
    "MidiError",
    "ModelError",
    "Piece",
    "Provenance",
    "Score",
    "Session",
    "Settings",
    "SnapshotError",
    "Step",
    "Stream",
    "Tokenizer",
    "__version__",
    "check",
    "clips",
    "pack",
    "read_midi",
    "resolve_overlaps",
    "write_midi",
]

# Names are imported when they are first used, so that `longplay --help` waits for neither NumPy nor the core.
_ROOMS = {
    "_core": ["DeviceError", "Error", "MidiError", "ModelError", "SnapshotError"],
    "challenge.check": ["check", "clips"],
    "engine": ["Engine"],
    "live": ["Session", "Stream"],
    "midi": ["NOTE", "read_midi", "resolve_overlaps", "write_midi"],
    "challenge.packing": ["pack"],
    "piece": ["Piece", "Score"],
    "provenance": ["Provenance", "Step"],
    "settings": ["Settings"],
    "tokenizer": ["Tokenizer"],
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("longplay")
    if name not in _HOMES:
        raise AttributeError(f"module 'longplay' has no attribute {name!r}")
    return getattr(import_module(f"longplay.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
