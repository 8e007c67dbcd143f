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

    @property
    def z0_module(self) -> str:
        """Path of the highest level of the projector."""
        return f'neck.levels.{self.neck.num_levels - 1}'

    @property
    def level_modules(self) -> list[str]:
        """Paths of all levels of the projector if ``level_wise`` is set."""
        levels = range(self.neck.num_levels if self.level_wise else 0)
        return [f'neck.levels.{level}' for level in levels]

    @property
    def bank_module(self) -> str:
        """Path of the level that :meth:`extract_z0` returns."""
        network = 'target.' if self.has_teacher else ''
        return network + self.z0_module

    def extract_z0(self, inputs: Tensor) -> Tensor:
        if self.has_teacher:
            return self.target(inputs)[-1]
        return self.neck(self.extract_feat(inputs))[-1]
