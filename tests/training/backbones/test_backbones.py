"""Check the contract of every backbone, and the reach of those with a window."""
# ruff: noqa: E402 - what needs torch is imported after the check that it is there

import pytest

torch = pytest.importorskip("torch", reason="training needs torch, of the extra [train]")

import made_up
from torch import Tensor
from torch.nn import functional

from training.backbones import BACKBONES, Backbone, reset_rows
from training.backbones.attention import TURN, Attention, masks_of, rotate, rotations
from training.backbones.far_transformer import FarTransformer, far_turns
from training.backbones.transformer import RelativeTransformer, Transformer

WIDTH, ROWS, STEPS = 128, 3, 150


def notes(steps: int = STEPS) -> Tensor:
    return torch.randn(steps, ROWS, WIDTH, generator=torch.Generator().manual_seed(3))


@pytest.fixture(params=BACKBONES)
def backbone(request: pytest.FixtureRequest) -> Backbone:
    return made_up.awake(BACKBONES[request.param](WIDTH))


@torch.no_grad()
def test_reading_music_in_parts_gives_the_same_as_in_one_go(backbone: Backbone) -> None:
    given = notes()
    whole, _ = backbone(given, backbone.zero_state(ROWS))
    state, parts = backbone.zero_state(ROWS), []
    for part in given.split([1, 70, 9, 69, 1]):
        output, state = backbone(part, state)
        parts.append(output)
    assert torch.allclose(torch.cat(parts), whole, atol=1e-5)
    assert whole.std() > 0.01


@torch.no_grad()
def test_a_row_that_is_reset_begins_a_piece(backbone: Backbone) -> None:
    given = notes()
    _, state = backbone(given, backbone.zero_state(ROWS))
    output, _ = backbone(given, reset_rows(state, [False, True, False]))
    fresh, _ = backbone(given, backbone.zero_state(ROWS))
    assert torch.allclose(output[:, 1], fresh[:, 1], atol=1e-6)
    assert not torch.allclose(output[:, 0], fresh[:, 0], atol=1e-3)


def test_states_are_zeros_with_the_row_first(backbone: Backbone) -> None:
    for part in backbone.zero_state(ROWS):
        assert part.shape[0] == ROWS
        assert not part.any()


@torch.no_grad()
@pytest.mark.parametrize("kind", [Transformer, RelativeTransformer])
def test_a_transformer_of_one_layer_reads_a_note_until_it_leaves_the_window(kind: type[Transformer]) -> None:
    transformer = made_up.awake(kind(WIDTH, layers=1, window=20))
    given = notes()
    changed = given.clone()
    changed[30, 1] += 1
    output, other = (transformer(music, transformer.zero_state(ROWS))[0] for music in (given, changed))
    differs = (output != other).any(dim=-1).nonzero().tolist()
    assert differs == [[step, 1] for step in range(30, 50)]


@torch.no_grad()
def test_a_head_with_a_high_sink_attends_to_nothing() -> None:
    transformer = made_up.awake(Transformer(WIDTH, layers=1, window=20))
    given = notes()
    transformer.layers[0].sink.fill_(60)
    transformer.layers[0].down.weight.zero_()
    output, _ = transformer(given, transformer.zero_state(ROWS))
    assert torch.allclose(output, transformer.last(given), atol=1e-5)


@torch.no_grad()
def test_each_layer_of_a_far_transformer_attends_as_far_as_its_window() -> None:
    transformer = made_up.awake(FarTransformer(WIDTH, windows=(20, 70), kept=0))
    given = notes()
    changed = given.clone()
    changed[30, 1] += 1
    output, other = (transformer(music, transformer.zero_state(ROWS))[0] for music in (given, changed))
    differs = (output != other).any(dim=-1).nonzero().tolist()
    # The windows are 20 and 70; each layer reads one note more, through its products of one note ago.
    assert differs == [[step, 1] for step in range(30, 30 + 19 + 69 + 2 + 1)]


@torch.no_grad()
def test_attention_of_a_far_transformer_equals_its_formula_note_by_note() -> None:
    window = 70
    transformer = made_up.awake(FarTransformer(WIDTH, windows=[window]))
    layer, given = transformer.layers[0], notes()
    layer.down.weight.zero_()
    output, _ = transformer(given, transformer.zero_state(ROWS))
    normed = layer.before_attention(given)
    asked = torch.cat([part(normed) for part in (layer.query, layer.key, layer.value)], dim=-1)
    asked[1:] += layer.earlier * asked[:-1].clone()
    for row, note in [(0, 0), (1, 5), (2, 69), (0, 70), (1, 149)]:
        seen = asked[max(0, note - window + 1) : note + 1, row]
        query = functional.normalize(asked[note, row, :WIDTH].view(2, 64), dim=-1) * 8 * layer.sharpness[:, None]
        keys, values = functional.normalize(seen[:, WIDTH : WIDTH + 64], dim=-1), seen[:, WIDTH + 64 :]
        positions = torch.arange(1000, 1000 + len(seen))
        angles = positions.view(-1, 1) * far_turns() * (2 * torch.pi / TURN)
        angles = (angles.cos(), angles.sin())
        logits = rotate(query, *(part[-1:] for part in angles)) @ rotate(keys, *angles).T
        weights = torch.cat([logits, layer.sink[:, None]], dim=1).softmax(dim=1)[:, :-1]
        expected = transformer.last(given[note, row] + layer.attended((weights @ values).flatten()))
        assert torch.allclose(output[note, row], expected, atol=1e-4)


@torch.no_grad()
def test_far_layers_encode_no_distances() -> None:
    given = notes()
    swapped = given[[1, 0, *range(2, STEPS)]]
    for windows, same in (((200,), False), ((1, 200), True)):
        transformer = made_up.awake(FarTransformer(WIDTH, windows=windows, kept=0))
        for layer in transformer.layers:
            layer.earlier.zero_()
        last = [transformer(music, transformer.zero_state(ROWS))[0][-1] for music in (given, swapped)]
        assert torch.allclose(*last, atol=1e-5) == same


@torch.no_grad()
def test_far_layers_attend_to_the_first_notes_until_the_end_of_a_piece() -> None:
    transformer = made_up.awake(FarTransformer(WIDTH, windows=(2, 130), kept=30))
    for layer in transformer.layers:
        layer.earlier.zero_()
    given = notes(600)

    def output(music: Tensor) -> Tensor:
        parts, state = [], transformer.zero_state(ROWS)
        for part in music.split(90):
            output, state = transformer(part, state)
            parts.append(output)
        return torch.cat(parts)

    reaches = {}
    for note in (0, 29, 30, 480):
        changed = given.clone()
        changed[note, 1, :9] += 1
        differs = (output(changed) != output(given)).any(dim=-1).nonzero().tolist()
        assert {row for _, row in differs} == {1}
        reaches[note] = [step for step, _ in differs]
    # The window of 130 notes has the first 30 of the piece and the last 100; the other layer reads one note more.
    assert reaches == {note: list(range(note, end)) for note, end in {0: 600, 29: 600, 30: 131, 480: 581}.items()}


@pytest.mark.parametrize("kept", [0, 10])
def test_gradients_of_a_far_transformer_equal_finite_differences(kept: int) -> None:
    transformer = made_up.awake(FarTransformer(WIDTH, windows=(20, 170), kept=kept)).double()
    given = notes().double()
    with torch.no_grad():
        _, state = transformer(given, transformer.zero_state(ROWS))
    random = torch.Generator().manual_seed(1)
    wanted = torch.randn(given.shape, generator=random, dtype=torch.float64)

    def loss() -> Tensor:
        return (transformer(given, state)[0] * wanted).sum()

    loss().backward()
    for name, weight in transformer.named_parameters():
        way = torch.randn(weight.shape, generator=random, dtype=torch.float64)
        expected = (weight.grad * way).sum()
        with torch.no_grad():
            weight += 1e-6 * way
            more = loss()
            weight -= 2e-6 * way
            difference = (more - loss()) / 2e-6
            weight += 1e-6 * way
        assert torch.allclose(difference, expected, rtol=1e-4, atol=1e-4), name


@torch.no_grad()
def test_the_sharpest_head_of_a_far_transformer_gives_finite_numbers() -> None:
    transformer = made_up.awake(FarTransformer(WIDTH, windows=(20, 70), kept=0))
    for layer in transformer.layers:
        layer.sharpness.fill_(100)
    output, _ = transformer(notes(), transformer.zero_state(ROWS))
    assert output.isfinite().all()


def test_rotations_come_back_after_a_turn() -> None:
    positions = torch.arange(0, TURN, 7)
    for now, later in zip(rotations(positions), rotations(positions + 1000 * TURN), strict=True):
        assert torch.equal(now, later)
    assert torch.allclose(rotations(torch.tensor([1]))[0][0, 0], torch.tensor(1.0).cos(), atol=1e-3)


def test_a_width_that_heads_do_not_fill_is_refused() -> None:
    with pytest.raises(ValueError, match="width must be a multiple of 128, not 192"):
        Attention(192, window=20)
    with pytest.raises(ValueError, match="width must be a multiple of 128, not 192"):
        FarTransformer(192)


@torch.no_grad()
@pytest.mark.parametrize("relative", [False, True])
def test_attention_equals_its_formula_note_by_note(relative: bool) -> None:
    window = 20
    attention = made_up.awake(Attention(WIDTH, window=window, relative=relative))
    given = notes(70)
    output, _ = attention.attend(
        given, attention.zero_memory(ROWS), masks_of(torch.zeros(ROWS, dtype=torch.int64), 70, window)
    )
    for row, note in [(0, 0), (1, 5), (2, 19), (0, 20), (1, 69)]:
        seen = given[max(0, note - window + 1) : note + 1, row]
        heads = attention.query(given[note, row]).view(2, 64)
        query = functional.normalize(heads, dim=-1) * 8 * attention.sharpness[:, None]
        keys, values = functional.normalize(attention.key(seen), dim=-1), attention.value(seen)
        if relative:
            logits = query @ keys.T + (query[:, None] * attention.distances[0, :, window - len(seen) :]).sum(-1)
        else:
            positions = torch.arange(1000, 1000 + len(seen))
            logits = rotate(query, *rotations(positions[-1:])) @ rotate(keys, *rotations(positions)).T
        weights = torch.cat([logits, attention.sink[:, None]], dim=1).softmax(dim=1)[:, :-1]
        expected = attention.attended((weights.to(values.dtype) @ values).flatten())
        assert torch.allclose(output[note, row], expected, atol=1e-4)
