"""A page over HTTP: a real server in a thread, and a browser's requests without a browser."""

import http.client
import json
import re
import socket
import threading
import time
from contextlib import contextmanager

import uvicorn

from longplay.pages import guard, server


class Client:
    """Requests of a page that is open, with its cookie and its token."""

    def __init__(self, port):
        self.port = port
        self.headers = {}
        page = self.get("/")
        if cookie := page.headers["Set-Cookie"]:
            self.headers["Cookie"] = cookie.partition(";")[0]
        self.headers[guard.TOKEN] = re.search(r'name="page-token" content="([^"]+)"', page.text)[1]

    def request(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, self.headers | headers)
        answer = connection.getresponse()
        answer.data = answer.read()
        answer.text = answer.data.decode("utf-8", "replace")
        connection.close()
        return answer

    def get(self, path, **headers):
        return self.request("GET", path, **headers)

    def post(self, path, body=None, **headers):
        return self.request("POST", path, json.dumps(body or {}), **headers)


@contextmanager
def serving(app):
    """Serve an application, and return the port."""
    running = uvicorn.Server(server.config(app))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        while not running.started:
            time.sleep(0.01)
        yield listening.getsockname()[1]
        running.should_exit = True
        thread.join(10)
