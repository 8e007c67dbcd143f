import os
from pathlib import Path

from hirl_mm.structures import PrototypeTree


def load_tree(path: str | os.PathLike) -> PrototypeTree:
    """Read a tree from its own file or from a training checkpoint.

    Args:
        path: File of :meth:`PrototypeTree.save`, or a checkpoint that holds
            the state of a tree under ``prototype_tree``. A checkpoint may
            run code when it is opened: only open files that you trust.

    Raises:
        ValueError: If there is no such file or no tree in it.
    """
    if not Path(path).is_file():
        raise ValueError(f'there is no file {path}')
    state = _load(path)
    if isinstance(state, dict):
        state = state.get('prototype_tree', state)
    try:
        return PrototypeTree.from_state_dict(state)
    except TypeError:
        found = sorted(state) if isinstance(state, dict) else type(state)
        raise ValueError(
            f'{path} is neither a prototype tree nor a checkpoint with the '
            f'key prototype_tree, found {found}'
        ) from None


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


def _load(path: str | os.PathLike) -> object:
    from hirl_mm.engine.checkpoint_loader import load_local_checkpoint

    try:
        return load_local_checkpoint(path, map_location='cpu')
    except OSError as error:
        cause = error.__cause__ or error
        reason = f'{type(cause).__name__}: {cause}'.splitlines()[0]
        raise ValueError(
            f'{path} is neither a prototype tree nor a checkpoint ({reason})'
        ) from error
