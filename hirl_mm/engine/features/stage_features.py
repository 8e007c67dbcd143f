from collections.abc import Callable, Sequence
from contextlib import ExitStack

from mmengine.model import BaseModel
from torch import Tensor, nn

from hirl_mm.checkpoints.matching import evaluated_prefix
from hirl_mm.models.modules import FirstOutput, pooled


def stage_features(
    model: BaseModel, stages: Sequence[int | None]
) -> Callable[[Tensor], list[Tensor]]:
    """Return a function from images to pooled features of several stages.

    One forward pass computes all of them.

    Args:
        model: Model whose evaluated backbone is used, for DINO and iBOT that
            of the teacher.
        stages: Stages of a ResNet, counted from 1: stage 2 is
            ``layer2``, as torchvision calls it. None for the output of the
            backbone, the last element of ``extract_feat``.

    Returns:
        A function from images (B, 3, H, W) to one tensor (B, C) per stage, in
        the order of ``stages``.

    Raises:
        ValueError: If the backbone lacks a stage.
    """
    prefix = evaluated_prefix(model.state_dict()).rstrip('.')
    backbone = model.get_submodule(prefix)
    layers = {s: _layer_of(backbone, s) for s in stages if s is not None}

    def extract(inputs: Tensor) -> list[Tensor]:
        with ExitStack() as stack:
            taps = {
                stage: stack.enter_context(FirstOutput(backbone, layer))
                for stage, layer in layers.items()
            }
            output = model.extract_feat(inputs)[-1]
        return [
            pooled(output if stage is None else taps[stage].output)
            for stage in stages
        ]

    return extract


def _layer_of(backbone: nn.Module, stage: int) -> str:
    """Return the name of the module that computes a stage."""
    # The list of all residual networks of MMPreTrain and MMDetection.
    layers = getattr(backbone, 'res_layers', ())
    if 1 <= stage <= len(layers):
        return layers[stage - 1]
    has = (
        f'has the stages 1 to {len(layers)}'
        if layers
        else 'is not divided into stages as a ResNet is'
    )
    raise ValueError(
        f'the backbone has no stage {stage}: a {type(backbone).__name__} '
        f'{has}. Evaluate stages that it has, or leave out --stages to '
        'evaluate the output of the backbone'
    )
