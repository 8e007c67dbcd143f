"""README is true: its commands and files exist, its config builds."""

import re
import shlex

from mmengine.config import Config
from mmengine.registry import init_default_scope

from hirl_mm.models import HIRLMoCo
from hirl_mm.registry import HOOKS, MODELS
from tests.runs import ROOT

README = (ROOT / 'README.md').read_text()


def blocks(language):
    return re.findall(rf'```{language}\n(.*?)```', README, re.DOTALL)


def test_config_of_the_opening_builds(tmp_path):
    (example,) = blocks('python')
    (tmp_path / 'example.py').write_text(example)
    cfg = Config.fromfile(tmp_path / 'example.py')
    init_default_scope(cfg.default_scope)
    assert type(MODELS.build(cfg.model)) is HIRLMoCo
    hook = HOOKS.build(cfg.custom_hooks[0])
    assert hook.start_epoch == 20
    assert cfg.train_dataloader.collate_fn == dict(type='default_collate')


def test_named_files_exist():
    lines = [line for block in blocks('shell') for line in block.splitlines()]
    lines += re.findall(r'`((?:python|bash) [^`]*)`', README)
    words = [word for line in lines for word in shlex.split(line)]
    paths = {w for w in words if re.match(r'(tools|configs)/.*\.(py|sh)$', w)}
    paths |= set(re.findall(r'`(configs/[^`]*|hirl_mm/[a-z]*)`', README))
    paths |= set(re.findall(r'\]\((docs/[^)]*)\)', README))
    assert len(paths) > 12
    missing = [path for path in paths if not (ROOT / path).exists()]
    assert not missing


def test_every_recipe_is_in_the_table_of_methods():
    recipes = {path.name for path in (ROOT / 'configs/hirl').glob('*.py')}
    rows = re.findall(r'^\| HIRL-[^|]*\| `([^`]*)`', README, re.MULTILINE)
    assert len(rows) == len(recipes) and set(rows) == recipes


def test_targets_exist():
    targets = set(re.findall(r'\bmake ([a-z]+)', README))
    assert {'demo', 'test'} <= targets
    makefile = (ROOT / 'Makefile').read_text()
    for target in targets:
        assert re.search(rf'^{target}:', makefile, re.MULTILINE), target
