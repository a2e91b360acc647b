"""Check the comparison of generated with real music, and the whole command `training.evaluate`."""
# ruff: noqa: E402 - what needs torch and scikit-learn is imported after the check that they are there

import csv
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")
pytest.importorskip("sklearn", reason="the evaluation needs scikit-learn, of the extra [train]")

import longplay
from longplay.midi import NOTE
from training import evaluate, prepare, tables
from training.corpus import IGNORED, Corpus
from training.evaluation import drift, endings, realness, report, seeds, sets, styles
from training.evaluation.clips import Music
from training.export import write_model
from training.model import NoteModel
from training.scoring import score_corpus

SCALE = (60, 64, 67, 72, 62, 65, 71, 60)  # C major


def played(
    random: np.random.Generator, seconds: float, gap_ms: int = 200, root: int = 0, velocity: int = 64
) -> np.ndarray:
    """Return notes of a scale with about equal gaps."""
    count = int(1000 * seconds / gap_ms) - 10
    notes = np.empty(count, NOTE)
    notes["onset_ms"] = gap_ms * np.arange(count) + random.integers(0, gap_ms // 2, count)
    notes["onset_ms"][0] = 0
    notes["duration_ms"] = random.integers(50, 2 * gap_ms, count)
    notes["pitch"] = root + random.choice(SCALE, count) + 12 * random.integers(-1, 2, count)
    notes["velocity"] = velocity + random.integers(-9, 10, count)
    return longplay.read_midi(longplay.write_midi(without_overlaps(notes), seconds))


def without_overlaps(notes: np.ndarray) -> np.ndarray:
    for pitch in np.unique(notes["pitch"]):
        of = np.flatnonzero(notes["pitch"] == pitch)
        room = np.diff(notes["onset_ms"][of])
        notes["duration_ms"][of[:-1]] = np.minimum(notes["duration_ms"][of[:-1]], room)
    return notes


def clip(number: int, work: str, source: str = "a", **how: int) -> Music:
    return Music(played(np.random.default_rng(number), 30, **how), 30_000, work, source)


def test_sets_that_differ_are_distinguished() -> None:
    slow = [clip(i, str(i // 2)) for i in range(20)]
    fast = [clip(100 + i, str(i // 2), gap_ms=100) for i in range(20)]
    result = realness.distinguish(slow, fast)
    assert result["accuracy"] == result["auc"] == result["by_source"]["a"] == 1
    assert result["standard_error"] == 0
    assert result["clips"] == [20, 20]
    assert result["works"] == 10
    assert result["giveaways"][0]["auc"] in (0, 1)


def test_sets_that_are_alike_are_not_distinguished() -> None:
    same = [clip(i, str(i)) for i in range(12)]
    assert realness.distinguish(same, same)["accuracy"] == pytest.approx(0.5)


def test_knowing_the_work_does_not_help() -> None:
    """Check clips that differ between works, not within them, so that only knowing the work would help."""
    loud = [clip(i // 2, str(i // 2), velocity=30 + 3 * (i // 2)) for i in range(40)]
    sides = [loud[i] for i in range(40) if (i // 2) % 2 == 0], [loud[i] for i in range(40) if (i // 2) % 2 == 1]
    assert realness.distinguish(*sides)["accuracy"] < 0.8


def test_too_few_works_are_refused() -> None:
    few = [clip(i, str(i % 9)) for i in range(18)]
    with pytest.raises(ValueError, match="at least 10 works, not 9"):
        realness.distinguish(few, few)


def test_halves_share_no_work_and_take_turns_within_a_source() -> None:
    every = [clip(i, f"{source}{i // 2}", source) for source in "ab" for i in range(8)]
    first, second = realness.halves(every)
    assert [one.work for one in first] == ["a0", "a0", "a2", "a2", "b0", "b0", "b2", "b2"]
    assert {one.work for one in first}.isdisjoint(one.work for one in second)


def closing(*chord: int, held_ms: int = 2000) -> np.ndarray:
    """Return forty notes in C major, then a chord."""
    before = [(250 * i, 250, SCALE[i % 8], 64) for i in range(40)]
    return np.array(before + [(10_000, held_ms, pitch, 64) for pitch in sorted(chord)], NOTE)


@pytest.mark.parametrize(
    ("chord", "held_ms", "signs"),
    [
        ((48, 64, 67), 2000, (True, True)),
        ((48, 64, 67), 200, (False, True)),
        ((48, 65), 2000, (True, True)),  # on the tonic
        ((64, 67), 2000, (True, True)),  # of the triad
        ((47, 65), 2000, (True, False)),
    ],
)
def test_a_close_is_final_when_it_is_long_and_on_the_tonic(
    chord: tuple[int, ...], held_ms: int, signs: tuple[bool, bool]
) -> None:
    notes = closing(*chord, held_ms=held_ms)
    assert (endings.is_long(notes), endings.is_at_rest(notes)) == signs


def test_a_close_is_in_time_when_it_is_released_in_the_last_five_seconds() -> None:
    notes = closing(48)  # released at 12 s
    assert [endings.is_in_time(notes, end) for end in (11_999, 12_000, 17_000, 17_001)] == [False, True, True, False]


def test_endings_are_counted() -> None:
    pieces = [Music(closing(48), 12_000, "", ""), Music(closing(47), 12_000, "", "")]
    expected = {"pieces": 2, "long": 1.0, "at_rest": 0.5, "in_time": 1.0, "final": 0.5}
    assert endings.endings(pieces) == expected
    assert endings.endings([]) == {"pieces": 0}


def test_an_arpeggiated_chord_is_one_close() -> None:
    notes = np.array([(0, 100, 60, 1), (500, 100, 48, 1), (560, 100, 52, 1), (620, 100, 55, 1)], NOTE)
    assert endings.close(notes)["pitch"].tolist() == [48, 52, 55]


def test_an_answer_that_is_its_seed_is_nearest_to_it() -> None:
    given = [clip(i, str(i), "ab"[i % 2], gap_ms=100 + 40 * i, root=5 * i % 12, velocity=30 + 9 * i) for i in range(6)]
    own = seeds.response(given, given)
    assert all(own[aspect] == {"auc": 1, "auc_within_source": 1, "first": 1} for aspect in (*seeds.ASPECTS, "all"))
    assert own["chance_first"] == pytest.approx(1 / 6, abs=1e-4)
    other = seeds.response(given, given[1:] + given[:1])
    assert all(other[aspect]["first"] == 0 for aspect in (*seeds.ASPECTS, "all"))


def test_the_same_answer_to_every_seed_responds_by_chance() -> None:
    given = [clip(i, str(i), gap_ms=100 + 40 * i, root=5 * i % 12) for i in range(6)]
    assert seeds.response(given, [given[0]] * 6)["density"]["auc"] == pytest.approx(0.5)


def test_a_style_is_recognised_and_a_wrong_one_is_not() -> None:
    def of(first: int, **gaps: int) -> dict[str, list[Music]]:
        return {style: [clip(first + i, "", gap_ms=gap) for i in range(12)] for style, gap in gaps.items()}

    found = styles.agreement(of(0, calm=300, busy=100), {"right": of(50, calm=300, busy=100), "busy": of(80, calm=100)})
    assert found["chance"] == 0.5
    assert found["right"]["agreement"] == 1
    assert found["busy"] == {"agreement": 0, "named": {"calm": {"busy": 1, "calm": 0}}}


def test_a_slope_is_the_change_from_window_to_window() -> None:
    assert drift.slopes(np.array([[1.0, 5], [3, 5], [5, 5]])).tolist() == [2, 0]
    assert drift.slopes(np.array([[0.0], [1], [0], [1]])).tolist() == pytest.approx([0.2])


def test_a_recital_fills_its_time_with_every_piece() -> None:
    pieces = [Music(closing(root), 12_000, "", "") for root in (40, 41, 42)]
    whole = drift.recital(pieces, 60_000, np.random.default_rng(0))
    assert {40, 41, 42} <= set(whole["pitch"].tolist())
    assert 58_000 < whole["onset_ms"][-1] < 60_000
    assert (np.diff(whole["onset_ms"]) >= 0).all()


def test_music_that_grows_leaves_the_band_and_music_that_does_not_stays() -> None:
    random = np.random.default_rng(0)
    real = [Music(played(random, 100, gap_ms=gap), 100_000, "", "a") for gap in (200, 210, 190, 220)]
    level = np.concatenate([_later(played(random, 300), 300_000 * k) for k in range(4)])
    grows = np.concatenate([_later(played(random, 300, gap_ms=400 - 80 * k), 300_000 * k) for k in range(4)])
    found = [
        drift.drift([Music(notes, 1_200_000, "", "a")], real, random)["notes_per_second"] for notes in (level, grows)
    ]
    assert [one["outside"] for one in found] == [0, 1]
    assert found[1]["slope"] > 1
    assert drift.drift(real, real, random) == {"windows": 0}


def _later(notes: np.ndarray, by_ms: int) -> np.ndarray:
    notes["onset_ms"] += by_ms
    return notes


def test_loops_and_dead_minutes_are_counted() -> None:
    looping = np.array([(100 * i, 50, 40 + i % 16, 64) for i in range(48)] + [(200_000, 50, 60, 64)], NOTE)
    found = drift.faults([Music(looping, 300_000, "", "")])
    assert found["loops_per_hour"] == 12  # one in five minutes
    assert found["dead_minutes"] == 3
    assert found["longest_silence_s"] == pytest.approx(195.25)
    assert found["repeated_16_pitches"] == pytest.approx(17 / 34, abs=1e-4)


def test_nats_are_counted_by_position_and_by_second(corpus: Corpus) -> None:
    def scorer(events: np.ndarray, controls: np.ndarray, targets: np.ndarray) -> np.ndarray:
        return np.where(targets == IGNORED, 0.0, [4.0, 3, 2, 1])

    report = score_corpus(corpus, scorer)
    counts = [piece["count"] for piece in corpus.pieces]
    within = [sum(min(n, high) - min(n, low) for n in counts) for low, high in ((0, 64), (64, 256), (256, 1024))]
    assert [row["notes"] for row in report["positions"].values()] == [n for n in within if n > 0]
    ends = [sum(low <= n < high for n in counts) for low, high in ((0, 64), (64, 256), (256, 1024))]
    expected = [(10 * n + 4 * e) / n for n, e in zip(within, ends, strict=True) if n > 0]
    assert [row["nats_per_note"] for row in report["positions"].values()] == pytest.approx(expected, abs=1e-4)
    total = report["total"]
    onsets = [corpus.notes(i)["onset_ms"][-1] / 1000 for i in range(len(counts))]
    assert total["seconds"] == pytest.approx(sum(onsets), rel=0.01)
    assert total["nats_per_second"] == pytest.approx(
        total["nats_per_note"] * total["notes"] / total["seconds"], rel=1e-3
    )


@pytest.fixture(scope="module")
def halls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepare pieces of 90 s: six held out and six for training, of each of two sources."""
    folder, out = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("halls")
    random = np.random.default_rng(0)
    rows = []
    for source, gap in (("mutopia", 300), ("stanford_rolls", 150)):
        (folder / "permissive" / source).mkdir(parents=True)
        for i in range(12):
            path = f"{source}/{i}.mid"
            notes = played(random, 90, gap_ms=gap, root=i)
            (folder / "permissive" / path).write_bytes(longplay.write_midi(notes, 90))
            rows.append({"path": path, "source": source, "tier": "A", "split": ("test", "train")[i % 2]})
    with (folder / "permissive" / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    prepare.main(["--data", str(folder), "--out", str(out / "prepared")])
    return out / "prepared"


def test_openings_take_turns_between_sources_and_are_read_as_written(halls: Path, tmp_path: Path) -> None:
    corpus = Corpus(halls, "test")
    chosen = sets.openings(corpus, list(corpus.by_source), 5, 20, 0)
    assert [corpus.pieces[seed.piece]["source"] for seed in chosen] == ["mutopia", "stanford_rolls"] * 2 + ["mutopia"]
    music = sets.seed_music(chosen[0], corpus)
    whole = corpus.notes(chosen[0].piece)
    assert (music.notes["onset_ms"] == whole["onset_ms"][: len(music.notes)]).all()
    assert whole["onset_ms"][len(music.notes)] >= 19_999
    sets.write_seeds(chosen, corpus, tmp_path / "seeds")
    assert sets.read_seeds(tmp_path / "seeds", corpus) == chosen
    with pytest.raises(ValueError, match="must be a piece of the split, not 'mutopia/"):
        sets.read_seeds(tmp_path / "seeds", Corpus(halls, "train"))


def test_one_command_evaluates_a_model_and_then_the_files_it_made(halls: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    write_model(NoteModel("lstm", 64, 32).eval(), tmp_path / "model", name="small")
    options = ["--data", str(halls), "--out", str(tmp_path / "report"), "--seconds", "60", "--answers", "12"]
    counts = ["--clips", "2", "--endings", "5", "--styles", "2"]
    evaluate.main([*options, *counts, "--model", str(tmp_path / "model")])
    found = json.loads((tmp_path / "report" / "report.json").read_text())
    made = {"music", "nats", "real_or_generated", "notes", "distances", "musical", "seed_response", "long", "endings"}
    made |= {"styles"}
    assert set(found["seconds"]) == made
    assert found["real_or_generated"]["accuracy"] > 0.9  # weights that nothing was learned by
    assert found["endings"]["made"]["pieces"] == 5
    assert found["endings"]["made"]["in_time"] == 1
    assert found["styles"]["styles"] == ["performed_roll", "score"]
    assert (tmp_path / "report" / "report.png").stat().st_size > 10_000
    assert (tmp_path / "report" / "report.svg").read_text().count('<g id="axes_') == 16

    music = ["--music", str(tmp_path / "report" / "music"), "--seeds", str(tmp_path / "report" / "seeds")]
    evaluate.main([*options[:2], "--out", str(tmp_path / "again"), *music, "--clips", "2"])
    again = json.loads((tmp_path / "again" / "report.json").read_text())
    assert again["seed_response"]["first_minute"] == found["seed_response"]["first_minute"]
    assert set(again["seconds"]) == made - {"nats", "styles"}
    assert "made" not in again["endings"]


def test_styles_are_learned_from_clips_that_the_model_could_have_made(
    halls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: dict[str, styles.Labelled] = {}
    monkeypatch.setattr(report, "agreement", lambda train, tried: compared.update(train=train, real=tried["real"]))
    write_model(NoteModel("lstm", 64, 32).eval(), tmp_path / "model", name="small")
    generation = report.Generation(longplay.Engine(tmp_path / "model"), {})
    corpus = Corpus(halls, "test")
    given = sets.openings(corpus, list(corpus.by_source), 2, 20, 0)
    report.style_figures(corpus, Corpus(halls, "train"), given, generation, 2, 0)
    clips = [clip for labelled in compared.values() for clips in labelled.values() for clip in clips]
    assert len(clips) == 2 * (16 + 4)
    for each in clips:
        assert set(each.notes["velocity"].tolist()) <= set(tables.VELOCITY)


def test_a_model_or_music_is_asked_for(halls: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="either --model or --music"):
        evaluate.main(["--data", str(halls), "--out", str(tmp_path)])


def test_a_source_that_is_not_there_is_named(halls: Path, tmp_path: Path) -> None:
    options = ["--data", str(halls), "--out", str(tmp_path), "--music", str(tmp_path)]
    with pytest.raises(SystemExit, match="must name mutopia, stanford_rolls, not 'maestro'"):
        evaluate.main([*options, "--sources", "mutopia,maestro"])
