"""Votes on disk: none is lost, and many are quick."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from longplay._core import Error
from longplay.pages.arena.ladder import Ladder
from longplay.pages.arena.store import ClipId, Store, Vote


def vote(voter="voter", winner="left", left="a", right="b", at=0.0):
    return Vote(at, voter, ClipId(left, 3), ClipId(right, 5), winner)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "votes.sqlite3")
    yield store
    store.close()


def test_votes_come_back_in_the_order_they_were_given(store, tmp_path):
    votes = [vote(at=2.0), vote(at=1.0, winner="right", voter="other")]
    store.add(votes)
    assert store.votes() == votes
    again = Store(tmp_path / "votes.sqlite3")
    assert again.votes() == votes
    again.close()


def test_a_vote_is_taken_back_by_its_voter_alone(store):
    store.add([vote("one", at=1), vote("two", at=2)])
    assert store.take_back("one") == vote("one", at=1)
    assert store.take_back("one") is None
    assert store.votes() == [vote("two", at=2)]


def test_of_votes_that_cannot_all_be_added_none_is(store):
    with pytest.raises(Error, match="CHECK constraint failed"):
        store.add([vote(), vote(winner="nobody")])
    assert store.votes() == []


def test_names_outlive_files(store):
    store.store_names({"a": "first", "b": "second"})
    store.store_names({"a": "renamed"})
    assert store.names() == {"a": "renamed", "b": "second"}


def test_another_file_is_not_taken_for_a_store(tmp_path):
    path = tmp_path / "notes.sqlite3"
    path.write_bytes(b"this is not a database, though it is long enough to be one" * 100)
    with pytest.raises(Error, match=r"notes.sqlite3 is not a database of arena votes"):
        Store(path)


def test_a_commit_waits_for_the_disk(store):
    assert store._database.execute("PRAGMA journal_mode") == [("wal",)]
    assert store._database.execute("PRAGMA synchronous") == [(2,)]  # FULL


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_every_confirmed_vote_survives_kill_9(tmp_path):
    path = tmp_path / "votes.sqlite3"
    program = Path(__file__).parents[1] / "support" / "arena_votes.py"
    process = subprocess.Popen([sys.executable, program, path], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if int(line) == 50:
            break
    process.send_signal(signal.SIGKILL)
    confirmed = 51 + len(process.stdout.read().splitlines())
    assert process.wait(10) == -signal.SIGKILL
    process.stdout.close()
    store = Store(path)
    kept = [vote.time for vote in store.votes()]
    assert kept[:confirmed] == list(range(confirmed))
    assert len(kept) <= confirmed + 1  # one may have been written and not yet confirmed
    store.add([vote()])
    assert len(store.votes()) == len(kept) + 1
    store.close()


def test_10_000_votes_are_added_and_ranked_in_under_a_second(store):
    random = np.random.default_rng(0)
    pairs = [random.choice(100, 2, replace=False) for _ in range(10_000)]
    votes = [Vote(0.0, "voter", ClipId(str(a), a), ClipId(str(b), b), "left") for a, b in np.array(pairs).tolist()]
    start = time.process_time()
    store.add(votes)
    pieces, clips = Ladder(), Ladder()
    for one in store.votes():
        pieces.add(one.won.candidate, one.lost.candidate)
        clips.add(one.won, one.lost)
    assert len(pieces.rungs(map(str, range(100)))) == 100
    seconds = time.process_time() - start
    assert seconds < 1, f"{seconds:.2f} s"
