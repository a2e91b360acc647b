"""The arena's web application."""

import secrets
from collections.abc import Callable, Collection

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from longplay._base.database import DatabaseError
from longplay.arena.guard import Guard
from longplay.arena.handlers import Handlers
from longplay.arena.referee import Referee, RefusedError


def create_app(referee: Referee, *, clock: Callable[[], float], hosts: Collection[str] = ()) -> Starlette:
    """Create the web application.

    Parameters
    ----------
    referee : Referee
        Draws matches, counts votes and ranks the candidates.
    clock : callable
        Returns the time in seconds.
    hosts : collection of str
        Host names of the arena. ``localhost`` and IP addresses need not be listed.
    """
    token = secrets.token_urlsafe(32)
    return Starlette(
        routes=Handlers(referee, token).routes(),
        middleware=[Middleware(Guard, token=token, hosts=hosts, clock=clock)],
        exception_handlers={RefusedError: _refused, DatabaseError: _unwritable, OSError: _unreadable},
    )


async def _refused(request: Request, error: Exception) -> Response:
    return Response(str(error), 409, media_type="text/plain")


async def _unwritable(request: Request, error: Exception) -> Response:
    return Response("the votes cannot be read or written; the disk may be full", 500, media_type="text/plain")


async def _unreadable(request: Request, error: Exception) -> Response:
    message = "the file of a candidate was removed or changed; restart the arena"
    return Response(message, 500, media_type="text/plain")
