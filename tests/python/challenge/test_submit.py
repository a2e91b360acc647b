"""From a folder of candidates to a submission that can be stood behind."""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import tiny_model

import longplay
from longplay.challenge.candidates import provenances, rank_candidates
from longplay.farm import Farm
from longplay.midi import NOTE
from longplay.originality import Index, TrainingFile, melody
from longplay.pages.arena.store import DATABASE, ClipId, Store, Vote
from longplay.pictures.clip_features import FEATURES, bands

pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")
from longplay.challenge.submit import refuse_a_third, shaping, submit

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SEED = longplay.write_midi(np.array([(0, 400, 60, 64), (500, 400, 64, 64)], NOTE), 3)
FIELDS = ("time_shift", "pitch", "velocity", "duration")


def training_index(*files):
    return Index.build([TrainingFile(str(i), str(i), data) for i, data in enumerate(files)], calibration=1)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return longplay.Engine(tiny_model.build(tmp_path_factory.mktemp("tiny"), soft=True), num_threads=1)


@pytest.fixture(scope="module")
def index():
    notes = np.array([(i * 400, 200, 20 + 7 * (i % 13), 64) for i in range(40)], NOTE)
    return training_index(longplay.write_midi(notes, 20))


@pytest.fixture(scope="module")
def made(engine, tmp_path_factory):
    """Return a folder of pieces with the output of `longplay batch --json`."""
    folder = tmp_path_factory.mktemp("made")
    lines = []
    for number, piece in enumerate(engine.generate_batch([SEED] * 3, 3600)):
        piece.save(folder / f"{number}.mid")
        lines.append(json.dumps({"file": f"some/where/{number}.mid", "provenance": piece.provenance.as_dict()}))
    (folder / "pieces.jsonl").write_text("\n".join(lines))
    (folder.parent / "seed.mid").write_bytes(SEED)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return shutil.copytree(made, tmp_path / "candidates")


@pytest.fixture
def ask(engine, index, made, folder, tmp_path):
    def ask(now=NOW, **changes):
        options = {"seeds": [made.parent / "seed.mid"], "engine": engine} | changes
        return submit(folder, tmp_path / "out", options.pop("index", index), now=now, **options)

    return ask


def vote(folder, winner, loser, times=1):
    ids = [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (winner, loser)]
    store = Store(folder / DATABASE)
    store.add([Vote(0.0, "me", ClipId(ids[0], 0), ClipId(ids[1], 0), "left")] * times)
    store.close()


def test_what_most_voters_prefer_is_chosen(ask, folder):
    last = rank_candidates(folder)[0][-1].path.name
    first = rank_candidates(folder)[0][0].path.name
    vote(folder, last, first, times=3)
    made = ask()
    assert made.chosen.path.name == last
    assert made.chosen.votes == 3
    assert made.skipped == ()


def test_without_votes_the_one_most_like_real_music_is_chosen(ask, folder):
    shares = {}
    for path in folder.glob("*.mid"):
        notes, within = longplay.read_midi(path), []
        for clip in range(120):
            inside = notes[notes["onset_ms"] // 30_000 == clip]
            classes = np.unique(inside["pitch"] % 12, return_counts=True)[1] / len(inside)
            values = [len(inside) / 30, inside["pitch"].mean(), len(set(inside["pitch"].tolist()))]
            values += [-(classes * np.log2(classes)).sum(), inside["velocity"].mean(), inside["velocity"].std()]
            within += [
                bands()[name][0] <= value <= bands()[name][2] for name, value in zip(FEATURES, values, strict=True)
            ]
        shares[path.name] = np.mean(within)
    best = max(shares, key=shares.get)
    made = ask()
    assert made.chosen.path.name == best
    assert made.chosen.in_bands == pytest.approx(shares[best])
    ranked = [shares[one.path.name] for one in rank_candidates(folder)[0]]
    assert ranked == sorted(shares.values(), reverse=True)


def test_a_submission_holds_all_that_regenerates_its_bytes(ask, engine, folder, index):
    made = ask()
    assert made.folder.name == "2026-03-01T120000"
    assert {path.name for path in made.folder.iterdir()} == {
        *("hour.mid", "seed.mid", "submission.json", "originality.json", "originality.png", "hour.png")
    }
    hour = (made.folder / "hour.mid").read_bytes()
    assert hour == made.chosen.path.read_bytes()
    record = json.loads((made.folder / "submission.json").read_text())
    provenance = longplay.Provenance.from_dict(record["provenance"])
    assert engine.regenerate(provenance, made.folder / "seed.mid").to_bytes() == hour
    assert record["sha256"] == hashlib.sha256(hour).hexdigest()
    assert record["submitted"] == "2026-03-01T12:00:00+00:00"
    assert record["candidate"] == made.chosen.path.name
    assert record["chosen_by"] == {"arena_score": 0.0, "votes": 0, "in_bands": made.chosen.in_bands}
    assert record["index_hash"] == index.hash
    assert record["shaped_by"] == shaping(engine, provenance.settings)
    assert json.loads((made.folder / "originality.json").read_text())["verdict"] == made.originality.verdict
    assert (made.folder / "hour.png").read_bytes()[:4] == b"\x89PNG"
    assert [path for path in made.folder.parent.iterdir() if path.name.startswith(".")] == []


def test_what_bent_the_draws_of_the_model_is_listed_by_its_kind(engine):
    asked = longplay.Settings(top_p={"pitch": 0.9}, min_p=0.01, playable=True, key="D minor", style="ragtime")
    shaped = shaping(engine, asked)
    assert {field: options["min_p"] for field, options in shaped["sampling"].items()} == dict.fromkeys(FIELDS, 0.01)
    assert shaped["sampling"]["pitch"]["top_p"] == 0.9
    del shaped["sampling"]
    assert shaped == {
        "steadiness": {"steady": True},
        "hand rules": {"two_hands": True, "playable": True},
        "key pull": {"key": "D minor"},
        "search": {"search": 1},
    }
    off = {"temperature": 1, "top_k": 0, "top_p": 1, "min_p": 0}
    assert shaping(engine, longplay.Settings(**off))["sampling"] == {}


def submitted(out, time):
    folder = out / f"{time:%H}"
    folder.mkdir(parents=True)
    (folder / "submission.json").write_text(json.dumps({"submitted": time.isoformat()}))


def test_a_third_in_24_hours_is_refused_until_the_first_is_a_day_old(ask, tmp_path):
    submitted(tmp_path / "out", NOW - timedelta(hours=20))
    submitted(tmp_path / "out", NOW - timedelta(hours=1))
    with pytest.raises(
        longplay.Error,
        match=r"2 submissions were made in the last 24 hours, and no more are allowed\. "
        r"The next one is possible at 2026-03-01 16:00:00 UTC, in 4 h 0 min",
    ):
        ask(NOW)
    with pytest.raises(longplay.Error, match="in 0 h 1 min"):
        ask(NOW + timedelta(hours=4, seconds=-1))
    ask(NOW + timedelta(hours=4))
    with pytest.raises(longplay.Error, match="2026-03-02 11:00:00 UTC, in 18 h 59 min"):
        ask(NOW + timedelta(hours=4, minutes=1))


@pytest.mark.parametrize("record", [json.dumps({"submitted": NOW.isoformat()}), "", "{"])
def test_what_a_killed_submit_left_does_not_count(tmp_path, record):
    for _ in range(2):
        left = Path(tempfile.mkdtemp(prefix=".", dir=tmp_path))  # as `submit` makes it before its rename
        (left / "submission.json").write_text(record)
    refuse_a_third(tmp_path, NOW)


def test_the_command_says_what_it_chose_and_what_it_skipped(index, engine, made, folder, tmp_path):
    index.save(tmp_path / "training.index")
    best, *_ = (one.path for one in rank_candidates(folder)[0])
    best.write_bytes(longplay.write_midi(longplay.read_midi(best)[:-1], 3600))
    options = ["--index", tmp_path / "training.index", "--seed", made.parent / "seed.mid", "--out", tmp_path / "out"]
    model = tiny_model.build(tmp_path / "tiny", soft=True)
    command = [sys.executable, "-m", "longplay", "submit", folder, *options, "--model", model]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120, check=False)
    [written] = (tmp_path / "out").iterdir()
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{written}: ")
    assert done.stdout.endswith("real works' are to other works.\n")
    assert f"skipped: {best.name}: regenerating it gives other bytes." in done.stderr


def test_a_time_without_a_zone_is_refused(ask):
    with pytest.raises(ValueError, match="now must have a time zone, not 2026-03-01 12:00:00"):
        ask(NOW.replace(tzinfo=None))


@pytest.mark.parametrize("record", ["{}", "[" * 100_000, '{"submitted": "2026-03-01T12:00:00"}', '{"submitted": 1}'])
def test_a_record_that_cannot_be_read_is_no_way_around_the_limit(ask, tmp_path, record):
    submitted(tmp_path / "out", NOW)
    next(tmp_path.glob("out/*/submission.json")).write_text(record)
    with pytest.raises(longplay.Error, match=r"submission\.json does not have the time of its submission"):
        ask()


def reasons(ask, **changes):
    """Why each candidate was skipped, none being left."""
    with pytest.raises(longplay.Error, match=r"No candidate can be submitted\.") as caught:
        ask(**changes)
    return str(caught.value)


def alone(folder, name="0.mid"):
    for path in folder.glob("*.mid"):
        if path.name != name:
            path.unlink()


def test_one_that_quotes_is_skipped(ask, folder):
    first, second = (one.path for one in rank_candidates(folder)[0][:2])
    made = ask(index=training_index(first.read_bytes()))
    assert made.chosen.path == second
    [reason] = made.skipped
    assert reason.startswith(f"{first.name}: It quotes ")


def test_one_whose_melody_is_quoted_is_skipped(ask, folder):
    first, second = (one.path for one in rank_candidates(folder)[0][:2])
    notes = longplay.read_midi(first)
    song = notes[melody(notes)]
    below = song.copy()
    below["pitch"] = 1
    sung = longplay.resolve_overlaps(np.concatenate([song, below]))
    made = ask(index=training_index(longplay.write_midi(sung, 3600)))
    assert made.chosen.path == second
    [reason] = made.skipped
    assert reason.startswith(f"{first.name}: It quotes 1 melody over other notes; ")


def test_one_that_comes_out_otherwise_is_skipped(ask, folder):
    alone(folder)
    notes = longplay.read_midi(folder / "0.mid")
    notes["velocity"][5] += 1
    (folder / "0.mid").write_bytes(longplay.write_midi(notes, 3600))
    assert "0.mid: regenerating it gives other bytes." in reasons(ask)


def test_one_that_nothing_says_the_making_of_is_skipped(ask, folder):
    alone(folder)
    (folder / "pieces.jsonl").unlink()
    assert "0.mid: no JSON file of the folder has its provenance." in reasons(ask)


def test_one_that_completes_a_sketch_is_skipped_by_its_name(ask, engine, folder):
    alone(folder)
    accompanied = engine.accompany(longplay.read_midi(folder / "0.mid")[:9], 1)
    composed = engine.compose("A4sB4sA", particles=1)
    for piece, made in ((accompanied, "completes a sketch"), (composed, "has the form A4sB4sA")):
        piece.save(folder / "0.mid")
        record = {"file": "0.mid", "provenance": piece.provenance.as_dict()}
        (folder / "pieces.jsonl").write_text(json.dumps(record), encoding="utf-8")
        assert f"0.mid: it {made}, but the challenge takes music that the model made alone." in reasons(ask)


@pytest.mark.parametrize(("name", "value"), [("scale", "C major"), ("pitches", (36, 84)), ("pace", 1.5)])
def test_one_whose_pitches_were_limited_is_skipped_by_its_name(ask, folder, name, value):
    alone(folder)
    records = folder / "pieces.jsonl"
    record = json.loads(records.read_text(encoding="utf-8").splitlines()[0])
    record["provenance"]["settings"][name] = value
    records.write_text(json.dumps(record), encoding="utf-8")
    assert f"0.mid: it was made with the setting {name}, but the challenge" in reasons(ask)


def test_one_whose_seed_is_not_given_is_skipped(ask, folder):
    alone(folder)
    wanted = hashlib.sha256(SEED).hexdigest()
    assert f"0.mid: its seed, with SHA-256 {wanted}, is not among the given seeds." in reasons(ask, seeds=[])


def test_one_of_another_model_is_skipped(ask, folder, tmp_path):
    alone(folder)
    other = longplay.Engine(tiny_model.build(tmp_path / "other"))
    assert "0.mid: it cannot be regenerated: model_hash must be" in reasons(ask, engine=other)


def test_one_that_is_not_safe_is_skipped(ask, engine, folder):
    alone(folder)
    piece = engine.generate(SEED, 60)
    piece.save(folder / "0.mid")
    (folder / "pieces.jsonl").write_text(json.dumps({"file": "0.mid", "provenance": piece.provenance.as_dict()}))
    assert "0.mid: it lasts 60" in reasons(ask)


def test_a_broken_file_is_skipped_and_an_empty_folder_is_said_to_be_empty(ask, folder):
    alone(folder)
    (folder / "0.mid").write_bytes(b"no MIDI")
    assert "0.mid: " in reasons(ask)
    (folder / "0.mid").unlink()
    assert reasons(ask).endswith("candidates has no MIDI files.")


def test_provenance_is_found_at_any_depth_and_by_the_line(made, tmp_path):
    known = provenances(made)
    nested = {"best": [{"file": "a.mid", "place": 1, "provenance": known["1.mid"].as_dict()}]}
    (tmp_path / "ranking.json").write_text(json.dumps(nested, indent=2))
    (tmp_path / "notes.json").write_text('{"file": "b.mid"} and more\n[1, {"provenance": {}}]')
    assert provenances(tmp_path) == {"a.mid": known["1.mid"]}


def test_a_provenance_that_makes_no_sense_is_an_error_with_its_file(made, tmp_path):
    broken = provenances(made)["1.mid"].as_dict() | {"surprise": 1}
    (tmp_path / "ranking.json").write_text(json.dumps({"file": "a.mid", "provenance": broken}))
    with pytest.raises(ValueError, match=r"ranking\.json has a provenance that is not valid: .*surprise"):
        provenances(tmp_path)
    del broken["surprise"], broken["steps"]
    (tmp_path / "ranking.json").write_text(json.dumps({"file": "a.mid", "provenance": broken}))
    with pytest.raises(ValueError, match=r"ranking\.json has a provenance that is not valid: 'steps' is missing$"):
        provenances(tmp_path)


def test_a_piece_of_a_batch_and_an_extended_one_are_regenerated(engine, index):
    options = {"temperature": 3.0, "avoid": index, "extendable": True}
    *_, third = engine.generate_batch([None, None, SEED], 60, **options)
    assert engine.regenerate(third.provenance, SEED, avoid=index).to_bytes() == third.to_bytes()
    longer = engine.extend(third.snapshot(), 120, branch=3, avoid=index)
    assert engine.regenerate(longer.provenance, SEED, avoid=index).to_bytes() == longer.to_bytes()


def test_what_a_piece_was_not_made_with_is_refused_by_name(engine, index):
    piece = engine.generate(SEED, 30, extendable=True)
    with pytest.raises(ValueError, match=r"seed_hash must be \w+, as in the provenance, not None"):
        engine.regenerate(piece.provenance)
    with pytest.raises(ValueError, match=rf"index_hash must be None, as in the provenance, not {index.hash}"):
        engine.regenerate(piece.provenance, SEED, avoid=index)
    with pytest.raises(ValueError, match="model_hash must be other, as in the provenance"):
        engine.regenerate(replace(piece.provenance, model_hash="other"), SEED)
    early = replace(piece.provenance, steps=(longplay.Step(events=1, branch=0, seconds=60),))
    with pytest.raises(ValueError, match="steps must begin at the ending of the piece, not after 1 events"):
        engine.regenerate(early, SEED)


def test_the_folder_of_a_farm_says_what_made_its_files(engine, tmp_path):
    (tmp_path / "seed.mid").write_bytes(SEED)
    with Farm(engine, tmp_path / "farm", [tmp_path / "seed.mid"], 3, 30, keep=2) as farm:
        kept = [ranked.file for ranked in farm.run()[:2]]
    found, skipped = rank_candidates(tmp_path / "farm")
    assert skipped == []
    assert sorted(candidate.path.name for candidate in found) == sorted(kept)
    for candidate in found:
        assert engine.regenerate(candidate.provenance, SEED).to_bytes() == candidate.data
