"""The ways to make MoCo v2's views from JPEG files."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from mmengine.config import Config
from mmpretrain.structures import DataSample
from PIL import Image
from torch.utils.data import Dataset, default_collate
from torchvision.transforms import v2

from benchmarks.epochs.placed_views import placed_views
from hirl_mm.models.data_preprocessors import DeviceViews

ARMS = 'cpu', 'device', 'torchvision', 'kornia'
KORNIA_SIDE = 256


@dataclass
class Samples:
    """Samples of an arm.

    Attributes:
        samples: Data set that the workers read.
        collate: Function that joins a batch.
        prepare: Function of the model that returns a function to call with
            every batch ahead of the step, or None.
    """

    samples: Dataset
    collate: Callable
    prepare: Callable = lambda model: None


def dataset_of(name: str, root: Path, cfg: Config) -> Samples | None:
    """Return the samples of an arm, None if a library is missing.

    Args:
        name: One of ``ARMS``.
        root: Folder of JPEG files.
        cfg: Training config; the arm ``'device'`` changes its model.
    """
    files = sorted(map(str, root.glob('*.jpg')))
    if name == 'torchvision':
        return Samples(Files(files, TwoViews()), _collate)
    if name == 'kornia':
        if not has_kornia():
            return None
        shrink = v2.Compose(
            [v2.PILToTensor(), v2.Resize([KORNIA_SIDE] * 2, antialias=True)]
        )
        return Samples(Files(files, shrink), _collate, _kornia)
    return Samples(*placed_views(cfg, root, name), _ours)


class Files(Dataset):
    """Images of files, decoded by Pillow.

    Args:
        files: Paths.
        transform: Transform of torchvision.
    """

    def __init__(self, files: list[str], transform: Callable) -> None:
        self.files = files
        self.transform = transform

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[object, int]:
        with Image.open(self.files[index]) as image:
            return self.transform(image.convert('RGB')), index


class TwoViews:
    """Two views by torchvision, with the recipe of MoCo v2."""

    def __init__(self) -> None:
        self.view = v2.Compose(
            [
                v2.PILToTensor(),
                v2.RandomResizedCrop(224, (0.2, 1), antialias=True),
                v2.RandomApply([v2.ColorJitter(0.4, 0.4, 0.4, 0.1)], 0.8),
                v2.RandomGrayscale(0.2),
                v2.RandomApply([v2.GaussianBlur(23, (0.1, 2.0))], 0.5),
                v2.RandomHorizontalFlip(),
            ]
        )

    def __call__(self, image: Image.Image) -> list[torch.Tensor]:
        return [self.view(image) for _ in range(2)]


def _collate(samples: list) -> dict:
    inputs, numbers = zip(*samples, strict=True)
    data_samples = [DataSample(metainfo=dict(sample_idx=i)) for i in numbers]
    return dict(
        inputs=default_collate(list(inputs)), data_samples=data_samples
    )


def _ours(model: torch.nn.Module) -> Callable | None:
    preprocessor = model.data_preprocessor
    if isinstance(preprocessor, DeviceViews):
        return preprocessor.with_views
    return None


def has_kornia() -> bool:
    """Return whether kornia is installed; say how to install it if not."""
    found = find_spec('kornia') is not None
    if not found:
        print('kornia is not installed: pip install kornia', file=sys.stderr)
    return found


def kornia_view() -> torch.nn.Module:
    """Return MoCo v2's view by kornia, of images (B, 3, H, W) in [0, 1]."""
    import kornia.augmentation as K

    return torch.nn.Sequential(
        K.RandomResizedCrop((224, 224), scale=(0.2, 1.0)),
        K.ColorJitter(0.4, 0.4, 0.4, 0.1, p=0.8),
        K.RandomGrayscale(p=0.2),
        K.RandomGaussianBlur((23, 23), (0.1, 2.0), p=0.5),
        K.RandomHorizontalFlip(p=0.5),
    )


def _kornia(model: torch.nn.Module) -> Callable:
    view = kornia_view()
    device = model.data_preprocessor.device

    @torch.no_grad()
    def prepare(batch: dict) -> dict:
        images = batch['inputs'].to(device, non_blocking=True).float() / 255
        views = [255 * view(images) for _ in range(2)]
        return dict(batch) | dict(inputs=views)

    return prepare
