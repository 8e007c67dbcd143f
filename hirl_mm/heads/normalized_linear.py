import torch
import torch.nn.functional as F
from torch import Tensor, nn


class NormalizedLinear(nn.Module):
    """Cosine similarities to K learned directions.

    The last layer of DINO's head: a linear layer on normalised input, with
    normalised weights, that is PyTorch's ``weight_norm`` with the lengths
    fixed at 1 (``norm_last_layer`` in the released code). The weight keeps
    its own length, which sets the pace at which its direction turns.

    Args:
        in_channels: Dimension D of the input.
        out_channels: Number of directions K.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        linear = nn.Linear(in_channels, out_channels, bias=False)
        self.weight = linear.weight

    def forward(self, x: Tensor) -> Tensor:
        """Return cosine similarities (..., K) of inputs (..., D)."""
        return self._project(F.normalize(x, dim=-1))

    def mean_output(self, x: Tensor) -> Tensor:
        """Average ``forward(x)`` over all but the last dimension, to (K,).

        Projects the mean instead of taking the mean of projections: the
        layer is linear behind the normalisation.
        """
        unit = F.normalize(x.to(self.weight.dtype), dim=-1)
        with torch.autocast(x.device.type, enabled=False):
            return self._project(unit.flatten(0, -2).mean(0))

    def _project(self, unit: Tensor) -> Tensor:
        return F.linear(unit, F.normalize(self.weight, dim=-1))
