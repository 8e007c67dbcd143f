import os
from pathlib import Path


def load_images(folder: str | os.PathLike) -> dict:
    """List the images of a folder, with their classes if there are any.

    The order is that of MMPreTrain's ``CustomDataset``, so that indices are
    the sample indices of training: by class folder, or all files if there
    are no class folders.

    Args:
        folder: Path of the folder, with or without one subfolder per class.

    Returns:
        ``images`` (paths) and, if there are class folders, ``labels`` and
        ``class_names``, as the arguments of :func:`draw_semantic_tree`.

    Raises:
        ValueError: If the folder does not exist or holds no images.
    """
    from mmpretrain.datasets import CustomDataset  # takes seconds

    if not Path(folder).is_dir():
        raise ValueError(f'there is no folder {folder}')
    try:
        dataset = CustomDataset(data_root=str(folder), with_label=True)
    except RuntimeError:  # there are no class folders with images
        try:
            dataset = CustomDataset(data_root=str(folder), with_label=False)
        except RuntimeError:
            raise ValueError(f'found no images in {folder}') from None
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    found = {'images': [info['img_path'] for info in infos]}
    if dataset.with_label:
        found['labels'] = [info['gt_label'] for info in infos]
        found['class_names'] = dataset.metainfo['classes']
    return found
