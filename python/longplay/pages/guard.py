"""Checks that every request must pass: a known host, a limited rate, no POST from another site."""

import secrets
from collections.abc import Callable, Collection
from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

RATE = 100.0  # requests a second from one address, on average
BURST = 1000  # requests: 25 first visits from one address, which a school may share; each takes about 40
MAX_ADDRESSES = 1000  # whose rates are known at a time
TOKEN = "x-page-token"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """Refuse invalid requests before the application receives them, and add headers to every response.

    Parameters
    ----------
    app : ASGIApp
        The application.
    token : str
        Secret that the page itself sends with each POST request. No other site can read it.
    hosts : collection of str
        Host names of the page, in addition to ``localhost``. The guard accepts every IP address, and refuses every
        other name: such a name may have been pointed at this server by DNS rebinding [1]_.
    clock : callable
        Returns the time in seconds.

    References
    ----------
    .. [1] Jackson et al., "Protecting Browsers from DNS Rebinding Attacks", CCS 2007.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: Collection[str], clock: Callable[[], float]) -> None:
        self._app = app
        self._token = token
        self._hosts = {"localhost", *hosts}
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # address -> requests left, time of the last request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward one request to the application, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_known(host):
            return PlainTextResponse(
                "This page has no such host name. Use the address that the terminal shows, or start it with --host.",
                421,
            )
        if not self._is_within_rate(scope["client"][0] if scope["client"] else ""):
            return PlainTextResponse("Too many requests came from your address. Wait ten seconds, then try again.", 429)
        if scope["method"] not in {"GET", "HEAD"}:
            origin = headers.get("origin")
            if origin is not None and origin.partition("://")[2] != host:
                return PlainTextResponse("the request was posted from another site; use the page itself", 403)
            if not secrets.compare_digest(headers.get(TOKEN, "").encode(), self._token.encode()):
                return PlainTextResponse("the page is out of date; reload it", 403)
        return None

    def _is_known(self, host: str) -> bool:
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        try:
            ip_address(name.removeprefix("[").removesuffix("]"))
        except ValueError:
            return name.lower() in self._hosts
        return True

    def _is_within_rate(self, address: str) -> bool:
        now = self._clock()
        left, then = self._buckets.pop(address, (float(BURST), now))
        left = min(left + max(now - then, 0.0) * RATE, BURST)
        while len(self._buckets) >= MAX_ADDRESSES:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[address] = (max(left - 1, 0.0), now)
        return left >= 1
