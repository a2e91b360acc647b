"""An arena for a folder: candidates, votes, referee, and the server in front of them."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from longplay.arena.app import create_app
from longplay.arena.clips import candidates
from longplay.arena.pairing import CHOOSERS
from longplay.arena.referee import Referee
from longplay.arena.store import DATABASE, Store

MOST_CONNECTIONS = 64  # at a time
PATIENCE = 10.0  # s without a request or its end, before a connection is closed: idle ones keep others out
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@contextmanager
def open_referee(folder: Path, chooser: str, complain: Callable[[str], None]) -> Iterator[Referee]:
    """A referee for the MIDI files of a folder, where the votes are kept as well.

    Parameters
    ----------
    folder : Path
    chooser : str
        A name of `CHOOSERS`.
    complain : callable
        Told why a file is left out.

    Raises
    ------
    ValueError
        The chooser is unknown, there are fewer than two candidates, or `DATABASE` is no database of votes.
    OSError
        The folder cannot be read.
    """
    if chooser not in CHOOSERS:
        raise ValueError(f"chooser must be {' or '.join(CHOOSERS)}; it is {chooser}")
    found, remarks = candidates(folder)
    for remark in remarks:
        complain(remark)
    if len(found) < 2:
        raise ValueError(f"a vote needs two candidates; there are {len(found)}")
    store = Store(folder / DATABASE)
    try:
        yield Referee(found, store, clock=time.time, random=np.random.default_rng(), choose=CHOOSERS[chooser])
    finally:
        store.close()


class Hasty(H11Protocol):
    """HTTP for those who have something to ask, soon."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection."""
        super().connection_made(transport)
        self.loop.call_later(PATIENCE, self._look, None)

    def _look(self, answered: object) -> None:
        """Close the connection, unless it has come to another request since the last look."""
        if self.transport.is_closing():
            return
        if self.cycle is answered:
            self.transport.close()
        else:
            self.loop.call_later(PATIENCE, self._look, self.cycle)


def config(app: ASGIApp) -> uvicorn.Config:
    """How the arena is served."""
    return uvicorn.Config(
        app,
        http=Hasty,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        ws="none",
    )


def serve(referee: Referee, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve the arena until it is interrupted.

    Parameters
    ----------
    referee : Referee
    host : str
        Name or address to listen on.
    port : int
        0 takes a free one.
    ready : callable
        Told the address to open, once it can be reached.

    Raises
    ------
    OSError
        The address cannot be taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    app = create_app(referee, clock=time.time, hosts=[host.lower()])
    with socket.create_server((host, port), family=family) as listening:
        name = f"[{host}]" if ":" in host else host
        ready(f"http://{name}:{listening.getsockname()[1]}/")
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config(app)).run(sockets=[listening])
