from typing import Any, TypeVar

from torch import Tensor, nn

_Tap = TypeVar('_Tap', bound='FirstOutput')


class FirstOutput:
    """Context manager that keeps the first output of a submodule.

    It registers a forward hook for the time of the block. A permanent hook
    would be copied with the model by an EMA, and lost when the submodule is
    replaced.

    Args:
        model: The module that contains the submodule.
        name: Dotted path of the submodule, such as
            ``'neck.projection_neck'``.

    Raises:
        ValueError: When the block is entered, if the model has no such
            submodule.

    Example:
        >>> import torch
        >>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
        >>> with FirstOutput(model, '1') as tap:
        ...     _ = model(torch.ones(3, 2, 2)), model(torch.ones(9, 2, 2))
        >>> tap.output.shape
        torch.Size([3, 2])

    Attributes:
        input: First positional argument of the call that returned the
            output; None if the submodule has not run yet.
    """

    def __init__(self, model: nn.Module, name: str) -> None:
        self._model = model
        self._name = name
        self._output: Tensor | None = None
        self.input: Tensor | None = None

    @property
    def output(self) -> Tensor:
        """Output of the first call; its first element if it is a tuple.

        Raises:
            RuntimeError: If the submodule has not run yet.
        """
        if self._output is None:
            raise RuntimeError(
                f'{type(self._model).__name__}.{self._name} did not run, so '
                'it has no output'
            )
        return self._output

    def __enter__(self: _Tap) -> _Tap:
        try:
            module = self._model.get_submodule(self._name)
        except AttributeError as error:
            raise ValueError(
                f'{type(self._model).__name__} has no submodule '
                f'{self._name!r}: {error}'
            ) from error
        self._handle = module.register_forward_hook(self._keep)
        return self

    def __exit__(self, *_: Any) -> None:
        self._handle.remove()

    def _keep(self, module: Any, args: Any, output: Any) -> None:
        if self._output is None:
            several = isinstance(output, (tuple, list))
            self._output = output[0] if several else output
            self.input = args[0] if args else None
