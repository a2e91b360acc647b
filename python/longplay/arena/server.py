"""The arena of a folder: its candidates, votes and referee, and the HTTP server."""

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
from longplay.arena.clips import find_candidates
from longplay.arena.pairing import CHOOSERS
from longplay.arena.referee import Referee
from longplay.arena.store import DATABASE, Store

MAX_CONNECTIONS = 64  # at a time
IDLE_SECONDS = 10.0  # without a complete request, after which the server closes a connection
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@contextmanager
def open_referee(folder: Path, chooser: str, warn: Callable[[str], None]) -> Iterator[Referee]:
    """Open a referee for the MIDI files of a folder, and close its store of votes at the end.

    Parameters
    ----------
    folder : Path
        Folder of the MIDI files and of the votes.
    chooser : str
        Key of `CHOOSERS`.
    warn : callable
        Receives one warning for each file that is skipped.

    Raises
    ------
    ValueError
        The chooser is unknown, or the folder has fewer than two candidates.
    Error
        `DATABASE` is not a database of votes.
    OSError
        The folder or the database cannot be read, or the database cannot be written.
    """
    if chooser not in CHOOSERS:
        raise ValueError(f"chooser must be {' or '.join(CHOOSERS)}, not {chooser}")
    candidates, skipped = find_candidates(folder)
    for warning in skipped:
        warn(warning)
    if len(candidates) < 2:
        raise ValueError(f"an arena needs at least two candidates; {folder} has {len(candidates)}")
    store = Store(folder / DATABASE)
    try:
        yield Referee(candidates, store, clock=time.time, random=np.random.default_rng(), choose=CHOOSERS[chooser])
    finally:
        store.close()


class IdleTimeoutProtocol(H11Protocol):
    """HTTP protocol that closes idle connections, which would block others."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection and start its timeout."""
        super().connection_made(transport)
        self.loop.call_later(IDLE_SECONDS, self._close_if_idle, None)

    def _close_if_idle(self, last_cycle: object) -> None:
        """Close the connection, unless it has begun another request since the last check."""
        if self.transport.is_closing():
            return
        if self.cycle is last_cycle:
            self.transport.close()
        else:
            self.loop.call_later(IDLE_SECONDS, self._close_if_idle, self.cycle)


def config(app: ASGIApp) -> uvicorn.Config:
    """Return the configuration of the HTTP server."""
    return uvicorn.Config(
        app,
        http=IdleTimeoutProtocol,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MAX_CONNECTIONS,
        ws="none",
    )


def serve(referee: Referee, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve the arena until Ctrl+C interrupts it.

    Parameters
    ----------
    referee : Referee
    host : str
        Host name or IP address to listen on.
    port : int
        TCP port; 0 selects a free one.
    ready : callable
        Receives the URL as soon as the server accepts connections.

    Raises
    ------
    OSError
        The address is in use or not available.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    app = create_app(referee, clock=time.time, hosts=[host.lower()])
    with socket.create_server((host, port), family=family) as listener:
        name = f"[{host}]" if ":" in host else host
        ready(f"http://{name}:{listener.getsockname()[1]}/")
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config(app)).run(sockets=[listener])
