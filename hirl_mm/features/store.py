"""Features of a data set in a folder on disk, written by all ranks."""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from hirl_mm.files import replacing
from hirl_mm.ranks import rank_and_world_size

from .finite import check_finite
from .store_checksums import write_checksums

_MANIFEST = 'manifest.json'
_FEATURES = 'features.npy'
_SAMPLES = 'samples.npy'
_MERGED_AT_A_TIME = 65536


class FeatureStoreError(ValueError):
    """Stored features are incomplete, broken or depend on something else."""


@torch.no_grad()
def write_shard(
    fn: Callable[[dict], Tensor],
    loader: Iterable[dict],
    folder: str | os.PathLike,
    half: bool = False,
) -> None:
    """Write the features of the samples that this rank's loader yields.

    Features are written batch by batch, so that the memory does not depend on
    the size of the data set. After all ranks have finished, one of them must
    call :func:`merge_shards`.

    Args:
        fn: Function that returns the features (B, D) of a batch.
        loader: Loader of batches, dictionaries in which the entries of
            ``data_samples`` have an attribute ``sample_idx``. An entry
            ``unreadable`` lists the indices of samples that could not be
            read; a batch without any sample is skipped.
        folder: Folder of the store, the same for all ranks.
        half: Whether to store float16 instead of float32.

    Raises:
        NonFiniteFeaturesError: If a feature is NaN or infinite, or too large
            for float16.
    """
    write_shards(lambda batch: [fn(batch)], loader, [folder], half)


@torch.no_grad()
def write_shards(
    fn: Callable[[dict], Sequence[Tensor]],
    loader: Iterable[dict],
    folders: Sequence[str | os.PathLike],
    half: bool = False,
) -> None:
    """Write several features of the same samples, each to its own store.

    It does in one pass what :func:`write_shard` does for one store.

    Args:
        fn: Function that returns one tensor of features (B, D) of a batch per
            store; D may differ between the stores.
        loader: See :func:`write_shard`.
        folders: Folders of the stores, the same for all ranks.
        half: Whether to store float16 instead of float32.

    Raises:
        NonFiniteFeaturesError: If a feature is NaN or infinite, or too large
            for float16.
    """
    rank, _ = rank_and_world_size()
    shards = [_shard_path(folder, rank) for folder in folders]
    dtype = torch.float16 if half else torch.float32
    sample_idx, unreadable, dims = [], [], [0] * len(shards)
    with ExitStack() as stack:
        files = []
        for shard in shards:
            shard.parent.mkdir(parents=True, exist_ok=True)
            binary = shard.with_suffix('.bin')
            files.append(stack.enter_context(binary.open('wb')))
        for batch in loader:
            unreadable += batch.pop('unreadable', ())
            if not batch['data_samples']:
                continue
            features = [rows.to(dtype) for rows in fn(batch)]
            idx = [sample.sample_idx for sample in batch['data_samples']]
            for rows, file in zip(features, files, strict=True):
                check_finite(rows, idx)
                rows.cpu().numpy().tofile(file)
            sample_idx += idx
            dims = [rows.size(1) for rows in features]
    content = dict(
        sample_idx=np.array(sample_idx, np.int64),
        unreadable=np.array(unreadable, np.int64),
    )
    for shard, dim in zip(shards, dims, strict=True):
        with replacing(shard) as temporary:
            np.savez(temporary, half=half, dim=dim, **content)


def merge_shards(
    folder: str | os.PathLike, num_samples: int, facts: dict
) -> None:
    """Merge the shards of all ranks into one file, ordered by sample index.

    The file has no rows for samples that could not be read; their absence is
    stored, see :func:`stored_samples`, and so are checksums, see
    :func:`~hirl_mm.features.store_checksums.damaged_file`. The manifest is
    written last: the store is complete if it exists.

    Args:
        folder: Folder of the store, with the shards of all ranks.
        num_samples: Number of samples N over all ranks.
        facts: Everything that the features depend on, as values for JSON.

    Raises:
        FeatureStoreError: If samples are missing in the shards.
    """
    folder = Path(folder)
    paths = sorted(_shard_path(folder, 0).parent.glob('*.npz'))
    shards = [np.load(path) for path in paths]
    sample_idx = np.concatenate([shard['sample_idx'] for shard in shards])
    unreadable = np.concatenate([shard['unreadable'] for shard in shards])
    stored = np.intersect1d(np.arange(num_samples), sample_idx)
    known = np.union1d(stored, unreadable)
    if len(known) < num_samples or sample_idx.max(initial=0) >= num_samples:
        raise FeatureStoreError(
            f'the features of {num_samples - len(known)} of {num_samples} '
            f'samples are missing in {folder}: a process was stopped while it '
            'wrote them, the processes do not share this folder, or several '
            'samples have the same index'
        )
    if not len(stored):
        raise FeatureStoreError(
            f'none of the {num_samples} samples could be read'
        )
    dim = max(int(shard['dim']) for shard in shards)
    dtype = np.float16 if shards[0]['half'] else np.float32
    with replacing(folder / _FEATURES) as temporary:
        whole = np.lib.format.open_memmap(
            temporary, 'w+', dtype, (len(stored), dim)
        )
        for path, shard in zip(paths, shards, strict=True):
            rows = np.searchsorted(stored, shard['sample_idx'])
            _copy_rows(path, rows, whole)
        whole.flush()
        del whole
    if len(stored) < num_samples:
        with replacing(folder / _SAMPLES) as temporary:
            np.save(temporary, stored)
    write_checksums(folder)
    with replacing(folder / _MANIFEST) as temporary:
        temporary.write_text(json.dumps(facts, indent=2) + '\n')
    shutil.rmtree(paths[0].parent)


def stored_facts(folder: str | os.PathLike) -> dict | None:
    """Read the facts that :func:`merge_shards` stored with the features.

    Args:
        folder: Folder of the store.

    Returns:
        The facts, or None if there is no complete store.

    Raises:
        FeatureStoreError: If the manifest cannot be read.
    """
    path = Path(folder, _MANIFEST)
    if not path.is_file():
        return None
    try:
        return dict(json.loads(path.read_text()))
    except (TypeError, ValueError) as error:
        raise FeatureStoreError(
            f'{path} is not the manifest of a feature store ({error}); delete '
            f'{folder} and extract the features again'
        ) from error


def open_features(folder: str | os.PathLike) -> Tensor:
    """Open the features of a store.

    Args:
        folder: Folder of the store.

    Returns:
        (M, D) float32 or float16, the rows of :func:`stored_samples`, mapped
        from disk: only the parts that are used are read.

    Raises:
        FeatureStoreError: If the file is broken.
    """
    path = Path(folder, _FEATURES)
    # Mode 'c' (copy on write), since PyTorch warns of read-only memory.
    return torch.from_numpy(_loaded(path, mmap_mode='c'))


def stored_samples(folder: str | os.PathLike, num_samples: int) -> Tensor:
    """Return which samples a store has features of.

    Args:
        folder: Folder of the store.
        num_samples: Number of samples N of the data set.

    Returns:
        (M,) long, ascending sample indices: all N but for those that could
        not be read.

    Raises:
        FeatureStoreError: If the file is broken.
    """
    path = Path(folder, _SAMPLES)
    if not path.is_file():
        return torch.arange(num_samples)
    return torch.from_numpy(_loaded(path))


def _loaded(path: Path, mmap_mode: Literal['c'] | None = None) -> np.ndarray:
    try:
        return np.load(path, mmap_mode=mmap_mode)
    except (EOFError, OSError, ValueError) as error:
        raise FeatureStoreError(
            f'{path} cannot be read as features ({error}); delete '
            f'{path.parent} and extract the features again'
        ) from error


def remove_store(folder: str | os.PathLike) -> None:
    """Delete a store; its manifest is deleted first."""
    Path(folder, _MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _shard_path(folder: str | os.PathLike, rank: int) -> Path:
    return Path(folder, 'shards', f'rank_{rank:04d}.npz')


def _copy_rows(path: Path, into: np.ndarray, whole: np.ndarray) -> None:
    """Copy the rows of a shard into the rows ``into`` of the whole."""
    if not len(into):
        return
    rows = np.memmap(
        path.with_suffix('.bin'),
        whole.dtype,
        'r',
        shape=(len(into), whole.shape[1]),
    )
    for start in range(0, len(rows), _MERGED_AT_A_TIME):
        part = slice(start, start + _MERGED_AT_A_TIME)
        whole[into[part]] = rows[part]
