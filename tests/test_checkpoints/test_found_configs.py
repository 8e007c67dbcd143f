"""Configs of run folders and checkpoints are values, and run nothing."""

import sys

import pytest
from mmengine.config import Config

from hirl_mm.checkpoints import UntrustedCheckpointError
from hirl_mm.checkpoints.config_values import config_values
from hirl_mm.checkpoints.found_configs import found_config
from hirl_mm.engine.runtime.found_config import read_found_config
from tests.runs import ROOT

CONFIGS = [
    'debug/hirl-dino_vit-4x64-p8_1xb64-mcrop-4e_digits.py',
    'demo/hirl-mocov2_resnet18_1xb64-20e_digits.py',
    # With dictionaries whose keys are no names.
    'beit/beit_beit-base-p16_32xb64-amp-coslr-400e_in1k.py',
]


@pytest.mark.parametrize('name', CONFIGS)
def test_saved_configs_are_read_as_mmengine_reads_them(name, tmp_path):
    cfg = Config.fromfile(ROOT / 'configs' / name)
    cfg.dump(tmp_path / 'saved.py')
    found = read_found_config(tmp_path / 'saved.py')
    assert found.to_dict() == cfg.to_dict()
    assert found.filename == str(tmp_path / 'saved.py')


def test_values():
    text = 'a=dict({".b": -1}, c=(1, {2}))\nb=[-inf, None, True, "d"]'
    assert config_values(text) == dict(
        a={'.b': -1, 'c': (1, {2})}, b=[float('-inf'), None, True, 'd']
    )


@pytest.mark.parametrize(
    'text',
    [
        *('a = open("f")', 'import os', 'a = b', 'a = -"x"', 'a = {[]: 1}'),
        *('a = {dict()}', 'a = dict(1)', 'a = dict({}, {})', 'a = (', '\0'),
        *('a = dict(**b)', 'a = f"{b}"', 'a += 1', 'a[0] = 1', 'a = b.c'),
        'a = [c for c in b]',
    ],
)
def test_what_is_no_value(text):
    with pytest.raises(ValueError, match='no Python|no plain value'):
        config_values(text)


REFUSED = {
    'code': ('a = open("f")', 'line 1 is no plain value'),
    'function': ("a = dict(type='os.system', command='x')", 'imports os.sys'),
    'deep': ("a = [dict(b=(dict(type='os.mkdir'),))]", 'imports os.mkdir'),
    'function of a package': (
        "a = dict(type='mmengine.fileio.load', file='x')",
        'calls mmengine.fileio.load, which is not registered',
    ),
    'class that is not registered': (
        "a = dict(type='mmengine.config.Config')",
        'not registered',
    ),
    'module': ("a = dict(type='evil_module')", 'imports evil_module'),
    'scope': ("a = dict(type='ResNet', _scope_='evil')", 'imports evil'),
    'default scope': ("default_scope = 'evil'", 'imports evil'),
    'imports': ("custom_imports = dict(imports=['evil'])", 'imports evil'),
    'one import': ("custom_imports = dict(imports='evil')", 'imports evil'),
    'base': ("_base_ = './evil.py'", 'inherits another config'),
    'text for eval': ("a = dict(dtype='f, open(1)')", 'is no name'),
    'type for eval': ("a = dict(type='exec(1)')", 'is no name'),
    'pickle': ("a = dict(ann_file='a.PKL')", 'may run code when it is read'),
    'YAML': ("a = dict(ann_file='a.yml')", 'may run code when it is read'),
    'unpickling class': (
        "a = dict(type='mmdet.OpenImagesChallengeDataset')",
        'unpickles files',
    ),
    'too deep': (f'a = {"-" * 1500}1', 'recursion'),
    'reserved': ('filename = 1', 'filename is reserved'),
}


@pytest.mark.parametrize('kind', REFUSED)
def test_refused(kind, tmp_path, monkeypatch):
    text, reason = REFUSED[kind]
    (tmp_path / 'evil_module.py').write_text('raise SystemExit')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UntrustedCheckpointError) as refused:
        found_config(text, 'run/config.py')
    said = str(refused.value)
    assert said.startswith('the config run/config.py is not read: ')
    assert reason in said
    assert said.endswith('give --trust-checkpoint (in Python trust=True)')
    assert 'evil_module' not in sys.modules


@pytest.mark.parametrize(
    'value',
    [
        "dict(type='ResNet', dtype='float32', _scope_='mmpretrain')",
        "dict(type='hirl_mm.HIRLMoCo')",
        "dict(type='mmpretrain.models.backbones.resnet.ResNet')",
        "dict(type='torchvision/RandomCrop')",
        "dict(type='torch.optim.sgd.SGD')",
        # No class, but a word: modules of Python are harmless.
        "dict(type='random')",
    ],
)
def test_read(value):
    assert found_config(f'a = {value}', 'here').a


def test_modules_of_this_project_are_imported(monkeypatch):
    name = 'hirl_mm.visualization.difference_dots'
    monkeypatch.delitem(sys.modules, name, raising=False)
    found_config(f'custom_imports = dict(imports=[{name!r}])', 'here')
    assert name in sys.modules


def test_own_words_of_trust_do_not_count():
    text = (
        'trust_checkpoint = True\n'
        "model = dict(backbone=dict(init_cfg=dict(type='Pretrained', "
        'trust=True)), b=[dict(trust_remote_code=True)])'
    )
    found = found_config(text, 'here').to_dict()
    init_cfg = dict(type='Pretrained')
    assert found == dict(model=dict(backbone=dict(init_cfg=init_cfg), b=[{}]))


def test_trusted(tmp_path):
    mark = tmp_path / 'ran'
    text = f'open({str(mark)!r}, "w").close()\na = 1'
    assert found_config(text, 'here', trust=True).a == 1
    assert mark.exists()
    mark.unlink()
    (tmp_path / 'config.py').write_text(text)
    assert read_found_config(tmp_path / 'config.py', trust=True).a == 1
    assert mark.exists()
