from typing import Any

import torch
from torch import Tensor


class KnownGradient(torch.autograd.Function):
    """Values with a gradient that was computed in the forward pass.

    The backward pass only scales this gradient, so that no intermediate
    results have to be kept for it.
    """

    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, values: Tensor, gradient: Tensor
    ) -> Tensor:
        """Return ``values`` as a function of ``inputs``.

        Args:
            ctx: Context of autograd.
            inputs: (..., B, D), tensor from which the values were computed.
            values: (B,), one value per sample, which depends on no other
                sample in ``inputs``; or a scalar.
            gradient: (..., B, D), gradient of the sum of ``values`` with
                respect to ``inputs``.

        Returns:
            Equal to ``values``.
        """
        ctx.save_for_backward(gradient)
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, grad_values: Tensor) -> tuple[Tensor, None, None]:
        """Scale the gradient of every sample by that of its value.

        Raises:
            RuntimeError: If called with ``create_graph=True``, since the
                gradient cannot be differentiated.
        """
        if torch.is_grad_enabled():
            raise RuntimeError(
                'the SPD loss and the cross-sample loss have no second '
                'derivative, but create_graph=True asked for one: do not add '
                'these losses to terms that are differentiated twice'
            )
        (gradient,) = ctx.saved_tensors
        return grad_values[..., None] * gradient, None, None
