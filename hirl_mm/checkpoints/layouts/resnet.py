from collections.abc import Iterator
from typing import NamedTuple

from torch import Tensor

from .names import Names, count_of

NORM_TENSORS = ('weight', 'bias', 'running_mean', 'running_var')
# Optional in files: PyTorch fills it in on loading.
BATCH_COUNT = 'num_batches_tracked'
_STAGES = 4


class Unit(NamedTuple):
    """A convolution of a ResNet with its batch normalisation.

    Attributes:
        stage: Number of the stage, 1 to 4; 0 is the stem.
        block: Number of the residual block within its stage, from 0.
        conv: Number of the convolution within its block, from 1; 0 is the
            shortcut.
    """

    stage: int
    block: int
    conv: int

    @property
    def convolution(self) -> str:
        """Name of the convolution in MMPreTrain, torchvision and timm."""
        if self.stage == 0:
            return 'conv1'
        name = f'conv{self.conv}' if self.conv else 'downsample.0'
        return f'layer{self.stage}.{self.block}.{name}'

    @property
    def norm(self) -> str:
        """Name of the batch norm in MMPreTrain, torchvision and timm."""
        if self.stage == 0:
            return 'bn1'
        name = f'bn{self.conv}' if self.conv else 'downsample.1'
        return f'layer{self.stage}.{self.block}.{name}'


def resnet_depths(state: dict[str, Tensor]) -> list[int]:
    """Return the number of residual blocks of every stage."""
    return [count_of(state, f'layer{i + 1}') for i in range(_STAGES)]


def is_bottleneck(state: dict[str, Tensor]) -> bool:
    """Whether the blocks have three convolutions (ResNet-50 and deeper)."""
    return 'layer1.0.conv3.weight' in state


def resnet_units(state: dict[str, Tensor]) -> Iterator[Unit]:
    """Yield the convolutions of a ResNet's state dict, from the stem on."""
    yield Unit(0, 0, 1)
    for stage, depth in enumerate(resnet_depths(state), 1):
        for block in range(depth):
            for index in range(1, 4 if is_bottleneck(state) else 3):
                yield Unit(stage, block, index)
            shortcut = Unit(stage, block, 0)
            if f'{shortcut.convolution}.weight' in state:
                yield shortcut


def resnet_names(state: dict[str, Tensor]) -> Names:
    """Return the names of a ResNet's tensors.

    Torchvision, timm and MMPreTrain use the same names. A stem of three
    convolutions, as in ResNetV1d, has other names and is not converted.

    Args:
        state: State dict of the network, without classifier and projector.
    """
    names, optional = [], []
    for unit in resnet_units(state):
        names.append(f'{unit.convolution}.weight')
        names += [f'{unit.norm}.{name}' for name in NORM_TENSORS]
        optional.append(f'{unit.norm}.{BATCH_COUNT}')
    names += optional
    return Names({name: name for name in names}, frozenset(optional))
