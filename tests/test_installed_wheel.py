"""A wheel in a new environment: it changes no package, and it trains."""

import os
import re
import shutil
import subprocess
import venv
from pathlib import Path

import mmengine
import pytest

from tests.built_wheels import built_wheel, copied_tree
from tests.processes import HANGS_AFTER

pytestmark = pytest.mark.slow

CONFIG = 'debug/hirl-mocov2_resnet18_1xb64-4e_digits.py'
SMALL = (
    *('model.backbone.base_channels=8', 'model.backbone.stem_channels=8'),
    *('model.neck.in_channels=64', 'model.queue_len=64'),
    *('train_cfg.max_epochs=2', 'train_dataloader.batch_size=32'),
    'train_dataloader.dataset.indices=32',
    *(
        'default_hooks.kmeans.num_prototypes=6,3,2',
        'default_hooks.knn_probe=None',
    ),
    'default_hooks.kmeans.start_epoch=1',
)


class Environment:
    """A new environment that sees the packages of this one, but hirl_mm.

    Files ``.pth`` of the other environment, such as those of packages in
    development, are not read, but for that of setuptools: it stands in for
    distutils, which Python 3.12 lacks.
    """

    def __init__(self, folder: Path) -> None:
        venv.create(folder, symlinks=True)
        (self.site,) = folder.glob('lib/python*/site-packages')
        others = Path(mmengine.__file__).parents[1]
        (self.site / 'others.pth').write_text(f'{others}\n')
        for name in others.glob('distutils-precedence.pth'):
            shutil.copy(name, self.site / 'others_distutils.pth')
        self.folder = folder

    def run(self, *words, cwd: Path | None = None) -> str:
        done = subprocess.run(
            [self.folder / 'bin/python', *map(str, words)],
            cwd=cwd or self.folder,
            env={k: v for k, v in os.environ.items() if k != 'PYTHONPATH'},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=HANGS_AFTER,
        )
        assert done.returncode == 0, done.stdout[-3000:]
        return done.stdout

    def packages(self) -> set[str]:
        """Lines of ``pip freeze``, without packages in development."""
        lines = self.run('-m', 'pip', 'freeze', '--all').splitlines()
        return {line for line in lines if not line.startswith(('#', '-e'))}


@pytest.fixture(scope='module')
def environment(tmp_path_factory):
    """An environment with the wheel, and how its packages have changed."""
    folder = tmp_path_factory.mktemp('wheel')
    wheel = built_wheel(copied_tree(folder / 'tree'))
    environment = Environment(folder / 'environment')
    before = environment.packages()
    # What another environment has installed is left alone.
    environment.run(
        *('-m', 'pip', 'install', '--no-index', '--no-deps'),
        *('--ignore-installed', '--no-compile', wheel),
    )
    environment.changed = before ^ environment.packages()
    return environment


@pytest.fixture(scope='module')
def trained(environment, digits, tmp_path_factory):
    """Folder of a training with a recipe of the wheel, as mim starts it."""
    folder = tmp_path_factory.mktemp('elsewhere')
    mim = environment.site / 'hirl_mm/.mim'
    environment.run(
        *(mim / 'tools/train.py', mim / 'configs' / CONFIG),
        *('--launcher', 'none', '--work-dir', folder / 'run'),
        *('--cfg-options', f'train_dataloader.dataset.data_root={digits}'),
        *SMALL,
        cwd=folder,
    )
    return folder / 'run'


def test_no_other_package_changes(environment):
    names = {re.split('[ =]', line)[0] for line in environment.changed}
    assert [name.replace('-', '_') for name in names] == ['hirl_mm']
    assert any('@ file:' in line for line in environment.changed)


def test_the_package_lists_its_tools(environment):
    assert 'mim run hirl_mm NAME' in environment.run('-m', 'hirl_mm')


def test_a_recipe_trains(trained):
    assert (trained / 'prototype_trees/epoch_2.pth').is_file()


@pytest.mark.parametrize(
    ('tool', 'out', 'file'),
    [
        ('browse_tree', 'page', 'page/index.html'),
        ('report', 'report.html', 'report.html'),
    ],
)
def test_its_tools_show_the_run(
    tool, out, file, trained, environment, tmp_path
):
    script = environment.site / f'hirl_mm/.mim/tools/{tool}.py'
    environment.run(script, trained, '--out', tmp_path / out, cwd=tmp_path)
    assert '<html' in (tmp_path / file).read_text()
