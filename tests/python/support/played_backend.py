"""A backend of mido without devices: what is sent is written to a file, and a script is what somebody plays."""

import json
import os
import time
from pathlib import Path

from mido.messages import Message
from mido.ports import BaseInput, BaseOutput


class Output(BaseOutput):
    """Writes each message with its time to the file that ``PLAYED_OUTPUT`` names."""

    def _open(self, **options):
        self._file = Path(os.environ["PLAYED_OUTPUT"]).open("w")  # noqa: SIM115 - as long as the port
        self._begin = time.monotonic()

    def _send(self, message):
        self._file.write(json.dumps([time.monotonic() - self._begin, message.dict()]) + "\n")

    def _close(self):
        self._file.close()


class Input(BaseInput):
    """Receives the pairs of seconds and messages that ``PLAYED_INPUT`` holds."""

    def _open(self, **options):
        self._script = json.loads(os.environ["PLAYED_INPUT"])
        self._begin = time.monotonic()

    def _receive(self, block=True):
        while self._script and self._script[0][0] <= time.monotonic() - self._begin:
            self._messages.append(Message(**self._script.pop(0)[1]))


def get_devices(**options):
    return []
