import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from hirl_mm.checkpoints.layouts.families import FAMILIES, Family
from hirl_mm.checkpoints.layouts.releases import RELEASES, Release
from hirl_mm.files import replacing

from .attention_heads import usual_heads
from .reader import read_checkpoint

_CHUNK = 1 << 22


@dataclass(frozen=True)
class Imported:
    """The evaluated backbone of a released checkpoint.

    Attributes:
        release: The layout it was found in.
        family: The kind of network.
        state: Its tensors in MMPreTrain's names, without a prefix.
        left_out: Keys beside the backbone's within the evaluated network:
            projector, classifier, mask token.
    """

    release: Release
    family: Family
    state: dict[str, Tensor]
    left_out: list[str]


def import_checkpoint(
    source: str | Path, out: str | Path, trust: bool = False
) -> dict:
    """Convert a released checkpoint to one of MMPreTrain's backbones.

    Writes ``state_dict``, its keys beginning with ``backbone.``, and
    ``meta``.

    Args:
        source: File of a release; see :data:`~.layouts.releases.RELEASES`.
        out: File to write.
        trust: See :func:`read_checkpoint`.

    Returns:
        The ``meta``: layout, method, family, network (its prefix), the
        number of tensors, keys of the network that were left out, the number
        of attention heads, name and SHA-256 of the source.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If it is no checkpoint.
        ValueError: If its layout or its backbone is not known, or it needs
            ``trust``.
    """
    source = Path(source)
    imported = import_weights(read_checkpoint(source, trust))
    release, state = imported.release, imported.state
    meta = dict(
        layout=str(release),
        method=release.method,
        family=imported.family.name,
        network=release.network,
        num_tensors=len(state),
        left_out=imported.left_out,
        num_heads=usual_heads(state, release.method),
        source=source.name,
        source_sha256=_sha256(source),
    )
    weights = {f'backbone.{key}': value for key, value in state.items()}
    with replacing(out) as temporary:
        torch.save(dict(state_dict=weights, meta=meta), temporary)
    return meta


def import_weights(checkpoint: dict) -> Imported:
    """Find and rename the network that the paper evaluates.

    Args:
        checkpoint: What the released file holds.

    Raises:
        ValueError: If its layout is not known, if a tensor of its backbone
            has no counterpart or is missing, or if two copies of the network
            differ.
    """
    weights = unwrapped(checkpoint)
    release, family = _recognise(weights)
    prefix = release.network
    network = {
        key[len(prefix) :]: value
        for key, value in weights.items()
        if key.startswith(prefix)
    }
    left_out = [key for key in network if key.startswith(family.heads)]
    backbone = {k: v for k, v in network.items() if k not in left_out}
    _check_copy(weights, release, backbone)
    try:
        state = family.names(backbone).to_ours(backbone)
    except ValueError as error:
        raise ValueError(f'layout {release}, {family.name}: {error}') from None
    return Imported(release, family, state, left_out)


def unwrapped(checkpoint: dict) -> dict[str, Tensor]:
    """The weights of a file under the keys that its model gave them.

    Opens the entry ``state_dict`` or ``model``, or joins ``student`` and
    ``teacher``, and takes ``module.`` of DistributedDataParallel away.
    """
    for entry in ('state_dict', 'model'):
        if isinstance(checkpoint.get(entry), dict):
            checkpoint = checkpoint[entry]
            break
    weights = {}
    for key, value in checkpoint.items():
        if isinstance(value, Tensor):
            weights[key.removeprefix('module.')] = value
        elif key in ('student', 'teacher') and isinstance(value, dict):
            for name, tensor in value.items():
                weights[f'{key}.{name.removeprefix("module.")}'] = tensor
    return weights


def _recognise(weights: dict[str, Tensor]) -> tuple[Release, Family]:
    for release in RELEASES:
        for family in FAMILIES:
            if f'{release.network}{family.theirs}' not in weights:
                continue
            signs = all(
                any(key.startswith(sign) for key in weights)
                for sign in release.signs
            )
            others = release.alone and not all(
                key.startswith(release.network) for key in weights
            )
            if signs and not others:
                return release, family
    tried = '\n'.join(f'  {release.describe()}' for release in RELEASES)
    raise ValueError(
        'the layout of this checkpoint is not known. Its first keys are '
        f'{", ".join(list(weights)[:5]) or "not there: it has no tensors"}.\n'
        f'Layouts tried (ResNet, ViT and BEiT each):\n{tried}\n'
        'Checkpoints of MMPreTrain and of this project need no import; '
        'detectors are not converted'
    )


def _check_copy(
    weights: dict[str, Tensor], release: Release, backbone: dict[str, Tensor]
) -> None:
    """Refuse a file whose two copies of the network differ."""
    if release.copy is None:
        return
    for key, value in backbone.items():
        copy = weights.get(f'{release.copy}{key}')
        if copy is not None and not torch.equal(value, copy):
            raise ValueError(
                f'{release.network} and its copy {release.copy} differ in '
                f'{key}. Layout {release} has one network under both names: '
                'the file was changed after training'
            )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
