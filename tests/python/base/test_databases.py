"""Unusable databases, on a full disk or of other programs, are named in one line and stay as they are."""

import sqlite3
from functools import partial

import command
import numpy as np
import pytest
import tiny_model

import longplay
from longplay._base.database import Database, DatabaseError
from longplay._core import Error
from longplay.farm import manifest
from longplay.midi import NOTE
from longplay.pages.arena.store import DATABASE


@pytest.fixture
def folder(tmp_path):
    for pitch in (60, 62):
        notes = np.array([(0, 9000, pitch, 64)], NOTE)
        (tmp_path / f"{pitch}.mid").write_bytes(longplay.write_midi(notes, 10))
    return tmp_path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True)


@pytest.fixture(params=["arena", "batch"])
def use(request, folder, model):
    """Return a function that uses a database, the path of the database, and what it should be."""
    if request.param == "arena":
        pytest.importorskip("starlette", reason="the extra [arena] is not installed")
        asked = ["arena", folder, "--export", folder / "out.csv"]
        return partial(command.run, *asked), folder / DATABASE, "a database of arena votes"
    asked = ["batch", folder / "60.mid", "--seconds", 5, "--model", model, "--out", folder / "farm"]
    (folder / "farm").mkdir()
    return partial(command.run, *asked), folder / "farm" / "manifest.sqlite", "the manifest of a farm"


def refused(use):
    done = use()
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    return done.stderr


def foreign(path, version):
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE names (first TEXT, last TEXT)")
    database.execute(f"PRAGMA user_version = {version}")
    database.commit()
    database.close()


def test_a_folder_in_the_place_of_a_database(use):
    use, path, _ = use
    path.mkdir()
    assert f"{path} cannot be read or written: unable to open database file" in refused(use)


@pytest.mark.parametrize("version", [0, 1, 2])
def test_a_database_of_another_program_stays_as_it_was(use, version):
    use, path, kind = use
    foreign(path, version)
    before = path.read_bytes()
    of_another_format = kind == "the manifest of a farm" and version != manifest._FORMAT
    expected = f"has format {version}" if of_another_format else f"is not {kind}"
    assert f"{path} {expected}" in refused(use)
    assert path.read_bytes() == before


def test_a_damaged_database(use):
    use, path, kind = use
    assert use().returncode == 0
    data = bytearray(path.read_bytes())
    data[100:] = bytes([0xA5]) * (len(data) - 100)
    path.write_bytes(data)
    (path.parent.parent / "out.csv").unlink(missing_ok=True)
    (path.parent / "out.csv").unlink(missing_ok=True)
    assert f"{path} is not {kind}: database disk image is malformed" in refused(use)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("UPDATE plan SET value = '[['", "its plan has an entry that is not JSON"),
        ("UPDATE pieces SET candidate = 1", r"candidate must be in [0, 0], not 1"),
        ("DELETE FROM pieces; INSERT INTO snapshots VALUES (0, 1000, x'00')", "its snapshot of candidate 0 is damaged"),
    ],
)
def test_a_manifest_with_a_damaged_entry_is_named(folder, model, change, problem):
    asked = ["batch", folder / "60.mid", "--seconds", 5, "--model", model, "--out", folder / "farm"]
    use, path = partial(command.run, *asked), folder / "farm" / "manifest.sqlite"
    assert use().returncode == 0
    database = sqlite3.connect(path)
    database.executescript(change)
    database.close()
    message = refused(use)
    assert f"{path} is not the manifest of a farm: " in message
    assert problem in message


def test_a_full_disk_is_named_and_nothing_of_the_transaction_stays(tmp_path):
    database = Database(tmp_path / "full.sqlite", "a test")
    database.execute("CREATE TABLE data (bytes BLOB)")
    database.execute("PRAGMA max_page_count = 4")  # SQLite fails as it does on a full disk
    with pytest.raises(DatabaseError, match=r"full.sqlite cannot be read or written: database or disk is full"):
        fill(database)
    assert database.execute("SELECT count(*) FROM data") == [(0,)]
    database.execute("INSERT INTO data VALUES ('little')")
    database.close()


def fill(database):
    with database.transaction():
        database.executemany("INSERT INTO data VALUES (?)", [(bytes(1000),) for _ in range(100)])


def test_a_read_only_database_is_named(tmp_path):
    Database(tmp_path / "a.sqlite", "a test").execute("CREATE TABLE data (bytes BLOB)")
    database = Database(f"file:{tmp_path}/a.sqlite?mode=ro", "a test", uri=True)
    with pytest.raises(DatabaseError, match="attempt to write a readonly database"):
        database.execute("INSERT INTO data VALUES (1)")
    database.close()


def test_a_locked_database_is_named(tmp_path):
    one, other = (Database(tmp_path / "a.sqlite", "a test", timeout=0) for _ in range(2))
    with one.transaction(), pytest.raises(Error, match="another process is working in"):
        other.execute("BEGIN IMMEDIATE")
    one.close()
    other.close()
