"""The arena's web application."""

from collections.abc import Callable, Collection

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from longplay._base.database import DatabaseError
from longplay.pages import site
from longplay.pages.arena.handlers import Handlers, welcome
from longplay.pages.arena.referee import Referee, RefusedError


def create_app(referee: Referee, *, clock: Callable[[], float], hosts: Collection[str] = ()) -> Starlette:
    """Create the web application for the matches of a referee; `clock` and `hosts` are those of `site.create_app`."""
    return site.create_app(
        "arena",
        Handlers(referee).routes(),
        clock=clock,
        hosts=hosts,
        index=welcome,
        exception_handlers={RefusedError: _refused, DatabaseError: _unwritable, OSError: _unreadable},
    )


async def _refused(request: Request, error: Exception) -> Response:
    return Response(str(error), 409, media_type="text/plain")


async def _unwritable(request: Request, error: Exception) -> Response:
    return Response("the votes cannot be read or written; the disk may be full", 500, media_type="text/plain")


async def _unreadable(request: Request, error: Exception) -> Response:
    message = "the file of a candidate was removed or changed; restart the arena"
    return Response(message, 500, media_type="text/plain")
