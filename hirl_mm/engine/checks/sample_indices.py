from mmengine.dataset import BaseDataset

_NUM_PROBED = 1000


def check_sample_indices(dataset: BaseDataset) -> None:
    """Check that the data set numbers its samples from 0 to N - 1.

    A tree remembers the leaf of a sample by its index. Concatenated and
    repeated data sets give the index inside the part, so that different
    images share one. About a thousand samples are looked at, the last among
    them.

    Raises:
        ValueError: If a sample's index is not its position.
    """
    num = len(dataset)
    step = max(1, num // _NUM_PROBED)
    for position in [*range(0, num, step), num - 1]:
        sample_idx = dataset.get_data_info(position).get('sample_idx')
        if sample_idx != position:
            raise ValueError(
                f'{type(dataset).__name__} gives sample {position} of {num} '
                f'the sample_idx {sample_idx}, so that several images would '
                'share a leaf of the prototype tree. Concatenated, repeated '
                'and class-balanced data sets do so; put the images into one '
                'data set (one folder, or one annotation file) instead'
            )
