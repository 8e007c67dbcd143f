"""Files of studies: what they list, in which order, and their errors."""

import pytest
from mmengine.config import Config

from hirl_mm.studies.grid import plan_runs, read_study_file
from tests.runs import ROOT

MOCO = ROOT / 'configs/demo/mocov2_resnet18_1xb64-20e_digits.py'
HIRL = ROOT / 'configs/demo/hirl-mocov2_resnet18_1xb64-20e_digits.py'
TEXT = f"""
data = {{'a': dict(root='a', prepare='write a'),
        'b': dict(root='b', options={{'train_dataloader.num_workers': 1}})}}
arms = {{
    'plain': dict(config={str(MOCO)!r}),
    'HIRL': dict(config={str(HIRL)!r}),
    'random': dict(config={str(MOCO)!r}, trained=False),
    'fast': dict(config={str(HIRL)!r},
                 options={{'default_hooks.kmeans.mode': 'fast'}}),
}}
studies = [
    dict(name='one', question='?', data=['a', 'b'], arms=['plain', 'HIRL'],
         seeds=[0, 1], pairs=[('HIRL', 'plain')]),
    dict(name='two', question='?', data=['a'],
         arms=['random', 'HIRL', 'fast'], seeds=[0],
         pairs=[('fast', 'HIRL')]),
]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in 'ab':
        (tmp_path / name / 'train').mkdir(parents=True)
    return tmp_path


def read(folder, old='', new=''):
    assert old in TEXT
    (folder / 'study.py').write_text(TEXT.replace(old, new))
    return read_study_file(folder / 'study.py')


def test_runs_in_the_order_of_their_importance(folder):
    runs = plan_runs(read(folder), folder / 'runs')
    assert [run.key for run in runs] == [
        *(('a', 'plain', 0), ('a', 'HIRL', 0)),
        *(('b', 'plain', 0), ('b', 'HIRL', 0)),
        *(('a', 'plain', 1), ('a', 'HIRL', 1)),
        *(('b', 'plain', 1), ('b', 'HIRL', 1)),
        # HIRL is there already.
        *(('a', 'random', 0), ('a', 'fast', 0)),
    ]
    assert runs[3].folder == folder / 'runs/b/hirl/seed-0'
    assert runs[4].options == ('randomness.seed=1',)
    assert [run.settings['trained'] for run in runs] == 8 * [True] + [False, 1]
    fast, other = (Config.fromfile(runs[i].config) for i in (9, 3))
    for name in 'knn_gallery', 'knn_queries':
        assert (fast[name].data_root, other[name].data_root) == ('a', 'b')
    assert fast.train_dataloader.dataset.data_root == 'a'
    assert fast.default_hooks.kmeans.mode == 'fast'
    assert 'mode' not in other.default_hooks.kmeans
    assert other.train_dataloader.num_workers == 1


def test_only_some_studies(folder):
    file = read(folder)
    runs = plan_runs(file.only(['two']), folder / 'runs')
    assert [run.key[1] for run in runs] == ['random', 'HIRL', 'fast']
    with pytest.raises(ValueError, match="no study 'x'; the file has one, tw"):
        file.only(['one', 'x'])


def test_pictures(folder):
    named = "pictures = dict(both=['one', 'two'], later=['two'])\nstudies = ["
    file = read(folder, 'studies = [', named)
    assert file.only(['two']).pictures == dict(both=['two'], later=['two'])
    assert file.only(['one']).pictures == dict(both=['one'])
    for bad in "a=['three']", 'a=[]', "A=['one']", "study=['one']":
        with pytest.raises(ValueError, match='pictures need names in small'):
            read(folder, 'studies = [', f'pictures = dict({bad})\nstudies = [')


def test_other_images_in_the_same_folder(folder):
    """The class tree and the record of the folder are settings of a run."""
    file = read(folder)
    plan_runs(file, folder / 'runs')[0].note(None)
    (folder / 'a/hierarchy.json').write_text('{}')
    with pytest.raises(ValueError, match='images was None, now'):
        plan_runs(file, folder / 'runs')


def test_arms_of_other_budgets_stand_side_by_side(folder):
    """Only what is subtracted has to have seen images equally often."""
    fast = "{'default_hooks.kmeans.mode': 'fast'}"
    longer = "{'train_cfg.max_epochs': 30}"
    text = TEXT.replace(fast, longer).replace("('fast', 'HIRL')", '')
    (folder / 'study.py').write_text(text)
    runs = plan_runs(read_study_file(folder / 'study.py'), folder / 'runs')
    assert len(runs) == 10


@pytest.mark.parametrize(
    ('old', 'new', 'match'),
    [
        ("root='a'", "root='c'", 'no folder c/train.*write it with: write a'),
        (str(MOCO), 'gone.py', "no config .*gone.py of the arm 'plain'"),
        ("data=['a', 'b']", "data=['c']", "study 'one' needs different data"),
        ("arms=['plain', 'HIRL']", "arms=['x']", "'one' needs different arms"),
        ('seeds=[0, 1]', 'seeds=[1, 1]', "study 'one' needs different seeds"),
        ("('HIRL', 'plain')", "('HIRL', 'fast')", 'needs two of plain, HIRL'),
        ("name='two'", "name='one'", 'studies need different names'),
        ("'fast': dict", "'hirl': dict", 'arms need names that differ'),
        ('seeds=[0, 1]', 'sees=[0, 1]', "unexpected keyword argument 'sees'"),
        ('studies =', 'grids =', 'studies is missing'),
        (
            "{'default_hooks.kmeans.mode': 'fast'}",
            "{'train_cfg.max_epochs': 3}",
            'have different budgets: epochs 3 and 20',
        ),
    ],
)
def test_errors(folder, old, new, match):
    with pytest.raises((ValueError, FileNotFoundError), match=match):
        plan_runs(read(folder, old, new), folder / 'runs')


def test_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match='no study file'):
        read_study_file(tmp_path / 'gone.py')
