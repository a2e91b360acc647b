"""Find out whether people can tell groups of music apart: docs/listening.md.

    python -m benchmarks.listening pack --out test --key key.csv real=pieces/ made=candidates/
    longplay arena test/ --chooser uniform
    longplay arena test/ --export votes.json
    python -m benchmarks.listening count --key key.csv --votes votes.json
    python -m benchmarks.listening plan --share 0.6

`pack` cuts half minutes out of the MIDI files of each group, and gives them random names. `count` compares the groups
by the votes. `plan` simulates how many clips and votes show a preference.
"""

import argparse
import csv
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import longplay
from longplay.form import CLIP_MS, CLIP_SECONDS
from longplay.midi import Notes

FEWEST_NOTES = 20
COLUMNS = ("name", "id", "group", "file", "start_seconds")
CLIP_SPREAD = 0.5
"""Standard deviation of the quality of clips within a group, in logits, that `plan` assumes."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, run in {"pack": _pack, "count": _count, "plan": _plan}.items():
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        if name == "pack":
            command.add_argument("groups", nargs="+", metavar="NAME=FOLDER")
            command.add_argument("--out", type=Path, required=True, help="folder of the clips, for the arena")
            command.add_argument("--clips", type=int, default=20, help="clips of each group [20]")
        if name != "plan":
            command.add_argument("--key", type=Path, required=True, help="file that says what each clip is")
        if name == "count":
            command.add_argument("--votes", type=Path, required=True, help="file that the arena exported")
        if name == "plan":
            command.add_argument("--share", type=float, required=True, help="share of votes for the better group")
        if name != "count":
            command.add_argument("--random-seed", type=int, default=1, help="[1]")
    args = parser.parse_args(argv)
    args.run(args)


def _pack(args: argparse.Namespace) -> None:
    args.out.mkdir(parents=True)
    random = np.random.default_rng(args.random_seed)
    rows = []
    for group in args.groups:
        name, _, folder = group.partition("=")
        files = sorted([*Path(folder).rglob("*.mid"), *Path(folder).rglob("*.midi")])
        clips = [clip for _, clip in zip(range(args.clips), _clips(files, random), strict=False)]
        if len(clips) < args.clips:
            sys.exit(f"{folder} has {len(clips)} half minutes with {FEWEST_NOTES} notes, not {args.clips}")
        for path, start, notes in clips:
            data = longplay.write_midi(notes, CLIP_SECONDS)
            file = f"{random.bytes(6).hex()}.mid"
            (args.out / file).write_bytes(data)
            rows.append((file, hashlib.sha256(data).hexdigest(), name, str(path), start // 1000))
    with args.key.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([COLUMNS, *rows])


def _clips(files: Sequence[Path], random: np.random.Generator) -> Iterator[tuple[Path, int, Notes]]:
    """Yield half minutes that do not overlap, one of each file before the second of any."""
    left = {path: _halves(longplay.read_midi(path), random) for path in files}
    while any(left.values()):
        for path in random.permutation(np.array(files, object)):
            if left[path]:
                yield path, *left[path].pop()


def _halves(notes: Notes, random: np.random.Generator) -> list[tuple[int, Notes]]:
    length = int((notes["onset_ms"] + notes["duration_ms"]).max(initial=0))
    found = []
    for start in range(0, length - CLIP_MS + 1, CLIP_MS):
        part = notes[(notes["onset_ms"] >= start) & (notes["onset_ms"] < start + CLIP_MS)].copy()
        part["onset_ms"] -= start
        part["duration_ms"] = np.minimum(part["duration_ms"], CLIP_MS - part["onset_ms"])
        if len(part) >= FEWEST_NOTES:
            found.append((start, part))
    return [found[i] for i in random.permutation(len(found))]


def _count(args: argparse.Namespace) -> None:
    with args.key.open(encoding="utf-8") as key:
        groups = {row["id"]: row["group"] for row in csv.DictReader(key)}
    votes = json.loads(args.votes.read_text(encoding="utf-8"))["votes"]
    names = sorted(set(groups.values()))
    print("| group | preferred to | votes | share | 95 % |\n|---|---|---:|---:|---:|")
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            pairs = list(_between(votes, groups, first, second))
            share, low, high = share_of(pairs)
            print(f"| {first} | {second} | {len(pairs)} | {share:.3f} | {low:.3f} to {high:.3f} |")


def _between(
    votes: Sequence[dict[str, Any]], groups: dict[str, str], first: str, second: str
) -> Iterator[tuple[str, str, bool]]:
    """Yield the clips of each vote between two groups, and whether the first group's clip won."""
    for vote in votes:
        left, right = vote["left"]["id"], vote["right"]["id"]
        if (groups.get(left), groups.get(right)) == (first, second):
            yield left, right, vote["winner"] == "left"
        if (groups.get(left), groups.get(right)) == (second, first):
            yield right, left, vote["winner"] == "right"


def share_of(pairs: Sequence[tuple[str, str, bool]]) -> tuple[float, float, float]:
    """Return the share of votes for the first group, and its confidence interval of 95 %.

    Votes on the same clip depend on each other, so the variance is clustered by the clips of both groups (Cameron,
    Gelbach and Miller, "Robust Inference With Multiway Clustering", Journal of Business & Economic Statistics, 2011).
    """
    if len(pairs) < 2:
        return (float(pairs[0][2]) if pairs else float("nan")), 0.0, 1.0
    won = np.array([pair[2] for pair in pairs], np.float64)
    apart = won - won.mean()
    votes, variances, fewest = np.arange(len(pairs)), [], len(pairs)
    for clips in ([pair[0] for pair in pairs], [pair[1] for pair in pairs], votes):
        _, of = np.unique(clips, return_inverse=True)
        variances.append(float((np.bincount(of, apart) ** 2).sum()))
        fewest = min(fewest, int(of.max()) + 1)
    variance = max(variances[0] + variances[1] - variances[2], *variances) / len(pairs) ** 2
    reach = _quantile(max(1, fewest - 1)) * np.sqrt(variance)
    return float(won.mean()), max(0.0, float(won.mean() - reach)), min(1.0, float(won.mean() + reach))


def _quantile(freedom: int) -> float:
    """Return about the 97.5 % quantile of Student's distribution (the first terms of its expansion)."""
    z = 1.959964
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def _plan(args: argparse.Namespace) -> None:
    random = np.random.default_rng(args.random_seed)
    print(f"Chance that the interval excludes one half, if {args.share:.0%} of the votes prefer one group:\n")
    votes = (50, 100, 200, 400)
    print("| clips of each group | " + " | ".join(f"{count} votes" for count in votes) + " |")
    print("|---:" * (len(votes) + 1) + "|")
    for clips in (10, 20, 40):
        cells = [f"{power(args.share, clips, count, random):.2f}" for count in votes]
        print(f"| {clips} | " + " | ".join(cells) + " |", flush=True)


def power(share: float, clips: int, votes: int, random: np.random.Generator, tests: int = 1000) -> float:
    """Return in how many simulated tests the interval excludes one half.

    The logit of a vote is the groups' difference plus that of both clips, whose standard deviation is `CLIP_SPREAD`.
    """
    # The spread of two clips flattens the curve of shares; this is undone as if the logistic were normal.
    difference = np.log(share / (1 - share)) * np.sqrt(1 + np.pi / 8 * 2 * CLIP_SPREAD**2)
    found = 0
    for _ in range(tests):
        first, second = (CLIP_SPREAD * random.normal(size=clips) for _ in range(2))
        rows, columns = random.integers(clips, size=(2, votes))
        chances: NDArray[np.float64] = 1 / (1 + np.exp(-(difference + first[rows] - second[columns])))
        won = random.random(votes) < chances
        pairs = [(str(r), str(c), bool(w)) for r, c, w in zip(rows, columns, won, strict=True)]
        _, low, high = share_of(pairs)
        found += not low <= 0.5 <= high
    return found / tests


if __name__ == "__main__":
    main()
