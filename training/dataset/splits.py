"""Split pieces into training and held-out ones, so that no work is in two splits."""

import hashlib
from collections.abc import Iterable, Sequence

VAL = TEST = 0.05  # shares of the works if there is no manifest
SIDES = ("train", "val", "test")  # of two similar pieces, the one in the later split is kept


def group(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Return the group of each piece, named by its first member; pairs link pieces, directly or over others."""
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
    """Split pieces without a manifest: 90 % of the groups to train, 5 % each to val and test.

    The split of a group depends only on the content of its files, so new groups do not change it. Val and test have at
    least one group each.

    Parameters
    ----------
    groups : sequence of int, shape (pieces,)
        The group of each piece.
    digests : sequence of str, shape (pieces,)
        SHA-256 of each file.

    Raises
    ------
    ValueError
        There are fewer than three groups.
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
    """Return the pieces that resemble a held-out piece of another split, and this piece for each of them."""
    found: dict[int, int] = {}
    for first, second in pairs:
        low, high = sorted((first, second), key=lambda index: SIDES.index(splits[index]))
        if splits[low] != splits[high]:
            found.setdefault(low, high)
    return found
