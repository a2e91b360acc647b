"""The studio under load: 200 requests of 16 clients."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="the extra [studio] is not installed")

import command
import web

REQUESTS, CLIENTS = 200, 16
MOST_GROWTH = 8 * 2**20  # bytes between the first and the second half of the requests


def resident(process):
    [line] = [line for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if "VmRSS" in line]
    return int(line.split()[1]) * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="/proc is missing")
def test_two_hundred_requests_keep_memory_flat():
    with command.served("studio", "--model", "piano-lstm", "--threads", "1") as (process, url):
        client = web.Client(int(url.rstrip("/").rpartition(":")[2]))
        notes = [[number * 200, 180, 50 + number % 30, 70] for number in range(200)]

        def request(number):
            settings = {"seconds": 10, "random_seed": number, "particles": 2}
            call = ("generate", "continue", "infill", "vary")[number % 4]
            body = {"call": call, "model": "piano-lstm", "notes": notes, "start": 2, "end": 4, "settings": settings}
            return json.loads(client.post("/api/order", body).text.splitlines()[-1])

        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(request, range(REQUESTS // 2)))
            before = resident(process)
            lines = list(pool.map(request, range(REQUESTS // 2, REQUESTS)))
        assert all("piece" in line for line in lines)
        assert resident(process) - before < MOST_GROWTH
