from typing import Any

from torch import Tensor

from hirl_mm.registry import MODELS

from .hccl import HCCL
from .hirl import HIRLAlgorithm


@MODELS.register_module()
class HIRLHCCL(HIRLAlgorithm, HCCL):
    """HIRL-HCCL, two hierarchies: levels of the projector and of the tree.

    z0 is the highest level of the projector, :math:`z_n`. The tree is built
    from the same level: of the target network if there is one, otherwise of
    the trained network.

    Args:
        *args: Arguments of :class:`~hirl_mm.models.selfsup.HCCL`.
        level_wise: Compare level l of the projector with level l of the tree:
            the projection of tree level l reads the projector's level l
            instead of z0. Both count from 0, but from different ends of the
            meaning: level 0 of the tree is the finest, with most prototypes;
            level 0 of the projector is the lowest, next to the backbone,
            which keeps most detail. So the level with most detail meets the
            finest prototypes. There must be equally many levels of both.
        **kwargs: Arguments of HCCL and
            :class:`~hirl_mm.models.selfsup.HIRLAlgorithm`.

    Raises:
        ValueError: If ``level_wise`` is set and tree and projector have
            different numbers of levels, or for the reasons of the two
            classes.
    """

    num_views = 2

    def __init__(
        self, *args: Any, level_wise: bool = False, **kwargs: Any
    ) -> None:
        self.level_wise = level_wise
        super().__init__(*args, **kwargs)

    def _name_modules(self) -> None:
        levels = [f'neck.levels.{i}' for i in range(self.neck.num_levels)]
        self.z0_module = levels[-1]
        if self.level_wise:
            self.level_modules = levels
        network = 'target.' if self.has_teacher else ''
        self.bank_module = network + self.z0_module

    def extract_z0(self, inputs: Tensor) -> Tensor:
        if self.has_teacher:
            return self.target(inputs)[-1]
        return self.neck(self.extract_feat(inputs))[-1]
