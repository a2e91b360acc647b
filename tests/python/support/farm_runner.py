"""A farm in a process of its own, to be killed: `python farm_runner.py MODEL FOLDER SEED COUNT SECONDS TELL_SECONDS`.

Prints a line whenever there is news.
"""

import sys

import longplay
from longplay.farm import Farm, making


def main(model: str, folder: str, seed: str, count: str, seconds: str, tell_seconds: str) -> None:
    making.TELL_SECONDS = float(tell_seconds)
    engine = longplay.Engine(model, num_threads=2)
    with Farm(engine, folder, [seed], int(count), float(seconds), temperature=3.0, top_p=1.0) as farm:
        farm.run(lambda now: print(now.pieces, round(now.seconds * 1000), flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
