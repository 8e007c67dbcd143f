"""Lists that MMPreTrain's data sets cannot read are named beforehand."""

import pytest
from mmengine.config import Config
from mmpretrain.datasets import CustomDataset

from hirl_mm.datasets.list_checks import check_lists

BAD = [
    ('a.png 0\nb.png 1\n\n', True, r'list\.txt, line 3 is blank'),
    ('a.png 0\n \nb.png 1\n', True, r'list\.txt, line 2 is blank'),
    ('a.png 0\nb.png\t1\n', True, r'line 2 is not a path and a label.*\\t1'),
    ('a.png  0\n', True, r'line 1 is not a path and a label'),
    ('a.png\n', True, r'line 1 is not a path and a label'),
    ('a.png one\n', True, r'line 1 is not a path and a label'),
    ('\ufeffa.png 0\n', True, 'line 1 begins with a byte order mark'),
    ('a.png\n\n', False, r'list\.txt, line 2 is blank'),
    ('a.png\nb.png\t1\n', False, r'line 2 is not a path alone'),
    ('a.png 0\n', False, r'line 1 is not a path alone'),
    ('a.png \n', False, r'line 1 is not a path alone'),
    ('\ufeffa.png\n', False, r'line 1 is not a path alone'),
]
GOOD = [
    ('a.png 0\nmy b.png 12', True),
    ('a.png 0\r\nb.png 1\r\n', True),
    (' a.png 0 \n', True),
    ('a.png\nmy b 7.png\nimage 7\n', False),
    ('a.png\r\nb.png\r\n', False),
]


def config(tmp_path, text, with_label):
    (tmp_path / 'list.txt').write_bytes(text.encode())
    return dict(
        type='mmpretrain.CustomDataset',
        data_root=str(tmp_path),
        ann_file='list.txt',
        with_label=with_label,
    )


@pytest.mark.parametrize(('text', 'with_label', 'match'), BAD)
def test_faults_are_named(text, with_label, match, tmp_path):
    dataset = config(tmp_path, text, with_label)
    cfg = dict(train_dataloader=dict(dataset=dict(datasets=[dataset])))
    with pytest.raises(ValueError, match=f'{match}.*hirl_mm.FolderImages'):
        check_lists(Config(cfg))
    check_lists(dict(dataset, type='hirl_mm.FolderImages'))


@pytest.mark.parametrize(('text', 'with_label'), GOOD)
def test_what_mmpretrain_reads_passes(text, with_label, tmp_path):
    cfg = config(tmp_path, text, with_label)
    check_lists(cfg)
    cfg.pop('type')
    dataset = CustomDataset(**cfg)
    names = [dataset.get_data_info(i)['img_path'] for i in range(len(dataset))]
    assert all(name == name.strip() for name in names)


def test_other_values_and_missing_lists_pass(tmp_path):
    check_lists(config(tmp_path / '..', '', True) | dict(ann_file='none.txt'))
    check_lists(dict(a=[1, None, 'x'], ann_file='list.txt', type='mmdet.X'))


def test_class_names_with_a_blank_line(tmp_path):
    (tmp_path / 'names.txt').write_text('cat\n\ndog\n')
    names = str(tmp_path / 'names.txt')
    with pytest.raises(ValueError, match=r'names\.txt, line 2 is blank'):
        check_lists(dict(type='CustomDataset', classes=names))
