"""How many images a step has."""

from .situation import Situation

_CPU = 64
_RESNET = 256
_TRANSFORMER = 64
_MIN_STEPS = 8


def choose_batch(
    situation: Situation,
    kind: str,
    wanted: int | None = None,
    at_most: int | None = None,
) -> tuple[int, str]:
    """Return the images of a step and device, and the reason.

    Args:
        situation: What the choice follows from.
        kind: ``'ResNet'`` or ``'ViT'``.
        wanted: Number that the user gave; None to choose it.
        at_most: Number that fits into the memory; None if it is not known.

    Raises:
        ValueError: If ``wanted`` does not fit the number of images.
    """
    devices = max(1, situation.machine.gpus)
    if wanted is not None:
        if not 2 <= wanted <= situation.num_images // devices:
            raise ValueError(
                f'--batch-size must be from 2 to the '
                f'{situation.num_images // devices} images of a device, got '
                f'{wanted}'
            )
        return wanted, 'as you asked'
    if not situation.on_gpu:
        batch, why = _CPU, 'larger ones gain nothing on a CPU'
    elif kind == 'ResNet':
        batch, why = _RESNET, 'as many on all devices as in most recipes'
        batch //= devices
    else:
        batch, why = _TRANSFORMER, 'what fits beside the views of a recipe'
    enough = situation.num_images // devices // _MIN_STEPS
    if enough < batch:
        batch = max(4, 1 << (max(1, enough).bit_length() - 1))
        why = f'an epoch has {_MIN_STEPS} steps or more'
    if at_most is not None and at_most < batch:
        batch, why = at_most, 'more do not fit into the memory'
    return batch, why
