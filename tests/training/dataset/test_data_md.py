"""Check the tables of training/DATA.md, and of the stand-in for its data, against the files."""

import hashlib
import re
from pathlib import Path

import pytest
from more_data import DATA, more_data

from training.dataset.card import checksum
from training.dataset.files import list_files

DATA_MD = Path(__file__).parents[3] / "training" / "DATA.md"
DATA_SETS = [(DATA / "cadences", DATA / "cadences" / "README.md"), *((a, DATA_MD) for a in more_data("piano.tar.zst"))]


def stated(document: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the number of files and the checksum that a document states for each source."""
    text = document.read_text(encoding="utf-8")
    files = re.findall(r"^\| (\w+) \|.*\| ([\d,]+) \| [\d.]+ \| [\d,]+ \|$", text, re.MULTILINE)
    checksums = re.findall(r"^([0-9a-f]{64})  (\w+)$", text, re.MULTILINE)
    return dict(files), {source: digest for digest, source in checksums}


def test_the_checksum_is_that_of_the_shell_command() -> None:
    digests = [hashlib.sha256(data).hexdigest() for data in (b"one", b"two", b"three")]
    lines = "".join(sorted(f"{digest}\n" for digest in digests))
    assert checksum(digests) == hashlib.sha256(lines.encode()).hexdigest()
    assert checksum(digests) == checksum(reversed(digests))


@pytest.mark.parametrize(("data", "document"), DATA_SETS, ids=lambda path: path.name)
def test_files_and_checksums_are_those_that_the_document_states(data: Path, document: Path) -> None:
    digests: dict[str, list[str]] = {}
    for entry in list_files(data).entries:
        content = entry.file if isinstance(entry.file, bytes) else Path(entry.file).read_bytes()
        digests.setdefault(entry.source, []).append(hashlib.sha256(content).hexdigest())
    files, checksums = stated(document)
    assert {source: checksum(values) for source, values in digests.items()} == checksums
    assert {source: f"{len(values):,}" for source, values in digests.items()} == files


def test_every_source_of_the_training_data_has_a_checksum() -> None:
    files, checksums = stated(DATA_MD)
    assert len(files) == 8
    assert files.keys() == checksums.keys()
