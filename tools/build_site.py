"""Build the documentation site: `python tools/build_site.py`, with the extra [docs]; warnings are errors.

The site has the repository's Markdown files, with the links between them, and a reference of Python and of the command
line, which is generated. It is written to ``build/site``.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

import longplay
from longplay.cli import app

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "build" / "site-source"  # as mkdocs.yml says
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def main() -> None:
    """Write the pages, and build the site."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    pages = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for page in pages.split():
        for path in (Path(page), *_linked(Path(page))):
            _copy(path)
    reference = SOURCE / "reference"
    reference.mkdir()
    (reference / "python.md").write_text(python_page(), encoding="utf-8")
    (reference / "commands.md").write_text(command_page(app), encoding="utf-8")
    sys.exit(subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", "--clean"], cwd=ROOT).returncode)


def _linked(page: Path) -> Iterator[Path]:
    """Yield the files that a page links to, other than pages, relative to the root."""
    for target in _LINK.findall((ROOT / page).read_text(encoding="utf-8")):
        path = ROOT / page.parent / target
        if path.is_file() and path.suffix != ".md":
            yield path.resolve().relative_to(ROOT)


def _copy(path: Path) -> None:
    (SOURCE / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / path, SOURCE / path)


def python_page() -> str:
    """Return the page of all public names, as directives of mkdocstrings."""
    names = [name for name in longplay.__all__ if not name.startswith("__")]
    names.sort(key=_is_error)  # last
    return "# Python\n\n" + "".join(f"::: longplay.{name}\n\n" for name in names)


def _is_error(name: str) -> bool:
    value = getattr(longplay, name)
    return isinstance(value, type) and issubclass(value, Exception)


def command_page(program: typer.Typer) -> str:
    """Return the page of all commands with their arguments and options."""
    lines = ["# Commands", ""]
    for name, command in _commands("longplay", typer.main.get_command(program)):
        lines += [f"## {name}", "", *_paragraphs(command.help or ""), "| | | default |", "|---|---|---|"]
        for parameter in command.params:
            given = ", ".join(f"`{flag}`" for flag in (*parameter.opts, *parameter.secondary_opts))
            text = (getattr(parameter, "help", None) or "").replace("|", "\\|").replace("\n", " ")
            default = parameter.default
            shown = "" if default is None or callable(default) or parameter.required else f"`{default}`"
            lines.append(f"| {given} | {text} | {shown} |")
        lines.append("")
    return "\n".join(lines)


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.replace("\b", "").splitlines()] + [""]


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Yield the commands below a command by their whole names."""
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for word, child in sorted(below.items()):
        if not child.hidden:
            yield from _commands(f"{name} {word}", child)


if __name__ == "__main__":
    main()
