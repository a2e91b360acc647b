"""Handlers of the arena's HTTP requests."""

import re
import secrets
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from longplay.pages.arena.export import export_csv, export_json
from longplay.pages.arena.referee import MIN_LISTENED, Match, Referee
from longplay.pages.arena.store import ClipId
from longplay.pages.site import read_object

MAX_BODY_BYTES = 1024  # a vote takes about 60
COOKIE = "longplay_voter"


class Handlers:
    """Answer the requests of the arena's page.

    Parameters
    ----------
    referee : Referee
        Draws matches, counts votes and ranks the candidates.
    """

    def __init__(self, referee: Referee) -> None:
        self._referee = referee

    def routes(self) -> list[Route]:
        """Return the routes of the arena's API."""
        return [
            Route("/api/match", self._match, methods=["POST"]),
            Route("/api/vote", self._vote, methods=["POST"]),
            Route("/api/undo", self._undo, methods=["POST"]),
            Route("/api/ranking", self._ranking),
            Route("/api/ranking/{candidate}", self._clip_ranking),
            Route("/api/export.json", self._export_json),
            Route("/api/export.csv", self._export_csv),
        ]

    async def _match(self, request: Request) -> Response:
        await read_object(request, MAX_BODY_BYTES)
        return _match_response(self._referee, self._referee.match(_require_voter(request)))

    async def _vote(self, request: Request) -> Response:
        body = await read_object(request, MAX_BODY_BYTES)
        if body.keys() != {"match", "winner"} or not isinstance(body["match"], str):
            raise HTTPException(400, "a vote must be an object with the keys `match` and `winner`")
        if body["winner"] not in ("left", "right"):
            raise HTTPException(400, "`winner` must be left or right")
        self._referee.vote(_require_voter(request), body["match"], body["winner"])
        return JSONResponse({"votes": self._referee.votes})

    async def _undo(self, request: Request) -> Response:
        await read_object(request, MAX_BODY_BYTES)
        return _match_response(self._referee, self._referee.undo(_require_voter(request)))

    async def _ranking(self, request: Request) -> Response:
        return JSONResponse({"votes": self._referee.votes, "ranking": self._referee.ranking()})

    async def _clip_ranking(self, request: Request) -> Response:
        return JSONResponse({"clips": self._referee.clip_ranking(request.path_params["candidate"])})

    async def _export_json(self, request: Request) -> Response:
        return _download(export_json(self._referee), "arena.json", "application/json")

    async def _export_csv(self, request: Request) -> Response:
        return _download(export_csv(self._referee), "arena.csv", "text/csv")


def welcome(request: Request, response: Response) -> None:
    """Give a new voter a cookie."""
    if not _voter(request):
        response.set_cookie(COOKIE, secrets.token_hex(16), max_age=365 * 86400, httponly=True, samesite="strict")


def _voter(request: Request) -> str | None:
    voter = request.cookies.get(COOKIE, "")
    return voter if re.fullmatch("[0-9a-f]{32}", voter) else None


def _require_voter(request: Request) -> str:
    voter = _voter(request)
    if voter is None:
        raise HTTPException(403, "the request has no voter cookie; allow cookies and reload the page")
    return voter


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
