"""`longplay arena`: exit codes, streams, files."""

import csv
import json
import socket
from functools import partial

import command
import numpy as np
import pytest

import longplay
from longplay.midi import NOTE

pytest.importorskip("uvicorn", reason="the extra [arena] is not installed")

from longplay.pages.arena.store import DATABASE, Store, Vote


@pytest.fixture
def folder(tmp_path):
    for name in "ab":
        notes = np.array([(0, 9000, 60 + ord(name) % 2, 64)], NOTE)
        (tmp_path / f"{name}.mid").write_bytes(longplay.write_midi(notes, 10))
    return tmp_path


run = partial(command.run, "arena")


def test_export_writes_what_was_voted(folder):
    assert run(folder, "--export", folder / "none.json").returncode == 0
    [first, second] = json.loads((folder / "none.json").read_text())["ranking"]
    store = Store(folder / DATABASE)
    store.add([Vote(0.0, "voter", (first["id"], 0), (second["id"], 0), "right")])
    store.close()
    done = run(folder, "--export", folder / "one.csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{folder / 'one.csv'}\n", "")
    head, best, _ = csv.reader((folder / "one.csv").read_text().splitlines())
    assert head == ["name", "id", "score", "mu", "sigma", "votes", "wins", "confidence", "present"]
    assert best[:2] == [second["name"], second["id"]]
    assert best[2].startswith("7.6")


def test_failures_are_one_line(folder, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    (folder / "there.csv").write_text("precious")
    taken = socket.create_server(("127.0.0.1", 0))
    for arguments, message in (
        ((folder / "nowhere",), "does not exist. To fix this, check the name"),
        ((empty,), "an arena needs at least two candidates"),
        ((folder, "--chooser", "fair"), "chooser must be informative or uniform, not fair"),
        ((folder, "--export", folder / "a.xls"), "export must end in .csv or .json, not"),
        ((folder, "--export", folder / "there.csv"), "To overwrite it, give --force"),
        ((folder, "--port", taken.getsockname()[1]), "Address already in use"),
    ):
        done = run(*arguments)
        assert done.returncode == 1, arguments
        assert done.stdout == ""
        assert done.stderr.startswith("longplay: ")
        assert message in done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
    taken.close()
    assert (folder / "there.csv").read_text() == "precious"
    assert list(empty.iterdir()) == []


def test_the_missing_extra_is_said_with_the_remedy(folder):
    done = command.run_without("starlette", "arena", folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "longplay: starlette is not installed. To fix this, run: pip install 'longplay[arena]'\n"
