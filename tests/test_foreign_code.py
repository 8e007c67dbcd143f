"""Where code or pickles of files may run: the lint does not see these."""

import ast

import pytest

from tests.runs import ROOT

# Calls by which a file runs as code unless an argument forbids it, and the
# value of that argument which does.
FORBIDDING = {
    'torch.load': ('weights_only', True),
    'np.load': ('allow_pickle', False),
    'pickle.Unpickler': (None, None),
    'Config.fromfile': (None, None),
    'Config.fromstring': (None, None),
    'mmengine.load': (None, None),
    'load_checkpoint': (None, None),
    'CheckpointLoader.load_checkpoint': (None, None),
}
# NumPy forbids it by default since 1.16.3.
BY_DEFAULT = {'np.load'}
PLACES = {
    'hirl_mm/checkpoints/reader.py': 'forbids it unless the user trusts',
    'hirl_mm/checkpoints/found_configs.py': 'only if the user trusts',
    'hirl_mm/checkpoints/export.py': 'config that the user names',
    'hirl_mm/datasets/converters/array_pickles.py': 'makes arrays alone',
    'hirl_mm/engine/runtime/config_file.py': 'config that the user names',
    'hirl_mm/planning/plan.py': 'text that the plan has written',
    'hirl_mm/planning/separate_trial.py': 'text that the plan has written',
    'hirl_mm/planning/recipes.py': 'recipe of this package',
    'hirl_mm/studies/grid/plan.py': 'config of a study file',
    'hirl_mm/studies/grid/read_file.py': 'study file that the user names',
    'hirl_mm/studies/grid/worker.py': 'config that the study has written',
}


def dotted(node):
    if isinstance(node, ast.Attribute):
        return f'{dotted(node.value)}.{node.attr}'
    return getattr(node, 'id', '')


def running_calls(text):
    """Calls of a module that may run code of files, with their lines."""
    for node in ast.walk(ast.parse(text)):
        names = []
        if isinstance(node, ast.ClassDef):
            names = [dotted(base) for base in node.bases]
        elif isinstance(node, ast.Call):
            names = [dotted(node.func)]
        for name in names:
            if name not in FORBIDDING:
                continue
            argument, value = FORBIDDING[name]
            given = {
                word.arg: getattr(word.value, 'value', None)
                for word in getattr(node, 'keywords', ())
            }
            forbidden = given.get(argument, name in BY_DEFAULT and value)
            if argument is None or forbidden is not value:
                yield node.lineno, name


def modules():
    for folder in 'hirl_mm', 'tools':
        for file in sorted((ROOT / folder).rglob('*.py')):
            name = str(file.relative_to(ROOT))
            if '/.mim/' not in name and not name.startswith('hirl_mm/configs'):
                yield name, file


def test_code_of_files_runs_in_known_places_only():
    found = {
        name: list(running_calls(file.read_text())) for name, file in modules()
    }
    assert {name for name, calls in found.items() if calls} == set(PLACES)


@pytest.mark.parametrize(
    'line',
    [
        'torch.load(file)',
        'torch.load(file, weights_only=False)',
        'torch.load(file, weights_only=not trust)',
        'np.load(file, allow_pickle=True)',
        'np.load(file, allow_pickle=trust)',
        'Config.fromfile(file)',
        'class A(pickle.Unpickler): pass',
    ],
)
def test_calls_that_are_seen(line):
    assert list(running_calls(line))


@pytest.mark.parametrize(
    'line',
    [
        'torch.load(file, weights_only=True)',
        'np.load(file)',
        'np.load(file, allow_pickle=False)',
        'json.load(file)',
    ],
)
def test_calls_that_run_nothing(line):
    assert not list(running_calls(line))
