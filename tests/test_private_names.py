"""What hirl_mm uses of other packages without their promise."""

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import hirl_mm
from hirl_mm.stack.private_names import PRIVATE_NAMES, lacking
from tests.runs import ROOT
from tests.test_layers import FILES

LISTED = {name for names in PRIVATE_NAMES.values() for name in names}
FOREIGN = ('mm', 'torch')
# Methods of named tuples, and functions of the standard library.
DOCUMENTED = {'_asdict', '_replace', '_exit', '_current_frames'}
SOURCES = {
    file: ast.parse(file.read_text())
    for file in [*FILES, *(ROOT / 'tools').rglob('*.py')]
}


def is_private(name: str) -> bool:
    return re.match('_[a-zA-Z]', name) is not None


def defined_in(tree: ast.AST) -> set[str]:
    """Names that a file gives to functions, classes and attributes."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif (
            isinstance(node, ast.Attribute)
            and own(node)
            and isinstance(node.ctx, ast.Store)
        ):
            found.add(node.attr)
    return found


def own(node: ast.Attribute) -> bool:
    """Whether an object reads its own attribute."""
    value = node.value
    if isinstance(value, ast.Call):
        value = value.func
    return isinstance(value, ast.Name) and value.id in ('self', 'cls', 'super')


def foreign_names(trees: dict[Path, ast.AST]) -> dict[str, Path]:
    """Private names of other packages in Python files, with a file of each."""
    by_file = {file: defined_in(tree) for file, tree in trees.items()}
    everywhere = set().union(*by_file.values())
    found = {}
    for file, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and is_private(node.attr):
                known = everywhere if own(node) else by_file[file]
                if node.attr not in known:
                    found[node.attr] = file
            elif (
                isinstance(node, ast.ImportFrom)
                and not node.level
                and (node.module or '').startswith(FOREIGN)
            ):
                parts = node.module.split('.')
                names = [*parts, *(alias.name for alias in node.names)]
                found |= dict.fromkeys(filter(is_private, names), file)
    return found


def test_the_installed_packages_have_them():
    assert lacking() == []


def test_a_file_that_is_gone_has_none():
    assert lacking({'mmengine/gone.py': ('_a', '_b')}) == [
        'mmengine/gone.py has no _a',
        'mmengine/gone.py has no _b',
    ]


def test_a_package_that_is_not_installed_is_left_out():
    assert lacking({'not_installed_at_all/a.py': ('_a',)}) == []


def test_what_is_used_is_listed():
    used = foreign_names(SOURCES)
    assert {
        name: str(file.relative_to(ROOT))
        for name, file in used.items()
        if name not in LISTED | DOCUMENTED
    } == {}


def test_what_is_listed_is_used():
    words = set()
    for file in SOURCES:
        if file.name != 'private_names.py':
            words.update(re.findall(r'\w+', file.read_text()))
    assert sorted(LISTED - words) == []


@pytest.mark.parametrize(
    'source, names',
    [
        ('runner._secret', {'_secret'}),
        ('class A:\n def f(self): return self._inherited', {'_inherited'}),
        ('class A:\n def f(self): self._a = 1; return self._a', set()),
        ('from torch._inside import _thing', {'_inside', '_thing'}),
        ('from pathlib import _windows', set()),
        ('runner.__dict__', set()),
    ],
)
def test_the_search_finds(source, names):
    assert set(foreign_names({Path('a.py'): ast.parse(source)})) == names


@pytest.mark.slow
def test_what_is_overridden_is_listed():
    """A method with the name of one of a base class, wanted or not."""
    overridden = {}
    for module in pkgutil.walk_packages(hirl_mm.__path__, 'hirl_mm.'):
        if module.name.startswith('hirl_mm.configs'):
            continue
        for cls in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(cls) and cls.__module__ == module.name:
                overridden |= overridden_by(cls)
    assert {n: c for n, c in overridden.items() if n not in LISTED} == {}


def overridden_by(cls: type) -> dict[str, type]:
    return {
        name: cls
        for name, value in vars(cls).items()
        if is_private(name) and inspect.isroutine(value)
        for base in cls.__mro__
        if name in vars(base) and base.__module__.startswith(FOREIGN)
    }
