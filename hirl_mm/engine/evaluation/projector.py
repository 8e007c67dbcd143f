"""The projector of a trained network."""

from mmengine.model import BaseModel
from torch import Tensor

from hirl_mm.checkpoints.matching import match, required_weights
from hirl_mm.checkpoints.mismatch import differences
from hirl_mm.checkpoints.state_dict import read_state_dict


def check_projector(
    model: BaseModel, checkpoint: str, trust: bool = False
) -> None:
    """Check that a checkpoint has all weights of a model's projector.

    Args:
        model: Model with a ``neck``.
        checkpoint: Checkpoint that was loaded into it.
        trust: Whether the file may run code.

    Raises:
        ValueError: If the model has no neck, or weights are missing.
    """
    neck = getattr(model, 'neck', None)
    if neck is None:
        raise ValueError(
            f'{type(model).__name__} has no projections to compare: it has '
            'no neck. Give the config of a method that projects features, '
            'such as SimSiam, BYOL or HCCL'
        )
    wanted = {f'neck.{k}': v for k, v in required_weights(neck).items()}
    found = match(wanted, read_state_dict(checkpoint, trust))
    if len(found.matched) < found.total:
        raise ValueError(
            f'{checkpoint} does not hold the projector of '
            f'{type(model).__name__}: {"; ".join(differences(found))}. Give '
            'a checkpoint of the pre-training itself, not of a backbone'
        )


def level_projections(model: BaseModel, images: Tensor) -> list[Tensor]:
    """Return the projections of images, one per level.

    Args:
        model: Model with a ``backbone`` and a ``neck``.
        images: Normalised images (B, 3, H, W).

    Returns:
        Projections (B, D), the level nearest to the backbone first.

    Raises:
        ValueError: If the neck returns anything else.
    """
    projections = model.neck(model.backbone(images))
    if isinstance(projections, Tensor):
        projections = [projections]
    shapes = [tuple(level.shape) for level in projections]
    if any(len(shape) != 2 for shape in shapes):
        raise ValueError(
            f'the neck {type(model.neck).__name__} must return one projection '
            f'(B, D) per level, got tensors of shapes {shapes}'
        )
    return list(projections)
