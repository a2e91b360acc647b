"""Check models that also read and predict intervals between pitches."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

import made_up

from training.export import write_model
from training.folder import ModelFolder
from training.model import PITCH, NoteModel

STEPS, ROWS = 40, 3


@pytest.fixture
def model() -> NoteModel:
    torch.manual_seed(5)
    model = NoteModel("lstm", width=64, head_width=32, intervals=True).eval()
    with torch.no_grad():
        model.out.weight.mul_(10)
    return model


@torch.no_grad()
def test_logits_of_graphs_are_the_models(model: NoteModel, tmp_path: Path) -> None:
    write_model(model, tmp_path, name="small")
    folder = ModelFolder(tmp_path)
    events, controls, drawn = made_up.steps(STEPS, ROWS)
    given = [torch.from_numpy(array) for array in (events, controls, drawn)]
    output, _ = model.run_backbone(given[0], given[1], model.zero_state(ROWS))
    logits, context = model.first_logits(output, given[0])
    pitch = model.head_logits(PITCH, context, given[2])
    state, said = folder.zero_state(ROWS), []
    for event, control, ids in zip(events, controls, drawn, strict=True):
        first, context, state = folder.step(event, control, state)
        said.append(np.concatenate([first, folder.head(context, np.ascontiguousarray(ids[:, :PITCH]))], axis=1))
    expected = torch.cat([logits, pitch], dim=-1).numpy()
    assert expected.std() > 0.5
    assert np.abs(np.stack(said) - expected).max() < 2e-2  # embeddings are stored in 16 bits


@torch.no_grad()
def test_reading_music_in_parts_gives_the_same_as_in_one_go(model: NoteModel) -> None:
    events, controls, _ = (torch.from_numpy(array) for array in made_up.steps(STEPS, ROWS))
    whole, _ = model.run_backbone(events, controls, model.zero_state(ROWS))
    state, parts = model.zero_state(ROWS), []
    for part in (slice(0, 1), slice(1, 30), slice(30, STEPS)):
        output, state = model.run_backbone(events[part], controls[part], state)
        parts.append(output)
    assert torch.allclose(torch.cat(parts), whole, atol=1e-5)


@torch.no_grad()
def test_logits_of_intervals_move_with_the_music(model: NoteModel) -> None:
    model.events[PITCH].weight.zero_()  # pitches enter by intervals only
    events, controls, _ = (torch.from_numpy(array) for array in made_up.steps(STEPS, ROWS))
    events[..., PITCH] = events[..., PITCH].clamp(20, 60)
    moved = events.clone()
    moved[..., PITCH] += 5
    state = model.zero_state(ROWS)
    said = []
    for music, before in ((events, 30), (moved, 35)):
        output, _ = model.run_backbone(music, controls, (*state[:-1], torch.full((ROWS,), before)))
        said.append(model.first_logits(output, music)[1][..., -model.pitches :])
    assert torch.allclose(said[0][..., :-5], said[1][..., 5:], atol=1e-5)
    assert said[0].std() > 0.1


def test_a_vocabulary_without_pitches_is_refused() -> None:
    with pytest.raises(ValueError, match="intervals must be False for the vocabulary performance"):
        NoteModel("lstm", width=64, vocabulary="performance", intervals=True)
