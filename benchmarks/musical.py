"""Measure how pieces differ from real music: `python -m benchmarks.musical --data FOLDER [--model MODEL]`.

Continues openings of held-out pieces, performed rolls and sequenced pieces, and prints the table of
docs/musical-rules.md in Markdown. The folder is that of `training.prepare`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import longplay
from training.corpus import Corpus
from training.evaluation import sets
from training.evaluation.report import Generation, musical_figures

SOURCES = {"stanford_rolls": "rolls", "piano_midi_de": "sequenced"}
SEED_SECONDS = 20.0
ROWS: dict[str, tuple[str, int | str]] = {  # name, digits; "%" for a share
    "notes_per_second": ("notes per second", 1),
    "sounding": ("notes sounding at once", 1),
    "silence": ("time in which nothing sounds", "%"),
    "unplayable": ("chords out of two hands' reach", "%"),
    "struck_semitones": ("semitones among struck intervals", "%"),
    "stuck": ("windows of 10 s with 20 notes or more of at most 7 pitches", "%"),
    "flat": ("clips of 30 s whose velocities deviate by less than 1", "%"),
    "register_spread": ("spread of the mean pitch of 2 s, semitones", 1),
    "velocity_step": ("velocity step from note to note", 1),
    "motifs_return": ("motifs that return after 10 s", "%"),
    "rhythms_return": ("rhythms that return after 10 s", "%"),
}


def shown(value: float | None, digits: int | str) -> str:
    """Return a mean as a cell of the table."""
    if value is None:
        return ""
    return f"{100 * value:.1f} %" if digits == "%" else f"{value:.{digits}f}"


def figures(engine: longplay.Engine, corpus: Corpus, source: str, args: argparse.Namespace) -> dict[str, Any]:
    """Return the musical figures of answers to openings of a source, and of the real continuations."""
    seeds = sets.openings(corpus, [source], args.count, SEED_SECONDS, args.random_seed)
    made = Generation(engine, {"random_seed": args.random_seed}).answers(seeds, corpus, args.seconds)
    real = [sets.real_piece(corpus, seed.piece) for seed in seeds]
    openings = [sets.seed_music(seed, corpus) for seed in seeds]
    return musical_figures(openings, real, made, sets.rounding(engine.tokenizer))


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="piano-lstm")
    parser.add_argument("--split", default="test")
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--random-seed", type=int, default=7)
    args = parser.parse_args(argv)

    engine, corpus = longplay.Engine(args.model), Corpus(args.data, args.split)
    found = [figures(engine, corpus, source, args) for source in SOURCES]
    print("| measure | " + " | ".join(f"real {name} | answers" for name in SOURCES.values()) + " |")
    print("|---|" + "--:|" * 2 * len(SOURCES))
    for measure, (name, digits) in ROWS.items():
        means = [one["all"][measure][which]["mean"] for one in found for which in ("real", "made")]
        print(f"| {name} | " + " | ".join(shown(mean, digits) for mean in means) + " |")
    for span in found[0]["seed_key"]:
        for name, both in (("the seed", ("real", "made")), ("another seed", ("", "made_other"))):
            means = [one["seed_key"][span][which]["mean"] if which else None for one in found for which in both]
            if any(mean is not None for mean in means):
                print(
                    f"| correlation of pitch classes with {name}'s, {span} | "
                    + " | ".join(shown(mean, 2) for mean in means)
                    + " |"
                )


if __name__ == "__main__":
    main()
