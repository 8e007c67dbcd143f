"""docs/imagenet.md: a command for every recipe, and options that exist."""

import re
import runpy

import pytest

from tests.runs import ROOT
from tests.test_documented_commands import commands

PAGE = (ROOT / 'docs/imagenet.md').read_text()
FOLDERS = (
    *('hirl', 'csml', 'hccl', 'ssprl', 'mocov2', 'simsiam', 'swav'),
    *('mocov3', 'dino', 'ibot', 'beit'),
)
CHANGED = [
    words
    for name, words in commands(PAGE)
    if name == 'tools/train.py' and '--cfg-options' in words
]


def test_every_recipe_has_a_command_with_its_number_of_gpus():
    found = {
        (config, gpus)
        for gpus, config in [
            *re.findall(
                r'^GPUS=(\d+) bash tools/slurm_train.sh --requeue PARTITION '
                r'\S+ (configs/\S+)$',
                PAGE,
                re.MULTILINE,
            ),
            *(
                pair[::-1]
                for pair in re.findall(
                    r'^bash tools/dist_train.sh (\S+) (\d+)$',
                    PAGE,
                    re.MULTILINE,
                )
            ),
        ]
    }
    recipes = {
        path.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in (ROOT / 'configs' / folder).glob('*.py')
    }
    assert len(recipes) > 35
    assert found == {
        (recipe, re.search(r'_(\d+)xb', recipe)[1]) for recipe in recipes
    }


@pytest.mark.parametrize('words', CHANGED, ids=lambda words: words[0])
def test_options_are_those_of_the_config(words, monkeypatch):
    """A misspelt one is an error before the start."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr('sys.argv', ['train.py', *words])
    tool = runpy.run_path('tools/train.py', run_name='documented')
    cfg = tool['load_config'](tool['parse_args']())
    start = words.index('--cfg-options') + 1
    for word in words[start:]:
        name, _, value = word.partition('=')
        given = cfg
        for part in name.split('.'):
            given = given[part]
        if isinstance(given, (tuple, list)):
            given = ','.join(map(str, given))
        assert str(given) == value
