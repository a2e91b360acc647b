"""Define an LSTM that attends to its last outputs."""

import torch
from torch import Tensor, nn

from training.backbones.attention import Attention, masks_of
from training.backbones.lstm import LSTM


class AttentiveLSTM(nn.Module):
    """An LSTM layer, attention to its outputs of the last notes, and an LSTM layer that reads both.

    The idea is that of the attention RNN of Melody RNN [1]_. There, the attention enters the first layer of the next
    step, so that no layer could process a whole window of music at once.

    References
    ----------
    .. [1] Waite, "Generating Long-Term Structure in Songs and Stories", Magenta, 2016.
    """

    def __init__(self, width: int, dropout: float = 0.0, *, window: int = 256) -> None:
        super().__init__()
        self.lower, self.upper = LSTM(width, layers=1), LSTM(width, layers=1)
        self.attention = Attention(width, window=window)
        self.norm = nn.LayerNorm(width, bias=False)
        self.dropout = nn.Dropout(dropout)

    def zero_state(self, rows: int) -> tuple[Tensor, ...]:
        """Return h and c of both layers, the attention's memory, and the number of notes in it."""
        memory = self.attention.zero_memory(rows)
        count = torch.zeros(rows, dtype=torch.int64, device=memory.device)
        return *self.lower.zero_state(rows), *self.upper.zero_state(rows), memory, count

    def forward(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return h of the upper layer at every step, and the state after the last step."""
        lower_h, lower_c, upper_h, upper_c, memory, count = state
        low, lower = self.lower(x, (lower_h, lower_c))
        attended, memory = self.attention.attend(low, memory, masks_of(count, len(x), self.attention.window))
        high, upper = self.upper(self.norm(low + self.dropout(attended)), (upper_h, upper_c))
        return high, (*lower, *upper, memory, (count + len(x)).clamp(max=self.attention.window - 1))
