"""Comparing a network's weights with a state dict and its prefixes."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

# In percent. Fewer matching weights mean another network or another prefix.
MIN_MATCHED = 95
_BLOCK = re.compile(r'\.\d+\.')

BATCH_COUNT = 'num_batches_tracked'
_POSITION_INDEX = 'relative_position_index'

# Prefixes of the evaluated network in a training checkpoint; for DINO and
# iBOT it is the teacher. DistributedDataParallel adds ``module.``.
_EVALUATED_PREFIXES = (
    'teacher.backbone.',
    'backbone.',
    'module.teacher.backbone.',
    'module.backbone.',
)


@dataclass(frozen=True)
class Match:
    """Result of comparing a network's weights with a state dict.

    Attributes:
        matched: Names of the weights that agree in name and shape.
        missing: Names of the weights that the state dict does not have.
        wrong_shape: Names of the weights that have another shape in the
            state dict, each with the expected and the actual shape.
        unused: Names in the state dict that the network does not have.
    """

    matched: list[str]
    missing: list[str]
    wrong_shape: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]
    unused: list[str]

    @property
    def total(self) -> int:
        """Number of weights of the network."""
        return len(self.matched) + len(self.missing) + len(self.wrong_shape)

    @property
    def deeper(self) -> list[str]:
        """Unused names that belong to blocks after the network's last one.

        They reveal a deeper network: a ResNet-101 has all names of a
        ResNet-50 and more.
        """
        own = self.matched + self.missing + list(self.wrong_shape)
        blocks = {_BLOCK.sub('.#.', name) for name in own}
        return [k for k in self.unused if _BLOCK.sub('.#.', k) in blocks]

    @property
    def fits(self) -> bool:
        """Whether the state dict belongs to this network."""
        enough = 100 * len(self.matched) >= MIN_MATCHED * self.total
        return enough and not self.wrong_shape and not self.deeper


def required_weights(module: nn.Module) -> dict[str, Tensor]:
    """Return the weights of a network that a checkpoint must contain.

    These are its parameters and buffers, including running statistics.
    Excluded are ``num_batches_tracked`` of batch norm and the index of
    relative positions, which follows from the image size.
    """
    return {
        name: value
        for name, value in module.state_dict().items()
        if _is_required(name)
    }


def match(wanted: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> Match:
    """Compare the weights of a network with a state dict.

    Args:
        wanted: Weights of the network by name, see :func:`required_weights`.
        state: State dict without a prefix.
    """
    present = [name for name in wanted if name in state]
    wrong_shape = {
        name: (tuple(wanted[name].shape), tuple(state[name].shape))
        for name in present
        if wanted[name].shape != state[name].shape
    }
    return Match(
        matched=[name for name in present if name not in wrong_shape],
        missing=[name for name in wanted if name not in state],
        wrong_shape=wrong_shape,
        unused=[k for k in state if _is_required(k) and k not in wanted],
    )


def strip_prefix(
    state: Mapping[str, Tensor], prefix: str
) -> dict[str, Tensor]:
    """Return the entries whose keys begin with ``prefix``, without it."""
    return {
        key.removeprefix(prefix): value
        for key, value in state.items()
        if key.startswith(prefix)
    }


def evaluated_prefix(keys: Iterable[str]) -> str:
    """Return the prefix of the backbone to evaluate; '' if keys have none.

    For DINO and iBOT this is the teacher's backbone, for other methods the
    trained backbone. Key encoders and students are never chosen.
    """
    keys = list(keys)
    for prefix in _EVALUATED_PREFIXES:
        if any(key.startswith(prefix) for key in keys):
            return prefix
    return ''


def prefixes_of(names: Iterable[str], keys: Iterable[str]) -> list[str]:
    """Return the prefixes under which a network's names occur in keys.

    Prefixes with less than a tenth of the names are left out.

    Args:
        names: Names of the network's weights, without a prefix.
        keys: Keys of a state dict.

    Returns:
        Prefixes, the one with the most names first.
    """
    names = set(names)
    found: Counter[str] = Counter()
    for key in keys:
        start = 0
        while True:
            if key[start:] in names:
                found[key[:start]] += 1
            dot = key.find('.', start)
            if dot < 0:
                break
            start = dot + 1
    return [p for p, count in found.most_common() if 10 * count >= len(names)]


def _is_required(name: str) -> bool:
    return name.split('.')[-1] not in (BATCH_COUNT, _POSITION_INDEX)
