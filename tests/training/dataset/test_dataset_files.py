"""Check the listing of a data set's files."""

from pathlib import Path

import pytest

from training.dataset.files import list_files

HEADER = "path,source,tier,split,work_group\n"


def lay(folder: Path, *paths: str, manifest: str = "") -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    if manifest:
        (folder / "manifest.csv").write_text(manifest)
    return folder


def test_a_source_is_the_first_folder_on_the_way_or_the_data_set(tmp_path: Path) -> None:
    data = lay(tmp_path / "mine", "a.mid", "b.MID", "jazz/c.midi", "jazz/live/d.mid", "readme.txt")
    listing = list_files(data)
    assert not listing.has_manifest
    assert [(entry.path, entry.source) for entry in listing.entries] == [
        ("a.mid", "mine"),
        ("b.MID", "mine"),
        ("jazz/c.midi", "jazz"),
        ("jazz/live/d.mid", "jazz"),
    ]


def test_a_manifest_in_a_folder_within_names_paths_below_it(tmp_path: Path) -> None:
    lay(tmp_path / "set", "x/a.mid", "x/b.mid", "x/manifest.csv", manifest=HEADER + "x/a.mid,x,A,val,w1\n")
    lay(tmp_path, "outside.mid")
    listing = list_files(tmp_path)
    [entry] = listing.entries
    assert (entry.path, entry.source, entry.tier, entry.split, entry.work) == ("x/a.mid", "x", "A", "val", "w1")
    assert entry.file == tmp_path / "set" / "x" / "a.mid"
    assert listing.unlisted == ["outside.mid", "set/x/b.mid"]


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        ("path,source,split\na.mid,x,val\n", "tier is missing"),
        (HEADER, "must have rows"),
        (HEADER + "c.mid,x,A,train,w1\n", "lists c.mid, which does not exist"),
        (HEADER + "a.mid,x,A,dev,w1\n", "split of a.mid in manifest.csv must be train, val or test, not 'dev'"),
        (HEADER + "a.mid,x,A,val,w1\nb.mid,x,A,train,w1\n", "work_group w1 .* not in val and train"),
    ],
)
def test_a_manifest_that_cannot_be_kept_is_refused(tmp_path: Path, manifest: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        list_files(lay(tmp_path, "a.mid", "b.mid", manifest=manifest))


def test_two_manifests_side_by_side_are_refused(tmp_path: Path) -> None:
    lay(tmp_path / "a", "x.mid", manifest=HEADER)
    lay(tmp_path / "b", "x.mid", manifest=HEADER)
    with pytest.raises(ValueError, match=r"one manifest.csv, not 2: a/manifest.csv, b/manifest.csv"):
        list_files(tmp_path)


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data.tar").write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(ValueError, match=r"data must be a folder or a tar archive, not .*data\.tar"):
        list_files(tmp_path / "data.tar")


def test_a_folder_without_midi_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must hold MIDI files, .mid or .midi; there are none"):
        list_files(lay(tmp_path, "readme.txt"))
