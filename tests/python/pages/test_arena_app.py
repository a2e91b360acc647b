"""The arena over HTTP: who may vote, when, and what never gets through. A real server, a plain client."""

import csv
import http.client
import io
import json
import re
import socket
import time

import numpy as np
import pytest

import longplay
from longplay.midi import NOTE

pytest.importorskip("starlette", reason="the extra [arena] is not installed")
pytest.importorskip("uvicorn", reason="the extra [arena] is not installed")

import web

from longplay.pages import guard
from longplay.pages import server as server_module
from longplay.pages.arena import referee
from longplay.pages.arena.app import create_app
from longplay.pages.arena.folder import open_referee
from longplay.pages.arena.handlers import COOKIE, MAX_BODY_BYTES
from longplay.pages.arena.rating import Rating, rate

EVIL = "<img src=x onerror=alert(1)>"


class Client(web.Client):
    def match(self):
        return json.loads(self.post("/api/match").text)


class Clock:
    now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def folder(tmp_path):
    for number, name in enumerate(["first", "second", EVIL.replace("/", ""), "=1+1"]):
        notes = np.array([(0, 9000 + number, 60 + number, 64)], NOTE)
        (tmp_path / f"{name}.mid").write_bytes(longplay.write_midi(notes, 10))
    return tmp_path


@pytest.fixture
def port(folder, clock):
    with open_referee(folder, "informative", pytest.fail) as judge:
        judge._clock = clock
        with web.serving(create_app(judge, clock=clock, hosts=["studio.example"])) as port:
            yield port


@pytest.fixture
def client(port):
    return Client(port)


def cast(client, clock, winner="left"):
    match = client.match()
    clock.now += 10
    answer = client.post("/api/vote", {"match": match["match"], "winner": winner})
    assert answer.status == 200, answer.text
    return match


def test_a_vote_moves_the_ranking(client, clock):
    match = cast(client, clock, "right")
    ranking = json.loads(client.get("/api/ranking").text)
    assert ranking["votes"] == 1
    assert [row["votes"] for row in ranking["ranking"]] == [1, 0, 0, 1]
    best = ranking["ranking"][0]
    assert best["mu"] == rate(Rating(), Rating())[0].mu
    assert best["score"] == best["mu"] - 3 * best["sigma"]
    [clip] = json.loads(client.get(f"/api/ranking/{best['id']}").text)["clips"]
    assert (clip["clip"], clip["votes"], clip["wins"]) == (1, 1, 1)
    names = ["first", "second", EVIL, "=1+1"]
    assert match["right"]["notes"][0][2] == 60 + names.index(best["name"])


def test_a_match_does_not_reveal_whose_clips_they_are(client, folder):
    text = client.post("/api/match").text
    assert json.loads(text).keys() == {"match", "heard", "votes", "again", "left", "right"}
    assert json.loads(text)["left"].keys() == {"length_ms", "notes"}
    assert not any(path.stem in text for path in folder.glob("*.mid"))


def test_a_vote_before_a_fifth_of_both_clips_does_not_count(client, clock):
    match = client.match()
    lengths = match["left"]["length_ms"] + match["right"]["length_ms"]
    vote = {"match": match["match"], "winner": "left"}
    clock.now += 0.2 * lengths / 1000 - referee.SLACK - 0.01
    answer = client.post("/api/vote", vote)
    assert (answer.status, answer.text) == (409, "listen to more of both clips first")
    clock.now += 0.02
    assert client.post("/api/vote", vote).status == 200


def test_a_match_gives_one_vote_and_ends_when_the_next_begins(client, clock):
    match = cast(client, clock)
    again = client.post("/api/vote", {"match": match["match"], "winner": "left"})
    assert (again.status, again.text) == (409, "this match is over; reload the page for the next one")
    skipped = client.match()
    client.match()
    clock.now += 100
    assert client.post("/api/vote", {"match": skipped["match"], "winner": "left"}).status == 409


def test_a_vote_for_the_match_of_another_voter_does_not_count(client, port, clock):
    match = client.match()
    clock.now += 100
    assert Client(port).post("/api/vote", {"match": match["match"], "winner": "left"}).status == 409


def test_undo_takes_the_vote_back_and_opens_its_match_again(client, clock):
    match = cast(client, clock)
    again = json.loads(client.post("/api/undo").text)
    assert again["again"]
    assert (again["left"], again["right"]) == (match["left"], match["right"])
    ranking = json.loads(client.get("/api/ranking").text)
    assert {row["mu"] for row in ranking["ranking"]} == {25.0}
    assert client.post("/api/vote", {"match": again["match"], "winner": "right"}).status == 200
    client.post("/api/undo")
    assert client.post("/api/undo").text == "there is no vote to undo"


def test_votes_and_names_outlive_the_server_and_the_files(client, clock, folder):
    cast(client, clock)
    before = json.loads(client.get("/api/ranking").text)["ranking"]
    [gone] = [path for path in folder.glob("*.mid") if path.stem == before[0]["name"]]
    gone.unlink()
    with open_referee(folder, "uniform", pytest.fail) as judge:
        after = judge.ranking()
    assert after[0] == before[0] | {"present": False}
    assert after[1:] == before[1:]


def test_exports_hold_the_ranking_and_every_vote(client, clock):
    cast(client, clock)
    everything = json.loads(client.get("/api/export.json").text)
    [vote] = everything["votes"]
    winner = everything["ranking"][0]
    assert vote[vote["winner"]] == {"id": winner["id"], "clip": 1}
    assert winner["clips"][0]["votes"] == 1
    rows = list(csv.DictReader(io.StringIO(client.get("/api/export.csv").text)))
    assert [row["name"] for row in rows] == [row["name"].replace("=1+1", "'=1+1") for row in everything["ranking"]]
    assert float(rows[0]["mu"]) == winner["mu"]


def test_exports_do_not_identify_voters(client, port, clock):
    other = Client(port)
    for voter in (client, other, client):
        cast(voter, clock)
    cookies = [voter.headers["Cookie"].partition("=")[2] for voter in (client, other)]
    exports = [client.get(path).text for path in ("/api/export.json", "/api/export.csv")]
    assert not [cookie for cookie in cookies for text in exports if cookie in text]
    voters = [vote["voter"] for vote in json.loads(exports[0])["votes"]]
    assert voters == [1, 2, 1]
    for voter in voters:
        stranger = client.post("/api/undo", Cookie=f"{COOKIE}={voter}")
        assert stranger.status == 403
    assert json.loads(client.get("/api/ranking").text)["votes"] == 3


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8000", "", "[::1"])
def test_a_foreign_host_name_that_points_here_is_refused(client, host):
    assert client.get("/", Host=host).status == 421


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000", "studio.example:80"])
def test_an_address_or_the_hosts_own_name_is_answered(client, host):
    assert client.get("/", Host=host).status == 200


def test_a_post_from_another_site_is_refused(client):
    assert client.post("/api/match", Origin="https://evil.example").status == 403
    assert client.post("/api/match", Origin="null").status == 403
    assert client.post("/api/match", Origin=f"http://127.0.0.1:{client.port}").status == 200


@pytest.mark.parametrize("path", ["/api/match", "/api/vote", "/api/undo"])
@pytest.mark.parametrize("token", ["", "guess", "é"])
def test_a_post_without_the_pages_token_is_refused(client, path, token):
    answer = client.post(path, **{guard.TOKEN: token})
    assert (answer.status, answer.text) == (403, "the page is out of date; reload it")


def test_a_post_without_the_cookie_is_refused(client):
    assert client.post("/api/match", Cookie=f"{COOKIE}='; DROP TABLE votes; --").status == 403


def test_nothing_changes_by_a_get(client):
    for path in ("/api/match", "/api/vote", "/api/undo"):
        assert client.get(path).status in {404, 405}


@pytest.mark.parametrize(
    "path",
    [
        "/../app.py",
        "/..%2fapp.py",
        "/%2e%2e/%2e%2e/piece.py",
        "/piano/../../app.py",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/arena.sqlite3",
        "/first.mid",
        "/piano/",
        "/piano/21.mp3%00",
        "/api/ranking/../../first.mid",
    ],
)
def test_no_path_from_outside_reaches_the_disk(client, path):
    assert client.get(path).status == 404


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        '{"match": 1, "winner": "left"}',
        '{"match": "a"}',
        '{"match": "a", "winner": "both"}',
        '{"match": "a", "winner": ["left"]}',
        '{"match": "a", "winner": "left", "voter": "b"}',
        "[" * 1000,
        "\udcff".encode("utf-8", "surrogateescape"),
    ],
)
def test_a_malformed_vote_is_a_bad_request(client, body):
    assert client.request("POST", "/api/vote", body).status == 400


def test_a_long_body_is_refused(client):
    assert client.request("POST", "/api/vote", "x" * (MAX_BODY_BYTES + 1)).status == 413


@pytest.mark.parametrize(
    "beginning",
    [
        "",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX-half",
        "POST /api/vote HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n{headers}\r\n{half",
        "GET /icon.svg HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: localh",
    ],
    ids=["nothing", "half a head", "half a body", "half a second request"],
)
def test_who_says_half_of_something_is_not_waited_for(client, beginning, monkeypatch):
    monkeypatch.setattr(server_module, "IDLE_SECONDS", 0.3)
    headers = "".join(f"{name}: {value}\r\n" for name, value in client.headers.items())
    with socket.create_connection(("127.0.0.1", client.port), timeout=3) as half:
        half.sendall(beginning.replace("{headers}", headers).encode())
        while half.recv(4096):  # the end comes before the timeout
            pass


def test_who_asks_again_and_again_is_not_cut_off(client, monkeypatch):
    monkeypatch.setattr(server_module, "IDLE_SECONDS", 0.2)
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=3)
    connection.connect()
    own = connection.sock
    for _ in range(10):
        connection.request("GET", "/icon.svg")
        assert connection.getresponse().read()
        time.sleep(0.08)
    assert connection.sock is own
    connection.close()


def test_twenty_visits_at_the_same_time_are_answered(client):
    visit = ["/icon.svg"] * 18 + [f"/piano/{key}.mp3" for key in range(21, 106, 4)]
    assert {client.get(path).status for path in visit * 20} == {200}


def test_a_flood_of_requests_is_refused_until_time_passes(client, clock):
    answers = [client.get("/icon.svg") for _ in range(guard.BURST + 1)]
    assert answers[-1].status == 429
    assert "Wait ten seconds" in answers[-1].text
    clock.now += 1.01 / guard.RATE
    assert [client.get("/icon.svg").status for _ in range(2)] == [200, 429]
    clock.now += 10
    assert {client.get("/icon.svg").status for _ in range(200)} == {200}


def test_a_browser_keeps_the_recordings_and_asks_for_the_rest(client):
    assert client.get("/piano/21.mp3").headers["Cache-Control"] == "max-age=86400"
    assert {client.get(path).headers["Cache-Control"] for path in ("/", "/arena.js", "/page.css")} == {"no-cache"}


def test_every_answer_carries_the_policy_that_lets_no_foreign_code_run(client):
    for path in ("/", "/arena.js", "/api/ranking", "/nowhere", "/api/export.csv"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/", Host="evil.example").headers["X-Content-Type-Options"] == "nosniff"


def test_the_cookie_stays_on_this_site_and_away_from_scripts(client):
    fresh = client.get("/", Cookie="").headers["Set-Cookie"]
    assert "HttpOnly" in fresh
    assert "SameSite=strict" in fresh
    assert client.get("/").headers["Set-Cookie"] is None


def test_the_page_asks_nobody_else_for_anything(client):
    page = client.get("/").text
    names = re.findall(r'(?:src|href)="([^"#]+)"', page)
    assert all(client.get(f"/{name}").status == 200 for name in names), names
    scripts = [client.get(f"/{name}.js").text for name in ("arena", "api", "piano", "ranking", "roll", "vote")]
    urls = re.findall(r"https?://[^\"'`]*", "".join([page, *scripts]))
    assert set(urls) <= {"http://www.w3.org/2000/svg"}
    assert "innerHTML" not in "".join(scripts)


def test_a_file_that_changes_under_the_arena_is_said_without_its_name(client, folder):
    for path in folder.glob("*.mid"):
        path.write_bytes(b"changed")
    answer = client.post("/api/match")
    assert (answer.status, answer.text) == (500, "the file of a candidate was removed or changed; restart the arena")


def test_one_candidate_is_too_few(tmp_path):
    notes = np.array([(0, 900, 60, 64)], NOTE)
    (tmp_path / "alone.mid").write_bytes(longplay.write_midi(notes, 1))
    with (
        pytest.raises(ValueError, match="needs at least two candidates"),
        open_referee(tmp_path, "uniform", pytest.fail),
    ):
        pass


def test_an_unknown_chooser_is_refused(tmp_path):
    with pytest.raises(ValueError, match="chooser must be informative or uniform, not fair"):
        open_referee(tmp_path, "fair", pytest.fail).__enter__()


def test_the_oldest_match_is_forgotten_when_too_many_are_open(folder, clock, monkeypatch):
    monkeypatch.setattr(referee, "MAX_MATCHES", 2)
    with open_referee(folder, "uniform", pytest.fail) as judge:
        judge._clock = clock
        matches = {voter: judge.match(voter) for voter in "abc"}
        clock.now += 100
        with pytest.raises(referee.RefusedError, match="over"):
            judge.vote("a", matches["a"].id, "left")
        judge.vote("c", matches["c"].id, "left")


def test_clips_with_the_fewest_votes_come_first(folder, clock):
    notes = np.array([(30_000 * clip + 20_000, 900, 60, 64) for clip in range(3)], NOTE)
    for number in range(2):
        notes["velocity"] = 60 + number
        (folder / f"long{number}.mid").write_bytes(longplay.write_midi(notes, 90))
    for path in [*folder.glob("[!l]*.mid")]:
        path.unlink()
    with open_referee(folder, "uniform", pytest.fail) as judge:
        judge._clock = clock
        for _ in range(3):
            match = judge.match("voter")
            clock.now += 100
            judge.vote("voter", match.id, "left")
        assert all(len(row["clips"]) == 3 for row in judge.export()["ranking"])
