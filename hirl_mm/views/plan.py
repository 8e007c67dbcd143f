"""Steps of a view in the order in which a device takes them."""

from collections.abc import Sequence
from types import UnionType
from typing import NamedTuple, get_args

from .color_jitter import ColorJitter
from .random_crop import RandomCrop
from .random_resized_crop import RandomResizedCrop
from .steps import Flip, GaussianBlur, Grayscale, Solarize

Colour = ColorJitter | Grayscale | Solarize
Crop = RandomResizedCrop | RandomCrop
Step = Crop | Flip | GaussianBlur | Colour
# Sizes of the views of a crop, and the filter of each.
Outputs = tuple[tuple[tuple[int, int], str], ...]


class Stage(NamedTuple):
    """Neighbouring steps that are taken together.

    Attributes:
        steps: Their numbers.
        colours: The changes of colour; empty for a blur.
    """

    steps: tuple[int, ...]
    colours: tuple[Colour, ...]

    @property
    def is_blur(self) -> bool:
        return not self.colours


class Plan(NamedTuple):
    """What happens before the crop, at the crop and after it.

    A flip can be exchanged with changes of colour and with the blur, so all
    flips happen at the crop.

    Attributes:
        before: Changes of colour of whole images.
        crop: Number of the crop among the steps, None if there is none.
        outputs: Those of the crop, empty if there is none.
        after: Changes of colour, and blurs, of views.
        flips_before: Numbers of the flips before the crop.
        flips_after: Numbers of the other flips.
    """

    before: tuple[Stage, ...]
    crop: int | None
    outputs: Outputs
    after: tuple[Stage, ...]
    flips_before: tuple[int, ...]
    flips_after: tuple[int, ...]


def plan_of(steps: Sequence[Step]) -> Plan:
    """Order the steps of a view.

    Raises:
        TypeError: If a step is none of this package.
        ValueError: If a view has two crops, a blur before the crop, or steps
            after a crop to two sizes.
    """
    for step in steps:
        if not isinstance(step, Step):
            raise TypeError(
                f'a step of a view must be one of '
                f'{", ".join(kind.__name__ for kind in get_args(Step))}, got '
                f'{step!r}'
            )
    crops = _numbers(steps, Crop)
    outputs = [step.outputs for step in steps if isinstance(step, Crop)]
    if len(crops) > 1:
        raise ValueError(
            f'a view has one crop, got {len(crops)}: {list(steps)}'
        )
    crop = crops[0] if crops else None
    at = -1 if crop is None else crop
    before = _stages(steps, range(at))
    after = _stages(steps, range(at + 1, len(steps)))
    if any(stage.is_blur for stage in before):
        raise ValueError(
            'a blur must come after the crop, since views are blurred in '
            f'batches of one size; got {list(steps)}'
        )
    late = steps[at + 1 :]
    if crop is not None and len(outputs[0]) > 1 and late:
        raise ValueError(
            f'no step may follow a crop to two sizes, got {list(late)}'
        )
    flips = _numbers(steps, Flip)
    return Plan(
        before,
        crop,
        outputs[0] if outputs else (),
        after,
        tuple(i for i in flips if i < at),
        tuple(i for i in flips if i > at),
    )


def _numbers(steps: Sequence[Step], kinds: type | UnionType) -> list[int]:
    return [i for i, step in enumerate(steps) if isinstance(step, kinds)]


def _stages(steps: Sequence[Step], numbers: range) -> tuple[Stage, ...]:
    """Join neighbouring changes of colour to stages.

    A stage has at most one colour jitter and one grey, see ``ColourProgram``.
    """
    stages: list[Stage] = []
    for i in numbers:
        step = steps[i]
        if isinstance(step, GaussianBlur):
            stages.append(Stage((i,), ()))
        elif isinstance(step, Colour):
            last = stages[-1] if stages else None
            single = not isinstance(step, Solarize)
            if (
                last is None
                or last.is_blur
                or single
                and any(type(other) is type(step) for other in last.colours)
            ):
                stages.append(Stage((i,), (step,)))
            else:
                stages[-1] = Stage((*last.steps, i), (*last.colours, step))
    return tuple(stages)
