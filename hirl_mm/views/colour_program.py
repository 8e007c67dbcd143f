"""Changes of colour of every view as a short list of operations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .color_jitter import ColorJitter, ColorJitterValues
from .parameters import drawn_as
from .plan import Colour
from .steps import Grayscale, Solarize

NOTHING, BRIGHTNESS, CONTRAST, SATURATION, HUE, GREY, SOLARIZE = range(7)


@dataclass(frozen=True)
class ColourProgram:
    """Operations of V views, K for each, one after the other.

    Attributes:
        codes: (V, K) int32 on the host.
        values: (V, K) float32 on the host: factors; for ``HUE`` the shift in
            8 bits, for ``SOLARIZE`` the threshold.
        grey_weights: Weights of the channels for ``GREY``.
    """

    codes: Tensor
    values: Tensor
    grey_weights: tuple[float, float, float]

    def split(self, num: int) -> Iterator['ColourProgram']:
        """Yield the operations of ``num`` views after ``num`` views."""
        for i in range(0, len(self.codes), num):
            codes, values = self.codes[i : i + num], self.values[i : i + num]
            yield ColourProgram(codes, values, self.grey_weights)

    def operations(
        self, views: Tensor
    ) -> Iterator[tuple[Tensor, int, Tensor]]:
        """Yield the operations of some views, one after the other.

        Args:
            views: (n,) int64, numbers of the views.

        Yields:
            Views that have an operation, as indices into ``views``, its code,
            and its values for each of them.
        """
        codes, values = self.codes[views], self.values[views]
        for column, value in zip(codes.T, values.T, strict=True):
            for code in sorted(set(column.tolist()) - {NOTHING}):
                chosen = (column == code).nonzero()[:, 0]
                yield chosen, code, value[chosen]


def colour_program(
    steps: Sequence[Colour],
    drawn: Sequence[Tensor | ColorJitterValues],
) -> ColourProgram:
    """Return the operations of steps that change colours.

    Args:
        steps: The steps, with at most one ``Grayscale`` among them.
        drawn: What was drawn for every step.

    Raises:
        ValueError: If something was drawn for another kind of step.
    """
    codes: list[Tensor] = []
    values: list[Tensor] = []
    weights = 1.0, 1.0, 1.0
    for step, draw in zip(steps, drawn, strict=True):
        if isinstance(step, ColorJitter):
            code, value = _jitter(step, drawn_as(ColorJitterValues, draw))
        else:
            kind = GREY if isinstance(step, Grayscale) else SOLARIZE
            changed = drawn_as(Tensor, draw)
            code = torch.where(changed, kind, NOTHING)[:, None]
            value = torch.zeros(code.shape)
        if isinstance(step, Grayscale):
            weights = step.channel_weights
        if isinstance(step, Solarize):
            value = value + step.threshold
        codes.append(code)
        values.append(value)
    return ColourProgram(
        torch.cat(codes, 1).int(), torch.cat(values, 1).float(), weights
    )


def _jitter(
    step: ColorJitter, draw: ColorJitterValues
) -> tuple[Tensor, Tensor]:
    """Return codes and values (V, 4)."""
    given = torch.tensor([given is not None for given in step.ranges])
    kinds = torch.tensor([BRIGHTNESS, CONTRAST, SATURATION, HUE])
    kinds = torch.where(given & draw.applied[:, None], kinds, NOTHING)
    values = draw.factors.clone()
    # MMCV cuts the shift towards zero and adds it in 8 bits.
    values[:, 3] = (values[:, 3] * 255).trunc().remainder(256)
    return kinds.gather(1, draw.order), values.gather(1, draw.order)
