"""The floors of docs/architecture.md: an include or an import goes down only."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Where each C++ file lives. A new file finds its place here first. On floor 2 there are two rooms.
MIDI = {"keyboards", "midi_clock", "score", "score_read", "score_write", "sequencer"}
KERNELS = {"kernels", "kernels_avx2", "kernels_avx512", "kernels_for", "panels"}
MODEL = {
    "batch_tensor",
    "copy_graph",
    "model",
    "model_config",
    "model_state",
    "onnx_check",
    "operator",
    "operators",
    "ort_api",
    "ort_api_check",
    "ort_capture",
    "ort_library",
    "ort_memory",
    "ort_session",
    "runtime",
}
ORIGINALITY = {
    "dtw",
    "lane_dtw",
    "originality_quotes",
    "originality_windows",
    "phrases",
    "quotes",
    "series",
    "window_order",
    "window_search",
}
FLOORS = (
    dict.fromkeys(["archive", "error", "random", *KERNELS], 0)
    | dict.fromkeys(["midi_file", "midi_read", "midi_write"], 1)
    | dict.fromkeys([*MIDI, *MODEL], 2)
    | dict.fromkeys(ORIGINALITY, 3)
    | dict.fromkeys(["sampling", "tokenizer"], 4)
    | dict.fromkeys(["cadence", "generator", "loop_guard", "position"], 5)
    | dict.fromkeys(["quote_guard", "slot", "steering", "timeline"], 5)
    | dict.fromkeys(["assemble", "beginning", "course", "engine", "generator_pool", "job", "live"], 6)
)

SOURCES = sorted([*ROOT.glob("cpp/include/longplay/*.hpp"), *ROOT.glob("cpp/src/**/*.[ch]pp")])


def own_includes(path: Path) -> list[str]:
    names = re.findall(r'#include "(?:\w+/)?(\w+)\.hpp"', path.read_text())
    return [name for name in names if name != path.stem]


def test_every_file_of_the_core_has_its_floor():
    assert {path.stem for path in SOURCES} == set(FLOORS)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_an_include_goes_down_or_stays(path):
    above = [name for name in own_includes(path) if FLOORS[name] > FLOORS[path.stem]]
    assert above == []


def test_midi_and_models_do_not_know_each_other():
    for path in SOURCES:
        if path.stem in MIDI:
            assert MODEL.isdisjoint(own_includes(path)), path
        if path.stem in MODEL:
            assert MIDI.isdisjoint(own_includes(path)), path


def test_what_is_compiled_for_a_processor_shares_no_inline_functions():
    """The linker may take either copy of one, and the other processors would not know its instructions."""
    compiled = [path for path in SOURCES if re.fullmatch(r"kernels_(avx\w+|for)", path.stem)]
    included = {name for path in compiled for name in re.findall(r"#include (\S+)", path.read_text())}
    assert included == {"<immintrin.h>", '"operators/kernels_for.hpp"', '"operators/kernels.hpp"'}
    included = re.findall(r"#include (\S+)", (ROOT / "cpp/src/operators/kernels.hpp").read_text())
    assert included == ["<cstddef>", "<cstdint>"]


def test_pybind11_is_known_to_the_bindings_alone():
    knowing = [path for path in ROOT.glob("cpp/**/*.[ch]pp") if "pybind11/" in path.read_text()]
    assert {path.parent.name for path in knowing} == {"bindings"}


# Libraries of an extra, each known to the file or folder that says how to install it.
_EXTRAS = {
    "arena": {"starlette", "uvicorn"},
    "bench": {
        *("matplotlib", "mido", "miditok", "onnxruntime", "onnxruntime_genai", "pretty_midi", "symusic"),
        *("tokenizers", "torch", "transformers"),
    },
    "farm": {"ray"},
    "data_set.py": {"zstandard"},
    "originality": {"matplotlib"},
    "plots.py": {"PIL", "matplotlib"},
    "render.py": {"fluidsynth", "soundfile"},
}


def imports(path: Path) -> set[str]:
    roots = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            roots.add(node.module.split(".")[0])
    return roots


def test_the_package_imports_numpy_and_the_command_lines_libraries_alone():
    allowed = set(sys.stdlib_module_names) | {"longplay", "numpy", "rich", "typer"}
    files = ROOT.glob("python/longplay/**/*.py")
    package = ROOT / "python/longplay"
    foreign = {path: imports(path) - allowed - _EXTRAS.get(path.relative_to(package).parts[0], set()) for path in files}
    assert ROOT / "python/longplay/engine.py" in foreign
    assert {path: roots for path, roots in foreign.items() if roots} == {}


def test_no_file_has_grown_past_400_lines():
    files = [
        path
        for folder in ("cpp", "python", "training", "tests", "tools", "benchmarks")
        for path in ROOT.glob(f"{folder}/**/*.[cph]*")
    ]
    lengths = {path: len(path.read_text().splitlines()) for path in files if path.suffix in {".py", ".cpp", ".hpp"}}
    assert {Path(__file__), *SOURCES} <= lengths.keys()
    assert {path: length for path, length in lengths.items() if length > 400} == {}
