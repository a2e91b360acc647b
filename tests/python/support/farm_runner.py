"""A farm in a process of its own, to be killed: `python farm_runner.py MODEL FOLDER SEED COUNT SECONDS REPORT_SECONDS`.

Prints a line after each update.
"""

import sys

import longplay
from longplay.farm import Farm, worker


def main(model: str, folder: str, seed: str, count: str, seconds: str, report_seconds: str) -> None:
    worker.REPORT_SECONDS = float(report_seconds)
    engine = longplay.Engine(model, num_threads=2)
    with Farm(engine, folder, [seed], int(count), float(seconds), temperature=3.0, top_p=1.0) as farm:
        farm.run(lambda now: print(now.pieces, round(now.seconds * 1000), flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
