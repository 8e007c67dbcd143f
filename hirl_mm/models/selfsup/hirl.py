import torch
from mmpretrain.models.selfsup import BaseSelfSupervisor
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from hirl_mm.features import FeatureBank
from hirl_mm.models.modules import (
    FirstOutput,
    check_least_views,
    output_dim,
    pooled,
)
from hirl_mm.registry import MODELS
from hirl_mm.structures import PrototypeTree

from .bank_rows import collected
from .compose import ComposableMeta


@MODELS.register_module()
class HIRLAlgorithm(BaseSelfSupervisor, metaclass=ComposableMeta):
    """A self-supervised algorithm that learns a hierarchy beside its own loss.

    Called with the config of an algorithm, this class returns a model whose
    class has HIRLAlgorithm and the algorithm as bases. A subclass, such as
    HIRLMoCo, names the algorithm as its second base and is called with the
    algorithm's arguments. Either way the model keeps all of the algorithm:
    parameters, state-dict keys, hooks. HIRL adds a head (``spd_head.*``) and,
    once :meth:`set_tree` was called, its loss. The
    :class:`~hirl_mm.engine.hooks.HierarchicalKMeansHook` decides in which
    epochs that happens, and builds the tree.

    Args:
        *args: Arguments of the algorithm (subclasses only).
        spd_head: Config of the :class:`~hirl_mm.models.heads.SPDHead`. Its
            ``in_channels`` is the dimension of z0 unless given.
        **kwargs: For a subclass, arguments of the algorithm; for
            HIRLAlgorithm itself, ``algorithm``, the config of the algorithm,
            and the arguments of
            :func:`~hirl_mm.models.selfsup.compose.compose`.

    Raises:
        ValueError: If the head does not fit the embedding, the dimension of
            the embedding is unknown, or a submodule that the class names does
            not exist.

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
            embedding of view 0; of a tuple its first part, of a token
            sequence the first token.
        momentum_module: Name of the moving average of backbone and neck
            whose features are clustered; None to cluster those of the
            trained network.
        bank_module: Dotted path of the submodule whose first output in a
            training step fills a feature bank. Its first B rows belong to the
            B samples of the step, in their order; rows of other views may
            follow. If None, that is the moving average where there is one,
            and ``z0_module`` otherwise. A class that overrides
            ``extract_z0`` must set it.
        num_views: Least number of views that the algorithm's loss needs.
    """

    num_views = 1
    z0_module = 'neck'
    momentum_module: str | None = None
    bank_module: str | None = None

    def __init__(self, *args, spd_head: dict, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.spd_head = MODELS.build(self._with_in_channels(spd_head))
        self.tree: PrototypeTree | None = None
        self.bank: FeatureBank | None = None
        self._check_submodules()

    def set_tree(self, tree: PrototypeTree | None) -> None:
        """Set the tree that the SPD loss uses; None turns that loss off."""
        device = next(self.parameters()).device
        self.tree = tree if tree is None else tree.to(device)

    def set_bank(self, bank: FeatureBank | None) -> None:
        """Set the bank that every step adds its features to; None for no bank.

        The features are an output that the step computes anyway. They come
        from the network that :meth:`extract_z0` runs, but from an augmented
        view and in training mode.

        Raises:
            ValueError: If the class does not say which output that is, or
                its dimension differs from that of z0.
        """
        if bank is not None:
            self._check_dim(self.bank_path(), 'what is to cluster')
        self.bank = bank

    def bank_path(self) -> str:
        """Return the path of the submodule whose output fills a bank.

        Raises:
            ValueError: If the class overrides ``extract_z0`` and does not set
                ``bank_module``.
        """
        if self.bank_module is not None:
            return self.bank_module
        average = self.momentum_module
        paths = {'neck': average, 'backbone': f'{average}.module.0'}
        inherited = type(self).extract_z0 is HIRLAlgorithm.extract_z0
        if not inherited or self.z0_module not in paths:
            raise ValueError(
                f'{type(self).__name__} does not say which output of a '
                'training step its extract_z0 would compute: name the '
                'submodule in bank_module'
            )
        return paths[self.z0_module] if average else self.z0_module

    def init_weights(self) -> None:
        """Initialise the weights and copy them into the moving average.

        MMPreTrain copies them at the first training step. A tree that is
        built before that would come from random weights, even if the trained
        network starts from a checkpoint.
        """
        super().init_weights()
        if self.momentum_module is not None:
            online = nn.Sequential(self.backbone, self.neck)
            average = self.get_submodule(self.momentum_module).module
            average.load_state_dict(online.state_dict())

    def extract_z0(self, inputs: Tensor) -> Tensor:
        """Return the features to cluster, (B, D), of images (B, 3, H, W)."""
        if self.momentum_module is None:
            features, neck = self.extract_feat(inputs), self.neck
        else:
            backbone, neck = self.get_submodule(self.momentum_module).module
            features = backbone(inputs)
        if self.z0_module == 'neck':
            features = neck(features)
        return pooled(_first(features))

    def assign(self, embeddings: Tensor, sample_idx: Tensor) -> Tensor:
        """Return the leaves of a batch in the current tree.

        Args:
            embeddings: First output of ``z0_module`` in this step, detached,
                (B, D) or, where the submodule sees several views at once,
                (V * B, D) with view 0 first.
            sample_idx: Indices of the samples in the data set, (B,) long.

        Returns:
            Indices of the leaves, (B,) long.
        """
        return self.tree.leaf[sample_idx]

    def loss(
        self,
        inputs: list[Tensor],
        data_samples: list[DataSample],
        **kwargs,
    ) -> dict[str, Tensor]:
        """Return the losses of a training step.

        Args:
            inputs: The views, a tensor (B, 3, H, W) each.
            data_samples: B samples with their ``sample_idx``.

        Returns:
            The algorithm's losses, its ``loss`` renamed ``loss_ssl``, since
            the log shows the total under ``loss``; ``z0_std``, the mean over
            dimensions of the standard deviation of the normalised z0 in the
            batch (1 / sqrt(D) when spread evenly, 0 when collapsed); and with
            a tree ``loss_spd``.

        Raises:
            ValueError: If there are too few views, the samples carry no
                index, or z0 does not fit the head. All are checked without
                a tree, too, so that the error shows in the first step.
            RuntimeError: If a bank is set, and the rows of ``bank_module``
                may not belong to the samples of the step.
        """
        check_least_views(inputs, self.num_views)
        sample_idx = _sample_idx_of(data_samples)
        with (
            FirstOutput(self, self.z0_module) as tap,
            collected(self, inputs, sample_idx),
        ):
            losses = super().loss(inputs, data_samples, **kwargs)
        if 'loss' in losses:
            losses['loss_ssl'] = losses.pop('loss')
        embeddings = pooled(tap.output)
        z0 = embeddings[: len(data_samples)]
        self._check_z0(z0)
        with torch.no_grad():
            unit = nn.functional.normalize(z0.float(), dim=1)
            losses['z0_std'] = unit.std(dim=0, correction=0).mean()
        if self.tree is not None:
            sample_idx = sample_idx.to(z0.device, non_blocking=True)
            leaf = self.assign(embeddings.detach(), sample_idx)
            losses.update(self.spd_head.loss(z0, leaf, self.tree))
        return losses

    def _check_submodules(self) -> None:
        self._check_dim(self.z0_module, 'z0')
        if self.momentum_module is not None and not hasattr(
            self, self.momentum_module
        ):
            raise ValueError(
                f'{type(self).__name__} has no moving average '
                f'{self.momentum_module!r} (momentum_module)'
            )

    def _with_in_channels(self, spd_head: dict) -> dict:
        """The config of the head, ``in_channels`` filled in from z0."""
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

    def _check_z0(self, z0: Tensor) -> None:
        if z0.size(1) != self.spd_head.in_channels:
            raise ValueError(
                f'spd_head has in_channels={self.spd_head.in_channels}, but '
                f'z0, the first output of {self.z0_module} in the step, has '
                f'{z0.size(1)} dimensions: name a submodule with a single '
                'output in z0_module'
            )

    def _dim_of(self, path: str) -> int | None:
        with FirstOutput(self, path):
            return output_dim(self.get_submodule(path))


def _first(outputs: Tensor | tuple[Tensor, ...]) -> Tensor:
    return outputs if isinstance(outputs, Tensor) else outputs[0]


def _sample_idx_of(data_samples: list[DataSample]) -> Tensor:
    if not all('sample_idx' in sample for sample in data_samples):
        raise ValueError(
            'HIRL looks up the path of an image by its sample_idx, which the '
            "data pipeline does not pack: leave 'sample_idx' in the meta_keys "
            'of PackInputs, where it is by default'
        )
    return torch.tensor([sample.sample_idx for sample in data_samples])
