"""The versions of OpenMMLab's packages that work together.

One table, stated here and compared with the installed packages by a test.
"""

import re
from typing import NamedTuple


class Range(NamedTuple):
    """Versions from ``low`` on, below ``high``."""

    low: str
    high: str

    def __contains__(self, version: object) -> bool:
        return numbers(self.low) <= numbers(str(version)) < numbers(self.high)

    def __str__(self) -> str:
        return f'>={self.low},<{self.high}'


# What hirl_mm supports.
SUPPORTED = {
    'mmengine': Range('0.10', '1.0'),
    'mmpretrain': Range('1.2', '2.0'),
    'mmdet': Range('3.0', '4.0'),
    'mmseg': Range('1.0', '2.0'),
}
# The mmcv that each of them accepts: package, its versions, those of mmcv.
# mmdet 3.4 and later are those of the maintained fork (onedl-mmdetection).
MMCV = (
    ('mmpretrain', Range('1.2', '2.0'), Range('2.0.0', '2.4.0')),
    ('mmdet', Range('3.0', '3.4'), Range('2.0.0', '2.2.0')),
    ('mmdet', Range('3.4', '4.0'), Range('2.0.0', '2.4.0')),
    ('mmseg', Range('1.0', '1.3'), Range('2.0.0', '2.2.0')),
    ('mmseg', Range('1.3', '2.0'), Range('2.0.0', '2.4.0')),
)
# The mmcv that all of them accept.
COMMON_MMCV = Range('2.0.0', '2.2.0')


def numbers(version: str) -> tuple[int, ...]:
    """``'1.2.0rc1'`` to (1, 2, 0)."""
    return tuple(int(n) for n in re.findall(r'\d+', version)[:3])


def accepted_mmcv(package: str, version: str) -> Range:
    """The mmcv that a supported version of a package accepts."""
    (accepted,) = (
        mmcv
        for name, versions, mmcv in MMCV
        if name == package and version in versions
    )
    return accepted
