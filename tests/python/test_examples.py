"""The scripts of examples/ run, and do what they say."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import mido
import numpy as np
import pytest
import uvicorn

import longplay

ROOT = Path(__file__).parents[2]
SEED = ROOT / "examples" / "traumerei.mid"


def run(name, *arguments, **environment):
    command = [sys.executable, ROOT / "examples" / f"{name}.py", *map(str, arguments)]
    paths = os.pathsep.join([str(ROOT / "tests" / "python" / "support"), os.environ.get("PYTHONPATH", "")])
    variables = os.environ | {"PYTHONPATH": paths, "MIDO_BACKEND": "played_backend"} | environment
    return subprocess.run(command, check=True, capture_output=True, text=True, env=variables).stdout


def sent(path):
    """Return the seconds and the messages that a port sent, without the reset at its end."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [(at, mido.Message(**message)) for at, message in lines if message["type"] != "control_change"]


def test_an_hour_is_written(tmp_path):
    out = tmp_path / "out.mid"
    printed = run("hour", SEED, out, 60)
    notes = longplay.read_midi(out)
    assert printed == f"{out}: {len(notes)} notes in 60 s\n"
    np.testing.assert_array_equal(notes, longplay.Engine().generate(SEED, 60).notes)


def test_a_stream_reaches_the_synthesiser_in_time(tmp_path):
    run("synthesiser", SEED, "piano", 4, PLAYED_OUTPUT=str(tmp_path / "sent"))
    played = sent(tmp_path / "sent")
    expected = next(iter(longplay.Engine().stream(SEED)))
    begins = [(at, message) for at, message in played if message.type == "note_on"]
    late = begins[0][0]
    assert len(begins) > 4
    for (at, message), note in zip(begins, expected, strict=False):
        assert (message.note, message.velocity) == (note["pitch"], note["velocity"])
        assert at - late == pytest.approx(note["onset_ms"] / 1000, abs=0.2)
    sounding = set()
    for _, message in played:
        (sounding.add if message.type == "note_on" else sounding.discard)(message.note)
    assert len(sounding) < 12


def test_the_model_answers_a_player(tmp_path):
    script = []
    for index, pitch in enumerate((60, 64, 67)):
        script.append((0.1 + 0.2 * index, {"type": "note_on", "note": pitch, "velocity": 70}))
        script.append((0.2 + 0.2 * index, {"type": "note_off", "note": pitch}))
    environment = {"PLAYED_INPUT": json.dumps(script), "PLAYED_OUTPUT": str(tmp_path / "sent")}
    run("play_along", "keyboard", "piano", 1, **environment)
    played = sent(tmp_path / "sent")
    assert sum(message.type == "note_on" for _, message in played) == 3
    assert sum(message.type == "note_off" for _, message in played) == 3
    assert played[0][0] > 1.5  # after a second of silence


@pytest.fixture
def service(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    import service

    yield service
    del sys.modules["service"]


@pytest.fixture
def address(service):
    server = uvicorn.Server(uvicorn.Config(service.app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/pieces"
    server.should_exit = True
    thread.join()


def post(url, data):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, method="POST")) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


def test_the_service_makes_pieces_and_refuses_what_is_no_seed(service, address):
    for data, seed in ((SEED.read_bytes(), SEED), (b"", None)):
        assert post(f"{address}?seconds=20", data) == (200, longplay.Engine().generate(seed, 20).to_bytes())
    status, problem = post(f"{address}?seconds=20", b"no MIDI file")
    assert status == 400
    assert b"not a MIDI file" in problem
    assert post(f"{address}?seconds=0", b"")[0] == 422
    assert post(address, bytes(service.MOST_BYTES + 1))[0] == 413


def test_a_client_that_goes_away_cancels_its_piece(service):
    class Gone:
        async def stream(self):
            yield SEED.read_bytes()

        async def is_disconnected(self):
            return True

    begin = time.monotonic()
    answer = asyncio.run(service.make_piece(Gone(), seconds=3600))
    assert answer.status_code == 499
    assert time.monotonic() - begin < 1
