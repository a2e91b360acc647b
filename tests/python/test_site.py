"""The documentation site leads to every document, public name and command."""

import importlib.util
from pathlib import Path

import pytest
import typer

import longplay
from longplay.cli import app

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site():
    spec = importlib.util.spec_from_file_location("build_site", ROOT / "tools" / "build_site.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_document_has_a_place_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text()
    documents = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert documents
    assert not [name for name in documents if f"- docs/{name}\n" not in navigation]


def test_the_reference_of_python_has_all_public_names_and_errors_last(site):
    named = [line[13:] for line in site.python_page().splitlines() if line.startswith("::: longplay.")]
    assert sorted(named) == sorted(name for name in longplay.__all__ if name != "__version__")
    errors = [name for name in named if name.endswith("Error") or name == "Cancelled"]
    assert named[-len(errors) :] == errors


def test_the_reference_of_commands_has_all_commands_with_their_options(site):
    page = site.command_page(app)
    commands = typer.main.get_command(app).commands
    assert not [name for name in commands if f"\n## longplay {name}" not in page]
    generate = page.split("## longplay generate\n")[1].split("\n## ")[0]
    options = [option for parameter in commands["generate"].params for option in parameter.opts]
    assert "--out" in options
    assert not [option for option in options if f"`{option}`" not in generate]
    assert "| `--seconds`" in generate
    assert "`3600.0` |" in generate
