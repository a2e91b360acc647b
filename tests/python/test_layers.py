"""Folders are layers: an include or an import goes to the same folder or to a lower one (docs/architecture.md)."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

# From the lowest to the highest. A new folder finds its place here first.
CPP = ["base", "midi", "score", "originality", "model", "events", "form", "generator", "engine"]


# Within model, from the lowest to the highest: the folder itself stands on top.
MODEL = ["ort", "operators", "."]

MOST_ARROWS = 15  # direct includes from one folder to another, each counted once


def _includes():
    """Each C++ source with the files of the core that it includes, as paths below cpp/src."""
    root = ROOT / "cpp/src"
    for path in root.rglob("*.[ch]pp"):
        for target in re.findall(r'#include "([\w/]+\.hpp)"', path.read_text(encoding="utf-8")):
            yield path.relative_to(root), Path(target)


def test_cpp_folders_are_known():
    assert {path.name for path in (ROOT / "cpp/src").iterdir()} == set(CPP)
    assert {path.name for path in (ROOT / "cpp/src/model").iterdir() if path.is_dir()} == set(MODEL[:-1])


def test_cpp_includes_name_the_whole_path():
    assert not [pair for pair in _includes() if not (ROOT / "cpp/src" / pair[1]).is_file()]


def test_cpp_includes_never_go_up():
    assert not [pair for pair in _includes() if CPP.index(pair[1].parts[0]) > CPP.index(pair[0].parts[0])]


def test_cpp_includes_never_go_up_within_model():
    def layer(path):
        return MODEL.index(path.parts[1] if len(path.parts) > 2 else ".")

    inside = [pair for pair in _includes() if pair[0].parts[0] == pair[1].parts[0] == "model"]
    assert inside and not [pair for pair in inside if layer(pair[1]) > layer(pair[0])]


def test_cpp_folders_have_few_arrows():
    arrows = {(source.parts[0], target.parts[0]) for source, target in _includes()}
    arrows = {(source, target) for source, target in arrows if source != target}
    assert len(arrows) <= MOST_ARROWS, sorted(arrows)


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
