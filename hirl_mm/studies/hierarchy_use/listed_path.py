import os

from hirl_mm.datasets.shards.locations import in_shards, plain_path


def listed_path(path: str, shards: str | os.PathLike = '') -> str:
    """Return the path of an image for a list that training reads.

    Args:
        path: File of the image, or its path in shards.
        shards: Folder of the training images if they are in shards.

    Returns:
        The absolute path of a file; of an image in shards, the path in their
        folder.

    Raises:
        ValueError: If an image is in shards of another folder.

    Example:
        >>> listed_path('/data/a.jpg')
        '/data/a.jpg'
        >>> listed_path('shards://data/train/cat/1.png', 'data/train')
        'cat/1.png'
    """
    if not in_shards(path):
        return os.path.abspath(path)
    folder = os.path.join(shards, '')
    plain = plain_path(path)
    if not shards or not plain.startswith(folder):
        raise ValueError(
            f'{plain} is in shards of another folder than {shards or "any"}: '
            'lists are written for training images in files, or in the '
            'shards of one folder'
        )
    return plain[len(folder) :]
