"""Measure how often the farm's `response` recognises a seed: `python -m benchmarks.seed_response --seeds FOLDER`.

The script continues each MIDI file of the folder and compares the piece with all of them. It prints the share of the
pairs in which the piece is nearer to its own seed than to another one: 0.5 is chance.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import longplay
from longplay.farm.measures import measure
from longplay.farm.plan import PlannedSeed


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=Path, required=True, help="folder of MIDI files")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--model", default="piano-lstm")
    args = parser.parse_args(argv)

    engine = longplay.Engine(args.model)
    paths = sorted(args.seeds.rglob("*.mid"))
    seeds = [PlannedSeed.read(path).notes for path in paths]
    answers = engine.generate_batch(paths, args.seconds)
    responses = np.array([[measure(answer, seed).response for seed in seeds] for answer in answers], dtype=float)
    own = np.diag(responses)[:, None]
    others = ~np.eye(len(seeds), dtype=bool)
    nearer = (responses < own) + 0.5 * (responses == own)
    print(f"model            {engine.model_name}, {engine.device}")
    print(f"work             {len(seeds)} seeds, an answer of {args.seconds} s to each")
    print(f"own seed nearer  {nearer[others].mean():.3f} of {others.sum()} pairs")
    print(f"response         {own.mean():.3f} to the own seed, {responses[others].mean():.3f} to others")


if __name__ == "__main__":
    main()
