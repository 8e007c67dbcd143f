from torch import Tensor, nn


class FirstOutput:
    """The first output of a submodule while a block runs.

    A forward hook that lives for the block only: a permanent one would be
    copied by an EMA of the model and lost when a layer is replaced.

    Args:
        model: The module that holds the submodule.
        name: Its dotted path, such as ``'neck.projection_neck'``.

    Raises:
        ValueError: On entry, if the model has no such submodule.

    Example:
        >>> import torch
        >>> model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
        >>> with FirstOutput(model, '1') as tap:
        ...     _ = model(torch.ones(3, 2, 2)), model(torch.ones(9, 2, 2))
        >>> tap.output.shape
        torch.Size([3, 2])

    Attributes:
        input: The first thing that the submodule was given for that output;
            None as long as it did not run.
    """

    def __init__(self, model: nn.Module, name: str) -> None:
        self._model = model
        self._name = name
        self._output: Tensor | None = None
        self.input: Tensor | None = None

    @property
    def output(self) -> Tensor:
        """What the submodule returned first; of a tuple, its first part.

        Raises:
            RuntimeError: If the submodule did not run.
        """
        if self._output is None:
            raise RuntimeError(
                f'{type(self._model).__name__}.{self._name} did not run while '
                'its output was awaited'
            )
        return self._output

    def __enter__(self) -> 'FirstOutput':
        try:
            module = self._model.get_submodule(self._name)
        except AttributeError as error:
            raise ValueError(
                f'{type(self._model).__name__} has no submodule '
                f'{self._name!r}: {error}'
            ) from error
        self._handle = module.register_forward_hook(self._keep)
        return self

    def __exit__(self, *_) -> None:
        self._handle.remove()

    def _keep(self, module, args, output) -> None:
        if self._output is None:
            first = isinstance(output, (tuple, list))
            self._output = output[0] if first else output
            self.input = args[0] if args else None
