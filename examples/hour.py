"""Make an hour of piano that continues a seed: ``python examples/hour.py seed.mid hour.mid``."""

import sys

import longplay


def main(seed: str, out: str, seconds: str = "3600") -> None:
    """Write the piece, and print how many notes it has."""
    engine = longplay.Engine()
    piece = engine.generate(seed, seconds=float(seconds))
    piece.save(out)
    print(f"{out}: {len(piece.notes)} notes in {piece.duration:.0f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
