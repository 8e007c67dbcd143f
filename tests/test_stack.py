import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hirl_mm.stack import check_stack, require_faiss
from hirl_mm.stack.ranges import accepted_mmcv, forked, numbers

REPOSITORY = Path(__file__).parents[1]

# These packages check mmcv themselves, without a remedy.
REFUSING = """
import mmcv
below, found = (
    [int(n) for n in version.split('.')]
    for version in ('{below}', mmcv.__version__)
)
assert [2, 0, 0] <= found < below, 'they spoke first'
from .version import __version__
"""
GET_INSTALLED_PATH = 'class utils: get_installed_path = staticmethod(str)'


@pytest.fixture
def stack(tmp_path: Path) -> dict[str, str]:
    """Source of small packages that fit together; tests change it."""
    return {
        'torch/__init__.py': '',
        'mmengine/__init__.py': f"__version__ = '0.10.7'\n"
        f'{GET_INSTALLED_PATH}',
        'mmengine/config/__init__.py': '',
        'mmengine/config/utils.py': 'MODULE2PACKAGE = {}',
        'mmcv/__init__.py': "__version__ = '2.1.0'\n"
        'def adjust_hue(img, hue_factor): return img',
        'mmcv/ops.py': '',
        'mmpretrain/__init__.py': REFUSING.format(below='2.4.0'),
        'mmpretrain/version.py': "__version__ = '1.2.0'",
        'mmdet/__init__.py': REFUSING.format(below='2.2.0'),
        'mmdet/version.py': "__version__ = '3.3.0'",
        'mmseg/__init__.py': REFUSING.format(below='2.2.0'),
        'mmseg/version.py': "__version__ = '1.2.2'",
        'ftfy.py': '',
        'regex.py': '',
        'faiss/__init__.py': '',
        # -S below leaves only these packages and the standard library.
        'numpy.py': "__version__ = '2.4.0'; uint8 = int\n"
        'def zeros(shape, dtype): return shape',
    }


def run(
    tmp_path: Path, files: dict[str, str], check: str = 'check_stack'
) -> str:
    """The words of the StackError that ``check`` raises, '' for none."""
    for name, source in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return check_in_process(['-S'], [tmp_path], check)


def check_in_process(options: list, folders: list, check: str) -> str:
    code = (
        f'from hirl_mm.stack import StackError, {check}\n'
        f'try: {check}()\n'
        f'except StackError as error: print(error)'
    )
    path = os.pathsep.join(map(str, [*folders, REPOSITORY]))
    result = subprocess.run(
        [sys.executable, *options, '-c', code],
        env={**os.environ, 'PYTHONPATH': path},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def contains(text: str, *parts: str) -> bool:
    return not [part for part in parts if part not in text] or pytest.fail(
        f'{parts} not all in: {text}'
    )


def without(stack: dict[str, str], package: str) -> dict[str, str]:
    return {
        name: source
        for name, source in stack.items()
        if not re.match(rf'{package}\b', name)
    }


@pytest.mark.parametrize(
    'check',
    [
        'check_stack',
        'require_detection',
        'require_segmentation',
        'require_faiss',
    ],
)
def test_a_stack_that_fits_passes(tmp_path, stack, check):
    assert run(tmp_path, stack, check) == ''


def test_mmdet_is_not_needed_for_pre_training(tmp_path, stack):
    assert run(tmp_path, without(stack, 'mmdet')) == ''


@pytest.mark.parametrize(
    'package, command',
    [
        ('torch', 'pip install torch torchvision'),
        ('mmengine', 'pip install "mmengine>=0.10,<1.0"'),
        ('mmcv', 'pip install "mmcv-lite>=2.0.0,<2.2.0"'),
        ('mmpretrain', 'pip install "mmpretrain>=1.2,<2.0"'),
    ],
)
def test_missing(tmp_path, stack, package, command):
    text = run(tmp_path, without(stack, package))
    assert contains(text, f'{package} is needed, but not installed', command)


@pytest.mark.parametrize(
    'package, version, mmcv, accepted',
    [
        ('mmdet', '3.3.0', '2.2.0', '>=2.0.0,<2.2.0'),
        ('mmpretrain', '1.2.0', '2.4.0', '>=2.0.0,<2.4.0'),
        # mmcv 1 lacks what mmpretrain imports before it looks.
        ('mmpretrain', '1.2.0', '1.7.0', '>=2.0.0,<2.4.0'),
    ],
)
def test_mmcv_that_a_package_refuses(
    package, version, mmcv, accepted, tmp_path, stack
):
    stack['mmcv/__init__.py'] = f"__version__ = '{mmcv}'"
    text = run(tmp_path, stack)
    assert contains(
        text,
        f'{package} {version} accepts mmcv{accepted}, but mmcv {mmcv} is',
        'pip uninstall -y mmcv mmcv-lite && '
        'pip install "mmcv-lite>=2.0.0,<2.2.0"',
        'mmdet needs the full mmcv',
        'pip install --no-cache-dir --no-build-isolation "mmcv>=2.0.0,<2.2.0"',
    )


def test_mmseg_refuses_mmcv(tmp_path, stack):
    old, new = "'2.1.0'", "'2.3.0'"
    stack['mmcv/__init__.py'] = stack['mmcv/__init__.py'].replace(old, new)
    stack = without(stack, 'mmdet')
    assert run(tmp_path, stack) == ''
    text = run(tmp_path, stack, 'require_segmentation')
    assert contains(text, 'mmseg 1.2.2 accepts mmcv>=2.0.0,<2.2.0, but')


@pytest.fixture
def fork(stack: dict[str, str]) -> dict[str, str]:
    """The same with the versions of the maintained fork."""
    for package, old, new in (
        ('mmengine/__init__', '0.10.7', '0.10.12'),
        ('mmcv/__init__', '2.1.0', '2.3.6'),
        ('mmpretrain/version', '1.2.0', '1.3.6'),
        ('mmdet/version', '3.3.0', '3.5.1'),
        ('mmdet/__init__', '2.2.0', '2.4.0'),
        ('mmseg/version', '1.2.2', '1.4.2'),
        ('mmseg/__init__', '2.2.0', '2.4.0'),
    ):
        source = stack[f'{package}.py']
        assert old in source
        stack[f'{package}.py'] = source.replace(old, new)
    return stack


@pytest.mark.parametrize(
    'check', ['require_detection', 'require_segmentation']
)
def test_the_maintained_forks_pass(tmp_path, fork, check):
    assert run(tmp_path, fork, check) == ''


@pytest.mark.parametrize(
    'package, check, command',
    [
        (
            'mmcv',
            'check_stack',
            'pip uninstall -y mmcv mmcv-lite onedl-mmcv && '
            'pip install "onedl-mmcv>=2.3,<2.4.0"',
        ),
        (
            'mmpretrain',
            'check_stack',
            'pip install "onedl-mmpretrain>=1.2,<2.0"',
        ),
        (
            'mmdet',
            'require_detection',
            'pip install "onedl-mmdetection>=3.0,<4.0"',
        ),
        (
            'mmseg',
            'require_segmentation',
            'pip install "onedl-mmsegmentation>=1.0,<2.0"',
        ),
    ],
)
def test_missing_beside_the_fork(tmp_path, fork, package, check, command):
    text = run(tmp_path, without(fork, package), check)
    assert contains(text, f'{package} is needed, but not installed', command)


def test_ops_missing_in_the_fork(tmp_path, fork):
    fork['mmcv/ops.py'] = 'import mmcv._ext'
    assert contains(
        run(tmp_path, fork, 'require_detection'),
        'pip uninstall -y mmcv mmcv-lite onedl-mmcv && ',
        '--no-build-isolation "onedl-mmcv==2.3.6"',
    )


def test_mmcv_that_the_fork_refuses(tmp_path, fork):
    fork['mmcv/__init__.py'] = "__version__ = '2.4.0'"
    assert contains(
        run(tmp_path, fork),
        'mmpretrain 1.3.6 accepts mmcv>=2.0.0,<2.4.0, but mmcv 2.4.0 is',
        'pip install "onedl-mmcv>=2.3,<2.4.0"',
        '--no-build-isolation "onedl-mmcv>=2.3,<2.4.0"',
    )


@pytest.mark.parametrize('package', ['mmpretrain', 'mmdet', 'mmseg'])
def test_the_table_says_what_the_packages_do(package):
    module = pytest.importorskip(package)
    if forked(package, module.__version__) and package != 'mmpretrain':
        pytest.skip(f'the fork of {package} states no versions of mmcv')
    stated = accepted_mmcv(package, module.__version__)
    for bound, names in (
        (stated.low, ('mmcv_minimum_version', 'MMCV_MIN')),
        (stated.high, ('mmcv_maximum_version', 'MMCV_MAX')),
    ):
        (own,) = (vars(module)[name] for name in names if name in vars(module))
        assert numbers(own) == numbers(bound)


def test_the_real_mmpretrain_refuses_mmcv(tmp_path):
    init = tmp_path / 'mmcv' / '__init__.py'
    init.parent.mkdir()
    # The real package with another version.
    import mmcv

    init.write_text(
        f'__path__ = {list(mmcv.__path__)}\n'
        f'exec(open({mmcv.__file__!r}).read())\n'
        f"__version__ = '2.9.0'"
    )
    text = check_in_process([], [tmp_path], 'check_stack')
    assert re.search(
        r'mmpretrain \d\S+ accepts mmcv>=2\S+,<2\.\S+, but mmcv 2\.9\.0 is '
        r'installed. Fix with: pip \S+ -y mmcv mmcv-lite( \S+)? && pip inst',
        text,
    ), text


@pytest.mark.parametrize(
    'package, version, supported',
    [
        ('mmengine', '0.9.1', 'mmengine>=0.10,<1.0'),
        ('mmengine', '1.0', 'mmengine>=0.10,<1.0'),
        ('mmengine', '1.0.0rc1', 'mmengine>=0.10,<1.0'),
        ('mmpretrain', '1.1.1', 'mmpretrain>=1.2,<2.0'),
        ('mmpretrain', '2.0.0', 'mmpretrain>=1.2,<2.0'),
        ('mmdet', '2.28.2', 'mmdet>=3.0,<4.0'),
    ],
)
def test_outside_the_supported_range(
    tmp_path, stack, package, version, supported
):
    stack[f'{package}/version.py'] = f"__version__ = '{version}'"
    text = run(tmp_path, stack)
    assert contains(
        text,
        f'hirl_mm supports {supported}, but {package} {version}',
        f'pip install "{supported}"',
    )


def test_hue_overflows(tmp_path, stack):
    stack['mmcv/__init__.py'] = (
        "__version__ = '2.1.0'\n"
        'def adjust_hue(img, hue_factor):\n'
        '    if hue_factor < 0:\n'
        "        raise OverflowError('integer -12 out of bounds')\n"
    )
    text = run(tmp_path, stack)
    assert contains(
        text,
        'mmcv 2.1.0 does not work with numpy 2.4.0',
        'OverflowError (integer -12 out of bounds)',
        'pip install "numpy<2" "opencv-python<5"',
    )


def test_pkg_resources_missing(tmp_path, stack):
    stack['mmengine/__init__.py'] = (
        "__version__ = '0.10.7'\n"
        'class utils:\n'
        '    def get_installed_path(package):\n'
        '        import pkg_resources\n'
    )
    text = run(tmp_path, stack)
    assert contains(
        text, 'pkg_resources', 'not installed', 'pip install "setuptools<81"'
    )


def test_transformers_without_what_mmpretrain_imports(tmp_path, stack):
    stack['transformers/__init__.py'] = "__version__ = '5.0.0'"
    stack['transformers/modeling_utils.py'] = ''
    contains(
        run(tmp_path, stack),
        'cannot be imported with transformers 5.0.0',
        'pip install "transformers<4.50"',
    )
    moved = 'apply_chunking_to_forward = None'
    stack['transformers/modeling_utils.py'] = moved
    assert not run(tmp_path, stack)


def test_the_fork_imports_it_from_elsewhere(tmp_path, fork):
    fork['transformers/__init__.py'] = "__version__ = '5.0.0'"
    fork['transformers/pytorch_utils.py'] = ''
    contains(
        run(tmp_path, fork), 'transformers.pytorch_utils', '"transformers<5"'
    )
    moved = 'apply_chunking_to_forward = None'
    fork['transformers/pytorch_utils.py'] = moved
    assert not run(tmp_path, fork)


def test_errors_of_other_packages_stay_as_they_are(tmp_path, stack):
    stack['mmcv/__init__.py'] = 'import cv2'
    stack['cv2.py'] = "raise ImportError('numpy.core.multiarray failed')"
    with pytest.raises(AssertionError, match='numpy.core.multiarray failed'):
        run(tmp_path, stack)


@pytest.mark.parametrize(
    'package, check, command',
    [
        ('mmdet', 'require_detection', 'pip install "mmdet>=3.0,<4.0"'),
        (
            'mmseg',
            'require_segmentation',
            'pip install "mmsegmentation>=1.0,<2.0"',
        ),
        ('ftfy', 'require_segmentation', '<2.0" ftfy regex'),
        ('regex', 'require_segmentation', 'ftfy regex'),
    ],
)
def test_package_missing(tmp_path, stack, package, check, command):
    text = run(tmp_path, without(stack, package), check)
    assert contains(text, f'{package} is needed, but not installed', command)


@pytest.mark.parametrize(
    'check', ['require_detection', 'require_segmentation']
)
@pytest.mark.parametrize(
    'source, reason',
    [
        ('import mmcv._ext', "No module named 'mmcv._ext'"),
        ("raise ImportError('undefined symbol: _ZN2')", 'undefined symbol'),
    ],
)
def test_ops_missing_or_of_another_torch(
    tmp_path, stack, source, reason, check
):
    stack['mmcv/ops.py'] = source
    text = run(tmp_path, stack, check)
    assert contains(
        text,
        'needs the full mmcv',
        reason,
        'pip install --no-cache-dir --no-build-isolation "mmcv==2.1.0"',
    )
    assert run(tmp_path, stack, 'check_stack') == ''


def test_faiss_missing(tmp_path, stack):
    text = run(tmp_path, without(stack, 'faiss'), 'require_faiss')
    assert contains(
        text,
        "backend='faiss' was asked for, but faiss cannot be imported",
        "No module named 'faiss'",
        'pip install faiss-cpu',
        "backend='torch'",
    )


def test_the_real_stack_passes_and_the_second_call_is_cached():
    check_stack()
    from mmengine.config.utils import MODULE2PACKAGE

    assert 'hirl_mm' in MODULE2PACKAGE
    hits = check_stack.cache_info().hits
    check_stack()
    assert check_stack.cache_info().hits == hits + 1


def test_the_module_faiss_comes_back():
    assert require_faiss() is pytest.importorskip('faiss')


def test_importing_the_checks_is_light(tmp_path, stack):
    stack['torch/__init__.py'] = "raise ImportError('torch was imported')"
    assert run(tmp_path, stack, 'require_faiss') == ''
