"""Check the measurement of what a run gains from far notes."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

from training import reach
from training.backbones.far_transformer import FarTransformer
from training.train import main


def test_only_longer_windows_are_limited() -> None:
    backbone = FarTransformer(128, windows=(20, 70, 40))
    reach.cut_windows(backbone, 40)
    assert [layer.window for layer in backbone.layers] == [20, 40, 40]


def test_returns_are_counted_from_the_last_occurrence() -> None:
    six, other = [1, 2, 3, 4, 5, 6], [10, 11]
    music = [*six, 7, *other, *six, 7, *range(20, 40), *six, 8]
    assert reach.returns(music, near=12, far=30) == {"near": (2, 1), "far": (1, 0)}
    assert reach.returns(music, near=12, far=20) == {"near": (2, 1), "far": (0, 0)}


def test_a_run_is_scored_by_window(prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--width", "128", "--head-width", "32", "--rows", "4", "--window", "16", "--precision", "fp32"]
    learned = ["--backbone", "far-transformer", "--vocabulary", "fine", "--intervals", "--steps", "30"]
    main(["--data", str(prepared), "--out", str(tmp_path / "run"), *small, *learned, "--learning-rate", "0.02"])
    reach.main(["--run", str(tmp_path / "run"), "--data", str(prepared), "--windows", "1024,128,2"])
    counted, whole, same, cut = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert [whole["window"], same["window"], cut["window"]] == [1024, 128, 2]
    assert whole["nats_per_note"] == same["nats_per_note"] != cut["nats_per_note"]  # no piece has 128 notes
    assert whole["nats_per_note"] == pytest.approx(
        sum(whole[name] for name in ("time_shift", "pitch", "velocity", "duration")), abs=1e-3
    )
    assert set(whole["sources"]) == {"stanford_rolls", "piano_midi_de", "mutopia"}
    assert "0-64" in whole["positions"]
    assert set(counted["returns"]) == set(whole["sources"])
