"""Check that a killed farm ends with the same files: `python -m benchmarks.farm [--count 64] [--seconds 3600]`.

The script runs `longplay batch` undisturbed. Then it runs the same command in another folder, kills it (SIGKILL) at
random moments, repeats it each time, and compares all files. It also times `Engine.generate_batch` alone: the
difference is the cost of the manifest, the snapshots and the ranking. It prints the settings, the times, and the state
of the farm at each kill.
"""

import argparse
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import longplay
from benchmarks.steadiness import EXAMPLE


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=Path, default=EXAMPLE)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--random-seed", type=int, default=0, help="random seed of the times of the kills")
    parser.add_argument("--model", default="piano-lstm")
    args = parser.parse_args(argv)

    engine = longplay.Engine(args.model, num_threads=args.threads)
    print(f"model            {engine.model_name}, {engine.device}, {args.threads} threads")
    print(f"work             {args.count} x {args.seconds} s")
    list(engine.generate_batch([args.seed] * args.count, 10))  # opens the sessions
    start = clock()
    notes = sum(len(piece.events) for piece in engine.generate_batch([args.seed] * args.count, args.seconds))
    alone = clock() - start
    print(f"generate_batch   {alone}, {notes / alone.seconds:,.0f} notes/s")

    command = [sys.executable, "-m", "longplay", "batch", str(args.seed), "--count", str(args.count)]
    command += ["--seconds", str(args.seconds), "--threads", str(args.threads), "--model", args.model, "--out"]
    with tempfile.TemporaryDirectory() as folder:
        undisturbed, killed = Path(folder, "undisturbed"), Path(folder, "killed")
        start = clock()
        subprocess.run([*command, str(undisturbed)], check=True, stdout=subprocess.DEVNULL)
        whole = clock() - start
        print(f"farm             {whole}, {100 * (whole.cpu / alone.cpu - 1):+.1f} % of CPU")

        start, moments = clock(), random.Random(args.random_seed)
        for _ in range(args.kills):
            run_and_kill([*command, str(killed)], killed, moments.uniform(0.02, 0.25) * whole.seconds)
        subprocess.run([*command, str(killed)], check=True, stdout=subprocess.DEVNULL)
        spent = clock() - start
        print(f"killed farm      {spent}, {100 * (spent.cpu / whole.cpu - 1):+.1f} % of CPU")

        expected, found = midi_files(undisturbed), midi_files(killed)
        assert len(expected) == args.count
        same = sum(found.get(name) == data for name, data in expected.items())
        print(f"files            {same} of {len(expected)} the same, {len(found.keys() - expected.keys())} others")


class Times(NamedTuple):
    """Return the seconds on the clock, and of CPU time in this process and in children that ended."""

    seconds: float
    cpu: float

    def __sub__(self, other: "Times") -> "Times":
        return Times(self.seconds - other.seconds, self.cpu - other.cpu)

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.cpu:.1f} s of CPU"


def clock() -> Times:
    now = os.times()
    return Times(now.elapsed, now.user + now.system + now.children_user + now.children_system)


def run_and_kill(command: Sequence[str], folder: Path, seconds: float) -> None:
    """Run the command, and kill it after a time."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        print(f"killed after     {seconds:.1f} s: {describe_progress(folder)}")
    else:
        print("it was done before the kill")


def describe_progress(folder: Path) -> str:
    """Describe what a killed farm has on disk."""
    if not (folder / "manifest.sqlite").exists():
        return "nothing yet"
    with closing(sqlite3.connect(folder / "manifest.sqlite")) as database:
        ((pieces,),) = database.execute("SELECT count(*) FROM pieces").fetchall()
        ((under_way, music),) = database.execute("SELECT count(*), sum(made_ms) FROM snapshots").fetchall()
    megabytes = sum(path.stat().st_size for path in folder.glob("manifest.sqlite*")) / 2**20
    hours = (music or 0) / 3_600_000
    return f"{pieces} pieces, {under_way} candidates under way with {hours:.1f} h of music, manifest {megabytes:.0f} MB"


def midi_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.mid")}


if __name__ == "__main__":
    main()
