"""Check that a critic is trained, and that an engine searches with it."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

import longplay
from training import critic, export, train

START = np.array([9, 9])


def test_windows_hold_the_last_events_before_each_end(tmp_path: Path) -> None:
    config = critic.CriticConfig(tmp_path, tmp_path, events=3)
    events = np.arange(10).reshape(5, 2)
    onsets = np.array([0, 10, 20, 30, 40])
    found = list(critic.windows(events, onsets, [1, 11, 40], config, START))
    assert [window.tolist() for window in found] == [[[9, 9], [0, 1], [2, 3]], [[2, 3], [4, 5], [6, 7]]]


def test_a_critic_is_measured_on_works_that_it_has_not_seen() -> None:
    random = np.random.default_rng(0)
    real = random.random(400) < 0.5
    works = [str(work) for work in random.integers(0, 40, 400)]
    noise = random.random((400, 5)).astype(np.float32)
    assert 0.35 < critic.measure(noise, real, works, 20)["auc"] < 0.65
    sides = {work: random.random() < 0.5 for work in works}
    by_work = np.array([sides[work] for work in works])
    own = np.array([int(work) for work in works], np.float32)  # gives the work away, and the side of works seen
    assert critic.measure(np.column_stack([noise, own]), by_work, works, 20)["auc"] < 0.75
    assert critic.measure(np.column_stack([noise, real + 0.1 * noise[:, 0]]), real, works, 20)["auc"] > 0.99


def test_the_engine_searches_with_a_trained_critic(
    prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--width", "64", "--head-width", "32", "--rows", "4", "--window", "16", "--precision", "fp32"]
    train.main(["--data", str(prepared), "--out", str(tmp_path / "run"), *small, "--steps", "3"])
    export.main(["--run", str(tmp_path / "run"), "--out", str(tmp_path / "model"), "--precision", "fp32"])
    options = ["--answers", "12", "--seconds", "60", "--seed-seconds", "4", "--phrase-seconds", "4", "--events", "40"]
    critic.main(["--data", str(prepared), "--model", str(tmp_path / "model"), *options, "--trees", "20"])
    measured = json.loads(capsys.readouterr().out)
    assert measured["windows"] > 20
    engine = longplay.Engine(tmp_path / "model", num_threads=1)
    assert engine.has_critic
    plain, searched = engine.generate(None, 60), engine.generate(None, 60, search=8)
    assert not np.array_equal(plain.events, searched.events)
