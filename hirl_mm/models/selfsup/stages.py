from torch import nn

from hirl_mm.models.necks import StageBranches
from hirl_mm.registry import MODELS


def branches_of_stages(
    branches: dict | None, backbone: nn.Module
) -> StageBranches | None:
    """Build the branches at inner stages of a ResNet.

    Args:
        branches: Config of
            :class:`~hirl_mm.models.necks.StageBranches`; None for none. Its
            ``in_channels`` are those of the backbone's stages unless given.
        backbone: Backbone whose stages are ``layer1``, ``layer2``, ...

    Returns:
        The branches, or None.

    Raises:
        ValueError: If the backbone has no such stage, or it is the last one.
    """
    if branches is None:
        return None
    inner = range(1, len(getattr(backbone, 'res_layers', ())))
    stages = branches.get('stages', (2, 3))
    if not set(stages) <= set(inner):
        numbers = ', '.join(map(str, inner)) or 'none'
        raise ValueError(
            f'branches need inner stages of {type(backbone).__name__}, which '
            f'are: {numbers}; got stages={tuple(stages)}'
        )
    if branches.get('in_channels') is None:
        last = [getattr(backbone, f'layer{stage}')[-1] for stage in stages]
        branches = dict(
            branches, in_channels=[block.out_channels for block in last]
        )
    return MODELS.build(branches)
