import torch
import torch.nn.functional as F
from torch import Tensor, nn


class NormalizedLinear(nn.Module):
    """Linear layer on L2-normalised inputs with L2-normalised weights.

    Its outputs are cosine similarities to K learned directions. It is the
    last layer of DINO's head, PyTorch's ``weight_norm`` with all lengths
    fixed at 1 (``norm_last_layer`` in the released code). The stored weight
    is not normalised; its length determines how fast its direction changes.

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
        """Return the mean of ``forward(x)`` over all but the last dimension.

        After the normalisation the layer is linear, so the mean is projected
        instead of averaging projections.

        Args:
            x: (..., D), inputs.

        Returns:
            (K,).
        """
        unit = F.normalize(x.to(self.weight.dtype), dim=-1)
        with torch.autocast(x.device.type, enabled=False):
            return self._project(unit.flatten(0, -2).mean(0))

    def _project(self, unit: Tensor) -> Tensor:
        return F.linear(unit, F.normalize(self.weight, dim=-1))
