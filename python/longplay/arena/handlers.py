"""Handlers of the arena's HTTP requests.

The arena serves only files from a table that it builds at startup. No part of a request becomes a path.
"""

import json
import mimetypes
import re
import secrets
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from longplay.arena.export import export_csv, export_json
from longplay.arena.referee import MIN_LISTENED, Match, Referee
from longplay.arena.store import ClipId

MAX_BODY_BYTES = 1024  # a vote takes about 60
COOKIE = "longplay_voter"


class Handlers:
    """Answer the requests of the arena's page.

    Parameters
    ----------
    referee : Referee
        Draws matches, counts votes and ranks the candidates.
    token : str
        Secret that the page receives and sends with each POST request.
    """

    def __init__(self, referee: Referee, token: str) -> None:
        self._referee = referee
        self._files = {
            name: (data.replace(b"{{token}}", token.encode()), media_type)
            for name, (data, media_type) in _static_files().items()
        }

    def routes(self) -> list[Route]:
        """Return the routes of the page, its files and its API."""
        return [
            Route("/api/match", self._match, methods=["POST"]),
            Route("/api/vote", self._vote, methods=["POST"]),
            Route("/api/undo", self._undo, methods=["POST"]),
            Route("/api/ranking", self._ranking),
            Route("/api/ranking/{candidate}", self._clip_ranking),
            Route("/api/export.json", self._export_json),
            Route("/api/export.csv", self._export_csv),
            Route("/", self._file),
            Route("/{name:path}", self._file),
        ]

    async def _file(self, request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        if name not in self._files:
            raise HTTPException(404)
        data, media_type = self._files[name]
        response = Response(data, media_type=media_type, headers={"Cache-Control": "no-cache"})
        if name == "index.html" and not _voter(request):
            response.set_cookie(COOKIE, secrets.token_hex(16), max_age=365 * 86400, httponly=True, samesite="strict")
        return response

    async def _match(self, request: Request) -> Response:
        await _read_body(request)
        return _match_response(self._referee, self._referee.match(_require_voter(request)))

    async def _vote(self, request: Request) -> Response:
        body = await _read_body(request)
        if body.keys() != {"match", "winner"} or not isinstance(body["match"], str):
            raise HTTPException(400, "a vote must be an object with the keys `match` and `winner`")
        if body["winner"] not in ("left", "right"):
            raise HTTPException(400, "`winner` must be left or right")
        self._referee.vote(_require_voter(request), body["match"], body["winner"])
        return JSONResponse({"votes": self._referee.votes})

    async def _undo(self, request: Request) -> Response:
        await _read_body(request)
        return _match_response(self._referee, self._referee.undo(_require_voter(request)))

    async def _ranking(self, request: Request) -> Response:
        return JSONResponse({"votes": self._referee.votes, "ranking": self._referee.ranking()})

    async def _clip_ranking(self, request: Request) -> Response:
        return JSONResponse({"clips": self._referee.clip_ranking(request.path_params["candidate"])})

    async def _export_json(self, request: Request) -> Response:
        return _download(export_json(self._referee), "arena.json", "application/json")

    async def _export_csv(self, request: Request) -> Response:
        return _download(export_csv(self._referee), "arena.csv", "text/csv")


def _static_files() -> dict[str, tuple[bytes, str]]:
    """Return the bytes and the media type of each file of the page, by its name in a URL."""
    found = {}

    def walk(folder: Traversable, prefix: str) -> None:
        for entry in folder.iterdir():
            if entry.is_dir():
                walk(entry, f"{prefix}{entry.name}/")
            else:
                media_type = mimetypes.guess_type(entry.name)[0] or "text/plain"
                found[prefix + entry.name] = (entry.read_bytes(), media_type)

    walk(files("longplay.arena") / "static", "")
    return found


def _voter(request: Request) -> str | None:
    voter = request.cookies.get(COOKIE, "")
    return voter if re.fullmatch("[0-9a-f]{32}", voter) else None


def _require_voter(request: Request) -> str:
    voter = _voter(request)
    if voter is None:
        raise HTTPException(403, "the request has no voter cookie; allow cookies and reload the page")
    return voter


async def _read_body(request: Request) -> dict[str, Any]:
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BODY_BYTES:
            raise HTTPException(413, f"a body must have at most {MAX_BODY_BYTES} bytes")
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "the body is not JSON") from error
    if not isinstance(body, dict):
        raise HTTPException(400, "the body is not a JSON object")
    return body


def _match_response(referee: Referee, match: Match) -> Response:
    """Return a match for the page, without the names of the candidates."""
    sides = {side: _clip(referee, clip) for side, clip in (("left", match.left), ("right", match.right))}
    status = {"match": match.id, "heard": MIN_LISTENED, "votes": referee.votes, "again": match.again}
    return JSONResponse(status | sides)


def _clip(referee: Referee, clip_id: ClipId) -> dict[str, Any]:
    clip = referee.clip(clip_id)
    return {"length_ms": clip.length_ms, "notes": clip.notes.tolist()}


def _download(text: str, name: str, media_type: str) -> Response:
    return Response(text, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
