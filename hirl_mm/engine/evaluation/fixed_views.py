"""Random views that are the same in every evaluation."""

from collections.abc import Callable

from mmengine.dataset import BaseDataset, default_collate
from mmengine.model import BaseModel
from torch.utils.data import Dataset

from hirl_mm.datasets.collate import ragged_collate
from hirl_mm.datasets.distinct_images import DistinctImages
from hirl_mm.models.data_preprocessors import DeviceViews
from hirl_mm.seeding import seeded


class FixedViews(Dataset):
    """A data set whose random views depend on the seed and the index only.

    Args:
        dataset: Data set with a random pipeline.
        seed: Seed of the views.
    """

    def __init__(
        self, dataset: BaseDataset | DistinctImages, seed: int
    ) -> None:
        self.dataset = dataset
        self.seed = seed

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, idx: int) -> dict:
        with seeded(self.seed + idx):
            return self.dataset[idx]


def collate_of(model: BaseModel) -> Callable:
    """Return the function that joins the samples of a training.

    Args:
        model: Model of the training, which may make the views on its device.
    """
    if isinstance(model.data_preprocessor, DeviceViews):
        return ragged_collate
    return default_collate
