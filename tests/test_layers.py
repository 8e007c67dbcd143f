"""What may import what, as docs/architecture.md draws it."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / 'hirl_mm'
# From the ground up: a room imports rooms that stand before it alone. Those
# of one line do not know each other.
FLOORS = (
    (
        *('files', 'machine', 'progress', 'ranks', 'seeding'),
        *('stack', 'tables', 'version'),
    ),
    ('structures', 'heads', 'views', 'options'),
    ('features', 'losses'),
    ('clustering',),
    ('evaluation', 'hierarchy'),
    ('registry',),
    ('checkpoints', 'datasets', 'utils'),
    ('models', 'pages', 'visualization'),
    ('engine',),
    ('env', 'planning', 'studies'),
)
ENGINE = (
    ('watch',),
    ('runtime', 'optimizers'),
    ('checks', 'features'),
    ('trees',),
    ('evaluation',),
    ('bad_batches',),
    ('hooks',),
)
CORE = (
    *('structures', 'features', 'losses', 'heads', 'clustering'),
    *('evaluation', 'hierarchy', 'views'),
    *('files', 'ranks', 'tables', 'version'),
)
FRAMEWORKS = 'mmengine', 'mmcv', 'mmpretrain', 'mmdet', 'mmseg'
# Configs are read by MMEngine and import nothing of the package.
FILES = [
    f
    for f in PACKAGE.rglob('*.py')
    if not {'.mim', 'configs'}.intersection(f.relative_to(PACKAGE).parts)
]


def modules_in(file, package=PACKAGE):
    """Dotted names of what a file imports, relative ones resolved."""
    parents = ('hirl_mm', *file.relative_to(package).parent.parts)
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parents[: len(parents) + 1 - node.level]
            base = '.'.join(base) if node.level else ''
            module = '.'.join(filter(None, (base, node.module)))
            # ``from hirl_mm import stack`` imports a module, too.
            yield from (f'{module}.{alias.name}' for alias in node.names)


def room(parts, depth):
    """The room of a dotted name, None for what lies beside the rooms."""
    return parts[depth] if len(parts) > depth else None


def upward(floors, depth, files=FILES, package=PACKAGE):
    """Imports that go up, or across one floor, as text."""
    height = {name: i for i, floor in enumerate(floors) for name in floor}
    prefix = ['hirl_mm', 'engine'][:depth]
    for file in files:
        parts = ('hirl_mm', *file.relative_to(package).with_suffix('').parts)
        own = room(parts, depth)
        if list(parts[:depth]) != prefix or own not in height:
            continue
        for module in modules_in(file, package):
            names = module.split('.')
            other = room(names, depth)
            if names[:depth] != prefix or other in (None, own):
                continue
            if other in height and height[other] >= height[own]:
                yield f'{file.relative_to(package)} imports {module}'


def test_every_room_is_on_a_floor():
    rooms = {f.relative_to(PACKAGE).parts[0] for f in FILES}
    rooms = {name.removesuffix('.py') for name in rooms} - {
        '__init__',
        '__main__',
    }
    assert rooms == {name for floor in FLOORS for name in floor}
    rooms = {f.parent.name for f in (PACKAGE / 'engine').glob('*/*.py')}
    assert rooms == {name for floor in ENGINE for name in floor}


def test_the_picture_shows_every_room_on_its_floor():
    """The higher the floor, the higher in the picture."""
    svg = (PACKAGE.parent / 'docs/floor_plan.svg').read_text()
    drawn = re.findall(r'y="(\d+)"[^>]*font-weight="bold"[^>]*>(\w+)<', svg)
    height = {name: int(y) for y, name in drawn}
    floors = [{height[name] for name in floor} for floor in FLOORS]
    assert all(len(floor) == 1 for floor in floors)
    assert floors == sorted(floors, key=max, reverse=True)


@pytest.mark.parametrize(('floors', 'depth'), [(FLOORS, 1), (ENGINE, 2)])
def test_no_import_goes_up(floors, depth):
    assert not list(upward(floors, depth))


@pytest.mark.parametrize(
    'line',
    [
        'from hirl_mm.engine.hooks import KNNProbeHook',
        'import hirl_mm.engine',
        'from hirl_mm import engine',
        'from ..engine import hooks',
        'def late():\n    from ..models.selfsup import hirl',
    ],
)
def test_imports_that_go_up_are_seen(line, tmp_path):
    file = tmp_path / 'checkpoints/late.py'
    file.parent.mkdir()
    file.write_text(line)
    assert len(list(upward(FLOORS, 1, [file], tmp_path))) == 1


@pytest.mark.parametrize('name', CORE)
def test_the_core_knows_no_framework(name):
    files = [f for f in FILES if room(f.relative_to(PACKAGE).parts, 0) == name]
    files += [f for f in FILES if f == PACKAGE / f'{name}.py']
    assert files
    for file in files:
        for module in modules_in(file):
            names = module.split('.')
            assert names[0] not in FRAMEWORKS, f'{file} imports {module}'
            if names[0] == 'hirl_mm' and len(names) > 1:
                assert names[1] in (*CORE, 'stack'), f'{file}: {module}'


def test_package_does_not_import_its_tools():
    for file in FILES:
        modules = {module.split('.')[0] for module in modules_in(file)}
        assert not modules & {'tools', 'tests', 'benchmarks', 'examples'}


def test_package_does_not_print():
    for file in FILES:
        calls = [
            node
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Call)
            and getattr(node.func, 'id', '') == 'print'
        ]
        assert not calls, f'{file} prints'
