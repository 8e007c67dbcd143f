import os
from pathlib import Path


def load_images(folder: str | os.PathLike) -> dict:
    """Paths, and the classes if there are any, of the images in a folder.

    The order is that of ``CustomDataset`` of MMPreTrain and so that of the
    sample indices in training: by class folder, or of all files if there
    are no class folders.

    Returns:
        ``images`` (paths) and, where subfolders make classes, ``labels`` and
        ``class_names``, as :func:`draw_semantic_tree` takes them.

    Raises:
        ValueError: If there are no images.
    """
    from mmpretrain.datasets import CustomDataset  # takes seconds

    if not Path(folder).is_dir():
        raise ValueError(f'there is no folder {folder}')
    try:
        dataset = CustomDataset(data_root=str(folder), with_label=True)
    except RuntimeError:  # no class folders with images in them
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
