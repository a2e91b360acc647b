"""Folders are layers: an include or an import goes to the same folder or to a lower one (docs/architecture.md)."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

# From the lowest to the highest. A new folder finds its place here first.
CPP = ["base", "midi", "score", "originality", "model", "events", "form", "generator", "engine"]


def test_cpp_folders_are_known():
    assert {path.name for path in (ROOT / "cpp/src").iterdir()} == set(CPP)


def test_cpp_includes_never_go_up():
    upward = []
    for path in (ROOT / "cpp/src").rglob("*.[ch]pp"):
        layer = CPP.index(path.relative_to(ROOT / "cpp/src").parts[0])
        for folder in re.findall(r'#include "(\w+)/', path.read_text(encoding="utf-8")):
            if CPP.index(folder) > layer:
                upward.append((path.name, folder))
    assert not upward


def test_files_and_functions_are_short():
    files = [*(ROOT / "cpp").rglob("*.[ch]pp"), *(ROOT / "tests").rglob("*.[ch]pp")]
    files += [path for top in ("python", "training", "benchmarks", "tests") for path in (ROOT / top).rglob("*.py")]
    too_long = {path.name for path in files if len(path.read_text(encoding="utf-8").splitlines()) > 400}
    for path in files:
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.body[0].lineno >= 60:
                    too_long.add(f"{path.name}:{node.name}")
    assert not too_long
