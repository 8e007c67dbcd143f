"""Trees of runs and files as values of a page."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from hirl_mm.checkpoints.trees import load_tree
from hirl_mm.datasets.shards.locations import in_shards
from hirl_mm.engine.features.tree_images import (
    images_in_folder,
    images_of_config,
)
from hirl_mm.engine.runtime.config_file import read_config
from hirl_mm.engine.runtime.found_config import read_found_config
from hirl_mm.pages import ShownTree
from hirl_mm.structures import EmbeddedImages, PrototypeTree

from .run_folder import RunFolder
from .run_hierarchy import open_hierarchy


def shown_tree(
    source: Path,
    folder: str | os.PathLike | None = None,
    config: str | os.PathLike | None = None,
    checkpoint: str | None = None,
    trust: bool = False,
    **reading: int,
) -> ShownTree:
    """Return the tree of the folder of a run, or of a file.

    Args:
        source: Work folder of a training with HIRL, see :func:`shown_run`, or
            tree file, see :func:`shown_file`.
        folder: Folder of the training images of a tree file.
        config: Config of the training of a tree file.
        checkpoint: A checkpoint of the run; None for the last one.
        trust: Whether the files may run code, see
            :func:`~hirl_mm.checkpoints.read_checkpoint`.
        **reading: Arguments of :func:`shown_run`.

    Raises:
        ValueError: If the images of a run are given, or there is no tree.
    """
    if not source.is_dir():
        return shown_file(source, folder, config, trust)
    if folder or config:
        raise ValueError(
            f'{source} is the folder of a run, which knows its images: leave '
            'out --data and --config'
        )
    return shown_run(source, checkpoint, trust, **reading)


def shown_run(
    run: str | os.PathLike,
    checkpoint: str | None = None,
    trust: bool = False,
    batch_size: int = 256,
    num_workers: int | None = None,
) -> ShownTree:
    """Return the tree of a run with its training images and embeddings.

    Args:
        run: Work folder of a training with HIRL.
        checkpoint: A checkpoint of it; None for the last one.
        trust: Whether the checkpoint may run code, see
            :func:`~hirl_mm.checkpoints.read_checkpoint`.
        batch_size: Images per batch, for embeddings that are not kept yet.
        num_workers: Number of worker processes that read images; None for
            that of the training.

    Raises:
        ValueError: If the run has no tree, or its images have changed.
    """
    hierarchy = open_hierarchy(run, checkpoint, trust)
    images = hierarchy.training_images(batch_size, num_workers)
    shown = shown_images(images, Path(run).name)
    if are_files(images.paths):
        return shown
    found = images_of_config(shown.tree, hierarchy.cfg)
    return replace(shown, picture=found['images'])


def shown_images(images: EmbeddedImages, name: str) -> ShownTree:
    """Return embedded images as a page shows them.

    Args:
        images: Images with their embeddings and leaves.
        name: Name of the tree.
    """
    return ShownTree(
        images.tree,
        images.paths,
        images.leaf,
        images.rows,
        images.labels,
        images.class_names,
        name=name,
    )


def shown_file(
    file: str | os.PathLike,
    folder: str | os.PathLike | None = None,
    config: str | os.PathLike | None = None,
    trust: bool = False,
) -> ShownTree:
    """Return the tree of a file with its images, but without embeddings.

    Args:
        file: Tree file, or checkpoint that holds a tree.
        folder: Folder of the training images.
        config: Config of the training, instead of ``folder``. Without both,
            that of the run whose folder holds the file.
        trust: Whether the file may run code, see
            :func:`~hirl_mm.checkpoints.read_checkpoint`.

    Raises:
        ValueError: If the file has no tree, or it is one of other images.
    """
    tree = load_tree(file, trust)
    if folder is not None:
        found = images_in_folder(tree, folder)
    else:
        cfg = (
            read_config(os.fspath(config))
            if config
            else read_found_config(_config_beside(Path(file)), trust)
        )
        found = images_of_config(tree, cfg)
    return _shown_files(tree, Path(file).stem, **found)


def other_tree(
    shown: ShownTree, file: Path, trust: bool = False, **reading: int
) -> ShownTree:
    """Return a tree to compare with another one.

    Args:
        shown: Tree whose images are those of the file.
        file: Tree file, or checkpoint that holds a tree; or the work folder
            of a run, which knows its images.
        trust: Whether the file may run code, see
            :func:`~hirl_mm.checkpoints.read_checkpoint`.
        **reading: Arguments of :func:`shown_run`.

    Raises:
        ValueError: If the file has no tree, or it is one of other images.
    """
    if file.is_dir():
        return shown_run(file, None, trust, **reading)
    tree = load_tree(file, trust)
    ours, theirs = shown.tree.data, tree.data
    if len(tree.leaf) != len(shown.paths) or (ours and theirs != ours):
        raise ValueError(
            f'{file} is a tree of other images ({len(tree.leaf)}) than the '
            f'tree to compare with ({len(shown.paths)}), or of the same '
            'images in another order: compare with the folder of its run'
        )
    return replace(shown, tree=tree, leaf=tree.leaf, rows=None, name=file.stem)


def are_files(paths: Sequence[str]) -> bool:
    """Whether images have files, of their own or in shards."""
    return not paths or in_shards(paths[0]) or os.path.lexists(paths[0])


def _shown_files(
    tree: PrototypeTree,
    name: str,
    images: Callable[[int], Image.Image] | list[str],
    labels: Sequence[int] | Tensor | None = None,
    class_names: Sequence[str] | None = None,
) -> ShownTree:
    if labels is not None:
        labels = torch.as_tensor(labels)
        if class_names is None:
            class_names = [str(i) for i in range(int(labels.max()) + 1)]
    if callable(images):
        num = len(tree.leaf)
        paths = [f'image {i}' for i in range(num)]
        picture = images
    else:
        paths, picture = images, None
    return ShownTree(
        tree,
        paths,
        labels=labels,
        class_names=class_names or (),
        picture=picture,
        name=name,
    )


def _config_beside(file: Path) -> Path:
    """Return the config of the run whose folder a file is in."""
    for folder in file.parent, file.parent.parent:
        try:
            return RunFolder(folder).config_file()
        except FileNotFoundError:
            continue
    raise ValueError(
        f'{file} is in no folder of a run, so its images are unknown: give '
        '--data FOLDER or --config CONFIG'
    )
