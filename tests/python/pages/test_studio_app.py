"""The studio over HTTP: what it makes of an order, what it refuses, and that it keeps nothing."""

import base64
import http.client
import json
import threading
import time
from pathlib import Path

import command
import endless_model
import numpy as np
import pytest

import longplay
from longplay.midi import NOTE
from longplay.provenance import Provenance

pytest.importorskip("uvicorn", reason="the extra [studio] is not installed")

import web

from longplay.pages import guard
from longplay.pages import server as server_module
from longplay.pages.studio import app as app_module
from longplay.pages.studio import order as order_module
from longplay.pages.studio import work as work_module
from longplay.pages.studio.engines import Engines

MODEL = "piano-lstm"
SCALE = [[number * 400, 380, 60 + number, 70] for number in range(8)]
GIVEN = {"model": MODEL, "settings": {"seconds": 20, "particles": 4}}
"""What the orders of these tests have in common."""


class Client(web.Client):
    def order(self, call="generate", **more):
        """Return the lines that answer an order."""
        answer = self.post("/api/order", {"call": call, "notes": SCALE, **GIVEN, **more})
        assert answer.status == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]

    def piece(self, call="generate", **more):
        """Return the one candidate of an order."""
        lines = self.order(call, count=1, **more)
        [piece] = [line["piece"] for line in lines if "piece" in line]
        return piece


@pytest.fixture(scope="module")
def engine():
    return longplay.Engine(MODEL, "cpu", 1)


@pytest.fixture(scope="module")
def port():
    clock = iter(range(10**9)).__next__  # a second passes between two requests
    with web.serving(app_module.create_app(Engines(MODEL, "cpu", 1), clock=clock)) as port:
        yield port


@pytest.fixture(scope="module")
def client(port):
    return Client(port)


def array(notes):
    return np.array([tuple(note) for note in notes], NOTE)


def rows(piece):
    return [list(note) for note in piece.notes.tolist()]


def test_an_order_gives_the_pieces_of_the_engine(client, engine):
    lines = client.order(count=2)
    pieces = list(engine.generate_batch([array(SCALE)] * 2, 20))
    made = {line["candidate"]: line["piece"] for line in lines if "piece" in line}
    assert [made[number]["notes"] for number in (0, 1)] == [rows(piece) for piece in pieces]
    assert Provenance.from_dict(made[1]["record"]["provenance"]) == pieces[1].provenance


@pytest.mark.parametrize("more", [{"settings": {"seconds": 400}}, {"settings": {"seconds": 60, "search": 2}}])
def test_the_first_notes_come_before_the_piece_is_finished(client, more):
    """A short piece may be finished before there is an update."""
    lines = client.order(count=1, **more)
    first = [note for line in lines for note in line.get("notes", [])]
    notes = lines[-1]["piece"]["notes"]
    assert len(first) > 20
    strokes = [[onset, *rest] for onset, _, *rest in first]
    assert strokes == [[onset, *rest] for onset, _, *rest in notes[: len(first)]]


def test_a_branch_keeps_what_is_before_it(client):
    lines = client.order("continue", start=1.6, count=2)
    branches = [line["piece"]["notes"] for line in lines if "piece" in line]
    assert [branch[:4] for branch in branches] == [SCALE[:4]] * 2
    assert branches[0][4:] != branches[1][4:]
    first = [note for line in lines if line.get("candidate") == 0 for note in line.get("notes", [])]
    assert [note[0] for note in first] == [note[0] for note in branches[0][: len(first)]]


def test_a_passage_is_refilled_and_the_rest_stays(client):
    notes = client.piece("infill", start=1, end=2)["notes"]
    outside = [note for note in SCALE if not 1000 <= note[0] < 2000]
    assert [note for note in notes if not 1000 <= note[0] < 2000] == outside


def test_a_melody_is_kept_and_accompanied(client, engine):
    made = client.piece("accompany", settings={"particles": 4, "density": 3, "random_seed": 5})
    assert all(note in made["notes"] for note in SCALE)
    expected = engine.accompany(array(SCALE), 4, density=3, random_seed=5)
    assert made["notes"] == rows(expected)


def test_candidates_of_a_sketch_differ_and_count_their_progress_together(client):
    lines = client.order("vary", end=3, count=2)
    first, second = [line["piece"]["notes"] for line in lines if "piece" in line]
    assert first != second
    shares = [line["progress"] for line in lines if "progress" in line]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_files_are_read_and_written(client, seed):
    read = json.loads(client.request("POST", "/api/read", seed.read_bytes()).text)
    assert read["notes"] == [[0, 500, 60, 64], [500, 500, 64, 64]]
    written = client.post("/api/midi", {"notes": read["notes"], "seconds": 2})
    assert written.headers["Content-Type"] == "audio/midi"
    assert written.data == seed.read_bytes()


def test_an_empty_order_begins_from_nothing(client, engine):
    made = client.piece(notes=[])
    assert made["notes"] == rows(engine.generate(None, 20))


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"call": "delete"}, "call must be one of generate, continue"),
        ({"call": "vary", "notes": []}, "there are no notes. To fix this, choose a file or play some"),
        ({"count": 5}, "count must be in [1, 4], not 5"),
        ({"count": True}, "count must be"),
        ({"settings": {"seconds": 3601}}, "seconds must be in [0, 3600], not 3601"),
        ({"call": "vary", "settings": {"particles": 1000}}, "particles must be in [0, 128]"),
        ({"settings": []}, "settings must be a mapping"),
        ({"notes": [[0, 1, 60]]}, "notes must have shape (rows, 4), not (1, 3)"),
        ({"notes": [[0, 1, 60, "64"]]}, "notes must be an array of integers"),
        ({"notes": [[0, 10**30, 60, 64]]}, "notes must be an array of integers"),
        ({"notes": [[0.5, 1, 60, 64]]}, "notes must be an array of integers"),
        ({"notes": [[0, 1, 200, 64]]}, "pitch of a note must be in [0, 127]"),
        ({"notes": [[0, 1, 60, 64]] * 60_001}, "notes must be at most 60000, not 60001"),
        ({"settings": {"search": 17}}, "search must be in [0, 16], not 17"),
        ({"start": -1}, "start must be in [0, 3600], not -1"),
        ({"file": "/etc/passwd"}, "an order must not have the entry 'file'"),
    ],
)
def test_a_wrong_order_is_refused_by_name(client, order, message):
    answer = client.post("/api/order", {"call": "generate", "notes": SCALE, **GIVEN, **order})
    assert answer.status == 400
    assert message in answer.text
    assert "\n" not in answer.text


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"model": "../piano"}, "model must be one of piano-lstm, piano"),
        ({"model": None}, "model must be one of piano-lstm, piano"),
        ({"settings": {"key": "H minor"}}, "key must be"),
        ({"settings": {"style": "loud"}}, "style must be one of"),
        ({"call": "infill", "start": 3, "end": 2}, "end must be"),
        ({"call": "continue", "start": 0}, "no notes are before this point"),
    ],
)
def test_an_order_that_the_engine_refuses_ends_with_its_message(client, order, message):
    [line] = client.order(**order)
    assert line["error"].startswith(message)


def test_a_file_that_is_not_midi_is_refused_in_words(client):
    answer = client.request("POST", "/api/read", b"RIFF")
    assert (answer.status, "\n" in answer.text) == (400, False)
    silent = longplay.write_midi(array([]), 1)
    assert client.request("POST", "/api/read", silent).text == "the file has no notes that a piano plays"


def test_a_long_body_is_refused(client):
    assert client.request("POST", "/api/read", b"x" * (order_module.MOST_BYTES + 1)).status == 413


@pytest.mark.parametrize("path", ["/api/order", "/api/read", "/api/midi", "/api/sound"])
def test_a_post_from_another_site_is_refused(client, path):
    assert client.post(path, **{guard.TOKEN: ""}).status == 403
    assert client.post(path, Origin="https://evil.example").status == 403
    assert client.get(path).status in {404, 405}


def test_the_page_asks_nobody_else_for_anything(client):
    folder = Path(app_module.__file__).parent
    names = [path.name for part in (folder, folder.parent) for path in (part / "static").iterdir() if path.is_file()]
    for name in names:
        text = client.get(f"/{name}").text
        assert "https://" not in text
        assert "innerHTML" not in text


def test_sound_comes_in_parts(client, monkeypatch):
    def render(data, out, *, progress, cancel):
        progress(1, 2)
        out.write_bytes(data * 2000)

    monkeypatch.setattr(app_module, "render", render)
    lines = [json.loads(line) for line in client.post("/api/sound", {"notes": SCALE, "seconds": 4}).text.splitlines()]
    assert lines[0] == {"progress": 0.5}
    assert len(lines) > 3
    data = b"".join(base64.b64decode(line["part"]) for line in lines[1:])
    assert data == longplay.write_midi(array(SCALE), 4) * 2000


def test_an_answer_that_takes_longer_than_the_idle_time_is_not_cut_off(client, monkeypatch):
    monkeypatch.setattr(server_module, "IDLE_SECONDS", 0.1)

    def render(data, out, *, progress, cancel):
        time.sleep(0.5)
        out.write_bytes(data)

    monkeypatch.setattr(app_module, "render", render)
    assert "part" in client.post("/api/sound", {"notes": SCALE, "seconds": 4}).text


@pytest.fixture
def endless(tmp_path):
    """Serve a model that never returns, beside the built-in ones."""
    engines = Engines(str(endless_model.build(tmp_path / "endless")), "cpu", 1)
    with web.serving(app_module.create_app(engines, clock=time.monotonic)) as port:
        yield Client(port), {"model": str(tmp_path / "endless"), "call": "generate", "settings": {"seconds": 60}}


def open_order(client, body):
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)
    connection.request("POST", "/api/order", json.dumps(body), client.headers)
    return connection


def test_a_closed_tab_stops_its_work(endless):
    client, body = endless
    tabs = [open_order(client, body) for _ in range(work_module.MAX_RUNNING)]
    waiting = threading.Thread(target=client.order, kwargs={"count": 1})
    waiting.start()
    waiting.join(1)
    assert waiting.is_alive(), "the order did not wait for its turn"
    for tab in tabs:
        tab.close()
    waiting.join(20)
    assert not waiting.is_alive()


def test_work_that_takes_too_long_is_stopped_and_says_so(endless, monkeypatch):
    client, body = endless
    monkeypatch.setattr(work_module, "MAX_WORK_SECONDS", 0.3)
    line = client.order(**body)[-1]
    assert line["error"].endswith("and was stopped. Ask for less.")


def test_too_many_orders_are_refused(endless, monkeypatch):
    client, body = endless
    monkeypatch.setattr(work_module, "MAX_WAITING", 0)
    tabs = [open_order(client, body) for _ in range(work_module.MAX_RUNNING)]
    time.sleep(0.5)
    answer = client.post("/api/order", body)
    for tab in tabs:
        tab.close()
    assert (answer.status, answer.text) == (503, "The studio has too much to do. Try again in a minute.")


def test_the_command_explains_what_is_missing():
    done = command.run_without("starlette", "studio")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "longplay: starlette is not installed. To fix this, run: pip install 'longplay[studio]'\n"
    done = command.run("studio", "--model", "nowhere")
    assert (done.returncode, done.stderr) == (
        1,
        "longplay: nowhere is not a model folder. To fix this, give a folder with a config.json, or a built-in model, "
        "which `longplay models` lists\n",
    )
