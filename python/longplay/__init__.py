"""An hour of piano that answers a seed: a sampling engine for symbolic music.

>>> import longplay
>>> engine = longplay.Engine()
>>> piece = engine.generate("seed.mid", seconds=3600)
>>> piece.save("hour.mid")
"""

from importlib.metadata import version as _version

from longplay._core import DeviceError, Error, MidiError, ModelError
from longplay.engine import Engine
from longplay.midi import read_midi, resolve_overlaps, write_midi
from longplay.piece import Piece, Provenance, Score
from longplay.settings import Settings
from longplay.tokenizer import Tokenizer

__version__ = _version("longplay")

__all__ = [
    "DeviceError",
    "Engine",
    "Error",
    "MidiError",
    "ModelError",
    "Piece",
    "Provenance",
    "Score",
    "Settings",
    "Tokenizer",
    "__version__",
    "read_midi",
    "resolve_overlaps",
    "write_midi",
]
