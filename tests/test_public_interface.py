"""What users may rely on: ``__all__`` and docs/components.md."""

import importlib
import inspect
import re

import pytest

from hirl_mm import registry
from tests.runs import ROOT

PACKAGES = [
    *('structures', 'clustering', 'features', 'losses', 'heads'),
    *('views', 'evaluation', 'evaluation.functional', 'hierarchy'),
    'checkpoints',
    *('models', 'models.backbones', 'models.necks', 'models.heads'),
    *('models.selfsup', 'models.detection', 'models.modules'),
    *('engine.hooks', 'datasets', 'datasets.transforms', 'datasets.toy'),
    *('datasets.taxonomy', 'datasets.converters', 'visualization'),
    'pages.run_report',
    *('pages', 'pages.frame', 'pages.tree_page', 'studies'),
]
REGISTRIES = [
    value
    for value in vars(registry).values()
    if isinstance(value, registry.Registry) and value.scope == 'hirl_mm'
]


def member(package, name):
    """A name of ``__all__``, which may be a submodule."""
    if not hasattr(package, name):
        return importlib.import_module(f'{package.__name__}.{name}')
    return getattr(package, name)


@pytest.mark.parametrize('name', PACKAGES)
def test_names_exist_and_are_documented(name):
    package = importlib.import_module(f'hirl_mm.{name}')
    assert package.__doc__
    assert len(set(package.__all__)) == len(package.__all__)
    for public in package.__all__:
        value = member(package, public)
        if not (callable(value) or inspect.ismodule(value)):
            continue
        # a dataclass without a docstring gets its signature for one
        doc = value.__doc__ or ''
        assert doc and not doc.startswith(f'{public}('), public


@pytest.mark.parametrize('name', PACKAGES)
def test_what_a_package_imports_of_its_own_is_public(name):
    """No name in the package's namespace that ``__all__`` forgot."""
    package = importlib.import_module(f'hirl_mm.{name}')
    own = {
        key
        for key, value in vars(package).items()
        if not key.startswith('_')
        and not inspect.ismodule(value)
        and getattr(value, '__module__', '').startswith(package.__name__)
    }
    assert own <= set(package.__all__)


def test_every_registered_component_is_in_the_table():
    page = (ROOT / 'docs/components.md').read_text()
    table = page.split('\n## ')[0]
    rows = re.findall(r'^\| (`[^|]*`) \|', table, re.MULTILINE)
    named = re.findall(r'`(\w+)`', ' '.join(rows))
    # No registry imports it by itself.
    importlib.import_module('hirl_mm.studies.tree_controls')
    registered = {'atomic'}
    for one in REGISTRIES:
        for location in one._locations:
            importlib.import_module(location)
        registered |= {
            key
            for key, value in one.module_dict.items()
            if value.__module__.startswith('hirl_mm.')
        }
    assert len(REGISTRIES) == 9
    assert sorted(named) == sorted(registered)
