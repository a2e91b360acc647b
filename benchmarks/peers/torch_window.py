"""The loop of the classic tutorials: for each note, the network reads the last hundred notes again.

Tutorials use a network of Keras and call `predict`. This one is PyTorch's LSTM with longplay's weights, on one-hot
notes: about the same work with less overhead.
"""

from collections.abc import Sequence

import torch

from benchmarks.peers.loop import bounds
from benchmarks.peers.lstm import Floats, LSTMWeights, Product
from benchmarks.peers.torch_eager import tensor
from benchmarks.peers.torch_function import draw_by_numpy

Tensor = torch.Tensor
WINDOW = 100
_GATES = (0, 1, 3, 2)  # PyTorch has the candidate before the output gate


class WindowLoop:
    """Is the same model for the first hundred notes; then it forgets older notes."""

    def __init__(self, weights: LSTMWeights) -> None:
        width, (ids, _) = weights.width, weights.inputs.rows.shape
        self._weights = weights
        self._network = torch.nn.LSTM(ids, width, 2, batch_first=True)
        self._network.load_state_dict(
            {
                "weight_ih_l0": _by_gate(weights.inputs.rows.T),
                "weight_hh_l0": _by_gate(weights.recurrent.weight.T),
                "bias_ih_l0": _by_gate(weights.recurrent.bias),
                "weight_ih_l1": _by_gate(weights.second.weight[:width].T),
                "weight_hh_l1": _by_gate(weights.second.weight[width:].T),
                "bias_ih_l1": _by_gate(weights.second.bias),
                **{f"bias_hh_l{layer}": torch.zeros(4 * width) for layer in (0, 1)},
            }
        )
        self._output, self._heads = _linear(weights.output), [_linear(head) for head in weights.heads]
        self._drawn = [(tensor(table.rows), tensor(table.begins)) for table in weights.drawn]
        self._begins, self._unknown = tensor(weights.inputs.begins), torch.tensor(weights.unknown)
        self._window = torch.zeros(1, 0, ids)
        self._feed(torch.tensor(weights.start_event))

    def prepared(self, noise: Floats) -> Sequence[Floats]:
        """See `Loop`."""
        return list(noise[:, None])

    @torch.inference_mode()
    def note(self, noise: Floats) -> Tensor:
        """See `Loop`."""
        hidden, _ = self._network(self._window)
        output = self._output(hidden[:, -1])
        sizes = self._weights.sizes
        contexts = output[:, sizes[0] :].chunk(len(self._heads), 1)
        drawn: list[Tensor] = []
        logits: list[Tensor] = []
        for field, (begin, end) in enumerate(bounds(sizes)):
            if field == 0:
                logits.append(output[:, :end])
            else:
                table, begins = self._drawn[field - 1]
                earlier = table[torch.cat(drawn) + begins].sum(0)
                logits.append(self._heads[field - 1](torch.tanh(contexts[field - 1] + earlier)))
            drawn.append(draw_by_numpy(logits[field], noise[:, begin:end], self._weights.top_p[field])[0])
        self._feed(torch.cat(drawn))
        return torch.cat(logits, 1)

    def _feed(self, event: Tensor) -> None:
        one_hot = torch.zeros(1, 1, self._window.shape[2])
        one_hot[0, 0, torch.cat([event, self._unknown]) + self._begins] = 1
        self._window = torch.cat([self._window[:, 1 - WINDOW :], one_hot], 1)


def _by_gate(array: Floats) -> Tensor:
    gates = tensor(array.copy()).chunk(4)
    return torch.cat([gates[gate] for gate in _GATES])


def _linear(product: Product) -> torch.nn.Linear:
    layer = torch.nn.Linear(*product.weight.shape)
    layer.load_state_dict({"weight": tensor(product.weight.T.copy()), "bias": tensor(product.bias)})
    return layer
