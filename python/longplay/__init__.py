"""Generate hours of piano music that continue a MIDI file.

>>> import longplay
>>> engine = longplay.Engine()
>>> piece = engine.generate("seed.mid", seconds=3600)
>>> piece.save("hour.mid")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longplay._core import Cancelled, DeviceError, Error, MidiError, ModelError, SnapshotError
    from longplay.challenge.check import check, clips
    from longplay.challenge.packing import pack
    from longplay.engine import Engine
    from longplay.live import Session, Stream
    from longplay.midi import NOTE, read_midi, resolve_overlaps, write_midi
    from longplay.model import Model
    from longplay.piece import Piece, Score
    from longplay.prompt import Prompt, read_prompt
    from longplay.provenance import Provenance, Step
    from longplay.settings import Settings
    from longplay.sketch import Sketch
    from longplay.statistics import Statistics
    from longplay.tokenizer import Tokenizer

    __version__: str

__all__ = [
    "NOTE",
    "Cancelled",
    "DeviceError",
    "Engine",
    "Error",
    "MidiError",
    "Model",
    "ModelError",
    "Piece",
    "Prompt",
    "Provenance",
    "Score",
    "Session",
    "Settings",
    "Sketch",
    "SnapshotError",
    "Statistics",
    "Step",
    "Stream",
    "Tokenizer",
    "__version__",
    "check",
    "clips",
    "pack",
    "read_midi",
    "read_prompt",
    "resolve_overlaps",
    "write_midi",
]

# A name is imported at its first use, so that `longplay --help` does not import NumPy and the core.
_NAMES = {
    "_core": ["Cancelled", "DeviceError", "Error", "MidiError", "ModelError", "SnapshotError"],
    "challenge.check": ["check", "clips"],
    "challenge.packing": ["pack"],
    "engine": ["Engine"],
    "live": ["Session", "Stream"],
    "midi": ["NOTE", "read_midi", "resolve_overlaps", "write_midi"],
    "model": ["Model"],
    "piece": ["Piece", "Score"],
    "prompt": ["Prompt", "read_prompt"],
    "provenance": ["Provenance", "Step"],
    "settings": ["Settings"],
    "sketch": ["Sketch"],
    "statistics": ["Statistics"],
    "tokenizer": ["Tokenizer"],
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("longplay")
    if name not in _MODULES:
        raise AttributeError(f"module 'longplay' has no attribute {name!r}")
    return getattr(import_module(f"longplay.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
