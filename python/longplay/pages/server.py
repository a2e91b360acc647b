"""The HTTP server of a page."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_CONNECTIONS = 64  # at a time
IDLE_SECONDS = 10.0  # without a complete request, after which the server closes a connection
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class IdleTimeoutProtocol(H11Protocol):
    """HTTP protocol that closes idle connections, which would block others."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection and start its timeout."""
        super().connection_made(transport)
        self.loop.call_later(IDLE_SECONDS, self._close_if_idle, None)

    def _close_if_idle(self, last_cycle: object) -> None:
        """Close the connection, unless it has begun another request since the last check or waits for an answer."""
        if self.transport.is_closing():
            return
        cycle = self.cycle
        is_answered = cycle is None or cycle.more_body or cycle.response_complete
        if cycle is last_cycle and is_answered:
            self.transport.close()
        else:
            self.loop.call_later(IDLE_SECONDS, self._close_if_idle, cycle)


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
        timeout_graceful_shutdown=1,
    )


def serve(app: ASGIApp, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve an application until Ctrl+C interrupts it.

    Parameters
    ----------
    app : ASGIApp
        From `longplay.pages.site.create_app`.
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
    with socket.create_server((host, port), family=family) as listener:
        name = f"[{host}]" if ":" in host else host
        ready(f"http://{name}:{listener.getsockname()[1]}/")
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config(app)).run(sockets=[listener])
