from typing import Any

import torch
from torch import Tensor, nn

from .first_output import FirstOutput
from .pooled import pooled


class FirstRows(FirstOutput):
    """Context manager that keeps the first rows of a submodule's outputs.

    A submodule may run once for all views, or once per view. Its outputs are
    joined in the order of the calls.

    Args:
        model: The module that contains the submodule.
        name: Dotted path of the submodule.
        num: Number of rows to keep.

    Raises:
        ValueError: When the block is entered, if the model has no such
            submodule.
    """

    def __init__(self, model: nn.Module, name: str, num: int) -> None:
        super().__init__(model, name)
        self._missing = self._num = num
        self._outputs: list[Tensor] = []

    @property
    def rows(self) -> Tensor:
        """The first rows, (num, D); fewer if the outputs have fewer.

        Raises:
            RuntimeError: If the submodule has not run yet.
        """
        if not self._outputs:
            return self.output
        single = len(self._outputs) == 1
        joined = self._outputs[0] if single else torch.cat(self._outputs)
        return joined[: self._num]

    def _keep(self, module: Any, args: Any, output: Any) -> None:
        super()._keep(module, args, output)
        if self._missing > 0:
            several = isinstance(output, (tuple, list))
            rows = pooled(output[0] if several else output)
            self._outputs.append(rows)
            self._missing -= len(rows)
