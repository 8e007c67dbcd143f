from mmengine.dataset import BaseDataset

_NUM_PROBED = 1000


def check_sample_indices(dataset: BaseDataset) -> None:
    """Check that the data set numbers its samples from 0 to N - 1.

    A tree stores the leaf of every sample by its index. The index of a
    concatenated or repeated data set counts within a part of it, so different
    images share an index. About a thousand samples are checked, including the
    last one.

    Args:
        dataset: The data set of the training.

    Raises:
        ValueError: If the ``sample_idx`` of a sample is not its position.
    """
    num = len(dataset)
    step = max(1, num // _NUM_PROBED)
    for position in [*range(0, num, step), num - 1]:
        sample_idx = dataset.get_data_info(position).get('sample_idx')
        if sample_idx != position:
            raise ValueError(
                f'{type(dataset).__name__} gives sample {position} of {num} '
                f'the sample_idx {sample_idx}, so several images would share '
                'a leaf of the prototype tree. Concatenated, repeated and '
                'class-balanced data sets number their samples like this; put '
                'the images into one data set (one folder, or one annotation '
                'file) instead'
            )
