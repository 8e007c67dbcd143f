"""Versions of OpenMMLab's packages that work together.

A test compares this table with the assertions of the installed packages.
"""

import re
from typing import NamedTuple


class Range(NamedTuple):
    """Range of versions from ``low`` (included) to ``high`` (excluded)."""

    low: str
    high: str

    def __contains__(self, version: object) -> bool:
        return numbers(self.low) <= numbers(str(version)) < numbers(self.high)

    def __str__(self) -> str:
        return f'>={self.low},<{self.high}'


# Versions that hirl_mm supports.
SUPPORTED = {
    'mmengine': Range('0.10', '1.0'),
    'mmpretrain': Range('1.2', '2.0'),
    'mmdet': Range('3.0', '4.0'),
    'mmseg': Range('1.0', '2.0'),
}
# The maintained fork of these modules: pip's name and the versions, which are
# later than OpenMMLab's.
FORK = {
    'mmengine': ('onedl-mmengine', Range('0.10.8', '1.0')),
    'mmcv': ('onedl-mmcv', Range('2.3', '2.4.0')),
    'mmpretrain': ('onedl-mmpretrain', Range('1.3', '2.0')),
    'mmdet': ('onedl-mmdetection', Range('3.4', '4.0')),
    'mmseg': ('onedl-mmsegmentation', Range('1.3', '2.0')),
}
# Package, its versions, and the versions of mmcv that these accept.
MMCV = (
    ('mmpretrain', Range('1.2', '2.0'), Range('2.0.0', '2.4.0')),
    ('mmdet', Range('3.0', '3.4'), Range('2.0.0', '2.2.0')),
    ('mmdet', Range('3.4', '4.0'), Range('2.0.0', '2.4.0')),
    ('mmseg', Range('1.0', '1.3'), Range('2.0.0', '2.2.0')),
    ('mmseg', Range('1.3', '2.0'), Range('2.0.0', '2.4.0')),
)
# Versions of mmcv that all of OpenMMLab's packages accept.
COMMON_MMCV = Range('2.0.0', '2.2.0')


def numbers(version: str) -> tuple[int, ...]:
    """Convert ``'1.2.0rc1'`` to (1, 2, 0)."""
    return tuple(int(n) for n in re.findall(r'\d+', version)[:3])


def forked(package: str, version: str) -> str | None:
    """Return pip's name of a package if a version is one of the fork.

    Example:
        >>> forked('mmcv', '2.3.6')
        'onedl-mmcv'
        >>> forked('mmcv', '2.2.0')
    """
    name, versions = FORK[package]
    return name if version in versions else None


def accepted_mmcv(package: str, version: str) -> Range:
    """Return the versions of mmcv that a version of a package accepts."""
    (accepted,) = (
        mmcv
        for name, versions, mmcv in MMCV
        if name == package and version in versions
    )
    return accepted
