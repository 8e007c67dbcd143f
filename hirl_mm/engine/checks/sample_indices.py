from torch.utils.data import Dataset

from hirl_mm.datasets.distinct_images import distinct_images

_NUM_PROBED = 1000


def check_sample_indices(dataset: Dataset) -> None:
    """Check that every part of a data set numbers its samples from 0.

    A tree stores the leaf of every image by its index. The parts of a
    concatenation are numbered one after the other, see
    :func:`~hirl_mm.datasets.sample_numbers.number_samples`, which needs to
    know the indices in a part. About a thousand samples of every part are
    checked, including the last one.

    Args:
        dataset: The data set of the training.

    Raises:
        ValueError: If the ``sample_idx`` of a sample is not its position in
            its part.
    """
    for leaf in distinct_images(dataset).leaves:
        num = len(leaf)
        step = max(1, num // _NUM_PROBED)
        for position in [*range(0, num, step), num - 1]:
            sample_idx = leaf.get_data_info(position).get('sample_idx')
            if sample_idx != position:
                raise ValueError(
                    f'{type(leaf).__name__} gives sample {position} of {num} '
                    f'the sample_idx {sample_idx}, so several images would '
                    'share a leaf of the prototype tree: let its '
                    'get_data_info(idx) return sample_idx=idx, as that of '
                    "MMEngine's BaseDataset does"
                )
