"""Adds votes to a store for ever, printing the number of each once it is confirmed; to be killed by a test."""

import sys
from pathlib import Path

from longplay.pages.arena.store import ClipId, Store, Vote

store = Store(Path(sys.argv[1]))
number = 0
while True:
    store.add([Vote(float(number), "voter", ClipId("a", 0), ClipId("b", 0), "left")])
    print(number, flush=True)
    number += 1
