"""Measure how long 256 hours take on a GPU: ``python -m benchmarks.cuda --model models/lstm-fp16``.

First, the script checks that the GPU scores a file as the CPU does. Then it makes the candidates with each number of
threads, with and without captured graphs. It prints the GPU's name, seconds, notes/s, the share of the
loop's time inside ONNX Runtime's Run, and the number of copies of candidates' states.
"""

import argparse
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import longplay
from benchmarks.steadiness import EXAMPLE

TOLERANCE = 0.01  # of the nats per note


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", required=True, help="exported with --precision fp16 or fp32")
    parser.add_argument("--seed", type=Path, default=EXAMPLE)
    parser.add_argument("--candidates", type=int, default=256)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2, 4, 8])
    parser.add_argument("--device", default="cuda")
    args = parser.parse_args(argv)

    expected = longplay.Engine(args.model, "cpu").score(args.seed).total
    print(f"device           {args.device}: {gpu_names()}")
    print(f"model            {args.model}")
    print(f"work             {args.candidates} x {args.seconds} s")
    print("threads  graphs  seconds      notes  notes/s  in Run  state copies a candidate")
    for threads in args.threads:
        for cuda_graph in [False] if args.device == "cpu" else [False, True]:
            engine = longplay.Engine(args.model, args.device, threads, cuda_graph=cuda_graph)
            found = engine.score(args.seed).total
            assert abs(found - expected) < TOLERANCE * expected, f"{found} nats per note, not {expected}"
            print(f"{threads:7}  {'yes' if cuda_graph else 'no':6}  {measure(engine, args)}", flush=True)


def measure(engine: longplay.Engine, args: argparse.Namespace) -> str:
    seeds = [args.seed] * args.candidates
    list(engine.generate_batch(seeds, 10))  # opens the sessions
    before = engine.statistics()
    start = time.perf_counter()
    notes = sum(len(piece.events) for piece in engine.generate_batch(seeds, args.seconds, random_seed=1))
    seconds = time.perf_counter() - start
    spent = engine.statistics() - before
    in_run = spent.run_seconds / spent.loop_seconds
    copies = spent.row_copies / args.candidates
    return f"{seconds:7.1f}  {notes:9}  {notes / seconds:7.0f}  {100 * in_run:4.1f} %  {copies:.1f}"


def gpu_names() -> str:
    """Return the names of the GPUs that NVIDIA's driver reports."""
    if shutil.which("nvidia-smi") is None:
        return "no NVIDIA driver"
    asked = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    return ", ".join(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.splitlines())


if __name__ == "__main__":
    main()
