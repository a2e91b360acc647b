"""The parts that the web applications of all pages share: their files, JSON bodies and errors.

A page serves only files from a table that is built at startup. No part of a request becomes a path.
"""

import json
import mimetypes
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from longplay.pages.guard import Guard

KEPT_SECONDS = 86400  # for which a browser may keep the recordings of the piano without asking again


def create_app(
    page: str,
    routes: Sequence[Route],
    *,
    clock: Callable[[], float],
    hosts: Collection[str] = (),
    index: Callable[[Request, Response], None] = lambda request, response: None,
    exception_handlers: Mapping[Any, Any] | None = None,
) -> Starlette:
    """Create the web application of a page.

    Parameters
    ----------
    page : str
        Folder of `longplay.pages` whose ``static`` holds the page's own files.
    routes : sequence of Route
        Routes of the page's API.
    clock : callable
        Returns the time in seconds.
    hosts : collection of str
        Host names of the page. ``localhost`` and IP addresses need not be listed.
    index : callable
        Receives each request for the page itself, and its response before it is sent.
    exception_handlers : mapping, optional
        As for Starlette.
    """
    token = secrets.token_urlsafe(32)
    found = _static_files(files("longplay.pages") / "static") | _static_files(
        files(f"longplay.pages.{page}") / "static"
    )
    table = {
        name: (data.replace(b"{{token}}", token.encode()), media_type) for name, (data, media_type) in found.items()
    }

    async def file(request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        if name not in table:
            raise HTTPException(404)
        data, kind = table[name]
        keep = f"max-age={KEPT_SECONDS}" if kind.startswith("audio/") else "no-cache"
        response = Response(data, media_type=kind, headers={"Cache-Control": keep})
        if name == "index.html":
            index(request, response)
        return response

    return Starlette(
        routes=[*routes, Route("/", file), Route("/{name:path}", file)],
        middleware=[Middleware(Guard, token=token, hosts=hosts, clock=clock)],
        exception_handlers=exception_handlers,
    )


async def read_body(request: Request, most: int) -> bytes:
    """Return the body of a request, which may have at most `most` bytes."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            raise HTTPException(413, f"a body must have at most {most} bytes")
    return bytes(data)


async def read_object(request: Request, most: int) -> dict[str, Any]:
    """Return the JSON object in the body of a request, which may have at most `most` bytes."""
    data = await read_body(request, most)
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "the body is not JSON") from error
    if not isinstance(body, dict):
        raise HTTPException(400, "the body is not a JSON object")
    return body


def _static_files(folder: Traversable, prefix: str = "") -> dict[str, tuple[bytes, str]]:
    """Return the bytes and the media type of each file in a folder, by its name in a URL."""
    found: dict[str, tuple[bytes, str]] = {}
    for entry in folder.iterdir():
        if entry.is_dir():
            found |= _static_files(entry, f"{prefix}{entry.name}/")
        else:
            found[prefix + entry.name] = (entry.read_bytes(), mimetypes.guess_type(entry.name)[0] or "text/plain")
    return found
