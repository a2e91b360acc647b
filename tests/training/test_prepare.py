"""What `training.prepare` writes."""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

import longplay
from training import prepare


def test_each_piece_holds_the_notes_of_its_file_from_zero(data_set: Path, prepared: Path) -> None:
    stored = np.load(prepared / "notes.npy")
    pieces = json.loads((prepared / "pieces.json").read_text())
    assert len(pieces) == 15
    for piece in pieces:
        notes = longplay.read_midi(data_set / "permissive" / piece["path"])
        part = stored[piece["begin"] : piece["begin"] + piece["count"]]
        assert part["onset_ms"].tolist() == (notes["onset_ms"] - notes["onset_ms"][0]).tolist()
        for name in ("duration_ms", "pitch", "velocity"):
            assert part[name].tolist() == notes[name].tolist()


def test_an_archive_gives_the_same_as_its_folder(data_set: Path, prepared: Path, tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard", reason="archives need zstandard")
    archive = tmp_path / "data.tar.zst"
    tar = tmp_path / "data.tar"
    with tarfile.open(tar, mode="w") as packed:
        packed.add(data_set / "permissive", "permissive")
    archive.write_bytes(zstandard.ZstdCompressor().compress(tar.read_bytes()))
    prepare.main(["--data", str(archive), "--out", str(tmp_path / "out")])
    for name in ("notes.npy", "pieces.json"):
        assert (tmp_path / "out" / name).read_bytes() == (prepared / name).read_bytes()


def test_a_tier_that_is_not_asked_for_is_left_out(data_set: Path, tmp_path: Path) -> None:
    prepare.main(["--data", str(data_set), "--out", str(tmp_path / "out"), "--tiers", "A"])
    pieces = json.loads((tmp_path / "out" / "pieces.json").read_text())
    assert {piece["source"] for piece in pieces} == {"piano_midi_de", "mutopia"}


def test_prepared_data_is_not_written_over(data_set: Path, prepared: Path) -> None:
    with pytest.raises(SystemExit, match="already holds prepared data"):
        prepare.main(["--data", str(data_set), "--out", str(prepared)])


def test_a_file_that_is_not_midi_is_skipped() -> None:
    assert prepare.read_file(b"not a MIDI file") is None
