"""Check what training runs learn, and that they resume exactly."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import json
import signal
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

from training import export, keep, plot
from training.export import load_model
from training.model import NoteModel, operations_per_event
from training.precision import choose_precision, measure_peak
from training.streams import MIXES
from training.train import Run, TrainConfig, main, open_run

SMALL = ["--width", "64", "--head-width", "32", "--rows", "4", "--window", "16", "--precision", "fp32"]


def options(prepared: Path, out: Path, *more: str) -> list[str]:
    return ["--data", str(prepared), "--out", str(out), *SMALL, "--dropout", "0.2", *more]


def losses(run: Run, steps: int) -> list[float]:
    return [sum(run.advance()) for _ in range(steps)]


def test_a_resumed_run_gives_the_losses_it_would_have_given(prepared: Path, tmp_path: Path) -> None:
    whole = losses(open_run(options(prepared, tmp_path / "whole")), 8)
    stopped = open_run(options(prepared, tmp_path / "stopped"))
    assert losses(stopped, 5) == whole[:5]
    stopped.save()
    assert losses(open_run(["--resume", "--out", str(tmp_path / "stopped")]), 3) == whole[5:]


def test_the_loss_falls(prepared: Path, tmp_path: Path) -> None:
    seen = losses(open_run(options(prepared, tmp_path / "run", "--warmup-steps", "5", "--learning-rate", "0.02")), 90)
    assert sum(seen[-5:]) / 5 < 0.9 * sum(seen[:5]) / 5


def test_the_first_loss_is_that_of_even_chances(prepared: Path, tmp_path: Path) -> None:
    even = sum(torch.log(torch.tensor([154.0, 88, 32, 102]))).item()
    assert sum(open_run(options(prepared, tmp_path / "run")).advance()) == pytest.approx(even, rel=0.1)


def test_the_rate_rises_stays_and_falls_to_zero(prepared: Path, tmp_path: Path) -> None:
    config = TrainConfig(prepared, tmp_path, steps=20, warmup_steps=4, decay_steps=5, learning_rate=1.0, width=8)
    run = Run(config)
    rates = []
    for run.step in range(20):
        rates.append(run.rate())
    assert rates[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert rates[14:] == pytest.approx([1.0, 1.0, 0.8, 0.6, 0.4, 0.2])


def test_a_run_ends_with_a_checkpoint_and_its_validation(prepared: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    main(options(prepared, out, "--steps", "4", "--log-every", "2"))
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [0, 2, 4, 4]
    assert lines[0]["precision"] == "fp32"
    assert [line["notes"] for line in lines] == sorted(line["notes"] for line in lines)
    assert len(lines[1]["train"]) == 4
    assert 0 < lines[1]["share_of_peak"] < 1
    assert lines[-1]["valid"] == pytest.approx(sum(lines[-1]["fields"].values()), abs=1e-3)
    assert set(lines[-1]["sources"]) == {"stanford_rolls", "piano_midi_de", "mutopia"}
    assert not (out / "last.pt.partial").exists()


def test_a_run_leaves_signals_as_they_were(prepared: Path, tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    main(options(prepared, tmp_path / "run", "--steps", "1"))
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def test_a_run_begins_with_kept_weights(prepared: Path, tmp_path: Path) -> None:
    main(options(prepared, tmp_path / "run", "--steps", "3"))
    keep.main(["--run", str(tmp_path / "run"), "--out", str(tmp_path / "kept.pt")])
    begun = open_run(options(prepared, tmp_path / "more", "--weights", str(tmp_path / "kept.pt")))
    kept = load_model(tmp_path / "run").state_dict()
    for model in (begun.model, begun.average.module):
        for name, value in model.state_dict().items():
            torch.testing.assert_close(value, kept[name], rtol=1e-3, atol=1e-4)
    assert (begun.step, begun.notes) == (0, open_run(["--resume", "--out", str(tmp_path / "run")]).notes)


def test_kept_weights_are_exported(prepared: Path, tmp_path: Path) -> None:
    main(options(prepared, tmp_path / "run", "--steps", "3"))
    main(options(prepared, tmp_path / "other", "--steps", "5"))
    keep.main(["--run", str(tmp_path / "run"), "--out", str(tmp_path / "kept.pt")])
    mean = ["--mean-with", str(tmp_path / "kept.pt"), "--out", str(tmp_path / "mean.pt")]
    keep.main(["--run", str(tmp_path / "other"), *mean])
    both = [load_model(tmp_path / name).state_dict() for name in ("run", "other")]
    for name, value in load_model(tmp_path / "mean.pt").state_dict().items():
        torch.testing.assert_close(value, (both[0][name] + both[1][name]) / 2, rtol=1e-2, atol=1e-3)
    with pytest.raises(SystemExit, match="--data must be given"):
        export.main(["--run", str(tmp_path / "mean.pt"), "--out", str(tmp_path / "model")])


def test_a_shorter_model_begins_with_some_layers_of_a_longer_one(prepared: Path, tmp_path: Path) -> None:
    kind = ("--width", "128", "--rows", "2", "--steps", "1")
    main(options(prepared, tmp_path / "run", "--backbone", "far-transformer", *kind))
    keep.main(["--run", str(tmp_path / "run"), "--layers", "5,2,0", "--out", str(tmp_path / "kept.pt")])
    weights = ("--weights", str(tmp_path / "kept.pt"))
    short = open_run(options(prepared, tmp_path / "short", "--backbone", "short-transformer", *kind, *weights))
    longer, shorter = load_model(tmp_path / "run").state_dict(), short.model.state_dict()
    for index, chosen in enumerate((5, 2, 0)):
        here, there = f"{keep.LAYERS}{index}.", f"{keep.LAYERS}{chosen}."
        parts = [name.removeprefix(here) for name in shorter if name.startswith(here)]
        assert len(parts) == 12
        for part in parts:
            torch.testing.assert_close(shorter[here + part], longer[there + part], rtol=1e-3, atol=1e-4)
    assert short.notes == 0


def test_options_given_with_resume_replace_those_of_the_run(prepared: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    main(options(prepared, out, "--steps", "2"))
    main(["--resume", "--out", str(out), "--steps", "3", "--mix", "expressive"])
    run = open_run(["--resume", "--out", str(out)])
    assert (run.step, run.config.steps, run.config.mix, run.config.width) == (3, 3, "expressive", 64)


def test_a_folder_that_holds_a_run_is_not_written_over(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="add --resume"):
        open_run(options(prepared, tmp_path))


def test_what_is_evaluated_is_the_average_of_the_weights(prepared: Path, tmp_path: Path) -> None:
    run = open_run(options(prepared, tmp_path / "run", "--average", "0.75"))
    expected = run.model.out.weight.detach().clone()
    for step in range(3):
        run.advance()
        now = run.model.out.weight.detach()
        expected = now.clone() if step == 0 else 0.75 * expected + 0.25 * now
    run.save()
    assert torch.allclose(load_model(tmp_path / "run").out.weight, expected)
    assert not torch.allclose(run.model.out.weight, expected)


def test_operations_are_six_a_weight_of_every_product() -> None:
    width, head, out = 8, 4, 154 + 3 * 4
    lstm = 2 * (4 * width * width * 2)
    heads = head * (88 + 32 + 102)
    assert operations_per_event(NoteModel("lstm", width, head)) == 6 * (lstm + width * out + heads)


def test_every_weight_is_moved_and_only_large_matrices_by_muon(prepared: Path, tmp_path: Path) -> None:
    run = open_run(options(prepared, tmp_path / "run"))
    before = [weight.detach().clone() for weight in run.model.parameters()]
    run.advance()
    moved = [not torch.equal(a, b) for a, b in zip(before, run.model.parameters(), strict=True)]
    assert all(moved)
    muon, adam = run.optimizer.state_dict()
    assert len(muon["state"]) == 5  # two layers' two matrices, and the product after them
    assert len(adam["state"]) == len(before) - 5


def test_the_plot_shows_every_field(prepared: Path, tmp_path: Path) -> None:
    main(options(prepared, tmp_path / "run", "--steps", "4", "--log-every", "2"))
    plot.main(["--run", str(tmp_path / "run"), "--out", str(tmp_path / "loss.svg")])
    assert (tmp_path / "loss.svg").read_text().count('<g id="axes_') == 4


def test_precision_is_measured_or_given() -> None:
    device = torch.device("cpu")
    assert choose_precision("bf16", device) == "bf16"
    assert choose_precision("auto", device) in ("fp32", "bf16")
    assert measure_peak("fp32", device) > 1e9
    with pytest.raises(ValueError, match="precision must be auto, fp32 or bf16, not 'fp8'"):
        choose_precision("fp8", device)


def test_an_unknown_mix_is_refused(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mix must be one of all, expressive, not 'jazz'"):
        open_run(options(prepared, tmp_path / "run", "--mix", "jazz"))
    assert set(MIXES) == {"all", "expressive"}
