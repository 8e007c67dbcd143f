"""Backbones of other libraries with MMPreTrain's names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from hirl_mm.checkpoints.layouts.dinov3 import dinov3_heads
from hirl_mm.checkpoints.layouts.families import (
    BEIT,
    DINOV3,
    OPENMMLAB,
    TORCHVISION,
    TRANSFORMERS,
    Family,
)
from hirl_mm.checkpoints.layouts.huggingface_dinov3 import (
    HUGGINGFACE_DINOV3_KEY,
)
from hirl_mm.checkpoints.layouts.huggingface_names import DINOV2_KEY
from hirl_mm.checkpoints.layouts.releases import UNKNOWN, Release

from .attention_heads import usual_heads
from .descriptions import (
    Description,
    check_dinov3_config,
    huggingface_description,
    openmmlab_description,
    timm_description,
    torchvision_description,
)
from .matching import strip_prefix
from .obstacles import obstacles
from .pixels import release_normalisation
from .recognition import recognise
from .state_dict import meta_of
from .timm_names import check_timm_name
from .weight_files import WeightFiles, read_weight_files


@dataclass(frozen=True)
class Imported:
    """The evaluated backbone of a checkpoint.

    Attributes:
        release: The layout of the checkpoint.
        family: The kind of network.
        state: State dict of the backbone, with MMPreTrain's names and no
            prefix.
        left_out: Keys of the evaluated network that are not part of the
            backbone: projector, classifier, mask token.
        num_heads: Number of attention heads; None for a ResNet, and if it is
            unknown.
        described: What else the files say about the network.
        files: Paths of the files that hold the weights; empty if they come
            from memory.
    """

    release: Release
    family: Family
    state: dict[str, Tensor]
    left_out: list[str]
    num_heads: int | None = None
    described: Description = field(default_factory=Description)
    files: tuple[Path, ...] = ()


def import_backbone(
    source: str | Path,
    *,
    prefix: str | None = None,
    num_heads: int | None = None,
    trust: bool = False,
) -> Imported:
    """Read a backbone that MMPreTrain can load from another library's file.

    Reads checkpoints of timm, torchvision (ResNet, ViT), Hugging Face
    (``ResNetModel``, ``ViTModel``, ``Dinov2Model``,
    ``Dinov2WithRegistersModel``, ``DINOv3ViTModel`` and what contains one),
    DINOv2 and DINOv3, the releases in
    :data:`~.layouts.releases.RELEASES`, OpenMMLab and this project.

    Args:
        source: Path of a file or a folder, see
            :func:`~.weight_files.read_weight_files`.
        prefix: Beginning of the network's keys. None finds it by the known
            layouts.
        num_heads: Number of attention heads of a ViT. None takes it from the
            config beside the weights or, without one, the usual number for
            the width.
        trust: Whether to read a file that may run code, see
            :func:`~hirl_mm.checkpoints.read_checkpoint`.

    Returns:
        The backbone; :func:`~.backbone_config.backbone_config` gives the
        config of a network that fits.

    Raises:
        FileNotFoundError: If there is no such file, or no weights in a
            folder.
        OSError: If a file cannot be read.
        ValueError: If the layout is unknown, the network has parts that
            MMPreTrain's lacks, tensors are missing, or the file needs
            ``trust``.
    """
    files = read_weight_files(source, trust)
    return import_weights(files, prefix=prefix, num_heads=num_heads)


def import_weights(
    source: Mapping | WeightFiles,
    *,
    prefix: str | None = None,
    num_heads: int | None = None,
) -> Imported:
    """Find the network that is evaluated and rename its tensors.

    Args:
        source: Content of the checkpoint, alone or with what lies beside it.
        prefix: See :func:`import_backbone`.
        num_heads: See :func:`import_backbone`.

    Returns:
        The backbone with its layout.

    Raises:
        ValueError: If the layout is unknown, a tensor of the backbone has no
            counterpart or is missing, or two copies of the network differ.
    """
    if not isinstance(source, WeightFiles):
        source = WeightFiles((), dict(source))
    weights, release, family = recognise(source.content, prefix)
    network = strip_prefix(weights, release.network)
    left_out = [key for key in network if key.startswith(family.heads)]
    backbone = {k: v for k, v in network.items() if k not in left_out}
    _check_copy(weights, release, backbone)
    try:
        described = _described(source, release, family, network)
        prepared = family.prepared(backbone)
        state = family.names(prepared).to_mmpretrain(prepared)
        heads = _heads(state, family, release, described, num_heads)
    except ValueError as error:
        hint = obstacles(backbone)
        raise ValueError(
            f'layout {release}, {family.name}: {error}'
            + (f'. {hint}' if hint else '')
        ) from None
    return Imported(
        release, family, state, left_out, heads, described, source.files
    )


def _described(
    source: WeightFiles, release: Release, family: Family, network: Mapping
) -> Description:
    if release.families is TRANSFORMERS:
        kind = 'Dinov2' if DINOV2_KEY in network else family.name
        if HUGGINGFACE_DINOV3_KEY in network:
            check_dinov3_config(source.config)
            kind = 'DINOv3'
        return huggingface_description(source.config, source.pixels, kind)
    if release.families is TORCHVISION:
        return torchvision_description()
    if release.families is OPENMMLAB:
        return openmmlab_description(meta_of(source.content))
    facts = dict(family.facts)
    if family is DINOV3 and (heads := dinov3_heads(network)):
        facts['num_heads'] = [heads]
    if release.source != UNKNOWN:
        # A backbone alone looks the same in files that an import wrote.
        recorded = openmmlab_description(meta_of(source.content))
        pixels = release_normalisation(release.source, family.name)
        return Description(
            facts | recorded.facts,
            recorded.options,
            recorded.pixels or pixels,
        )
    rotary = family is DINOV3
    check_timm_name(source.config.get('architecture'), rotary)
    # Of other files without a prefix the library is unknown.
    return timm_description(source.config, facts if rotary else {})


def _heads(
    state: dict[str, Tensor],
    family: Family,
    release: Release,
    described: Description,
    given: int | None,
) -> int | None:
    """Return the number of attention heads; raise if it cannot be true."""
    if 'cls_token' not in state:
        return None
    recorded = described.facts.get('num_heads', [])
    heads = given or (recorded[0] if len(recorded) == 1 else None)
    if heads is None and family.name == BEIT.name:
        tables = [v for k, v in state.items() if k.endswith('_bias_table')]
        heads = tables[0].shape[1] if tables else None
    heads = heads or usual_heads(state, release.source)
    width = state['cls_token'].shape[-1]
    if heads is not None and (heads < 1 or width % heads):
        raise ValueError(
            f'{heads} attention heads do not divide the width {width}'
        )
    return heads


def _check_copy(
    weights: dict[str, Tensor], release: Release, backbone: dict[str, Tensor]
) -> None:
    """Raise a ValueError if the two copies of the network differ."""
    if release.copy is None:
        return
    for key, value in backbone.items():
        copy = weights.get(f'{release.copy}{key}')
        if copy is not None and not torch.equal(value, copy):
            raise ValueError(
                f'{release.network} and its copy {release.copy} differ in '
                f'{key}. Layout {release} stores one network under both '
                'names, so the file was changed after training. Download it '
                'again'
            )
