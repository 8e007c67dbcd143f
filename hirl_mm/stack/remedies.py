"""Commands that install what is missing in the stack that someone has."""

from .ranges import COMMON_MMCV, FORK, SUPPORTED, Range

# What pip calls OpenMMLab's packages; mmcv-lite is mmcv without ops.
_PIP_NAMES = {
    'mmengine': 'mmengine',
    'mmcv': 'mmcv-lite',
    'mmpretrain': 'mmpretrain',
    'mmdet': 'mmdet',
    'mmseg': 'mmsegmentation',
}
# Models of mmseg 1.2 import these packages, but its metadata omits them.
_OF_MMSEG = ('ftfy', 'regex')


def install(name: str, fork: bool = False) -> str:
    """Return the command that installs a package; mmcv comes without ops.

    Args:
        name: Name of the module.
        fork: Whether to install the maintained fork (``onedl-...``).
    """
    if name == 'torch':
        return 'pip install torch torchvision'
    if name in _OF_MMSEG:
        name = 'mmseg'
    pip_name = FORK[name][0] if fork else _PIP_NAMES[name]
    if name == 'mmcv':
        package = f'{pip_name}{_limits(fork)}'
        return f'{_remove_mmcv(fork)} && pip install "{package}"'
    others = ' ftfy regex' if name == 'mmseg' else ''
    return f'pip install "{pip_name}{SUPPORTED[name]}"{others}'


def compile_mmcv(fork: bool, version: str | None = None) -> str:
    """Return the command that compiles mmcv with its ops.

    Args:
        fork: Whether to compile that of the maintained fork.
        version: Version of mmcv; None for any that all packages accept.
    """
    name = FORK['mmcv'][0] if fork else 'mmcv'
    limits = f'=={version}' if version else _limits(fork)
    return (
        f'{_remove_mmcv(fork)} && pip install "setuptools<81" wheel ninja && '
        f'pip install --no-cache-dir --no-build-isolation "{name}{limits}"'
    )


def _limits(fork: bool) -> Range:
    """Versions of mmcv that all packages of a stack accept."""
    return FORK['mmcv'][1] if fork else COMMON_MMCV


def _remove_mmcv(fork: bool) -> str:
    """All kinds of mmcv share one folder: they go before one is installed."""
    others = f' {FORK["mmcv"][0]}' if fork else ''
    return f'pip uninstall -y mmcv mmcv-lite{others}'
