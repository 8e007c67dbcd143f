import torch
from torch import Tensor, nn


class PrototypeUse:
    """Count the images that prototypes get in training steps.

    Counting does not synchronise the device.

    Example:
        >>> use = PrototypeUse()
        >>> use.add(torch.tensor([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1]]))
        >>> use.counts
        tensor([1, 1, 0])
    """

    def __init__(self) -> None:
        self.counts: Tensor | None = None

    @torch.no_grad()
    def add(self, assignments: Tensor) -> None:
        """Count every image at the prototype that it is assigned to most.

        Args:
            assignments: (..., K) probabilities. Rows that are NaN do not
                count.
        """
        if self.counts is None:
            self.counts = torch.zeros(
                assignments.size(-1),
                dtype=torch.long,
                device=assignments.device,
            )
        most, prototype = assignments.flatten(0, -2).max(-1)
        self.counts.index_add_(0, prototype, most.isfinite().long())

    def restart(self) -> None:
        """Set all counts to 0."""
        if self.counts is not None:
            self.counts.zero_()


def prototype_uses(model: nn.Module) -> dict[str, PrototypeUse]:
    """Return the counts of all heads with prototypes, by name.

    Args:
        model: The model. A head has the counts of its prototypes in a list
            ``uses``, in the order of its scales.
    """
    found = {}
    for path, module in model.named_modules():
        uses = getattr(module, 'uses', ())
        for i, use in enumerate(uses):
            found[path if len(uses) == 1 else f'{path}.{i}'] = use
    return found
