from mmengine.dataset import BaseDataset
from torch import Tensor, nn

from hirl_mm.datasets.collate import ragged_collate
from hirl_mm.models.data_preprocessors import DeviceViews
from hirl_mm.seeding import seeded


def first_views(model: nn.Module, dataset: BaseDataset) -> list[Tensor]:
    """Return the views of the first image, wherever they are made.

    The random states are restored afterwards.

    Args:
        model: Model of the training.
        dataset: Data set of the training.

    Returns:
        Views (3, H, W), not normalised.
    """
    preprocessor = getattr(model, 'data_preprocessor', None)
    with seeded(0):
        sample = dataset[0]
        if isinstance(preprocessor, DeviceViews):
            batch = preprocessor.with_views(ragged_collate([sample]))
            made = batch['inputs']
            made = made if isinstance(made, list) else [made]
            return [views[0] for views in made]
    inputs = sample['inputs']
    return inputs if isinstance(inputs, list) else [inputs]
