"""Check the output of `training.prepare`."""

import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from made_up_music import made_up_notes

import longplay
from training import prepare
from training.corpus import Augmentation, Corpus
from training.dataset import maestro
from training.dataset.card import Piece
from training.dataset.files import Entry
from training.dataset.reading import read_file
from training.streams import MIXES, Stream


def pieces_of(out: Path) -> list[dict]:
    return json.loads((out / "pieces.json").read_text())


def card_of(out: Path) -> dict:
    return json.loads((out / "card.json").read_text())


def run(data: Path, out: Path, *more: str) -> list[dict]:
    prepare.main(["--data", str(data), "--out", str(out), "--workers", "1", *more])
    return pieces_of(out)


def write_notes(path: Path, notes: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(longplay.write_midi(notes, int(notes["onset_ms"].max()) / 1000 + 2))


@pytest.fixture
def own_folder(tmp_path: Path) -> Path:
    """Make 30 pieces, two of them twice: one unchanged, one a third higher and slower."""
    random = np.random.default_rng(1)
    folder = tmp_path / "my_music"
    for i in range(30):
        notes = made_up_notes(random, 60)
        write_notes(folder / f"{i:02}.mid", notes)
        if i == 3:
            write_notes(folder / "copy.mid", notes)
        if i == 4:
            notes["pitch"] += 4
            notes["onset_ms"] = notes["onset_ms"] * 11 // 10
            write_notes(folder / "higher.MIDI", notes)
    return folder


def test_each_piece_holds_the_notes_of_its_file_from_zero(data_set: Path, prepared: Path) -> None:
    stored = np.load(prepared / "notes.npy")
    pieces = pieces_of(prepared)
    assert len(pieces) == 15
    for piece in pieces:
        notes = longplay.read_midi(data_set / "permissive" / piece["path"])
        part = stored[piece["begin"] : piece["begin"] + piece["count"]]
        assert part["onset_ms"].tolist() == (notes["onset_ms"] - notes["onset_ms"][0]).tolist()
        for name in ("duration_ms", "pitch", "velocity"):
            assert part[name].tolist() == notes[name].tolist()


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tar.zst"])
def test_an_archive_gives_the_same_as_its_folder(data_set: Path, prepared: Path, tmp_path: Path, suffix: str) -> None:
    tar = tmp_path / "data.tar"
    with tarfile.open(tar, mode="w:gz" if suffix == "tar.gz" else "w") as packed:
        packed.add(data_set / "permissive", "./permissive")
    archive = tmp_path / f"data.{suffix}"
    if suffix == "tar.zst":
        zstandard = pytest.importorskip("zstandard", reason="archives need zstandard")
        archive.write_bytes(zstandard.ZstdCompressor().compress(tar.read_bytes()))
    else:
        tar.rename(archive)
    run(archive, tmp_path / "out")
    for name in ("notes.npy", "pieces.json", "card.json", "card.md"):
        assert (tmp_path / "out" / name).read_bytes() == (prepared / name).read_bytes()


def test_two_processes_write_what_one_does(data_set: Path, prepared: Path, tmp_path: Path) -> None:
    run(data_set, tmp_path / "out", "--workers", "2")
    assert (tmp_path / "out" / "notes.npy").read_bytes() == (prepared / "notes.npy").read_bytes()


def test_a_tier_that_is_not_asked_for_is_left_out(data_set: Path, tmp_path: Path) -> None:
    pieces = run(data_set, tmp_path / "out", "--tiers", "A")
    assert {piece["source"] for piece in pieces} == {"piano_midi_de", "mutopia"}
    assert len(card_of(tmp_path / "out")["dropped"]["of tier B"]) == 5


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--tiers", "A,C", "tiers must name A, B, not 'A,C'"),
        ("--key", "C", "key must be as_written or normalised, not 'C'"),
        ("--workers", "0", "workers must be 1 or more, not 0"),
    ],
)
def test_an_option_out_of_range_is_refused(
    data_set: Path, tmp_path: Path, option: str, value: str, sentence: str
) -> None:
    with pytest.raises(SystemExit, match=sentence):
        prepare.main(["--data", str(data_set), "--out", str(tmp_path / "out"), option, value])


def test_prepared_data_is_not_written_over(data_set: Path, prepared: Path) -> None:
    with pytest.raises(SystemExit, match="already holds prepared data"):
        run(data_set, prepared)


def test_tiers_need_a_manifest(own_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="tiers must be empty for data without a manifest, not 'A'"):
        run(own_folder, tmp_path / "out", "--tiers", "A")


def test_a_folder_without_a_manifest_is_split_and_can_be_trained_on(own_folder: Path, tmp_path: Path) -> None:
    pieces = run(own_folder, tmp_path / "out")
    assert {piece["source"] for piece in pieces} == {"my_music"}
    assert {piece["split"] for piece in pieces} == {"train", "val", "test"}
    corpus = Corpus(tmp_path / "out", "train")
    window = Stream(corpus, MIXES["all"], rows=2, steps=8, random_seed=1).next()
    assert window.events.shape == (8, 2, 4)
    assert (corpus.read(0).controls[:, 1] == 0).all()  # style unknown


def test_a_copy_is_dropped_and_a_transposition_is_the_same_work(own_folder: Path, tmp_path: Path) -> None:
    pieces = {piece["path"]: piece for piece in run(own_folder, tmp_path / "out")}
    assert card_of(tmp_path / "out")["dropped"] == {"a copy, note by note": ["copy.mid: of 03.mid"]}
    works = [piece["work"] for piece in pieces.values()]
    assert len(pieces) == 31
    assert len(set(works)) == 30
    assert pieces["higher.MIDI"]["work"] == pieces["04.mid"]["work"]
    assert pieces["higher.MIDI"]["split"] == pieces["04.mid"]["split"]


def test_a_training_piece_that_resembles_a_held_out_one_is_dropped(data_set: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(data_set, data)
    folder = data / "permissive"
    notes = longplay.read_midi(folder / "mutopia" / "4.mid")  # in val
    notes["pitch"] -= 2
    write_notes(folder / "mutopia" / "3.mid", notes)  # in train
    pieces = run(data, tmp_path / "out")
    assert "mutopia/3.mid" not in {piece["path"] for piece in pieces}
    dropped = card_of(tmp_path / "out")["dropped"]
    assert dropped == {
        "of train, resembles a piece that is held out": ["mutopia/3.mid: mutopia/4.mid in val"],
    }


def test_maestros_own_list_becomes_a_manifest_with_its_splits(data_set: Path, tmp_path: Path) -> None:
    text = "canonical_composer,split,midi_filename,duration\n"
    (tmp_path / "2004").mkdir()
    for number, split in enumerate(["train", "train", "validation", "test"]):
        shutil.copy(data_set / "permissive" / "mutopia" / f"{number}.mid", tmp_path / "2004" / f"{number}.midi")
        text += f"Nobody,{split},2004/{number}.midi,60\n"
    (tmp_path / "maestro-v2.0.0.csv").write_text(text)
    maestro.main(["--data", str(tmp_path)])
    pieces = run(tmp_path, tmp_path / "out")
    assert [(piece["path"], piece["split"]) for piece in pieces] == [
        ("2004/0.midi", "train"),
        ("2004/1.midi", "train"),
        ("2004/2.midi", "val"),
        ("2004/3.midi", "test"),
    ]
    assert {piece["source"] for piece in pieces} == {"maestro"}
    (tmp_path / "maestro-v2.0.0.csv").write_text(text.replace("validation", "other"))
    with pytest.raises(SystemExit, match=r"split of 2004/2.midi must be train, validation, test, not 'other'"):
        maestro.main(["--data", str(tmp_path)])
    (tmp_path / "maestro-v2.0.0.csv").unlink()
    with pytest.raises(SystemExit, match=r"data must hold one maestro-v\*.csv; .* holds 0"):
        maestro.main(["--data", str(tmp_path)])


def test_unreadable_files_are_reported_with_their_reason(own_folder: Path, tmp_path: Path) -> None:
    (own_folder / "text.mid").write_bytes(b"not a MIDI file")
    notes = made_up_notes(np.random.default_rng(2), 30)
    notes["pitch"] = np.where(np.arange(30) < 29, notes["pitch"] + 20, 120)
    write_notes(own_folder / "high.mid", notes)
    write_notes(own_folder / "empty.mid", notes[29:])
    run(own_folder, tmp_path / "out")
    card = card_of(tmp_path / "out")
    assert card["dropped"]["no notes for a piano"] == ["empty.mid"]
    [text] = card["dropped"]["unreadable"]
    assert text.startswith("text.mid: ")
    assert text.endswith("at byte 0")
    assert card["notes_outside_the_piano"] == 2


def test_a_song_without_its_voice(own_folder: Path, tmp_path: Path) -> None:
    song = bytearray((own_folder / "00.mid").read_bytes())
    track = song.index(b"MTrk") + 8
    song[track:track] = bytes([0, 0xC0, 52])
    song[track - 4 : track] = (int.from_bytes(song[track - 4 : track]) + 3).to_bytes(4)
    (own_folder / "choir.mid").write_bytes(song)
    (own_folder / "00.mid").unlink()
    assert "choir.mid" in {piece["path"] for piece in run(own_folder, tmp_path / "with")}
    assert "choir.mid" not in {piece["path"] for piece in run(own_folder, tmp_path / "without", "--piano-only")}
    card = card_of(tmp_path / "without")
    assert card["dropped"]["no notes for a piano"] == ["choir.mid"]
    assert card["warnings"] == {"N notes of programs that are no pianos were left out, the first at byte N": 1}


def test_normalised_pieces_are_moved_by_their_key_and_read_in_no_other(data_set: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(data_set, out, "--key", "normalised")
    corpus = Corpus(out, "train")
    assert corpus.normalised
    stored = np.load(out / "notes.npy")
    for index, piece in enumerate(corpus.pieces):
        notes = longplay.read_midi(data_set / "permissive" / piece["path"])
        part = stored[piece["begin"] : piece["begin"] + piece["count"]]
        assert (part["pitch"] == notes["pitch"].astype(int) + piece["semitones"]).all()
        assert 0 <= piece["key_confidence"] <= 2
        assert (corpus.read(index, Augmentation(semitones=3)).events == corpus.read(index).events).all()
    assert sum(card_of(out)["keys"].values()) == 15


def test_the_card_adds_up(prepared: Path) -> None:
    card, pieces = card_of(prepared), pieces_of(prepared)
    amounts = [amount for source in card["sources"].values() for amount in source["splits"].values()]
    assert sum(amount["notes"] for amount in amounts) == card["total"]["notes"] == len(np.load(prepared / "notes.npy"))
    assert sum(amount["pieces"] for amount in amounts) == card["total"]["pieces"] == len(pieces)
    assert card["sources"]["stanford_rolls"]["tiers"] == {"B": 5}
    text = (prepared / "card.md").read_text()
    assert f"{card['total']['notes']:,} notes" in text
    assert all(source["sha256"] in text for source in card["sources"].values())


def test_a_piece_lasts_until_all_is_silent() -> None:
    notes = np.array([(500, 50_000, 40, 64), (1000, 200, 60, 64)], longplay.midi.NOTE)
    read = read_file(longplay.write_midi(notes, 60), piano_only=False, normalised=False)
    assert Piece(Entry("a.mid", "", "", "", "", "", b""), read, "train", "w1").milliseconds == 50_000
