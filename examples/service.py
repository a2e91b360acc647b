"""Serve pieces over HTTP: ``uvicorn --app-dir examples service:app`` (``pip install fastapi uvicorn``).

    curl --data-binary @seed.mid "http://127.0.0.1:8000/pieces?seconds=60" --output piece.mid

A client that goes away cancels its piece.
"""

import asyncio
import threading

from fastapi import FastAPI, HTTPException, Query, Request, Response

import longplay

MOST_BYTES = 1_000_000  # of a seed

app = FastAPI()
engine = longplay.Engine()


async def cancel_if_gone(request: Request, cancel: threading.Event) -> None:
    """Set the event when the client goes away."""
    while not await request.is_disconnected():
        await asyncio.sleep(0.1)
    cancel.set()


@app.post("/pieces")
async def make_piece(request: Request, seconds: float = Query(60, ge=1, le=3600)) -> Response:
    """Return a MIDI file that continues the seed, which is the body of the request."""
    seed = b""
    async for part in request.stream():
        seed += part
        if len(seed) > MOST_BYTES:
            raise HTTPException(413, f"the seed must have at most {MOST_BYTES} bytes")
    cancel = threading.Event()
    watch = asyncio.create_task(cancel_if_gone(request, cancel))
    try:
        piece = await asyncio.to_thread(engine.generate, seed or None, seconds, cancel=cancel)
    except longplay.MidiError as problem:
        raise HTTPException(400, str(problem)) from problem
    except longplay.Cancelled:
        return Response(status_code=499)
    finally:
        watch.cancel()
    return Response(piece.to_bytes(), media_type="audio/midi")
