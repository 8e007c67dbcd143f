import argparse

import pytest

from hirl_mm.options import add_config_options, option_value

DATA_ROOT = 'train_dataloader.dataset.data_root'


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('5', 5),
        ('"5"', 5),
        ('1e-3', 1e-3),
        ('true', True),
        ('None', None),
        ('', ''),
        ('plain', 'plain'),
        ('[a,b]', ['a', 'b']),
        ('"[a,b]"', ['a', 'b']),
        ('a,b', ['a', 'b']),
        ('10,20', [10, 20]),
        ('(1,2)', (1, 2)),
        ('(1,2),(3,4)', [(1, 2), (3, 4)]),
        ('[(a, 1), [b]]', [('a', 1), ['b']]),
        ('[]', []),
        ('(1,)', (1,)),
        ('accuracy/top1,accuracy/top5', ['accuracy/top1', 'accuracy/top5']),
        ('[polar bear,cat]', ['polar bear', 'cat']),
        ("['a,b', 'c']", ['a,b', 'c']),
        ("{'a': 1}", {'a': 1}),
        ("'plain, then HIRL'", 'plain, then HIRL'),
        ('two words', 'two words'),
        ('x=y', 'x=y'),
        ('a[1', 'a[1'),
        ('a[1,b', 'a[1,b'),
        ('{timestamp}', '{timestamp}'),
        ('data/a,b/[1]/x=y', 'data/a,b/[1]/x=y'),
    ],
)
def test_values(text, value):
    found = option_value('some.key', text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    'key',
    [
        DATA_ROOT,
        'load_from',
        'work_dir',
        'model.backbone.init_cfg.checkpoint',
        'val_evaluator.ann_file',
        'knn_gallery.data_prefix.img_path',
        'train_dataloader.dataset.data_prefix.img',
    ],
)
@pytest.mark.parametrize(
    'path', ['a,b', '[1]', '2012', 'runs 1/[best] *?.pth', 'x=y/{z}', 'a[1,b']
)
def test_paths_by_their_key(key, path):
    assert option_value(key, path) == path
    assert option_value(key, f'"{path}"') == path
    assert option_value(key, 'None') is None


def test_stochastic_depth_is_a_number():
    assert option_value('model.backbone.drop_path', '0.1') == 0.1
    assert option_value('model.drop_path.path', '0.1') == '0.1'


def test_folders_of_a_data_set_by_name():
    prefix = 'train_dataloader.dataset.data_prefix'
    assert option_value(prefix, "{'img': 'a,b'}") == {'img': 'a,b'}


@pytest.mark.parametrize('name', ['a,b', '[a,b]', '(1)'])
def test_files_that_exist(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert option_value('some.key', name) != name
    (tmp_path / name).touch()
    (tmp_path / '5').touch()
    assert option_value('some.key', name) == name
    assert option_value('some.key', '5') == 5


def parse(*words):
    parser = argparse.ArgumentParser()
    add_config_options(parser)
    return parser.parse_args(words).cfg_options


def test_option_of_a_tool():
    found = parse(
        *('--cfg-options', f'{DATA_ROOT}=a,b/x=y', 'a.b=[1,2]'),
        *('--cfg-options', 'c=1'),
    )
    assert found == {DATA_ROOT: 'a,b/x=y', 'a.b': [1, 2], 'c': 1}
    assert parse() is None


@pytest.mark.parametrize('word', ['a', '=1'])
def test_option_without_a_value(word, capsys):
    with pytest.raises(SystemExit):
        parse('--cfg-options', word)
    assert 'words of the form KEY=VALUE' in capsys.readouterr().err
