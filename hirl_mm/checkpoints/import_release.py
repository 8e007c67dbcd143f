import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from hirl_mm.checkpoints.layouts.families import FAMILIES, Family
from hirl_mm.checkpoints.layouts.releases import (
    RELEASES,
    UNKNOWN,
    Release,
)
from hirl_mm.files import replacing

from .attention_heads import usual_heads
from .matching import strip_prefix
from .reader import read_checkpoint

_CHUNK = 1 << 22
_MAX_NAMED = 5
# Entries that hold the weights; BEiT's runs with DeepSpeed write ``module``.
_ENTRIES = 'state_dict', 'model', 'model_state_dict', 'module'
_WRAPPERS = re.compile(
    r'^((?:student\.|teacher\.)?)(?:(?:module|_orig_mod)\.)+'
)
# First tensor of a network of every family.
_STEM = re.compile(r'(layer1\.0\.conv1|blocks\.0\.attn\.qkv)\.weight$')


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
        number of attention heads, what is known of the backbone (``backbone``,
        see :func:`~.backbone_facts.backbone_facts`), and name and SHA-256 of
        the source file.

    Raises:
        FileNotFoundError: If the file does not exist.
        OSError: If the file is not a checkpoint.
        ValueError: If the layout or the backbone is unknown, or the file
            needs ``trust``.
    """
    source = Path(source)
    imported = import_weights(read_checkpoint(source, trust))
    release, state = imported.release, imported.state
    num_heads = usual_heads(state, release.source)
    meta = dict(
        layout=str(release),
        method=release.method,
        family=imported.family.name,
        network=release.network,
        num_tensors=len(state),
        left_out=imported.left_out,
        num_heads=num_heads,
        backbone=dict(
            imported.family.facts if release.source != UNKNOWN else {},
            num_heads=[num_heads] if num_heads else [],
        ),
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
    weights, release, family = _recognise(checkpoint)
    network = strip_prefix(weights, release.network)
    left_out = [key for key in network if key.startswith(family.heads)]
    backbone = {k: v for k, v in network.items() if k not in left_out}
    _check_copy(weights, release, backbone)
    try:
        backbone = family.prepared(backbone)
        state = family.names(backbone).to_mmpretrain(backbone)
    except ValueError as error:
        raise ValueError(f'layout {release}, {family.name}: {error}') from None
    return Imported(release, family, state, left_out)


def unwrapped(checkpoint: dict) -> dict[str, Tensor]:
    """Return the weights of a released file with the keys of its model.

    Takes the entry that holds the weights, such as ``state_dict`` or
    ``model``, or joins ``student`` and ``teacher``, and removes the prefixes
    ``module.`` of DistributedDataParallel and ``_orig_mod.`` of
    torch.compile.
    """
    for entry in _ENTRIES:
        if isinstance(checkpoint.get(entry), dict):
            checkpoint = checkpoint[entry]
            break
    weights = {}
    for key, value in checkpoint.items():
        if isinstance(value, Tensor):
            weights[_WRAPPERS.sub(r'\1', key)] = value
        elif key in ('student', 'teacher') and isinstance(value, dict):
            for name, tensor in value.items():
                if isinstance(tensor, Tensor):
                    weights[_WRAPPERS.sub(r'\1', f'{key}.{name}')] = tensor
    return weights


def _recognise(checkpoint: dict) -> tuple[dict, Release, Family]:
    weights = unwrapped(checkpoint)
    for release in RELEASES:
        network = strip_prefix(weights, release.network)
        for family in FAMILIES:
            if family.is_in(network) and release.fits(weights):
                return weights, release, family
    tried = '\n'.join(f'  {release.describe()}' for release in RELEASES)
    raise ValueError(
        'the layout of this checkpoint is unknown: '
        f'{_seen(checkpoint, weights)}.\n'
        f'Layouts tried, each with ResNet, ViT and BEiT:\n{tried}\n'
        'Checkpoints of MMPreTrain and of this project need no import; '
        'detectors are not converted'
    )


def _seen(checkpoint: dict, weights: dict[str, Tensor]) -> str:
    """Describe a file: its entries, its first keys, the networks in it."""
    entries = ', '.join(f'{key}' for key in list(checkpoint)[:_MAX_NAMED])
    if not weights:
        return f'it has no tensors; its entries are {entries or "none"}'
    parts = [f'its first keys are {", ".join(list(weights)[:_MAX_NAMED])}']
    if not weights.keys() & checkpoint.keys():
        parts.append(f'its entries are {entries}')
    starts = {
        key[: match.start()] for key in weights if (match := _STEM.search(key))
    }
    for start in sorted(starts)[:_MAX_NAMED]:
        network = strip_prefix(weights, start)
        found = [family.name for family in FAMILIES if family.is_in(network)]
        if found:
            where = f'under {start}' if start else 'without a prefix'
            parts.append(f'it has a {found[0]} {where}')
    return '; '.join(parts)


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
