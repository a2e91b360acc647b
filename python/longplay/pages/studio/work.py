"""Work that takes time, beside the server's other requests: a few threads, a queue, and the end of both."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from longplay._base.cancel import Cancel
from longplay._base.text import one_line
from longplay._core import Cancelled, Error

MAX_RUNNING = 2  # at a time; each uses all threads of its engine
MAX_WAITING = 30  # at a time, besides those that run
MAX_WORK_SECONDS = 600.0  # with the time in the queue
MAX_UNREAD = 64  # lines that the browser has not read, after which the work waits

Emit = Callable[[dict[str, Any]], None]
Job = Callable[[Emit, Cancel], None]


class Workshop:
    """Run jobs in threads, and answer requests with the lines that the jobs emit."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(MAX_RUNNING)
        self._unfinished = 0

    def answer(self, job: Job) -> "Lines":
        """Return the response of a job: a line of JSON for each value that the job emits.

        An error of the job is the last line: an object with the entry ``error``. If the client leaves, the job is
        cancelled.

        Raises
        ------
        HTTPException
            Too many jobs are waiting.
        """
        if self._unfinished >= MAX_RUNNING + MAX_WAITING:
            raise HTTPException(503, "The studio has too much to do. Try again in a minute.")
        cancel = threading.Event()
        return Lines(self._lines(job, cancel), cancel)

    async def _lines(self, job: Job, cancel: threading.Event) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        lines: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

        def soon(call: Callable[..., None], *values: Any) -> None:
            with suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(call, *values)

        def emit(line: dict[str, Any] | None) -> None:
            while lines.qsize() >= MAX_UNREAD and not cancel.is_set():
                time.sleep(0.01)
            soon(lines.put_nowait, line)

        def run() -> None:
            try:
                job(emit, cancel)
            except Cancelled:
                emit({"error": f"This took {MAX_WORK_SECONDS / 60:.0f} minutes and was stopped. Ask for less."})
            except (Error, OSError, TypeError, ValueError) as problem:
                emit({"error": one_line(str(problem))})
            except Exception:
                emit({"error": "The studio has made a mistake, which its terminal shows."})
                raise
            finally:
                emit(None)
                soon(self._free.release)

        self._unfinished += 1
        deadline = loop.call_later(MAX_WORK_SECONDS, cancel.set)
        try:
            await self._free.acquire()
            threading.Thread(target=run, daemon=True).start()
            while (line := await lines.get()) is not None:
                yield json.dumps(line).encode() + b"\n"
        finally:
            deadline.cancel()
            self._unfinished -= 1


class Lines(StreamingResponse):
    """A response of lines, whose job is cancelled when the response ends, for whatever reason."""

    def __init__(self, lines: AsyncIterator[bytes], cancel: threading.Event) -> None:
        super().__init__(lines, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})
        self._cancel = cancel

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the lines."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._cancel.set()
