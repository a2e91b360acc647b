"""What training/DATA.md says of the data, against the data beside the checkout."""

import hashlib
import re
from pathlib import Path

import pytest

from training.dataset.card import checksum
from training.dataset.files import list_files

ROOT = Path(__file__).parents[2]
ARCHIVE = ROOT.parent / "shared" / "data" / "piano.tar.zst"
TEXT = (ROOT / "training" / "DATA.md").read_text(encoding="utf-8")
CHECKSUMS = dict(re.findall(r"^\| (\w+) \| ([0-9a-f]{64}) \|$", TEXT, re.MULTILINE))
FILES = dict(re.findall(r"^\| (\w+) \|.*\| ([\d,]+) \| [\d.]+ \| [\d,]+ \|$", TEXT, re.MULTILINE))


def test_the_checksum_is_that_of_the_shell_command() -> None:
    digests = [hashlib.sha256(data).hexdigest() for data in (b"one", b"two", b"three")]
    lines = "".join(sorted(f"{digest}\n" for digest in digests))
    assert checksum(digests) == hashlib.sha256(lines.encode()).hexdigest()
    assert checksum(digests) == checksum(reversed(digests))


@pytest.mark.skipif(not ARCHIVE.exists(), reason=f"no {ARCHIVE}")
def test_files_and_checksums_are_those_of_the_archive() -> None:
    pytest.importorskip("zstandard", reason="archives need zstandard")
    digests: dict[str, list[str]] = {}
    for entry in list_files(ARCHIVE).entries:
        assert isinstance(entry.file, bytes)
        digests.setdefault(entry.source, []).append(hashlib.sha256(entry.file).hexdigest())
    assert {source: checksum(values) for source, values in digests.items()} == CHECKSUMS
    assert {source: f"{len(values):,}" for source, values in digests.items()} == FILES
