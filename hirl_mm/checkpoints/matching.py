"""Which weights of a network a state dict holds, and under which prefix."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

# In per cent. Fewer matching keys mean another network or prefix.
MIN_MATCHED = 95
_BLOCK = re.compile(r'\.\d+\.')

COUNTER = 'num_batches_tracked'
_INDEX = 'relative_position_index'

# Where a training checkpoint keeps the network that is evaluated: of DINO
# and iBOT the teacher. ``module.`` is left by DistributedDataParallel.
_EVALUATED = (
    'teacher.backbone.',
    'backbone.',
    'module.teacher.backbone.',
    'module.backbone.',
)


@dataclass(frozen=True)
class Match:
    """What a state dict holds of a network.

    Attributes:
        matched: Names of the weights found, in name and shape.
        missing: Names of those that are not there.
        reshaped: Names of those of another shape, with the shape wanted and
            the shape found.
        unused: Names in the state dict that the network does not have.
    """

    matched: list[str]
    missing: list[str]
    reshaped: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]
    unused: list[str]

    @property
    def total(self) -> int:
        return len(self.matched) + len(self.missing) + len(self.reshaped)

    @property
    def deeper(self) -> list[str]:
        """Of the unused names, those of blocks behind the network's last.

        All names of a ResNet-50 are in a ResNet-101, too.
        """
        own = self.matched + self.missing + list(self.reshaped)
        blocks = {_BLOCK.sub('.#.', name) for name in own}
        return [k for k in self.unused if _BLOCK.sub('.#.', k) in blocks]

    @property
    def fits(self) -> bool:
        """Whether the weights are those of the network."""
        enough = 100 * len(self.matched) >= MIN_MATCHED * self.total
        return enough and not self.reshaped and not self.deeper


def counted_weights(module: nn.Module) -> dict[str, Tensor]:
    """The weights of a network that a checkpoint has to bring.

    Parameters and buffers, running statistics included. Not the counters of
    batch norm, nor the index of relative positions, which follows from the
    size of the image.
    """
    return {
        name: value
        for name, value in module.state_dict().items()
        if _counts(name)
    }


def match(wanted: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> Match:
    """Compare the weights of a network with a state dict without prefix."""
    present = [name for name in wanted if name in state]
    reshaped = {
        name: (tuple(wanted[name].shape), tuple(state[name].shape))
        for name in present
        if wanted[name].shape != state[name].shape
    }
    return Match(
        matched=[name for name in present if name not in reshaped],
        missing=[name for name in wanted if name not in state],
        reshaped=reshaped,
        unused=[k for k in state if _counts(k) and k not in wanted],
    )


def under(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The part of a state dict whose keys begin with a prefix, without it."""
    return {
        key.removeprefix(prefix): value
        for key, value in state.items()
        if key.startswith(prefix)
    }


def evaluated_prefix(keys: Iterable[str]) -> str:
    """The prefix of the backbone that is evaluated; '' for bare keys.

    Of DINO and iBOT that is the teacher's backbone, of other methods the
    trained one. Key encoders and students are never chosen.
    """
    keys = list(keys)
    for prefix in _EVALUATED:
        if any(key.startswith(prefix) for key in keys):
            return prefix
    return ''


def prefixes_of(names: Iterable[str], keys: Iterable[str]) -> list[str]:
    """The prefixes under which keys have names of a network, best first.

    Those with less than a tenth of the names are left out.
    """
    names, found = set(names), Counter()
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


def _counts(name: str) -> bool:
    return name.split('.')[-1] not in (COUNTER, _INDEX)
