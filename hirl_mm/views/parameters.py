from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from .color_jitter import ColorJitterValues

_Values = TypeVar('_Values', Tensor, ColorJitterValues)

Drawn = tuple[Tensor | ColorJitterValues, ...]


@dataclass(frozen=True)
class ViewParameters:
    """Random parameters of V views, all on the host.

    :meth:`hirl_mm.views.View.draw` draws them. They can also be written by
    hand, for instance to repeat what another pipeline has drawn.

    Args:
        image: (V,) int64, the image that a view is made from.
        drawn: What was drawn for each step, with a row per view, see
            ``draw`` of the steps: boxes (V, 4) of a crop, radii (V,) of a
            blur, (V,) bool of a flip, grey or solarisation,
            ``ColorJitterValues`` of a colour jitter.
    """

    image: Tensor
    drawn: Drawn

    def __len__(self) -> int:
        return len(self.image)

    @classmethod
    def joined(cls, parts: 'list[ViewParameters]') -> 'ViewParameters':
        """Return the views of all parts, one part after the other."""
        drawn: list[Tensor | ColorJitterValues] = []
        for values in zip(*(part.drawn for part in parts), strict=True):
            if isinstance(values[0], Tensor):
                drawn.append(torch.cat(values))
            else:
                columns = zip(*values, strict=True)
                drawn.append(ColorJitterValues(*map(torch.cat, columns)))
        return cls(torch.cat([p.image for p in parts]), tuple(drawn))


def drawn_as(
    kind: type[_Values], values: Tensor | ColorJitterValues
) -> _Values:
    """Return what was drawn for a step, if it is of a kind.

    Raises:
        ValueError: If it is of the other kind.
    """
    if not isinstance(values, kind):
        raise ValueError(
            'parameters must be drawn for the steps of this view, got '
            f'{type(values).__name__} for a step that needs '
            f'{kind.__name__}; use draw of the same view'
        )
    return values
