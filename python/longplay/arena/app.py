"""The arena over HTTP: what the page asks for, and nothing else.

Every file that can be asked for is in a table made at the start; no part of a request becomes a path.
"""

import csv
import io
import json
import mimetypes
import re
import secrets
from collections.abc import Callable, Collection
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from longplay.arena.guard import Guard
from longplay.arena.referee import HEARD, Match, Referee, RefusedError
from longplay.arena.store import ClipId

LONGEST_BODY = 1024  # bytes; a vote is 60
COOKIE = "longplay_voter"
RANKING_COLUMNS = ("name", "id", "score", "mu", "sigma", "votes", "wins", "confidence", "present")


def create_app(referee: Referee, *, clock: Callable[[], float], hosts: Collection[str] = ()) -> Starlette:
    """Make the web application.

    Parameters
    ----------
    referee : Referee
        Who draws, counts and ranks.
    clock : callable
        Seconds.
    hosts : collection of str
        Names under which the arena may be reached beside ``localhost`` and IP addresses.
    """
    token = secrets.token_urlsafe(32)
    pages = {name: (data.replace(b"{{token}}", token.encode()), kind) for name, (data, kind) in _static().items()}

    async def page(request: Request) -> Response:
        found = pages.get(request.path_params.get("name", "index.html"))
        if found is None:
            raise HTTPException(404)
        response = Response(found[0], media_type=found[1], headers={"Cache-Control": "no-cache"})
        if found is pages["index.html"] and not _voter(request):
            response.set_cookie(COOKIE, secrets.token_hex(16), max_age=365 * 86400, httponly=True, samesite="strict")
        return response

    async def match(request: Request) -> Response:
        await _body(request)
        return _match(referee, referee.match(_known_voter(request)))

    async def vote(request: Request) -> Response:
        body = await _body(request)
        if body.keys() != {"match", "winner"} or not isinstance(body["match"], str):
            raise HTTPException(400, "a vote is an object of `match` and `winner`")
        if body["winner"] not in ("left", "right"):
            raise HTTPException(400, "`winner` must be left or right")
        referee.vote(_known_voter(request), body["match"], body["winner"])
        return JSONResponse({"votes": referee.votes})

    async def undo(request: Request) -> Response:
        await _body(request)
        return _match(referee, referee.undo(_known_voter(request)))

    async def ranking(request: Request) -> Response:
        return JSONResponse({"votes": referee.votes, "ranking": referee.ranking()})

    async def clip_ranking(request: Request) -> Response:
        return JSONResponse({"clips": referee.clip_ranking(request.path_params["candidate"])})

    async def as_json(request: Request) -> Response:
        return _download(export_json(referee), "arena.json", "application/json")

    async def as_csv(request: Request) -> Response:
        return _download(export_csv(referee), "arena.csv", "text/csv")

    routes = [
        Route("/api/match", match, methods=["POST"]),
        Route("/api/vote", vote, methods=["POST"]),
        Route("/api/undo", undo, methods=["POST"]),
        Route("/api/ranking", ranking),
        Route("/api/ranking/{candidate}", clip_ranking),
        Route("/api/export.json", as_json),
        Route("/api/export.csv", as_csv),
        Route("/", page),
        Route("/{name:path}", page),
    ]
    guard = Middleware(Guard, token=token, hosts=hosts, clock=clock)
    return Starlette(
        routes=routes, middleware=[guard], exception_handlers={RefusedError: _refused, OSError: _unreadable}
    )


def export_json(referee: Referee) -> str:
    """Ranking, clips and votes as JSON."""
    return json.dumps(referee.export(), indent=2) + "\n"


def export_csv(referee: Referee) -> str:
    """The ranking as comma-separated values. A name that a spreadsheet would compute gets a quote before it."""
    text = io.StringIO()
    table = csv.DictWriter(text, RANKING_COLUMNS, lineterminator="\n")
    table.writeheader()
    for row in referee.ranking():
        table.writerow(row | {"name": "'" * row["name"].startswith(("=", "+", "-", "@")) + row["name"]})
    return text.getvalue()


def _static() -> dict[str, tuple[bytes, str]]:
    """The page's files by the names they are asked for: their bytes and media types."""
    found = {}

    def walk(folder: Traversable, prefix: str) -> None:
        for entry in folder.iterdir():
            if entry.is_dir():
                walk(entry, f"{prefix}{entry.name}/")
            else:
                kind = mimetypes.guess_type(entry.name)[0] or "text/plain"
                found[prefix + entry.name] = (entry.read_bytes(), kind)

    walk(files("longplay.arena") / "static", "")
    return found


def _voter(request: Request) -> str | None:
    voter = request.cookies.get(COOKIE, "")
    return voter if re.fullmatch("[0-9a-f]{32}", voter) else None


def _known_voter(request: Request) -> str:
    voter = _voter(request)
    if voter is None:
        raise HTTPException(403, "the page needs its cookie")
    return voter


async def _body(request: Request) -> dict[str, Any]:
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > LONGEST_BODY:
            raise HTTPException(413, f"a body is at most {LONGEST_BODY} bytes")
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "the body is not JSON") from error
    if not isinstance(body, dict):
        raise HTTPException(400, "the body is not an object")
    return body


def _match(referee: Referee, match: Match) -> Response:
    """The match for the page, which does not learn whose clips they are."""
    sides = {side: _notes(referee, clip) for side, clip in (("left", match.left), ("right", match.right))}
    return JSONResponse({"match": match.id, "heard": HEARD, "votes": referee.votes, "again": match.again} | sides)


def _notes(referee: Referee, clip: ClipId) -> dict[str, Any]:
    heard = referee.clip(clip)
    return {"length_ms": heard.length_ms, "notes": heard.notes.tolist()}


async def _refused(request: Request, error: Exception) -> Response:
    return Response(str(error), 409, media_type="text/plain")


async def _unreadable(request: Request, error: Exception) -> Response:
    return Response("a candidate's file is gone or changed; start the arena again", 500, media_type="text/plain")


def _download(text: str, name: str, kind: str) -> Response:
    return Response(text, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
