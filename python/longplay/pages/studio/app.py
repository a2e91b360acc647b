"""The studio's web application. It keeps nothing of a request: the page holds the music."""

import asyncio
import base64
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from longplay._base.cancel import Cancel
from longplay._base.require import require_number
from longplay._base.text import one_line
from longplay._core import Error
from longplay.midi import parse_midi, write_midi
from longplay.pages import site
from longplay.pages.studio.engines import Engines
from longplay.pages.studio.order import LONGEST_SECONDS, MOST_BYTES, Order, read_notes
from longplay.pages.studio.work import Emit, Workshop
from longplay.render import render

PART_BYTES = 3 * 2**14  # of a sound file in a line


def create_app(engines: Engines, *, clock: Callable[[], float], hosts: Collection[str] = ()) -> Starlette:
    """Create the web application for the models of `engines`; `clock` and `hosts` are those of `site.create_app`."""
    refusals: dict[Any, Any] = dict.fromkeys((Error, TypeError, ValueError), _refused)
    routes = Handlers(engines).routes()
    return site.create_app("studio", routes, clock=clock, hosts=hosts, exception_handlers=refusals)


class Handlers:
    """Answer the requests of the studio's page.

    Parameters
    ----------
    engines : Engines
        The engines that fill the orders.
    """

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._options = engines.describe()
        self._workshop = Workshop()

    def routes(self) -> list[Route]:
        """Return the routes of the studio's API."""
        return [
            Route("/api/options", self._describe),
            Route("/api/read", self._read, methods=["POST"]),
            Route("/api/order", self._order, methods=["POST"]),
            Route("/api/midi", self._midi, methods=["POST"]),
            Route("/api/sound", self._sound, methods=["POST"]),
        ]

    async def _describe(self, request: Request) -> Response:
        return JSONResponse(self._options)

    async def _read(self, request: Request) -> Response:
        data = await site.read_body(request, MOST_BYTES)
        notes, warnings = await asyncio.to_thread(parse_midi, data)
        if not len(notes):
            raise ValueError("the file has no notes that a piano plays")
        rows = notes.tolist()
        read_notes(rows)  # refuses what an order could not hold
        return JSONResponse({"notes": rows, "warnings": warnings})

    async def _order(self, request: Request) -> Response:
        body = await site.read_object(request, MOST_BYTES)
        order, name = Order.of(body), body.get("model")
        return self._workshop.answer(lambda emit, cancel: order.fill(self._engines.open(name), emit, cancel))

    async def _midi(self, request: Request) -> Response:
        return Response(await self._file(request), media_type="audio/midi")

    async def _sound(self, request: Request) -> Response:
        data = await self._file(request)
        return self._workshop.answer(lambda emit, cancel: _render(data, emit, cancel))

    async def _file(self, request: Request) -> bytes:
        """Return the music in the body of a request as a MIDI file."""
        body = await site.read_object(request, MOST_BYTES)
        seconds = require_number("seconds", body.get("seconds"), 0, 2 * LONGEST_SECONDS, open_low=True)
        return write_midi(read_notes(body.get("notes")), seconds)


def _render(data: bytes, emit: Emit, cancel: Cancel) -> None:
    """Render a MIDI file, and emit the mp3 file in parts."""

    def progress(done: float, total: float) -> None:
        emit({"progress": round(done / total, 2)})

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "piece.mp3"
        render(data, out, progress=progress, cancel=cancel)
        with out.open("rb") as file:
            while part := file.read(PART_BYTES):
                emit({"part": base64.b64encode(part).decode()})


async def _refused(request: Request, error: Exception) -> Response:
    return Response(one_line(str(error)), 400, media_type="text/plain")
