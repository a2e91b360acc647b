"""Check that this machine makes the golden pieces: `python tools/golden_pieces.py`.

The script needs nothing but the installed package, so it is the test of a wheel. Every processor and system must make
the same bytes (docs/platforms.md). To update the hashes, run ``pytest --update-golden -k golden_pieces``.
"""

import hashlib
import sys
from pathlib import Path
from typing import Any

import longplay

ROOT = Path(__file__).parents[1]
SEED = ROOT / "examples" / "traumerei.mid"
HASHES = ROOT / "tests" / "data" / "golden" / "pieces.txt"

MODELS = ("piano-lstm", "piano-small")
PIECES: dict[str, dict[str, Any]] = {
    "by default": {},
    "guided": {"style": "quartet", "include_seed": True, "key": "D minor", "top_k": 40, "min_p": 0.01},
    "searched": {"search": 3},
    "playable": {"playable": True, "recital": False, "dynamics": "seed", "max_velocity": 127},
}


def main() -> None:
    """Print the SHA-256 of each piece, and fail if one is not golden."""
    made = ""
    for model in MODELS:
        engine = longplay.Engine(model, "cpu", num_threads=1)
        for name, settings in PIECES.items():
            piece = engine.generate(SEED, seconds=300, random_seed=15, **settings)
            made += f"{hashlib.sha256(piece.to_bytes()).hexdigest()}  {model}, {name}\n"
    print(made, end="")
    golden = HASHES.read_text(encoding="utf-8")
    if made != golden:
        sys.exit(f"the pieces must have the hashes of {HASHES}:\n{golden}")


if __name__ == "__main__":
    main()
