"""Define a stack of LSTM layers."""

import torch
from torch import Tensor, nn


class LSTM(nn.Module):
    """Layers of Long Short-Term Memory [1]_, whose forget gates are open at first.

    References
    ----------
    .. [1] Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1997.
    """

    def __init__(self, width: int, dropout: float = 0.0, *, layers: int = 2) -> None:
        super().__init__()
        self.width = width
        self.layers = layers
        self.lstm = nn.LSTM(width, width, layers, dropout=dropout if layers > 1 else 0.0)
        with torch.no_grad():
            for layer in range(layers):
                getattr(self.lstm, f"bias_ih_l{layer}")[width : 2 * width] = 1.0
                getattr(self.lstm, f"bias_hh_l{layer}").zero_()

    def zero_state(self, rows: int) -> tuple[Tensor, Tensor]:
        """Return h and c before a piece, each (rows, layers, width)."""
        zero = next(self.parameters()).new_zeros(rows, self.layers, self.width)
        return zero, zero

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return h of the upper layer at every step, and the state after the last step."""
        h, c = (part.transpose(0, 1).contiguous() for part in state)
        y, (h, c) = self.lstm(x, (h, c))
        return y, (h.transpose(0, 1), c.transpose(0, 1))
