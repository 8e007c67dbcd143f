"""Which layout a checkpoint has, by its keys."""

import re
from collections.abc import Mapping, Sequence

from torch import Tensor

from hirl_mm.checkpoints.layouts.families import FAMILIES, Family
from hirl_mm.checkpoints.layouts.releases import RELEASES, Release, at_prefix

from .matching import strip_prefix
from .obstacles import obstacles, other_network

_MAX_NAMED = 5
# Entries that hold the weights; BEiT's runs with DeepSpeed write ``module``.
_ENTRIES = 'state_dict', 'model', 'model_state_dict', 'module'
_WRAPPERS = re.compile(
    r'^((?:student\.|teacher\.)?)(?:(?:module|_orig_mod)\.)+'
)
# DINOv2's training divides its blocks into chunks: blocks.CHUNK.BLOCK.
_CHUNKED = re.compile(r'(^|\.)blocks\.\d+\.(\d+)\.')
_CHUNKS = re.compile(r'(^|\.)blocks\.\d+\.\d+\.attn\.qkv\.weight$')
# First tensor of a network of every family.
_STEM = re.compile(r'(layer1\.0\.conv1|blocks\.0\.attn\.qkv)\.weight$')


def unwrapped(checkpoint: Mapping) -> dict[str, Tensor]:
    """Return the weights of a released file with the keys of its model.

    Takes the entry that holds the weights, such as ``state_dict`` or
    ``model``, or joins ``student`` and ``teacher``, and removes the prefixes
    ``module.`` of DistributedDataParallel and ``_orig_mod.`` of
    torch.compile, and the numbers of the chunks of DINOv2's blocks.
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
    if any(_CHUNKS.search(key) for key in weights):
        weights = {
            _CHUNKED.sub(r'\1blocks.\2.', key): value
            for key, value in weights.items()
        }
    return weights


def recognise(
    checkpoint: Mapping, prefix: str | None = None
) -> tuple[dict[str, Tensor], Release, Family]:
    """Find the network that is evaluated in a checkpoint.

    Args:
        checkpoint: Content of the file.
        prefix: Beginning of the keys of the network. None finds it by the
            known layouts.

    Returns:
        The weights, see :func:`unwrapped`; their layout; the kind of network.

    Raises:
        ValueError: If no layout fits.
    """
    weights = unwrapped(checkpoint)
    layouts = RELEASES if prefix is None else at_prefix(_dotted(prefix))
    for release in layouts:
        network = strip_prefix(weights, release.network)
        for family in release.families:
            if family.is_in(network) and release.fits(weights):
                return weights, release, family
    raise ValueError(_unknown(checkpoint, weights, layouts))


def _dotted(prefix: str) -> str:
    return prefix if prefix.endswith('.') or not prefix else f'{prefix}.'


def _unknown(
    checkpoint: Mapping, weights: Mapping, layouts: Sequence[Release]
) -> str:
    tried = '; '.join(release.describe() for release in layouts)
    hints = [obstacles(weights), other_network(weights)]
    return ' '.join(
        [
            'the layout of this checkpoint is unknown: '
            f'{_seen(checkpoint, weights)}.',
            *(f'{hint}.' for hint in hints if hint),
            f'Layouts tried, each with ResNet, ViT and BEiT: {tried}.',
            'If one of its networks is to be used, give the beginning of its '
            'keys: --prefix',
        ]
    )


def _seen(checkpoint: Mapping, weights: Mapping[str, Tensor]) -> str:
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
