from typing import Any

from torch import Tensor

from hirl_mm.features import FeatureBank
from hirl_mm.models.heads import PyramidHead
from hirl_mm.models.modules import FirstOutput, nearest_leaves
from hirl_mm.models.necks import PyramidNeck
from hirl_mm.registry import MODELS

from .hirl import HIRLAlgorithm
from .ssprl import SSPRL


@MODELS.register_module()
class HIRLSSPRL(HIRLAlgorithm, SSPRL):
    """HIRL-SS-PRL: a tree over whole images, or over the patches of a scale.

    The pyramid of SS-PRL is a hierarchy in space; the tree is one of
    meaning, among whole images or among patches. As in HIRL-SwAV, the
    projections are clustered before they are normalised, and every step
    assigns an image or a patch again: to the prototype nearest to its
    embedding in the second view or group. No paper describes this method.

    Args:
        tree_scale: Scale whose views the tree is about: 0 for whole images, s
            for the patches of scale s. The feature pass of such a tree needs a
            :class:`~hirl_mm.datasets.transforms.PatchBySample` in its
            pipeline.
        **kwargs: Arguments of HIRLAlgorithm and of :class:`SSPRL`.

    Raises:
        ValueError: If there is no such scale.
    """

    neck: PyramidNeck
    head: PyramidHead

    def __init__(self, *args: Any, tree_scale: int = 0, **kwargs: Any) -> None:
        self.tree_scale = tree_scale
        super().__init__(*args, **kwargs)

    def set_bank(self, bank: FeatureBank | None) -> None:
        if bank is not None and self.tree_scale:
            raise ValueError(
                f'tree_scale={self.tree_scale} is about patches, of which an '
                'image has several, but a bank holds one feature per image: '
                "use mode='faithful' or mode='fast' in the "
                'HierarchicalKMeansHook'
            )
        super().set_bank(bank)

    def extract_z0(self, inputs: Tensor) -> Tensor:
        with FirstOutput(self, self.z0_module) as tap:
            self.neck.scales[self.tree_scale]([self.extract_feat(inputs)])
        return tap.output

    def num_z0(self, num_images: int) -> int:
        if not self.tree_scale:
            return num_images
        return num_images * self.head.num_patches[self.tree_scale - 1]

    def assign(self, embeddings: Tensor, sample_idx: Tensor) -> Tensor:
        assert self.tree is not None
        num = self.num_z0(len(sample_idx))
        return nearest_leaves(embeddings[num : 2 * num], self.tree)

    def _name_modules(self) -> None:
        if not 0 <= self.tree_scale < self.head.num_scales:
            raise ValueError(
                f'tree_scale={self.tree_scale} must be one of the '
                f'{self.head.num_scales} scales of the head, counted from 0'
            )
        self.z0_module = f'neck.scales.{self.tree_scale}.projection_neck'
        self.bank_module = self.z0_module
