"""What one image file is, read from its header or by decoding it."""

import hashlib
import io
import os
from dataclasses import dataclass

import mmcv
import numpy as np
from mmengine.fileio import get as read_bytes
from PIL import Image

from hirl_mm.datasets.shards.locations import in_shards

# A header, with the colour profile or the preview that may be before it.
_HEAD = 1 << 16
_TAIL = 64
# First bytes of a format, and what its last bytes contain.
_ENDS = {b'\xff\xd8\xff': b'\xff\xd9', b'\x89PNG': b'IEND'}


@dataclass(frozen=True)
class ImageFacts:
    """What is known of one image.

    Args:
        num_bytes: Size of the file.
        width: Width in pixels; 0 if unknown.
        height: Height in pixels; 0 if unknown.
        mode: Mode of Pillow, such as ``'RGB'`` or ``'L'``; empty if unknown.
        error: Why a training could not read it; empty if it can, as far as
            it was looked at.
        one_colour: Whether all pixels are equal; None if it was not decoded.
        digest: Hash of the bytes; empty if the file was not read as a whole.
    """

    num_bytes: int
    width: int = 0
    height: int = 0
    mode: str = ''
    error: str = ''
    one_colour: bool | None = None
    digest: bytes = b''


def header_facts(path: str) -> ImageFacts:
    """Return what the first and last bytes of a file tell.

    An error may be wrong: the decoder of a training knows further formats,
    and may do without the end of a file.

    Args:
        path: Path of an image, also one in shards, which is read as a whole.
    """
    try:
        if in_shards(path):
            data = read_bytes(path)
            return _of_header(data, data[-_TAIL:], len(data))
        with open(path, 'rb') as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(_HEAD)
            file.seek(max(0, size - _TAIL))
            return _of_header(head, file.read(), size)
    except OSError as error:
        return ImageFacts(0, error=_text(error))


def decoded_facts(path: str) -> ImageFacts:
    """Return what a file holds, decoded as a training decodes it.

    Args:
        path: Path of an image, also one in shards.
    """
    try:
        data = read_bytes(path)
    except OSError as error:
        return ImageFacts(0, error=_text(error))
    facts = _of_header(data, data[-_TAIL:], len(data))
    digest = digest_of(data)
    try:
        image = mmcv.imfrombytes(data, flag='color', backend='cv2')
    except Exception as error:
        why = facts.error or _text(error)
        return ImageFacts(len(data), error=why, digest=digest)
    if image is None:
        why = facts.error or 'the decoder makes no image of it'
        return ImageFacts(len(data), error=why, digest=digest)
    return ImageFacts(
        len(data),
        facts.width or image.shape[1],
        facts.height or image.shape[0],
        facts.mode or 'RGB',
        one_colour=is_one_colour(image),
        digest=digest,
    )


def file_digest(path: str) -> bytes:
    """Return the hash of a file's bytes; empty if it cannot be read."""
    try:
        return digest_of(read_bytes(path))
    except OSError:
        return b''


def digest_of(data: bytes) -> bytes:
    """Return the hash by which equal files are found, 16 bytes."""
    return hashlib.blake2b(data, digest_size=16).digest()


def is_one_colour(image: np.ndarray) -> bool:
    """Whether all pixels of an image are equal.

    Args:
        image: (H, W, C) pixels.
    """
    first = image[0, 0]
    # Nearly all images differ in the first row.
    return bool((image[0] == first).all() and (image == first).all())


def _of_header(head: bytes, tail: bytes, size: int) -> ImageFacts:
    if not size:
        return ImageFacts(0, error='the file is empty')
    try:
        with Image.open(io.BytesIO(head)) as image:
            (width, height), mode = image.size, image.mode
    except Exception as error:
        known = 'is not the beginning of an image that Pillow knows'
        detail = '' if 'cannot identify' in str(error) else f' ({error})'
        return ImageFacts(size, error=f'it {known}{detail}')
    end = next((e for s, e in _ENDS.items() if head.startswith(s)), b'')
    cut = '' if end in tail else 'the end of the file is missing'
    return ImageFacts(size, width, height, mode, cut)


def _text(error: Exception) -> str:
    reason = getattr(error, 'strerror', None) or str(error)
    return ' '.join(f'{type(error).__name__}: {reason}'.split())[:200]
