"""What may import what, as docs/architecture.md draws it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / 'hirl_mm'
PURE = ['structures', 'clustering', 'features', 'evaluation']


def imported(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module


@pytest.mark.parametrize('layer', PURE)
def test_pure_layers_know_no_framework(layer):
    files = list((PACKAGE / layer).rglob('*.py'))
    assert files
    for file in files:
        for module in imported(file):
            top = module.split('.')[:2]
            assert not top[0].startswith('mm'), f'{file} imports {module}'
            assert top not in (
                ['hirl_mm', 'models'],
                ['hirl_mm', 'engine'],
                ['hirl_mm', 'registry'],
            ), f'{file} imports {module}'


def test_package_does_not_import_its_tools():
    for file in PACKAGE.rglob('*.py'):
        if '.mim' in file.parts:
            continue
        modules = list(imported(file))
        assert not any(m.split('.')[0] in ('tools', 'tests') for m in modules)


def test_package_does_not_print():
    for file in PACKAGE.rglob('*.py'):
        if '.mim' in file.parts:
            continue
        calls = [
            node
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Call)
            and getattr(node.func, 'id', '') == 'print'
        ]
        assert not calls, f'{file} prints'
