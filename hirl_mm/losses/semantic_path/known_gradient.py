import torch
from torch import Tensor


class KnownGradient(torch.autograd.Function):
    """Values of samples whose gradient was computed with them.

    Backward only scales it, so that no intermediate result has to outlive the
    computation.
    """

    @staticmethod
    def forward(
        ctx, inputs: Tensor, values: Tensor, gradient: Tensor
    ) -> Tensor:
        """Return ``values`` as a function of ``inputs``.

        Args:
            ctx: Context of autograd.
            inputs: (L, B, D), what the values were computed from.
            values: (B,), each a function of its own sample in ``inputs``.
            gradient: (L, B, D), of the sum of ``values`` in ``inputs``.

        Returns:
            (B,), equal to ``values``.
        """
        ctx.save_for_backward(gradient)
        return values.clone()

    @staticmethod
    def backward(ctx, grad_values: Tensor) -> tuple[Tensor, None, None]:
        """Scale the gradient in ``inputs`` by that of the values, (B,).

        Raises:
            RuntimeError: Under ``create_graph=True``, since the gradient that
                was computed has none itself.
        """
        if torch.is_grad_enabled():
            raise RuntimeError(
                'the SPD loss has no second derivative, but create_graph=True '
                'asked for one: leave the loss out of what is differentiated '
                'twice'
            )
        (gradient,) = ctx.saved_tensors
        return grad_values[:, None] * gradient, None, None
