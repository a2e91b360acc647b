"""Check Muon against its purpose and against PyTorch."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

from training.model import NoteModel
from training.optimizer import Muon, Optimizer, orthogonal


@pytest.mark.parametrize("shape", [(3, 70, 25), (2, 25, 70), (1, 30, 30)])
def test_singular_values_come_near_one(shape: tuple[int, ...]) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    values = torch.linalg.svdvals(orthogonal(matrices))
    assert 0.6 < values.min() < values.max() < 1.3


def test_muon_moves_weights_as_pytorchs_own_does() -> None:
    random = torch.Generator().manual_seed(1)
    weights = [torch.randn(shape, generator=random) for shape in [(70, 30), (30, 70), (70, 30)]]
    ours, theirs = ([torch.nn.Parameter(weight.clone()) for weight in weights] for _ in range(2))
    muon = Muon(ours, weight_decay=0.02, precision=torch.bfloat16)
    pytorchs = torch.optim.Muon(theirs, weight_decay=0.02, adjust_lr_fn="match_rms_adamw")
    for rate in (0.01, 0.02, 0.01):
        for each, other in zip(ours, theirs, strict=True):
            each.grad = torch.randn(each.shape, generator=random)
            other.grad = each.grad.clone()
        for optimizer in (muon, pytorchs):
            optimizer.param_groups[0]["lr"] = rate
            optimizer.step()
    for weight, each, other in zip(weights, ours, theirs, strict=True):
        assert (each - other).norm() < 0.02 * (each - weight).norm()  # products in bf16, in another order


def test_a_gradient_that_is_not_finite_changes_no_weight() -> None:
    model = NoteModel("lstm", 64, 32)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    optimizer = Optimizer(model, weight_decay=0.02)
    for weight in model.parameters():
        weight.grad = torch.full_like(weight, float("nan"))
    with pytest.raises(FloatingPointError, match="the norm of the gradient must be finite, not nan"):
        optimizer.step(0.01, 1.0)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
