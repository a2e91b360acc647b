"""Two arenas on one folder count the same votes."""

import subprocess
import sys

import numpy as np
import pytest

import longplay
from longplay.midi import NOTE
from longplay.pages.arena.clips import find_candidates
from longplay.pages.arena.pairing import uniform
from longplay.pages.arena.referee import Referee
from longplay.pages.arena.store import DATABASE, ClipId, Store, Vote


@pytest.fixture
def folder(tmp_path):
    for number, name in enumerate(["first", "second"]):
        notes = np.array([(0, 9000, 60 + number, 64)], NOTE)
        (tmp_path / f"{name}.mid").write_bytes(longplay.write_midi(notes, 10))
    return tmp_path


@pytest.fixture
def arenas(folder):
    """Two referees with a connection each, as two processes have; their clock stands still after all was heard."""
    stores = [Store(folder / DATABASE) for _ in range(2)]
    clock = iter(range(10**6, 10**9, 100))
    yield [
        Referee(
            find_candidates(folder)[0],
            store,
            clock=lambda: next(clock),
            random=np.random.default_rng(0),
            choose=uniform,
        )
        for store in stores
    ]
    for store in stores:
        store.close()


def cast(arena, voter="me"):
    arena.vote(voter, arena.match(voter).id, "left")


def test_each_counts_the_votes_of_the_other_in_their_order(arenas):
    one, two = arenas
    for arena in (one, two, two, one, two):
        cast(arena)
    assert one.votes == two.votes == 5
    assert one.ranking() == two.ranking()
    assert one.export() == two.export()
    best = one.ranking()[0]["id"]
    assert one.clip_ranking(best) == two.clip_ranking(best) != []


def test_each_referee_sees_the_votes_undone_by_the_other(arenas):
    one, two = arenas
    cast(one, "a")
    cast(two, "b")
    assert one.votes == 2
    two.undo("b")
    assert one.votes == 1
    assert one.ranking() == two.ranking()


def test_a_candidate_that_one_alone_knows_is_ranked_by_the_other(arenas, folder):
    one, two = arenas
    (folder / "third.mid").write_bytes(longplay.write_midi(np.array([(0, 9000, 72, 64)], NOTE), 10))
    found, _ = find_candidates(folder)
    store = Store(folder / DATABASE)
    Referee(found, store, clock=lambda: 0, random=np.random.default_rng(0), choose=uniform)
    third, first = (next(one for one in found if one.name == name).id for name in ("third", "first"))
    store.add([Vote(0.0, "me", ClipId(third, 0), ClipId(first, 0), "left")])
    store.close()
    for arena in (one, two):
        [row] = [row for row in arena.ranking() if row["name"] == "third"]
        assert (row["votes"], row["wins"], row["present"]) == (1, 1, False)


def test_a_vote_of_another_process_is_seen(arenas, folder):
    program = (
        "import sys; from longplay.pages.arena.store import *; store = Store(sys.argv[1]); a, b = store.names();"
        "store.add([Vote(0.0, 'other', ClipId(a, 0), ClipId(b, 0), 'left')])"
    )
    for number in (1, 2):
        subprocess.run([sys.executable, "-c", program, folder / DATABASE], check=True, timeout=60)
        assert [arena.votes for arena in arenas] == [number, number]
