from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import torch
from mmengine.model import BaseAveragedModel
from mmpretrain.models.selfsup import BaseSelfSupervisor
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from hirl_mm.features import FeatureBank
from hirl_mm.models.heads import SPDHead
from hirl_mm.models.modules import (
    FirstOutput,
    FirstRows,
    StartsAverages,
    check_least_views,
    group_size_of,
    nearest_leaves,
    output_dim,
    pooled,
)
from hirl_mm.registry import MODELS
from hirl_mm.structures import NO_LEAF, PrototypeTree

from .bank_rows import collected
from .compose import ComposableMeta


@MODELS.register_module()
class HIRLAlgorithm(
    StartsAverages, BaseSelfSupervisor, metaclass=ComposableMeta
):
    """A self-supervised algorithm that also learns a hierarchy of prototypes.

    Called with the config of an algorithm, this class returns a model whose
    class has HIRLAlgorithm and the algorithm as bases. A subclass, such as
    HIRLMoCo, names the algorithm as its second base and is called with the
    algorithm's arguments. In both cases the model keeps the algorithm's
    parameters, state-dict keys and hooks. HIRL adds a head (``spd_head.*``)
    and, after a call of :meth:`set_tree`, its loss.
    :class:`~hirl_mm.engine.hooks.HierarchicalKMeansHook` builds the trees and
    sets them in the epochs that its arguments choose.

    Args:
        *args: Arguments of the algorithm (subclasses only).
        spd_head: Config of the :class:`~hirl_mm.models.heads.SPDHead`. Its
            ``in_channels`` is the dimension of z0 unless given.
        spd_views: Number of views whose embeddings follow the path of their
            image: the first ones of a step, of those that ``z0_module`` sees
            there. The paper and the released code use view 0 alone. MoCo's
            second view is seen by the key encoder only, which gets no
            gradient; DINO's and SwAV's first two views are the global ones.
        **kwargs: For a subclass, arguments of the algorithm; for
            HIRLAlgorithm itself, ``algorithm``, the config of the algorithm,
            and the arguments of
            :func:`~hirl_mm.models.selfsup.compose.compose`.

    Raises:
        ValueError: If ``spd_views`` is below 1, or above it in a method
            whose batches hold several images per anchor, the dimensions of
            the head and of the embedding differ, the dimension of the
            embedding is unknown, a submodule that the class names does not
            exist, or there is not one of ``level_modules`` per level of the
            head.

    Example:
        In a config::

            model = dict(
                _delete_=True,
                type='hirl_mm.HIRLAlgorithm',
                algorithm=_base_.model,
                spd_head=dict(type='hirl_mm.SPDHead'))

    Attributes:
        z0_module: Dotted path, into ``backbone`` or ``neck``, of the
            submodule whose first output in a training step is z0, the
            embedding of view 0. If the output is a tuple, z0 is its first
            element; if it is a sequence of tokens, z0 is the first token.
        momentum_module: Name of the moving average of backbone and neck
            whose features are clustered; None to cluster the features of the
            trained network.
        bank_module: Dotted path of the submodule whose first output in a
            training step is added to a feature bank. Its first B rows must
            belong to the B samples of the step, in their order; rows of other
            views may follow. None chooses the moving average if
            ``momentum_module`` is set, otherwise ``z0_module``. A class that
            overrides ``extract_z0`` must set it.
        level_modules: Dotted paths of one submodule per level of the tree,
            the finest first, whose first output in a training step the
            projection of that level reads. Empty if all levels read z0, as in
            HIRL.
        num_views: Least number of views that the algorithm's loss needs.
    """

    num_views = 1
    z0_module = 'neck'
    momentum_module: str | None = None
    bank_module: str | None = None
    level_modules: Sequence[str] = ()

    def __init__(
        self, *args: Any, spd_head: dict, spd_views: int = 1, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._name_modules()
        self.spd_views = self._checked_views(spd_views)
        self.spd_head: SPDHead = MODELS.build(self._with_in_channels(spd_head))
        self.tree: PrototypeTree | None = None
        self._all_have_leaves = True
        self.bank: FeatureBank | None = None
        self._check_submodules()

    def set_tree(self, tree: PrototypeTree | None) -> None:
        """Set the tree that the SPD loss uses; None turns that loss off."""
        device = next(self.parameters()).device
        self.tree = tree if tree is None else tree.to(device)
        # Looked at here, since steps must not wait for the device.
        self._all_have_leaves = tree is None or tree.is_complete

    def set_bank(self, bank: FeatureBank | None) -> None:
        """Set the bank that every step adds its features to; None for no bank.

        The features are an output that the step computes anyway. They come
        from the network that :meth:`extract_z0` runs, but it sees an
        augmented view and is in training mode.

        Raises:
            ValueError: If :meth:`bank_path` raises it, or the features and z0
                differ in their dimension.
        """
        if bank is not None:
            self._check_dim(self.bank_path(), 'the feature to cluster')
        self.bank = bank

    def bank_path(self) -> str:
        """Return the path of the submodule whose output the bank collects.

        Raises:
            ValueError: If the class overrides ``extract_z0`` and does not set
                ``bank_module``.
        """
        if self.bank_module is not None:
            return self.bank_module
        inherited = type(self).extract_z0 is HIRLAlgorithm.extract_z0
        if not inherited or self.z0_module not in ('neck', 'backbone'):
            raise ValueError(
                f'{type(self).__name__} does not say which output of a '
                'training step corresponds to its extract_z0: name the '
                'submodule in bank_module'
            )
        average = self.momentum_module
        if average is None:
            return self.z0_module
        return average if self.z0_module == 'neck' else f'{average}.module.0'

    def extract_z0(self, inputs: Tensor) -> Tensor:
        """Return the features to cluster, (B, D).

        Args:
            inputs: Images (B, 3, H, W).
        """
        if self.momentum_module is None:
            features, neck = self.extract_feat(inputs), self.neck
        else:
            average: BaseAveragedModel = getattr(self, self.momentum_module)
            backbone, neck = average.module
            features = backbone(inputs)
        if self.z0_module == 'neck':
            # The constructor has found it.
            assert neck is not None
            features = neck(features)
        return pooled(_first(features))

    def num_z0(self, num_images: int) -> int:
        """Return how many rows of z0 a step has, the first of their kind.

        Args:
            num_images: Number of images B of the step.
        """
        return num_images

    def assign(self, embeddings: Tensor, sample_idx: Tensor) -> Tensor:
        """Return the leaves of a batch in the current tree.

        An image that could not be read when the tree was built has no leaf
        there. If it can be read now, its leaf is the prototype nearest to its
        embedding.

        Args:
            embeddings: First output of ``z0_module`` in this step, detached,
                (B, D). If the submodule sees V views at once, (V * B, D) with
                view 0 first.
            sample_idx: Indices of the samples in the data set, (B,) long.

        Returns:
            Indices of the leaves, (B,) long.
        """
        assert self.tree is not None
        leaf = self.tree.leaf[sample_idx]
        if self._all_have_leaves:
            return leaf
        nearest = nearest_leaves(embeddings[: len(leaf)], self.tree)
        return torch.where(leaf == NO_LEAF, nearest, leaf)

    def loss(
        self,
        inputs: list[Tensor],
        data_samples: list[DataSample],
        **kwargs: Any,
    ) -> dict[str, Tensor]:
        """Return the losses of a training step.

        Args:
            inputs: The views, a tensor (B, 3, H, W) each.
            data_samples: B samples with their ``sample_idx``. If a method has
                several images per anchor, all of them; z0 and the paths are
                those of the anchors.

        Returns:
            The algorithm's losses, with ``loss`` renamed to ``loss_ssl``,
            since the log shows the total under ``loss``; ``z0_std``, the
            standard deviation of the L2-normalised z0 over the batch,
            averaged over dimensions (1 / sqrt(D) if evenly spread, 0 if
            collapsed); and ``loss_spd`` if a tree is set.

        Raises:
            ValueError: If there are too few views, the samples have no
                ``sample_idx``, or z0 does not fit the head. All are checked
                even if no tree is set, so that the first step fails.
            RuntimeError: If a bank is set, and the rows of ``bank_module``
                may not belong to the samples of the step.
        """
        check_least_views(inputs, self.num_views)
        anchors = data_samples[:: group_size_of(self)]
        sample_idx = _sample_idx_of(anchors)
        num = self.num_z0(len(anchors))
        rows = self.spd_views * num
        with ExitStack() as stack:
            tap, *levels = (
                stack.enter_context(FirstRows(self, path, rows))
                for path in (self.z0_module, *self.level_modules)
            )
            stack.enter_context(collected(self, inputs, sample_idx))
            losses = super().loss(inputs, data_samples, **kwargs)
        if 'loss' in losses:
            losses['loss_ssl'] = losses.pop('loss')
        z0 = tap.rows
        self._check_z0(z0, rows)
        with torch.no_grad():
            unit = nn.functional.normalize(z0[:num].float(), dim=1)
            losses['z0_std'] = unit.std(dim=0, correction=0).mean()
        if self.tree is not None:
            sample_idx = sample_idx.to(z0.device, non_blocking=True)
            leaf = self.assign(pooled(tap.output).detach(), sample_idx)
            leaf = leaf.repeat(self.spd_views)
            if levels:
                z0 = torch.stack([level.rows for level in levels])
            losses.update(self.spd_head.loss(z0, leaf, self.tree))
        return losses

    def _name_modules(self) -> None:
        """Set the names of submodules that depend on what was built.

        For a class that cannot name them in its body.
        """

    def _checked_views(self, spd_views: int) -> int:
        several = group_size_of(self) > 1
        if spd_views < 1 or (several and spd_views > 1):
            most = ' as batches have several images per anchor' * several
            raise ValueError(
                f'spd_views must be {"" if several else "at least "}1{most}, '
                f'got {spd_views}'
            )
        return spd_views

    def _check_submodules(self) -> None:
        self._check_dim(self.z0_module, 'z0')
        for path in self.level_modules:
            self._check_dim(path, 'a level')
        num, paths = self.spd_head.num_levels, self.level_modules
        if paths and len(paths) != num:
            raise ValueError(
                f'spd_head has num_levels={num}, but there are {len(paths)} '
                f'embeddings for them, {", ".join(paths)}: make the numbers '
                'equal, in num_prototypes of the HierarchicalKMeansHook, too'
            )
        if self.momentum_module is not None and not hasattr(
            self, self.momentum_module
        ):
            raise ValueError(
                f'{type(self).__name__} has no moving average '
                f'{self.momentum_module!r} (momentum_module)'
            )

    def _with_in_channels(self, spd_head: dict) -> dict:
        """Return the head's config with ``in_channels``, by default of z0."""
        if spd_head.get('in_channels') is not None:
            return spd_head
        dim = self._dim_of(self.z0_module)
        if dim is None:
            raise ValueError(
                f'the dimension of z0, the output of {self.z0_module} '
                f'({type(self.get_submodule(self.z0_module)).__name__}), '
                'cannot be read from its layers: set in_channels in spd_head'
            )
        return dict(spd_head, in_channels=dim)

    def _check_dim(self, path: str, what: str) -> None:
        dim = self._dim_of(path)
        if dim not in (None, self.spd_head.in_channels):
            raise ValueError(
                f'spd_head has in_channels={self.spd_head.in_channels}, but '
                f'{what}, the output of {path}, has {dim} dimensions: '
                f'use in_channels={dim} or another submodule'
            )

    def _check_z0(self, z0: Tensor, num: int) -> None:
        if z0.size(1) != self.spd_head.in_channels:
            raise ValueError(
                f'spd_head has in_channels={self.spd_head.in_channels}, but '
                f'z0, the first output of {self.z0_module} in the step, has '
                f'{z0.size(1)} dimensions: name a submodule with a single '
                'output in z0_module'
            )
        if len(z0) < num:
            raise ValueError(
                f'spd_views={self.spd_views} needs {num} embeddings, but '
                f'{self.z0_module} has {len(z0)} in the step: the other views '
                'do not pass through it'
            )

    def _dim_of(self, path: str) -> int | None:
        with FirstOutput(self, path):
            return output_dim(self.get_submodule(path))


def _first(outputs: Tensor | tuple[Tensor, ...]) -> Tensor:
    return outputs if isinstance(outputs, Tensor) else outputs[0]


def _sample_idx_of(data_samples: list[DataSample]) -> Tensor:
    if not all('sample_idx' in sample for sample in data_samples):
        raise ValueError(
            'HIRL looks up the leaf of an image by its sample_idx, which the '
            "data pipeline does not pack: leave 'sample_idx' in the meta_keys "
            'of PackInputs, where it is by default'
        )
    return torch.tensor([sample.sample_idx for sample in data_samples])
