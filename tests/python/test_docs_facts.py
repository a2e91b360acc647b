"""The documents state what the code does: names, options, formats, tables."""

import dataclasses
import importlib
import json
import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest
import typer.main

import longplay
from longplay import form, settings
from longplay._model import folder
from longplay.challenge.findings import Severity
from longplay.cli import app
from longplay.farm import COLUMNS, Farm
from longplay.originality import index_file
from longplay.originality.index import IndexSettings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = [*sorted(DOCS.glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
CLASSES = {
    "Farm": Farm,
    **{name: getattr(longplay, name) for name in longplay.__all__ if isinstance(getattr(longplay, name), type)},
}

each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def table(text: str, header: str) -> list[list[str]]:
    """Return the cells of the rows below a table's header, which begins with these cells."""
    lines = text[text.index(f"| {header} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


def has(owner: object, name: str) -> bool:
    names = [field.name for field in dataclasses.fields(owner)] if dataclasses.is_dataclass(owner) else []
    return hasattr(owner, name) or name in names


def command_lines(text: str) -> list[list[str]]:
    """Return the words of every call of a command, up to a pipe, a comment or the end of a span of code."""
    calls = re.findall(r"(?:^|[`/ ])longplay ([a-z][a-z-]*(?: [^`\n#|]*)?)", text, flags=re.MULTILINE)
    return [call.split() for call in calls if call.split()[0] in COMMANDS]


COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def options_of(command: str, words: list[str]) -> set[str]:
    """Return the options of a command, or of the command of a group that the first word names."""
    found = COMMANDS[command]
    found = found.commands[words[0]] if hasattr(found, "commands") else found
    return {name for option in found.params for name in (*option.opts, *option.secondary_opts)}


def test_the_commands_are_those_of_the_program():
    listed = [row[0].split()[1] for row in table(read("cli.md"), "command")]
    assert sorted(listed) == sorted(COMMANDS)


@each_document
def test_options_of_commands_exist(path):
    for command, *words in command_lines(path.read_text(encoding="utf-8")):
        known = options_of(command, words)
        assert not {word.split("=")[0] for word in words if word.startswith("--")} - known, command


def test_the_table_of_settings_is_that_of_the_code():
    defaults = {"the model's": None, "none": None, "on": True, "off": False, "`seed`": "seed"}
    listed = {name: defaults.get(default, default) for name, default, *_ in table(read("cli.md"), "setting")}
    fields = {field.name: field.default for field in dataclasses.fields(longplay.Settings)}
    assert list(listed) == list(fields)
    numbers = {name: float(value) if str(value).isdecimal() else value for name, value in listed.items()}
    assert numbers == fields


def test_the_ranges_of_settings_are_those_of_the_code():
    for name, _, written, _ in table(read("cli.md"), "setting"):
        declared = settings.DECLARATIONS[name]
        assert bool(written) == bool(declared.range)
        if written:
            edges = written.removeprefix("above ").replace(",", "").replace("^", "**").split(" to ")
            assert [eval(edge) for edge in edges] == [declared.low, declared.high], name
            assert written.startswith("above ") == declared.open_low


@pytest.mark.parametrize("command", ["generate", "batch"])
def test_every_setting_is_an_option(command):
    options = {option for parameter in COMMANDS[command].params for option in parameter.opts}
    assert not {f"--{field.name.replace('_', '-')}" for field in dataclasses.fields(longplay.Settings)} - options


@each_document
def test_names_of_the_api_exist(path):
    text = path.read_text(encoding="utf-8")
    for owner, name in re.findall(rf"\b({'|'.join(CLASSES)})\.([a-z_]+)", text):
        assert has(CLASSES[owner], name), f"{owner}.{name}"
    for name in re.findall(r"`longplay\.([A-Za-z_]+)(?:[.(][^`]*)?`", text):
        assert has(longplay, name) or importlib.import_module(f"longplay.{name}")


@each_document
def test_files_and_modules_exist(path):
    text = path.read_text(encoding="utf-8")
    for file in re.findall(r"`((?:cpp|python|tests|training|benchmarks|examples)/[\w./-]+)`", text):
        assert (ROOT / file).exists(), file
    for module in re.findall(r"python -m ((?:training|benchmarks|tools)[\w.]*)", text):
        file = ROOT / module.replace(".", "/")
        assert file.is_dir() or file.with_suffix(".py").exists(), module


def test_the_list_of_tests_is_complete():
    text = (ROOT / "tests/README.md").read_text(encoding="utf-8").replace("test_cli*.py", "")
    tests = {path.name for path in (ROOT / "tests/python").rglob("test_*.py") if path.parent.name != "cli"}
    data = {f"data/{path.name}" for path in (ROOT / "tests/data").iterdir() if path.is_dir()}
    assert not {name for name in tests | data if f"`{name}`" not in text}


def test_the_map_shows_every_folder():
    text = read("architecture.md").split("```")[1]
    for top in ("python/longplay", "cpp/src"):
        block = text[text.index(f"\n{top}/") :].split("\n\n")[0]
        shown = re.findall(r"^  (\w+)/", block, flags=re.MULTILINE)
        folders = {path.name for path in (ROOT / top).iterdir() if path.is_dir() and path.name != "__pycache__"}
        assert sorted(shown) == sorted(folders)


def test_a_model_may_have_the_keys_that_the_contract_lists():
    text = read("model-contract.md")
    listed = [key.strip("` ") for row in table(text, "key") for key in row[0].split(",")]
    listed.remove("vocabulary")  # of models of tokens
    config = json.loads((ROOT / "python/longplay/models/piano-lstm/config.json").read_text(encoding="utf-8"))
    of_format_2 = {"format": 2, "seed_events": 256, "critic": {"events": 512, "phrase_ms": 15_000}}
    assert sorted(listed) == sorted(config | of_format_2)
    folder.core_config(config)
    folder.core_config(config | of_format_2)


def test_the_tables_of_the_built_in_models_have_these_sizes():
    for column, model in ((2, "piano-lstm"), (4, "piano")):
        sizes = {row[0]: int(row[column]) for row in table(read("tokenizer.md"), "field")}
        config = json.loads((ROOT / f"python/longplay/models/{model}/config.json").read_text(encoding="utf-8"))
        assert sizes == {field["name"]: field["size"] for field in config["fields"]}


@pytest.mark.parametrize(
    "promise",
    [
        f"every clip of {form.CLIP_SECONDS} s begins with music | an onset within {form.CLIP_GRACE_MS} ms of each",
        f"no holes | at most {form.MAX_GAP_MS // 1000} s between onsets",
        f"would complete a run of {form.SHORTEST_LOOP} to {form.LONGEST_LOOP} pitches",
        f"In the key of the last {form.KEY_MS // 1000} s",
    ],
)
def test_the_promises_have_the_numbers_of_the_form(promise):
    assert promise in " ".join(read("pieces.md").split())


def test_the_format_of_an_index_is_that_of_the_code():
    text = read("originality.md")
    assert f"## Index file, version {index_file.VERSION}\n" in text
    assert f"version: {index_file.VERSION} |" in text
    arrays = text[text.index("The arrays follow") :]
    named = [name for names in re.findall(r"^- (.*?):", arrays, flags=re.MULTILINE) for name in names.split(", ")]
    assert [name.strip("`") for name in named] == list(index_file.ARRAYS)
    options = {name: default for name, default, _ in table(text, "option")}
    assert options == {name: str(value) for name, value in dataclasses.asdict(IndexSettings()).items()}


def test_the_small_installation_names_all_dependencies():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[><=;]", dependency)[0] for dependency in project["dependencies"]}
    commands = read("platforms.md").split("<!-- small installation -->")[1].split("```")[1]
    named = {word for line in commands.splitlines()[1:] for word in line.split()[2:]} - {"--no-deps", "."}
    assert named == needed - {"onnxruntime-gpu"}


def test_the_format_of_a_snapshot_is_that_of_the_code():
    snapshot = longplay.Engine(num_threads=1).generate(seconds=1, extendable=True).snapshot()
    text = read("streaming.md")
    assert f"16 bytes: `{snapshot[:16].decode()}`" in text
    assert f"### Format {chr(snapshot[15])}\n" in text


def test_the_levels_of_findings_and_the_columns_of_a_farm_are_those_of_the_code():
    levels = re.findall(r"^- \*(\w+)\*: ", read("challenge.md"), flags=re.MULTILINE)
    assert levels == list(get_args(Severity))
    assert [row[0] for row in table(read("farm.md"), "column")] == list(COLUMNS)
