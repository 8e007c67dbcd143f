import os
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.built_wheels import built_wheel, copied_tree

REPOSITORY = Path(__file__).parents[1]
# pip must not touch these: the builds and forks a user has chosen stay.
STACK = {'torch', 'torchvision', 'mmengine', 'mmcv', 'mmcv-lite'}
STACK |= {'mmpretrain', 'mmdet', 'faiss-cpu'}


@pytest.fixture(scope='module')
def tree(tmp_path_factory) -> Path:
    """A copy of what the wheel is made of, plus a config and a stray."""
    tree = copied_tree(tmp_path_factory.mktemp('packaging') / 'tree')
    folder = tree / 'configs' / 'some_method'
    folder.mkdir()
    (folder / 'some_config.py').write_text('answer = 42\n')
    (tree / 'stray').mkdir()
    (tree / 'stray' / '__init__.py').touch()
    return tree


def build(tree: Path, hook: str) -> Path:
    """Build a wheel and unpack it."""
    wheel = built_wheel(tree, hook)
    site = wheel.parent / 'site'
    with ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


@pytest.fixture(scope='module')
def wheel(tree) -> Path:
    return build(tree, 'build_wheel')


@pytest.fixture(scope='module')
def editable(tree) -> Path:
    return build(tree, 'build_editable')


def run_with(site: Path, code: str, config: Path) -> list[str]:
    """Words that a process prints which has hirl_mm from a folder.

    -S: an hirl_mm in this environment stays out of the way.
    """
    import mmengine

    others = Path(mmengine.__file__).parents[1]
    result = subprocess.run(
        [sys.executable, '-S', '-c', code, site, others, config],
        cwd=config.parent,
        env={k: v for k, v in os.environ.items() if k != 'PYTHONPATH'},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def metadata(site: Path) -> str:
    (path,) = site.glob('hirl_mm-*.dist-info/METADATA')
    return path.read_text()


def files(folder: Path, *patterns: str) -> set[Path]:
    return {
        path.relative_to(folder)
        for pattern in patterns
        for path in folder.rglob(pattern)
        if path.is_file() and '__pycache__' not in path.parts
    }


def test_the_wheel_holds_all_modules(tree, wheel):
    here = files(tree / 'hirl_mm', '*')
    there = files(wheel / 'hirl_mm', '*')
    assert here and here - there == set()


def test_the_wheel_says_that_it_is_typed(wheel):
    assert (wheel / 'hirl_mm' / 'py.typed').is_file()


def test_the_wheel_holds_configs_and_tools_as_files(tree, wheel):
    mim = wheel / 'hirl_mm' / '.mim'
    for name in ('configs', 'tools'):
        assert not (mim / name).is_symlink()
    configs = files(tree / 'configs', '*.py', '*.yml', '*.md')
    assert Path('some_method/some_config.py') in configs
    assert files(mim / 'configs', '*') == configs
    # The scripts for the environment of the repository stay out.
    tools = files(tree / 'tools', '*.py')
    tools |= {Path('dist_train.sh'), Path('slurm_train.sh')}
    assert files(mim / 'tools', '*') == tools


def test_the_wheel_holds_nothing_else(wheel):
    names = {path.name for path in wheel.iterdir()}
    assert 'hirl_mm' in names and len(names) == 2, names


@pytest.mark.parametrize('kind', ['wheel', 'editable'])
def test_metadata(kind, request):
    text = metadata(request.getfixturevalue(kind))
    required = re.findall(r'^Requires-Dist: ([\w.-]+)([^;\n]*)$', text, re.M)
    names = {name for name, _ in required}
    assert names == {'numpy', 'scipy', 'scikit-learn', 'matplotlib'}
    assert not names & STACK
    assert all('<' not in versions for _, versions in required)
    assert re.search(r'^Requires-Python: >=\s*3\.10$', text, re.M)
    assert 'License: Apache-2.0' in text
    extras = set(re.findall(r'^Provides-Extra: (.+)$', text, re.M))
    assert extras == {
        *('det', 'seg', 'faiss', 'export', 'viz', 'parquet', 'dev')
    }
    of_det = r'^Requires-Dist: mmdet<4\.0,>=3\.0; extra == .det.$'
    assert re.search(of_det, text, re.M)
    assert re.search(r'^Requires-Dist: pytest==.* extra == .dev.$', text, re.M)


def test_the_version_is_that_of_the_package(wheel):
    import hirl_mm

    assert f'\nVersion: {hirl_mm.__version__}\n' in metadata(wheel)


@pytest.mark.parametrize('kind', ['wheel', 'editable'])
def test_other_projects_inherit_configs(kind, request, tree, tmp_path):
    site = request.getfixturevalue(kind)
    config = tmp_path / 'mine.py'
    config.write_text("_base_ = 'hirl_mm::some_method/some_config.py'\n")
    code = (
        'import site, sys\n'
        'folder, others, config = sys.argv[1:]\n'
        'site.addsitedir(folder)\n'
        'sys.path.append(others)\n'
        'import hirl_mm\n'
        'from mmengine.config import Config\n'
        'print(hirl_mm.__file__, Config.fromfile(config).answer)\n'
    )
    found = run_with(site, code, config)
    root = site if kind == 'wheel' else tree
    expected = root / 'hirl_mm' / '__init__.py'
    assert found == [str(expected), '42']


def test_new_style_configs_inherit_from_the_wheel(wheel, tmp_path):
    config = tmp_path / 'mine.py'
    config.write_text(
        'from mmengine.config import read_base\n'
        'with read_base():\n'
        '    from hirl_mm.configs.demo.'
        'hirl_mocov2_resnet18_1xb64_20e_digits import *\n'
        'train_dataloader.update(batch_size=7)\n'
    )
    code = (
        'import site, sys\n'
        'folder, others, config = sys.argv[1:]\n'
        'site.addsitedir(folder)\n'
        'sys.path.append(others)\n'
        'from mmengine.config import Config\n'
        'cfg = Config.fromfile(config)\n'
        "assert 'hirl_mm' not in sys.modules\n"
        'print(cfg.model.type, cfg.train_dataloader.batch_size)\n'
    )
    assert run_with(wheel, code, config) == ['hirl_mm.HIRLMoCo', '7']


def test_the_links_of_the_repository_are_relative():
    mim = REPOSITORY / 'hirl_mm' / '.mim'
    assert os.readlink(mim / 'configs') == '../../configs'
    assert os.readlink(mim / 'tools') == '../../tools'
