"""Packing a listening test blindly, and counting its votes."""

import csv
import json

import numpy as np
import pytest

import longplay
from benchmarks import listening
from longplay.midi import NOTE


@pytest.fixture
def folders(tmp_path):
    """Make two groups of two files: the half minutes of the first are of one pitch each, those of the second higher."""
    for group, low in {"real": 40, "made": 80}.items():
        (tmp_path / group).mkdir()
        for file in range(2):
            notes = np.zeros(400, NOTE)
            notes["onset_ms"], notes["duration_ms"], notes["velocity"] = np.arange(400) * 300, 200, 64
            notes["pitch"] = low + 10 * file + notes["onset_ms"] // 30_000
            (tmp_path / group / f"{file}.mid").write_bytes(longplay.write_midi(notes, 121))
    return tmp_path


def pack(folder, clips=6):
    groups = [f"{name}={folder / name}" for name in ("real", "made")]
    arguments = ["--out", folder / "test", "--key", folder / "key.csv", "--clips", clips]
    listening.main(["pack", *map(str, [*arguments, *groups])])
    with (folder / "key.csv").open() as key:
        return list(csv.DictReader(key))


def test_clips_are_half_minutes_of_the_files_under_names_that_say_nothing(folders):
    rows = pack(folders)
    assert [row["group"] for row in rows] == ["real"] * 6 + ["made"] * 6
    assert sorted(path.name for path in (folders / "test").iterdir()) == sorted(row["name"] for row in rows)
    assert len({(row["file"], row["start_seconds"]) for row in rows}) == 12
    for row in rows:
        notes = longplay.read_midi(folders / "test" / row["name"])
        whole = longplay.read_midi(row["file"])
        start = 1000 * int(row["start_seconds"])
        expected = whole[(whole["onset_ms"] >= start) & (whole["onset_ms"] < start + 30_000)]
        assert len(notes) == 100
        np.testing.assert_array_equal(notes["pitch"], expected["pitch"])
        np.testing.assert_array_equal(notes["onset_ms"], expected["onset_ms"] - start)
    of_each = [row["file"] for row in rows[:6]]
    assert len(set(of_each[:2])) == len(set(of_each[2:4])) == 2  # none twice before all once


def test_a_folder_with_too_little_music_is_named(folders):
    with pytest.raises(SystemExit, match="real has 6 half minutes with 20 notes, not 9"):
        pack(folders, 9)


def test_votes_between_groups_are_counted(folders, capsys):
    rows = pack(folders)
    ids = {group: [row["id"] for row in rows if row["group"] == group] for group in ("real", "made")}

    def vote(left, right, winner):
        return {"left": {"id": left, "clip": 1}, "right": {"id": right, "clip": 1}, "winner": winner}

    votes = [vote(a, b, "left") for a in ids["real"] for b in ids["made"][:3]]
    votes += [vote(b, a, "left") for a in ids["real"] for b in ids["made"][3:4]]
    votes += [vote(ids["real"][0], ids["real"][1], "left"), vote("gone", ids["made"][0], "right")]
    (folders / "votes.json").write_text(json.dumps({"votes": votes}))
    listening.main(["count", "--key", str(folders / "key.csv"), "--votes", str(folders / "votes.json")])
    cells = capsys.readouterr().out.splitlines()[2].split(" | ")
    assert cells[:4] == ["| made", "real", "24", "0.250"]


def votes_with_clips(share, clips, spread, random):
    """Return simulated votes, whose clips differ by `spread` in logits."""
    first, second = (spread * random.normal(size=clips) for _ in range(2))
    rows, columns = random.integers(clips, size=(2, 200))
    chances = 1 / (1 + np.exp(-(np.log(share / (1 - share)) + first[rows] - second[columns])))
    return [(f"a{r}", f"b{c}", bool(w)) for r, c, w in zip(rows, columns, random.random(200) < chances, strict=True)]


@pytest.mark.parametrize("spread", [0, 1])
def test_the_interval_holds_the_share_in_95_of_100_tests(spread):
    """Where clips differ, an interval that takes votes for independent ones holds it in 70 of 100."""
    random = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        _, low, high = listening.share_of(votes_with_clips(0.5, 20, spread, random))
        held += low <= 0.5 <= high
    assert 0.92 < held / 400 <= 0.99


def test_the_interval_of_a_few_votes_is_all_or_nothing():
    assert listening.share_of([("a", "b", True)]) == (1, 0, 1)


def test_a_plan_knows_how_often_a_test_finds_something():
    random = np.random.default_rng(1)
    assert listening.power(0.5, 20, 100, random, 300) < 0.09
    assert listening.power(0.85, 20, 100, random, 100) > 0.9
