"""Which pieces are learnt from, and which are held out: a work is never on both sides."""

import hashlib
from collections.abc import Iterable, Sequence

VAL = TEST = 0.05  # parts of the works, where the data set does not tell
SIDES = ("train", "val", "test")  # of two that resemble each other the one further to the right stays


def group(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Join what is linked, directly or over others; return each one's group, named by its first member."""
    leader = list(range(count))

    def find(member: int) -> int:
        while leader[member] != member:
            leader[member] = leader[leader[member]]
            member = leader[member]
        return member

    for first, second in pairs:
        low, high = sorted((find(first), find(second)))
        leader[high] = low
    return [find(member) for member in range(count)]


def make_splits(groups: Sequence[int], digests: Sequence[str]) -> list[str]:
    """Split pieces that nobody has split: 90 % of the groups to train, 5 % each to val and test.

    A group's place depends on the contents of its files alone, so it stays where it is when others come. Val and
    test hold a group at least.

    Parameters
    ----------
    groups : sequence of int, shape (pieces,)
    digests : sequence of str, shape (pieces,)
        SHA-256 of each file.

    Raises
    ------
    ValueError
        There are less than three groups.
    """
    members: dict[int, list[str]] = {}
    for index, digest in zip(groups, digests, strict=True):
        members.setdefault(index, []).append(digest)
    chance = {index: _chance(min(files)) for index, files in members.items()}
    if len(chance) < len(SIDES):
        raise ValueError(f"data without a manifest must hold 3 different works or more to be split, not {len(chance)}")
    order = sorted(chance, key=lambda index: chance[index])
    val = max(1, sum(drawn < VAL for drawn in chance.values()))
    test = max(1, sum(VAL <= drawn < VAL + TEST for drawn in chance.values()))
    side = dict.fromkeys(order, "train") | dict.fromkeys(order[:val], "val")
    side |= dict.fromkeys(order[val : val + test], "test")
    return [side[index] for index in groups]


def _chance(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64


def leaks(splits: Sequence[str], pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Find what would bring a held-out work into another split: each such piece, and the held-out one it resembles."""
    found: dict[int, int] = {}
    for first, second in pairs:
        low, high = sorted((first, second), key=lambda index: SIDES.index(splits[index]))
        if splits[low] != splits[high]:
            found.setdefault(low, high)
    return found
