"""The originality of a piece: the index of a training set, its file, the comparison, the commands."""

import importlib
import importlib.util
import json
import sys
import tarfile
import zlib
from functools import partial

import command
import numpy as np
import pytest

import longplay
from longplay import originality
from longplay.midi import NOTE
from longplay.originality.index_file import ARRAYS, MAGIC, VERSION


def made_up(seed, count=400):
    """Return random notes, one every quarter of a second."""
    random = np.random.default_rng(seed)
    notes = np.zeros(count, NOTE)
    notes["onset_ms"] = 250 * np.arange(count)
    notes["duration_ms"], notes["velocity"] = 240, 64
    notes["pitch"] = random.integers(45, 85, count)
    return notes


def midi(notes):
    return longplay.write_midi(notes, float(np.max(notes["onset_ms"] + notes["duration_ms"])) / 1000 + 2)


def training_file(seed, group=None):
    return originality.TrainingFile(f"{seed}.mid", group or str(seed), midi(made_up(seed)))


@pytest.fixture(scope="module")
def index():
    works = [training_file(seed) for seed in range(6)]
    high = made_up(97)
    low = high.copy()
    low["pitch"] -= 30
    chords = longplay.resolve_overlaps(np.concatenate([low, high]))  # half of the notes are the melody
    works.append(originality.TrainingFile("chords.mid", "2 and", midi(chords)))
    return originality.Index.build(works, calibration=50, num_threads=1)


@pytest.fixture
def saved(index, tmp_path):
    index.save(tmp_path / "index")
    return tmp_path / "index"


@pytest.fixture
def quoting():
    """Return a piece whose notes 100 to 200 quote file 3 from note 40, a fourth higher and 8 % faster."""
    notes = made_up(99)
    notes["pitch"][100:200] = made_up(3)["pitch"][40:140] + 5
    notes["onset_ms"] = np.rint(notes["onset_ms"] / 1.08)
    notes["duration_ms"] = 220
    return notes


def test_the_nearest_window_is_the_one_that_looking_at_all_pairs_finds(index):
    random = np.random.default_rng(1)
    starts = np.arange(0, len(index.series) - 40, 8)
    within = np.isin(starts, index.window_starts)
    queries = np.repeat(random.integers(50, 80, (5, 20), np.uint8), 2, axis=1)
    _, distances = index.nearest(queries, num_threads=1)
    for query, distance in zip(queries, distances, strict=True):
        windows = [np.ascontiguousarray(index.series[start : start + 40]) for start in starts[within]]
        assert distance == min(longplay._core.dtw_distance(query, window, 0) for window in windows)


def test_a_copied_window_is_at_distance_0_and_its_position_is_reported(index):
    report = originality.compare(midi(made_up(3)), index, num_threads=1, top=3)
    closest = report.closest[0]
    assert (closest.distance, closest.similarity, closest.there.file) == (0, 1.0, "3.mid")
    assert closest.there.begin == closest.here.begin


def test_the_literal_similarity_is_that_of_the_rule(index):
    for pair in originality.compare(midi(made_up(50)), index, num_threads=1).closest:
        assert pair.distance > 0
        assert pair.similarity == pytest.approx((127 * 40 - pair.distance) / (127 * 40))


def test_the_percentile_is_the_share_of_real_windows_as_near(index):
    for pair in originality.compare(midi(made_up(50)), index, num_threads=1).closest:
        assert pair.percentile == pytest.approx(100 * (index.calibration <= pair.distance).mean())


def test_closest_pairs_do_not_overlap(index):
    begins = sorted(
        pair.here.begin for pair in originality.compare(midi(made_up(50)), index, top=5, num_threads=1).closest
    )
    assert len(begins) == 5
    assert min(np.diff(begins)) >= 5.0


def test_a_quotation_in_another_key_and_tempo_is_reported_with_its_positions(index, quoting):
    report = originality.compare(midi(quoting), index, num_threads=1)
    (quote,) = report.quotations
    assert (quote.there.file, quote.notes, quote.same, quote.semitones) == ("3.mid", 100, 100, 5)
    assert quote.tempo == pytest.approx(1 / 1.08, abs=1e-3)
    assert quote.there.begin == pytest.approx(10.0)
    assert quote.here.begin == pytest.approx(25 / 1.08, abs=1e-3)
    assert report.longest_runs[0].notes == 100
    assert report.share_quoted == pytest.approx(0.25)
    assert report.share_in_runs == pytest.approx(0.25)
    assert report.verdict.startswith("It quotes 1 passage, 25.0% of its notes; ")


def test_a_piece_of_its_own_is_called_original(index):
    report = originality.compare(midi(made_up(99)), index, num_threads=1)
    assert not report.quotes
    assert report.verdict.startswith("Original: nothing is quoted")


def test_the_melody_is_what_nothing_higher_sounds_with():
    sounding = [
        (0, 1000, 70),
        (0, 400, 60),  # in a chord
        (500, 200, 65),  # under a held note
        (1000, 200, 60),  # after it
        (1500, 300, 50),  # struck a little before its chord
        (1515, 300, 74),
        (2000, 300, 50),  # well before
        (2100, 300, 74),
    ]
    notes = np.array([(*note, 64) for note in sounding], NOTE)
    assert originality.melody(notes).tolist() == [0, 3, 5, 6, 7]
    assert originality.melody(notes[:0]).tolist() == []


@pytest.fixture
def singing():
    """Return a piece with notes 40 to 80 of file 3 above it from 25 s, a fourth higher."""
    song = made_up(3)[40:80]
    song["onset_ms"] += 15_000
    song["pitch"] += 5
    low = made_up(98, 400)
    low["onset_ms"] += 80
    low["duration_ms"] = 90
    low["pitch"] -= 40  # below the song
    return longplay.resolve_overlaps(np.concatenate([low, song]))


def test_a_melody_over_other_notes_is_reported_with_its_positions(index, singing):
    report = originality.compare(midi(singing), index, num_threads=1)
    assert report.quotations == ()
    [song] = report.melodies
    assert (song.there.file, song.notes, song.same, song.semitones, song.tempo) == ("3.mid", 40, 40, 5, 1.0)
    assert (song.there.begin, song.here.begin, song.here.end) == (10.0, 25.0, 34.75)
    assert report.melody_share_in_runs == pytest.approx(40 / report.melody_notes)
    assert report.quotes
    assert report.verdict.startswith("It quotes 1 melody over other notes; ")
    assert report.verdict.endswith("3.mid 0:10.0-0:19.7 in 40 of 40 notes of the melody.")


def test_how_unlikely_a_melody_must_be_is_an_option(index, singing):
    [song] = originality.compare(midi(singing), index, num_threads=1).melodies
    at_most = originality.compare(midi(singing), index, num_threads=1, least_melody_bits=song.bits + 1)
    assert at_most.melodies == ()


def test_a_passage_that_is_quoted_with_its_melody_is_reported_once(index, quoting):
    report = originality.compare(midi(quoting), index, num_threads=1)
    assert len(report.quotations) == 1
    assert report.melodies == ()
    assert report.melody_share_in_runs > 0.2


def test_a_file_without_notes_or_with_one_can_be_compared(index):
    for count in (0, 1):
        notes = made_up(1, 2)[:count]
        report = originality.compare(longplay.write_midi(notes, 60), index, num_threads=1)
        assert (report.notes, report.windows, report.quotations) == (count, 0, ())


def test_held_notes_are_not_compared(index):
    notes = made_up(1, 10)
    notes["onset_ms"], notes["duration_ms"] = 6000 * np.arange(10), 5900
    report = originality.compare(midi(notes), index, num_threads=1)
    assert report.windows == 0
    assert report.plain_windows > 40


def test_calibration_passes_over_a_works_own_group():
    twins = [originality.TrainingFile(f"{n}.mid", "one work", midi(made_up(7, n))) for n in (400, 401)]
    index = originality.Index.build([*twins, training_file(8)], calibration=100, num_threads=1)
    assert index.calibration.min() > 0


def test_an_index_that_is_saved_and_opened_answers_the_same(index, saved, quoting):
    opened = originality.Index.open(saved)
    assert originality.compare(midi(quoting), opened, num_threads=1) == originality.compare(
        midi(quoting), index, num_threads=2
    )


def test_an_unreadable_file_is_left_out_with_a_warning():
    broken = originality.TrainingFile("broken.mid", "x", b"no")
    silent = originality.TrainingFile("silent.mid", "y", longplay.write_midi(made_up(0, 1)[:0], 5))
    with pytest.warns(UserWarning, match="was skipped") as warned:
        index = originality.Index.build([broken, silent, training_file(1)], calibration=5, num_threads=1)
    assert len(warned) == 2
    assert index.names == ["1.mid"]


def test_a_training_set_without_music_is_refused():
    with pytest.raises(ValueError, match="at least one readable MIDI file"):
        originality.Index.build([])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("series", "loud"),
        ("step_ms", 9),
        ("steps", 1),
        ("stride", 0),
        ("band", -1),
        ("min_changes", 256),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"{name} must be"):
        originality.IndexSettings(**{name: value})
    with pytest.raises(TypeError, match=r"steps must be an integer, not 2\.5"):
        originality.IndexSettings(steps=2.5)


def test_every_byte_of_an_index_that_changes_is_noticed(saved):
    whole = saved.read_bytes()
    random = np.random.default_rng(0)
    used = [*range(64), *random.integers(64, len(whole), 200)]
    for position in used:
        changed = bytearray(whole)
        changed[position] ^= 1 << int(random.integers(8))
        saved.write_bytes(changed)
        try:
            opened = originality.Index.open(saved)
        except longplay.Error:
            continue
        assert opened.names
        assert whole[position] == 0  # padding between arrays, which nothing reads
    for length in (0, 10, 36, 100, len(whole) // 2):
        saved.write_bytes(whole[:length])
        with pytest.raises(longplay.Error):
            originality.Index.open(saved)


def forged(header, body=b""):
    data = json.dumps(header).encode()
    fixed = MAGIC + VERSION.to_bytes(4, "little") + len(data).to_bytes(8, "little")
    return fixed + zlib.crc32(data).to_bytes(4, "little") + data + body


@pytest.mark.parametrize(
    "header", [[], {}, {"settings": 1, "works": [], "arrays": {}}, {"settings": {}, "works": [1], "arrays": {}}]
)
def test_a_forged_header_is_refused_with_a_sentence(tmp_path, header):
    (tmp_path / "index").write_bytes(forged(header))
    with pytest.raises(longplay.Error, match="is broken: its header is not that of an index"):
        originality.Index.open(tmp_path / "index")


def test_an_array_past_the_end_is_refused(tmp_path):
    arrays = {name: {"offset": 0, "count": 3, "crc32": 0} for name in ARRAYS}
    (tmp_path / "index").write_bytes(forged({"settings": {}, "works": [], "arrays": arrays}))
    with pytest.raises(longplay.Error, match="'series' does not lie within the file"):
        originality.Index.open(tmp_path / "index")


def test_a_midi_file_is_not_an_index(tmp_path):
    (tmp_path / "a.mid").write_bytes(midi(made_up(1)))
    with pytest.raises(longplay.Error, match="is not an index of originality"):
        originality.Index.open(tmp_path / "a.mid")


@pytest.mark.parametrize(
    ("name", "position", "what"),
    [
        ("first_notes", 1, "first_notes must ascend"),
        ("windows", 1, "within the series"),
        ("phrases", 1, "a position of phrases"),
        ("melody", 1, "melody must ascend within"),
        ("melody", -1, "melody must ascend within"),
        ("melody_phrases", 1, "a position of phrases"),
        ("pitches", 1, "pitches must be"),
    ],
)
def test_arrays_that_do_not_fit_each_other_are_refused(index, tmp_path, name, position, what):
    content = index._content
    arrays = dict(content.arrays)
    arrays[name] = arrays[name].copy()
    arrays[name][position] = 255 if name == "pitches" else 2**31
    from longplay.originality.index_file import IndexContent, write_index

    write_index(tmp_path / "index", IndexContent(content.settings, content.works, arrays), overwrite=False)
    with pytest.raises(longplay.Error, match=what):
        originality.Index.open(tmp_path / "index")


@pytest.fixture
def folder(tmp_path):
    """Return a data set of three files with a manifest and an unlisted file."""
    root = tmp_path / "data"
    (root / "set").mkdir(parents=True)
    rows = ["path,work_group,split", "set/0.mid,w0,train", "set/1.mid,w1,train", "set/2.mid,w2,test"]
    for seed in range(4):
        (root / "set" / f"{seed}.mid").write_bytes(midi(made_up(seed)))
    (root / "manifest.csv").write_text("\n".join(rows) + "\n")
    return root


def test_a_manifest_says_what_belongs_to_the_training_set(folder):
    taken = list(originality.training_files([folder]))
    assert [(file.name, file.group) for file in taken] == [("set/0.mid", "w0"), ("set/1.mid", "w1")]
    assert len(list(originality.training_files([folder], None))) == 3


def test_an_archive_gives_what_its_folder_gives(folder, tmp_path):
    with tarfile.open(tmp_path / "data.tar.gz", "w:gz") as archive:
        archive.add(folder, "permissive")
    assert list(originality.training_files([tmp_path / "data.tar.gz"])) == list(originality.training_files([folder]))


def test_a_zstandard_archive_is_read_and_a_broken_one_refused(folder, tmp_path):
    zstandard = pytest.importorskip("zstandard")
    with tarfile.open(tmp_path / "data.tar", "w") as archive:
        archive.add(folder, "permissive")
    packed = zstandard.compress((tmp_path / "data.tar").read_bytes())
    (tmp_path / "data.tar.zst").write_bytes(packed)
    assert list(originality.training_files([tmp_path / "data.tar.zst"])) == list(originality.training_files([folder]))
    for broken in (b"hello", packed[: len(packed) // 2]):
        (tmp_path / "data.tar.zst").write_bytes(broken)
        with pytest.raises(ValueError, match="data must be a folder or a tar archive, not"):
            list(originality.training_files([tmp_path / "data.tar.zst"]))


def test_files_without_a_manifest_are_works_of_their_own(folder):
    (folder / "manifest.csv").unlink()
    assert len(list(originality.training_files([folder]))) == 4
    listed = list(originality.training_files([folder / "set" / "0.mid", folder / "set" / "1.mid"]))
    assert [file.name for file in listed] == ["0.mid", "1.mid"]


def test_a_source_that_is_nothing_of_that_kind_is_refused(folder, tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ValueError, match="data must be a folder or a tar archive, not"):
        list(originality.training_files([tmp_path / "notes.txt"]))
    with pytest.raises(FileNotFoundError, match="does not exist"):
        list(originality.training_files([tmp_path / "missing"]))
    (folder / "set" / "0.mid").unlink()
    with pytest.raises(ValueError, match=r"lists set/0\.mid, which does not exist"):
        list(originality.training_files([folder]))


run = partial(command.run, timeout=120)


def test_the_commands_build_an_index_and_compare(folder, tmp_path, quoting):
    built = run("originality-index", folder, "--out", tmp_path / "index", "--split", "all", "--calibration", 20)
    assert built.returncode == 0, built.stderr
    assert "3 works, 1200 notes" in built.stdout
    notes = quoting.copy()
    notes["pitch"][100:200] = made_up(1)["pitch"][40:140]
    (tmp_path / "a.mid").write_bytes(midi(notes))
    done = run("originality", tmp_path / "a.mid", "--index", tmp_path / "index", "--json")
    report = json.loads(done.stdout)
    assert report["quotations"][0]["there"]["file"] == "set/1.mid"
    assert report["settings"]["step_ms"] == 125
    assert "It quotes 1 passage" in run("originality", tmp_path / "a.mid", "--index", tmp_path / "index").stdout
    (tmp_path / "[b].mid").write_bytes(midi(notes))  # to rich, a style
    printed = run("originality", tmp_path / "[b].mid", "--index", tmp_path / "index", "--top", 1).stdout
    assert printed.count("[b].mid") == 5  # the head, three tables, the verdict
    refused = run("originality", tmp_path / "a.mid", "--index", tmp_path / "a.mid")
    assert refused.returncode == 1
    assert refused.stderr.startswith("longplay: ")
    assert refused.stderr.count("\n") == 1


@pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="matplotlib is not installed")
def test_the_picture_is_a_png(index, quoting, tmp_path):
    from longplay.originality.plot import plot

    report = originality.compare(midi(quoting), index, num_threads=1)
    plot(report, midi(quoting), index, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_the_picture_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.delitem(sys.modules, "longplay.originality.plot", raising=False)
    with pytest.raises(longplay.Error, match=r"pip install 'longplay\[plot\]'"):
        importlib.import_module("longplay.originality.plot")
