"""The scripts behind make, in a copy of the files that they read.

pip, which would install gigabytes, writes its arguments into a file here.
"""

import os
import platform
import re
import shutil
import subprocess
import sys

import pytest

from tests.disks import read_only
from tests.runs import ROOT

PYTHON = '.'.join(map(str, sys.version_info[:2]))
STACKS = {'openmmlab': '.venv', 'onedl': '.venv-onedl'}
PIP = """
import pathlib, sys
args = sys.argv[1:]
if args[-1] == '--version':
    print('pip {version} from here')
else:
    with open({calls!r}, 'a') as out:
        for i, arg in enumerate(args):
            if args[i - 1] == '-r':
                arg = pathlib.Path(arg).read_text()
            print(arg, file=out)
"""
# What the scripts import at their end.
IMPORTED = ('cv2', 'faiss', 'matplotlib', 'scipy', 'sklearn', 'torchvision')
MISFIT = f"""#!/bin/sh
exec {sys.executable} -c '
import sys
sys.version_info = (3, 9, 1)
exec(sys.stdin.read())' "$@"
"""


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / 'checkout'
    for name in ('tools/environment', 'requirements'):
        shutil.copytree(ROOT / name, folder / name)
    (folder / 'hirl_mm').mkdir()
    for name in ('Makefile', 'setup.py', 'hirl_mm/version.py'):
        shutil.copy(ROOT / name, folder / name)
    return folder


def add_venv(checkout, stack, pip='25.0'):
    """Make the environment of a stack with small packages.

    Returns:
        Its folder of packages.
    """
    if PYTHON not in said(checkout, stack, 'echo "${PYTHONS[@]}"').split():
        pytest.skip(f'the stack {stack} has no Python {PYTHON}')
    venv = checkout / STACKS[stack]
    options = ['-m', 'venv', '--without-pip', venv]
    subprocess.run([sys.executable, *options], check=True)
    (site,) = venv.glob('lib/*/site-packages')
    for name in IMPORTED:
        (site / f'{name}.py').touch()
    (site / 'torch.py').write_text("__version__ = '2.0+cpu'")
    (site / 'hirl_mm').mkdir()
    (site / 'hirl_mm/stack.py').write_text('def check_stack(): pass')
    (site / 'pip').mkdir()
    calls = str(checkout / f'{stack}.calls')
    (site / 'pip/__main__.py').write_text(PIP.format(version=pip, calls=calls))
    return site


def install(site, name, version):
    info = site / f'{name}-{version}.dist-info'
    info.mkdir()
    (info / 'METADATA').write_text(f'Name: {name}\nVersion: {version}\n')


def run(checkout, *command, stack=None, **variables):
    """Exit status, stdout, and the last line of stderr."""
    # Were an environment made anew, its real pip would download nothing.
    env = dict(os.environ, PYTHON=sys.executable, PIP_NO_INDEX='1')
    for name in ('STACK', 'PYTHONPATH', 'MAKEFLAGS', 'MAKELEVEL'):
        env.pop(name, None)
    env |= variables | (dict(STACK=stack) if stack else {})
    done = subprocess.run(
        command, cwd=checkout, env=env, capture_output=True, text=True
    )
    return done.returncode, done.stdout, done.stderr.strip().split('\n')[-1]


def said(checkout, stack, command):
    """What a command says that knows the settings of a stack."""
    command = f'. tools/environment/common.sh; {command}'
    return run(checkout, 'bash', '-c', command, stack=stack)[1].strip()


CREATE = 'tools/environment/create.sh'
BUILD = 'tools/environment/build_mmcv.sh'


@pytest.mark.parametrize('script', [CREATE, BUILD])
def test_an_unknown_stack(checkout, script):
    assert run(checkout, script, stack='other') == (
        1,
        '',
        'error: there is no STACK=other: choose openmmlab (the default) or '
        'onedl, for example with: make env STACK=onedl',
    )


@pytest.mark.parametrize('stack', [None, 'openmmlab', 'onedl'])
def test_make_uses_the_folder_of_the_stack(checkout, stack):
    words = [f'STACK={stack}'] if stack else []
    status, out, _ = run(checkout, 'make', '--dry-run', 'test', *words)
    assert status == 0
    name = STACKS[stack or 'openmmlab']
    assert f'\n{name}/bin/python -m pytest' in out


def test_make_hands_the_stack_on(checkout):
    status, _, error = run(checkout, 'make', 'env', 'STACK=other')
    assert status == 2
    assert error.startswith('make: ***')


@pytest.mark.parametrize(
    'stack, versions, first',
    [
        ('openmmlab', '3.11, 3.12, 3.10', '3.11'),
        ('onedl', '3.12, 3.13, 3.11, 3.10', '3.12'),
    ],
)
def test_a_python_that_does_not_fit(checkout, stack, versions, first):
    python = checkout / 'python'
    python.write_text(MISFIT)
    python.chmod(0o755)
    status, _, error = run(checkout, CREATE, stack=stack, PYTHON=str(python))
    assert status == 1
    # The line above names the Python of the check itself.
    assert error.startswith(
        f'error: {STACKS[stack]} needs one of Python {versions}. '
        f'Looked for: {python}. Found: {python} is Python '
    )
    assert error.endswith(
        f'make env STACK={stack} PYTHON=/path/to/python{first}'
    )


def test_the_classifiers_are_the_pythons_of_the_stacks(checkout):
    pythons = set()
    for stack in STACKS:
        shown = said(checkout, stack, 'echo "${PYTHONS[@]}"')
        pythons.update(shown.split())
    stated = re.findall(r'Python :: (3\.\d+)', (ROOT / 'setup.py').read_text())
    assert sorted(pythons) == sorted(stated)


def test_a_python_that_is_none(checkout):
    status, _, error = run(checkout, CREATE, stack='onedl', PYTHON='false')
    assert status == 1
    assert 'Found: false does not start.' in error


def test_a_checkout_that_cannot_be_written(checkout):
    with read_only(checkout):
        status, out, error = run(checkout, CREATE, PYTHON=sys.executable)
    assert (status, out) == (1, '')
    assert error == (
        f'error: {checkout} cannot be written to: make it writable, or copy '
        'the checkout to a folder where you may write'
    )


def test_an_environment_that_cannot_be_written(checkout):
    add_venv(checkout, 'onedl')
    venv = checkout / STACKS['onedl']
    with read_only(venv):
        status, _, error = run(checkout, CREATE, stack='onedl')
    assert status == 1
    assert error.startswith(f'error: {venv} cannot be written to')


def test_an_old_pip(checkout):
    add_venv(checkout, 'onedl', pip='21.2.4')
    status, _, error = run(checkout, CREATE, stack='onedl')
    assert status == 1
    assert error == (
        'error: .venv-onedl has pip 21.2.4, and 21.3 or later is needed. '
        'Upgrade it, then run this again: '
        '.venv-onedl/bin/python -m pip install --upgrade pip'
    )


def calls(checkout, stack):
    file = checkout / f'{stack}.calls'
    return file.read_text() if file.exists() else ''


@pytest.mark.parametrize(
    'stack, wanted, other',
    [
        ('openmmlab', 'mmcv-lite==', 'onedl'),
        ('onedl', 'onedl-mmcv==', 'mmcv-lite'),
    ],
)
def test_a_half_built_environment_is_completed(checkout, stack, wanted, other):
    add_venv(checkout, stack)
    status, out, error = run(checkout, CREATE, stack=stack)
    assert status == 0, error
    assert f'[1/3] completing {STACKS[stack]} ' in out
    installed = calls(checkout, stack)
    assert wanted in installed and 'faiss-cpu==' in installed
    assert f'\n{other}' not in installed
    # It is complete now, and the other stack has nothing to do with it.
    assert run(checkout, CREATE, stack=stack) == (0, '', '')
    assert calls(checkout, stack) == installed


def test_a_changed_pin_is_installed(checkout):
    add_venv(checkout, 'onedl')
    assert run(checkout, CREATE, stack='onedl')[0] == 0
    pins = checkout / 'requirements/common.txt'
    pins.write_text(pins.read_text() + 'more==1\n')
    assert run(checkout, CREATE, stack='onedl')[0] == 0
    assert 'more==1' in calls(checkout, 'onedl')


def test_the_stacks_exist_side_by_side(checkout):
    for stack in STACKS:
        add_venv(checkout, stack)
        assert run(checkout, CREATE, stack=stack)[0] == 0
    for stack in STACKS:
        assert run(checkout, CREATE, stack=stack) == (0, '', '')


@pytest.mark.parametrize(
    'stack, name, lite',
    [
        ('openmmlab', 'mmcv', 'mmcv-lite=='),
        ('onedl', 'onedl_mmcv', 'onedl-mmcv=='),
    ],
)
def test_compiled_ops_stay(checkout, stack, name, lite):
    site = add_venv(checkout, stack)
    install(site, name, said(checkout, stack, 'pinned_mmcv'))
    assert run(checkout, CREATE, stack=stack)[0] == 0
    assert f'\n{lite}' not in calls(checkout, stack)


def test_ops_of_another_version_go(checkout):
    site = add_venv(checkout, 'onedl')
    install(site, 'onedl_mmcv', '2.3.0')
    assert run(checkout, CREATE, stack='onedl')[0] == 0
    assert 'uninstall\n-q\n-y\nonedl-mmcv\n' in calls(checkout, 'onedl')
    assert '\nonedl-mmcv==' in calls(checkout, 'onedl')


def test_no_compiler(checkout):
    add_venv(checkout, 'onedl')
    status, _, error = run(
        checkout,
        BUILD,
        stack='onedl',
        CXX='no-compiler',
        XDG_CACHE_HOME=str(checkout / 'cache'),
    )
    assert status == 1
    assert error == (
        'error: mmcv is compiled from source and needs a C++ compiler, but '
        'no-compiler was not found. Install one, for example with: apt '
        'install g++'
    )


TAG = f'cp{PYTHON.replace(".", "")}'
WHEELS = f'hirl_mm/wheels/torch2.0+cpu-{TAG}-{platform.machine()}-cpu'


@pytest.mark.parametrize('there', ['', WHEELS])
def test_wheels_that_cannot_be_kept(checkout, there):
    add_venv(checkout, 'onedl')
    cache = checkout / 'cache'
    (cache / there).mkdir(parents=True)
    with read_only(cache):
        status, _, error = run(
            checkout, BUILD, stack='onedl', XDG_CACHE_HOME=str(cache)
        )
    assert status == 1
    assert error == (
        f'error: {cache}/{WHEELS} cannot be written to, and the built mmcv is '
        'kept there: name another folder with XDG_CACHE_HOME=/path/to/folder'
    )


def test_the_stacks_find_their_own_wheels(checkout):
    cache = checkout / 'cache'
    (cache / WHEELS).mkdir(parents=True)
    wheels = {}
    for stack, name in dict(openmmlab='mmcv', onedl='onedl_mmcv').items():
        add_venv(checkout, stack)
        version = said(checkout, stack, 'pinned_mmcv')
        wheel = cache / WHEELS / f'{name}-{version}-{TAG}-linux.whl'
        wheel.touch()
        wheels[stack] = str(wheel)
    for stack, wheel in wheels.items():
        found = run(
            checkout,
            BUILD,
            '--find',
            stack=stack,
            XDG_CACHE_HOME=str(cache),
        )
        assert found == (0, f'{wheel}\n', '')
