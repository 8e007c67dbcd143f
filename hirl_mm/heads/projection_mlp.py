from collections.abc import Callable

from torch import Tensor, nn


class ProjectionMLP(nn.Module):
    """Multi-layer perceptron of a projection head.

    Linear layers with normalisation and ReLU between them. Only the last
    linear layer has a bias. Parameters are named as in MMPreTrain's
    ``NonLinearNeck``: ``fc0``, ``bn0``, ``fc1``, ...

    Args:
        in_channels: Dimension of the input.
        hidden_channels: Dimension of the hidden layers.
        out_channels: Dimension of the output.
        num_layers: Number of linear layers, at least 2.
        norm_layer: Function that returns the normalisation layer for a number
            of channels.

    Raises:
        ValueError: If there are fewer than 2 layers.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        out_channels: int,
        num_layers: int = 2,
        norm_layer: Callable[[int], nn.Module] = nn.BatchNorm1d,
    ) -> None:
        super().__init__()
        if num_layers < 2:
            raise ValueError(
                f'num_layers must be at least 2, got {num_layers}'
            )
        self.num_layers = num_layers
        channels = in_channels
        for layer in range(num_layers - 1):
            linear = nn.Linear(channels, hidden_channels, bias=False)
            self.add_module(f'fc{layer}', linear)
            self.add_module(f'bn{layer}', norm_layer(hidden_channels))
            channels = hidden_channels
        last = nn.Linear(channels, out_channels)
        self.add_module(f'fc{num_layers - 1}', last)

    def linears(self) -> list[nn.Linear]:
        """Return the linear layers, first to last."""
        return [getattr(self, f'fc{i}') for i in range(self.num_layers)]

    def norms(self) -> list[nn.Module]:
        """Return the normalisation layers, first to last."""
        return [getattr(self, f'bn{i}') for i in range(self.num_layers - 1)]

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, ``in_channels``) to (B, ``out_channels``)."""
        *hidden, last = self.linears()
        for linear, norm in zip(hidden, self.norms(), strict=True):
            x = norm(linear(x)).relu_()
        return last(x)
