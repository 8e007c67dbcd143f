"""What features depend on, in few characters that can be compared."""

import hashlib
import json
import os
from pathlib import Path

from mmengine.dataset import BaseDataset

_BLOCK = 1 << 20


def file_fingerprint(path: str | os.PathLike) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def config_fingerprint(config: dict | list) -> str:
    """SHA-256 of a part of a config."""
    text = json.dumps(config, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def data_fingerprint(dataset: BaseDataset) -> str:
    """SHA-256 of a data set's file names and labels, in their order.

    The folder that the data set lies in does not count, nor do the pixels.
    """
    digest = hashlib.sha256()
    root = Path(dataset.data_root or '')
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        path = Path(info['img_path'])
        name = path.relative_to(root) if path.is_relative_to(root) else path
        line = [name.as_posix(), info.get('gt_label')]
        digest.update(json.dumps(line).encode())
    return digest.hexdigest()
