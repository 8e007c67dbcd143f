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
        release: The layout of the checkpoint.
        family: The kind of network.
        state: State dict of the backbone, with MMPreTrain's names and no
            prefix.
        left_out: Keys of the evaluated network that are not part of the
            backbone: projector, classifier, mask token.
    """

    release: Release
    family: Family
    state: dict[str, Tensor]
    left_out: list[str]


def import_checkpoint(
    source: str | Path, out: str | Path, trust: bool = False
) -> dict:
    """Convert a released checkpoint to a checkpoint of MMPreTrain.

    The file written has two entries: ``state_dict``, whose keys begin with
    ``backbone.``, and ``meta``.

    Args:
        source: Path of the released file; for the layouts that are known see
            :data:`~.layouts.releases.RELEASES`.
        out: Path of the file to write.
        trust: Whether to read a file that may run code, see
            :func:`read_checkpoint`.

    Returns:
        The ``meta``: layout, method, family, network (the prefix of its
        keys), number of tensors, keys of the network that were left out,
        number of attention heads, and name and SHA-256 of the source file.

    Raises:
        FileNotFoundError: If the file does not exist.
        OSError: If the file is not a checkpoint.
        ValueError: If the layout or the backbone is unknown, or the file
            needs ``trust``.
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
    """Find the network that the paper evaluates and rename its tensors.

    Args:
        checkpoint: Content of the released file.

    Returns:
        The backbone with its layout.

    Raises:
        ValueError: If the layout is unknown, a tensor of the backbone has no
            counterpart or is missing, or two copies of the network differ.
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
        state = family.names(backbone).to_mmpretrain(backbone)
    except ValueError as error:
        raise ValueError(f'layout {release}, {family.name}: {error}') from None
    return Imported(release, family, state, left_out)


def unwrapped(checkpoint: dict) -> dict[str, Tensor]:
    """Return the weights of a released file with the keys of its model.

    Takes the entry ``state_dict`` or ``model``, or joins ``student`` and
    ``teacher``, and removes the prefix ``module.`` of
    DistributedDataParallel.
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
            if f'{release.network}{family.release_key}' not in weights:
                continue
            has_other_keys = all(
                any(key.startswith(start) for key in weights)
                for start in release.other_keys
            )
            has_too_much = release.network_only and not all(
                key.startswith(release.network) for key in weights
            )
            if has_other_keys and not has_too_much:
                return release, family
    first = ', '.join(list(weights)[:5])
    found = f'its first keys are {first}' if first else 'it has no tensors'
    tried = '\n'.join(f'  {release.describe()}' for release in RELEASES)
    raise ValueError(
        f'the layout of this checkpoint is unknown: {found}.\n'
        f'Layouts tried, each with ResNet, ViT and BEiT:\n{tried}\n'
        'Checkpoints of MMPreTrain and of this project need no import; '
        'detectors are not converted'
    )


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


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
