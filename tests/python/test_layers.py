"""Folders are layers: an include or an import goes to the same folder or to a lower one (docs/architecture.md)."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "python/longplay"

# From the lowest to the highest. A new folder finds its place here first.
CPP = ["base", "midi", "score", "originality", "model", "events", "form", "generator", "engine"]
PYTHON = [
    *("_base", "originality", "pictures", "_model", "_making"),
    *("importing", "pages", "farm", "challenge", "bench", "cli"),
]
DATA = {"models"}  # folders without modules
MAX_FOLDERS = 12
CORE_KERNELS = [("originality_speed.py", "longplay._core")]  # it measures a kernel that has no public name


# Within model, from the lowest to the highest: the folder itself stands on top.
MODEL = ["ort", "operators", "."]

MOST_ARROWS = 15  # direct includes from one folder to another, each counted once
MOST_LINES = 60  # of a function


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
    assert inside
    assert not [pair for pair in inside if layer(pair[1]) > layer(pair[0])]


def test_cpp_folders_have_few_arrows():
    arrows = {(source.parts[0], target.parts[0]) for source, target in _includes()}
    arrows = {(source, target) for source, target in arrows if source != target}
    assert len(arrows) <= MOST_ARROWS, sorted(arrows)


def _functions(lines):
    """Yield the first line and the number of lines of each function that begins in the first column."""
    start = None
    for number, full in enumerate(lines):
        line = full.split("//")[0].rstrip()
        if start is None and re.match(r"(?!(?:namespace|struct|class|enum|union|using)\b)\w", line):
            start, opened = number, False
        if start is None:
            continue
        if line.startswith("}"):
            if line == "}":
                yield lines[start], number - start + 1
            start = None
        elif not opened:
            opened = line.endswith("{")
            if line.endswith((";", "}")):
                start = None


def test_cpp_functions_are_short():
    found = []
    for path in [*(ROOT / "cpp").rglob("*.[ch]pp"), *(ROOT / "tests/cpp").rglob("*.[ch]pp")]:
        lines = path.read_text(encoding="utf-8").splitlines()
        methods = [line[2:] if line.startswith("  ") else "" for line in lines]
        found += [(path.name, *function) for view in (lines, methods) for function in _functions(view)]
    assert len(found) > 500
    assert not [function for function in found if function[-1] > MOST_LINES]


@cache
def modules() -> dict[str, Path]:
    """Return the modules of the package, by name; a package is the module of its ``__init__.py``."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def public_names() -> dict[str, str]:
    """Return the module of each name that ``longplay/__init__.py`` imports at its first use."""
    for node in ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_NAMES":
            return {
                name: f"longplay.{module}" for module, names in ast.literal_eval(node.value).items() for name in names
            }
    raise AssertionError("longplay/__init__.py has no _NAMES")


def imported_names(tree: ast.AST) -> Iterator[str]:
    """Yield the full name of everything that is imported: at the top, in functions, and for type checking."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "longplay":
            yield f"longplay.{node.attr}"


@cache
def imports(module: str) -> frozenset[str]:
    """Return the modules of the package that a module imports, and the packages which Python loads with them."""
    found = set()
    if module == "longplay":  # the facade: its names are followed where they are used
        return frozenset()
    for name in imported_names(ast.parse(modules()[module].read_text(encoding="utf-8"))):
        top, _, rest = name.partition(".")
        name = public_names().get(rest, name) if top == "longplay" else name
        parts = name.split(".")
        found |= {".".join(parts[:end]) for end in range(1, len(parts) + 1)} & set(modules())
    around = {module.rsplit(".", end)[0] for end in range(1, module.count(".") + 1)}  # packages that it is part of
    return frozenset(found - around - {module, "longplay"})


@cache
def layer(module: str) -> int:
    """Return the layer of a module: of its folder; of a module in no folder, the highest that it needs."""
    folder = modules()[module].relative_to(PACKAGE).parts[0]
    if folder in PYTHON:
        return PYTHON.index(folder)
    return max((layer(other) for other in imports(module)), default=-1)


def cycle_of(module: str, path: tuple[str, ...], done: set[str]) -> tuple[str, ...] | None:
    """Return a cycle of imports that begins in `path`, if there is one."""
    if module in path:
        return (*path[path.index(module) :], module)
    if module in done:
        return None
    for other in sorted(imports(module)):
        if cycle := cycle_of(other, (*path, module), done):
            return cycle
    done.add(module)
    return None


def test_python_folders_are_known_and_few():
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == {*PYTHON, *DATA}
    assert len(folders) <= MAX_FOLDERS


def test_private_python_modules_lie_in_folders():
    assert {path.name for path in PACKAGE.glob("_*.py")} == {"__init__.py", "__main__.py"}


def test_python_imports_have_no_cycle():
    done: set[str] = set()
    assert [cycle for module in sorted(modules()) if (cycle := cycle_of(module, (), done))] == []


def test_python_imports_never_go_up():
    """Check imports between folders, directly or through the flat modules, which are the documented API."""
    upward = [
        (module, other)
        for module, path in modules().items()
        if path.parent != PACKAGE
        for other in imports(module)
        if layer(other) > layer(module)
    ]
    assert not upward


@pytest.mark.parametrize("folder", ["training", "benchmarks"])
def test_training_and_benchmarks_use_public_names(folder):
    private = [
        (path.name, name)
        for path in (ROOT / folder).rglob("*.py")
        for name in imported_names(ast.parse(path.read_text(encoding="utf-8")))
        if re.match(r"longplay\.(\w+\.)*_[a-z]", name)
    ]
    assert [one for one in private if one not in CORE_KERNELS] == []


def _python_functions(path):
    """Yield the name and the number of lines of each function of a file, its docstring included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.name}:{node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_files_and_functions_are_short():
    files = [*(ROOT / "cpp").rglob("*.[ch]pp"), *(ROOT / "tests").rglob("*.[ch]pp")]
    files += [
        path for top in ("python", "training", "benchmarks", "tools", "tests") for path in (ROOT / top).rglob("*.py")
    ]
    too_long = {path.name for path in files if len(path.read_text(encoding="utf-8").splitlines()) > 400}
    functions = [function for path in files if path.suffix == ".py" for function in _python_functions(path)]
    assert not too_long | {name for name, lines in functions if lines > MOST_LINES}
