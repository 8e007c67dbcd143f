"""The report of runs, from folders as trainings leave them."""

import json
import math
import shutil

import pytest
import torch
from mmengine.config import Config
from PIL import Image

from hirl_mm.evaluation.arm_results import ArmResults
from hirl_mm.pages.run_report import Chart, Note, Picture, Table, report_page
from hirl_mm.structures import PrototypeTree
from hirl_mm.studies.comparison import write_results
from hirl_mm.studies.run_report import run_report, write_run_report
from hirl_mm.studies.run_report.config_difference import config_differences
from hirl_mm.studies.run_report.literal_config import literal_config
from hirl_mm.studies.run_report.recipes import recipe_of
from hirl_mm.studies.run_report.run_names import run_names
from hirl_mm.studies.run_report.run_record import read_record
from tests.html_pages import PageReader

RECIPE = 'hirl-mocov2_resnet50_8xb32-coslr-200e_in1k'
LOG = """\
2026/01/01 12:00:00 - mmengine - INFO -
------------------------------------------------------------
System environment:
    Python: 3.11.7 (main)
    PyTorch: 2.12.1
    PyTorch compiling details: PyTorch built with:
  - GCC 13.3
Runtime environment:
    seed: 7
------------------------------------------------------------
2026/01/01 12:00:01 - mmengine - WARNING - <b>look</b>
2026/01/01 12:00:01 - mmengine - WARNING - <b>look</b>
2026/01/01 12:10:00 - mmengine - INFO - Epoch(train) [1][ 5/10]  loss: 2.0
"""


def step(iteration, epoch, **values):
    """A line of the training."""
    return dict(values, epoch=epoch, iter=iteration, step=iteration)


def write_start(folder, lines, time='20260101_120000', text=LOG, end=''):
    """What one start of a run leaves."""
    log = folder / time / 'vis_data/scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text(''.join(json.dumps(line) + '\n' for line in lines) + end)
    if text:
        (folder / time / f'{time}.log').write_text(text)
    return folder


def write_config(folder, name=RECIPE, text='train_cfg = dict(max_epochs=4)'):
    folder.mkdir(exist_ok=True)
    (folder / f'{name}.py').write_text(text)
    return folder


def parts_of(page, title, kind):
    (section,) = [s for s in page.sections if s.title.startswith(title)]
    return [part for part in section.parts if isinstance(part, kind)]


def notes_of(page, title):
    return ' '.join(note.text for note in parts_of(page, title, Note))


def summary_of(page):
    return ' '.join(note.text for note in page.notes)


def cards_of(page):
    return {
        card.label: (card.value, card.note, card.tone) for card in page.cards
    }


def test_a_run_that_ended_after_its_first_line(tmp_path):
    write_start(write_config(tmp_path), [step(5, 1, loss=2.0)])
    page = run_report([tmp_path])
    # of 10 iterations per epoch, which only the text log tells
    assert cards_of(page)['epochs'] == (
        *('0.5', 'stopped, or still running, of 4', 'warning'),
    )
    assert cards_of(page)['duration'][0] == '0:10:00'
    PageReader(report_page(page)).assert_alone()


@pytest.mark.parametrize('lines', [[], [{'knn/top1': 30.0, 'step': 0}]])
def test_a_run_that_never_trained_a_step(lines, tmp_path):
    write_start(write_config(tmp_path), lines, text='')
    page = run_report([tmp_path])
    assert 'has logged no loss' in notes_of(page, 'Losses')
    assert 'names no environment' in notes_of(page, 'Environment')
    report_page(page)


def test_a_run_without_a_log(tmp_path):
    """It was stopped while it built its data sets."""
    page = run_report([write_config(tmp_path)])
    assert page.cards[0].value == '0'
    report_page(page)


def test_a_folder_without_a_run(tmp_path):
    with pytest.raises(FileNotFoundError, match='holds no run'):
        run_report([tmp_path])
    with pytest.raises(FileNotFoundError, match='holds no run'):
        write_run_report([tmp_path / 'gone'], tmp_path / 'r.html')
    assert not list(tmp_path.iterdir())


def test_a_folder_of_runs(tmp_path):
    for name in ('a', 'b'):
        write_start(tmp_path / 'study' / name, [step(5, 1, loss=2.0)])
    message = f'2 of its folders do. Give them: {tmp_path}/study/a {tmp_path}'
    with pytest.raises(FileNotFoundError, match=message):
        run_report([tmp_path / 'study'])


def test_missing_parts_are_named(tmp_path):
    write_start(write_config(tmp_path, 'mine'), [step(5, 1, loss=2.0)])
    page = run_report([tmp_path])
    for title, words in {
        'Features': 'hirl_mm.KNNProbeHook',
        'Tree': 'No run has logged a tree',
        'Time': 'hirl_mm.EpochTimeHook',
        'Evaluation': 'tools/evaluate.py',
        'Pictures': 'no pictures',
        'Settings': '--recipe',
    }.items():
        assert words in notes_of(page, title)
    assert 'hirl_mm.FeatureHealthHook' in notes_of(page, 'Features')


def test_a_resumed_run_counts_from_where_it_went_on(tmp_path):
    first = [step(i, 1 + (i - 1) // 10, loss=1.0) for i in (10, 20, 30)]
    first += [{'knn/top1': 40.0, 'step': s} for s in (0, 2, 3)]
    write_start(tmp_path, first)
    second = [step(20, 2, loss=5.0), {'knn/top1': 50.0, 'step': 3}]
    write_start(tmp_path, second, '20260102_120000')
    record = read_record(tmp_path, 'run')
    # of the third epoch, only what the second start has logged is left
    assert record.curves['loss'] == {1: 1.0, 2: 5.0}
    assert record.curves['knn/top1'] == {0: 40.0, 3: 50.0}
    assert [start.name for start in record.starts] == [
        *('20260101_120000', '20260102_120000'),
    ]


def test_a_run_that_began_anew_in_its_folder(tmp_path):
    write_start(tmp_path, [step(i, i, loss=1.0) for i in (1, 2, 3)], text='')
    write_start(tmp_path, [step(1, 1, loss=7.0)], '20260102', text='')
    assert read_record(tmp_path, 'run').curves == {'loss': {1: 7.0}}


def test_fractions_of_epochs_without_the_text_log(tmp_path):
    """The lines tell the length of an epoch, from below."""
    lines = [step(i, 1 + (i - 1) // 10, loss=1.0) for i in (4, 8, 14, 18, 28)]
    write_start(tmp_path, lines, text='')
    # ceil(28 / 3) iterations per epoch
    expected = [4 / 10, 8 / 10, 14 / 10, 18 / 10, 28 / 10]
    assert list(read_record(tmp_path, 'r').curves['loss']) == expected


def test_another_batch_size_after_a_resume(tmp_path):
    """Iterations do not count from the start any more, but epochs do."""
    text = LOG.replace('/10]', '/40]')
    write_start(tmp_path, [step(10, 1, loss=1.0)])
    lines = [step(30, 2, loss=2.0), step(130, 3, loss=3.0)]
    write_start(tmp_path, lines, '20260102', text)
    assert list(read_record(tmp_path, 'r').curves['loss']) == [1, 3]


def test_a_run_that_counts_iterations(tmp_path):
    write_config(tmp_path, text='train_cfg = dict(max_iters=40)')
    lines = [dict(loss=1.0, iter=i, step=i) for i in (10, 20)]
    lines.append({'coco/bbox_mAP': 0.25, 'step': 20})
    page = run_report([write_start(tmp_path, lines)])
    assert cards_of(page)['iterations'][0] == '20'
    (chart,) = parts_of(page, 'Features', Chart)
    assert (chart.title, chart.x_label) == ('Validation: box AP', 'iteration')
    assert chart.curves[0].points == {20: 25.0}


def test_a_killed_run_with_half_a_line(tmp_path):
    write_start(tmp_path, [step(10, 1, loss=1.0)], end='{"loss": 1.')
    write_config(tmp_path)
    page = run_report([tmp_path])
    assert cards_of(page)['epochs'][0] == '1'
    assert 'resume' in summary_of(page)


def test_a_broken_line_is_named(tmp_path):
    write_start(tmp_path, [step(10, 1, loss=1.0)], end='x\n')
    assert 'line 2 of' in summary_of(run_report([tmp_path]))


def test_a_loss_that_is_nan(tmp_path):
    lines = [step(10, 1, loss=1.0), step(20, 2, loss=math.nan)]
    page = run_report([write_start(write_config(tmp_path), lines)])
    assert 'loss of' in notes_of(page, 'Losses')
    assert 'not finite from epoch 2' in notes_of(page, 'Losses')
    assert cards_of(page)['loss'][2] == 'warning'


@pytest.mark.parametrize(
    ('knn', 'words', 'tone'),
    [
        ([90.9, 85.9], 'have become worse', 'warning'),
        ([30.0, 60.0, 55.0], 'highest, 60.0 %, after epoch 1', 'good'),
    ],
)
@pytest.mark.parametrize('metric', ['knn/top1', 'health/knn'])
def test_knn_against_the_initial_weights(metric, knn, words, tone, tmp_path):
    lines = [{metric: value, 'step': i} for i, value in enumerate(knn)]
    page = run_report([write_start(tmp_path, lines)])
    assert words in summary_of(page)
    assert cards_of(page)['kNN'][2] == tone
    (chart,) = parts_of(page, 'Features', Chart)
    assert chart.reference == ('initial weights', knn[0])


def tree_line(epoch, level_sizes, moved=None):
    """What report_tree logs, from the sizes of the prototypes."""
    line = {'hirl/feature_spread': 0.5, 'step': epoch}
    for level, sizes in enumerate(level_sizes):
        shares = [size / sum(sizes) for size in sizes]
        figures = dict(
            K=len(sizes),
            used=sum(size > 0 for size in sizes),
            empty=sizes.count(0),
            largest_share=max(shares),
            size_entropy=-sum(p * math.log(p) for p in shares if p),
            objective=1.5,
        )
        if moved:
            figures['moved_share'] = moved[level]
        line |= {f'hirl/level{level}_{k}': v for k, v in figures.items()}
    return line


def test_health_of_the_tree(tmp_path):
    lines = [
        tree_line(2, [[5, 5, 5, 5], [10, 10]]),
        tree_line(3, [[18, 2, 0, 0], [10, 10]], [0.25, 0.5]),
    ]
    page = run_report([write_start(tmp_path, lines)])
    charts = {chart.title: chart for chart in parts_of(page, 'Tree', Chart)}
    empty = charts['Empty prototypes']
    assert [curve.points for curve in empty.curves] == [
        *({2: 0, 3: 2}, {2: 0, 3: 0}),
    ]
    moved = charts['Images that moved to another prototype']
    assert [curve.points for curve in moved.curves] == [{3: 25}, {3: 50}]
    even = charts['Evenness of the sizes'].curves
    assert even[0].points[2] == pytest.approx(100)
    entropy = -0.9 * math.log(0.9) - 0.1 * math.log(0.1)
    assert even[0].points[3] == pytest.approx(100 * entropy / math.log(4))
    table = parts_of(page, 'Tree', Table)[0]
    assert table.rows[0][1:6] == ['0', '4', '2', '2', '90.0']
    assert '2 of 4 prototypes are empty' in summary_of(page)
    assert 'one prototype holds 90%' in summary_of(page)
    assert 'level 1' not in summary_of(page)


def test_what_moved_between_files_and_runs(tmp_path):
    leaves = {'a': [0, 0, 1, 1], 'b': [1, 1, 0, 0], 'c': [0, 0, 0, 0]}
    for run, epochs in {'one': {3: 'a', 10: 'b'}, 'two': {4: 'c'}}.items():
        lines = [tree_line(2, [[1, 3]])]
        write_start(write_config(tmp_path / run), lines)
        for epoch, leaf in epochs.items():
            tree = PrototypeTree(
                [torch.eye(2)], [], torch.tensor(leaves[leaf])
            )
            (tmp_path / run / 'prototype_trees').mkdir(exist_ok=True)
            tree.save(tmp_path / run / f'prototype_trees/epoch_{epoch}.pth')
    broken = tmp_path / 'two/prototype_trees/epoch_5.pth'
    broken.write_bytes(b'no tree')
    page = run_report([tmp_path / 'one', tmp_path / 'two'])
    table = parts_of(page, 'Tree', Table)[-1]
    assert table.rows == [
        # other numbers, the same groups; the later epoch is the later tree
        ['one, epoch 3', 'one, epoch 10', '0.0'],
        # two prototypes have become one; the other way round none has moved
        ['one, epoch 10', 'two, epoch 4', '50.0'],
    ]
    assert f'{broken} is neither' in notes_of(page, 'Tree')


def test_epochs_by_part(tmp_path):
    seconds = dict(before=10.0, data=1.0, steps=6.0, after=2.0)
    lines = [
        {f'epoch/seconds_{k}': v for k, v in seconds.items()} | dict(step=1),
        {'hirl/seconds_extract': 3.0, 'hirl/seconds_cluster': 4.0, 'step': 1},
        step(10, 1, loss=1.0, time=0.5, data_time=0.25),
        step(20, 2, loss=1.0, time=0.7, data_time=0.25),
    ]
    page = run_report([write_start(tmp_path, lines)])
    reader = PageReader(report_page(page))
    assert reader.tables['Mean epoch by part, s'][1][1:] == [
        *('1', '6', '3', '4', '2', '3', '19'),
    ]
    (steps,) = parts_of(page, 'Time', Table)
    assert steps.rows[0][1:] == ['0.600', '0.250', '3.000', '4.000']


def write_evaluation(folder, checkpoint='abc', top1=67.2):
    results = ArmResults('x', RECIPE, source=dict(checkpoint=checkpoint))
    results.add('kNN', {'best k': 58.0}, seed=0)
    results.add('linear', {'top-1': top1}, {'top-5': 'few <b>classes</b>'})
    write_results(folder, results)


def test_results_stand_beside_those_of_the_paper(tmp_path):
    run = write_start(write_config(tmp_path / 'run'), [step(1, 1, loss=1.0)])
    write_evaluation(run / 'evaluation/frozen')
    page = run_report([run])
    table, paper = parts_of(page, 'Evaluation', Table)
    assert table.rows[0] == ['kNN', 'best k', '58.0', '57.56', '+0.4']
    assert ['linear', 'top-1', 'HIRL', '68.40'] in paper.rows
    assert 'few <b>classes</b>' in notes_of(page, 'Evaluation')


def test_results_from_elsewhere(tmp_path):
    runs = [write_config(tmp_path / name) for name in ('a', 'b')]
    write_evaluation(tmp_path / 'results', top1=50.0)
    page = run_report(runs, results={str(runs[1]): [tmp_path / 'results']})
    table = parts_of(page, 'Evaluation', Table)[0]
    assert list(table.head)[2] == 'b'
    assert 'No results of a.' in notes_of(page, 'Evaluation')
    with pytest.raises(ValueError, match='none of the runs'):
        run_report(runs, results={tmp_path: [tmp_path / 'results']})


def test_results_of_another_checkpoint(tmp_path):
    run = write_config(tmp_path)
    torch.save(dict(meta=dict(epoch=4, iter=8)), run / 'epoch_4.pth')
    (run / 'last_checkpoint').write_text('/gone/epoch_4.pth')
    write_evaluation(run / 'evaluation')
    assert 'another checkpoint than its last one, epoch_4.pth' in notes_of(
        run_report([run]), 'Evaluation'
    )


def test_pictures_of_the_folder(tmp_path):
    write_config(tmp_path)
    picture = Image.new('RGB', (3, 2), 'red')
    picture.save(tmp_path / 'a "b" <i>.png')
    (tmp_path / 'more').mkdir()
    picture.save(tmp_path / 'more/c.jpg')
    (tmp_path / 'text.png').write_text('<script>')
    (tmp_path / 'page').mkdir()
    (tmp_path / 'page/index.html').touch()
    picture.save(tmp_path / 'page/sheet.png')
    page = run_report([tmp_path])
    pictures = parts_of(page, 'Pictures', Picture)
    assert [(p.name, p.kind) for p in pictures] == [
        (f'{tmp_path.name}: a "b" <i>.png', 'image/png'),
        (f'{tmp_path.name}: more/c.jpg', 'image/jpeg'),
    ]
    assert pictures[0].content == (tmp_path / 'a "b" <i>.png').read_bytes()
    assert 'text.png (it is no PNG file)' in notes_of(page, 'Pictures')


def test_settings_that_differ_between_runs(tmp_path):
    text = 'train_cfg = dict(max_epochs={})\nwork_dir = "{}"\nother = {}'
    for name, epochs in dict(a=4, b=5).items():
        write_config(tmp_path / name, text=text.format(epochs, name, epochs))
    page = run_report([tmp_path / 'a', tmp_path / 'b'])
    (table,) = parts_of(page, 'Settings', Table)
    # nor work folders nor variables that no Runner knows
    assert table.rows == [['train_cfg.max_epochs', '4', '5']]


def test_settings_that_differ_from_the_recipe(tmp_path):
    recipe = recipe_of(RECIPE)
    cfg = Config.fromfile(recipe)
    cfg.optim_wrapper.optimizer.lr = 0.7
    cfg.dump(tmp_path / f'{RECIPE}.py')
    (table,) = parts_of(run_report([tmp_path]), 'Settings', Table)
    assert table.head[-1] == f'recipe {RECIPE}'
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows.pop('optim_wrapper.optimizer.lr') == ['0.7', '0.03']
    # and the hooks that the training tool adds to all runs
    assert all(key.startswith('default_hooks.') for key in rows)


def test_a_config_of_code_is_not_run(tmp_path):
    text = f"open({str(tmp_path / 'ran')!r}, 'w')\ntrain_cfg = dict()"
    page = run_report([write_config(tmp_path, text=text)])
    assert not (tmp_path / 'ran').exists()
    assert 'no plain value' in notes_of(page, 'Settings')


@pytest.mark.parametrize(
    'text',
    [
        *('a = f(1)', 'a = b', 'import os', 'a = (', 'a = dict(**b)'),
        *('a.b = 1', 'a = {**b}', 'a = -"x"', 'a = dict(1)', 'a = "\x00"'),
        'a = dict(**dict(c=1))',
    ],
)
def test_what_is_no_config(text):
    with pytest.raises(ValueError, match='no Python|no plain value'):
        literal_config(text)


def test_configs_are_read_as_mmengine_reads_them():
    cfg = Config.fromfile(
        recipe_of('hirl-dino_vit-4x64-p8_1xb64-mcrop-4e_digits')
    )

    def lists(value):
        if isinstance(value, dict):
            return {key: lists(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [lists(item) for item in value]
        return value

    assert literal_config(cfg.pretty_text) == lists(cfg.to_dict())


def test_differences_of_nested_settings():
    one = dict(a=[dict(x=1), dict(y=2)], b=[1, 2], c=dict(d=1), s='v')
    two = dict(a=[dict(x=1), dict(y=3), dict(z=4)], b=[1, 3], c=5, s='v')
    assert config_differences([one, two], set('abcs')) == [
        ('a[1].y', ['2', '3']),
        ('a[2]', ['-', "{'z': 4}"]),
        ('b', ['[1, 2]', '[1, 3]']),
        ('c', ["{'d': 1}", '5']),
    ]


def test_recipes_by_name_and_method():
    assert recipe_of(RECIPE).stem == RECIPE
    assert recipe_of('hirl-mocov2_mine').stem == RECIPE
    assert recipe_of('nothing_of_this') is None


def test_names_of_runs(tmp_path, monkeypatch):
    (tmp_path / 'x').mkdir()
    monkeypatch.chdir(tmp_path)
    assert run_names([tmp_path / 'x']) == ['x']
    assert run_names([tmp_path / 'x/..']) == [tmp_path.name]
    with pytest.raises(ValueError, match='given twice'):
        run_names([tmp_path / 'x', tmp_path / 'x/'])
    with pytest.raises(ValueError, match='1 to 6 runs, got 7'):
        run_report([tmp_path / f'{i}' for i in range(7)])


def test_runs_side_by_side(tmp_path):
    for name, loss in dict(plain=1.0, hirl=2.0).items():
        lines = [step(i, 1, loss=loss + i) for i in (5, 10)]
        write_start(write_config(tmp_path / name), lines)
    page = run_report([tmp_path / 'plain', tmp_path / 'hirl'])
    (table,) = parts_of(page, 'Side by side', Table)
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows['loss'] == ['11 (at first 6)', '12 (at first 7)']
    (chart,) = parts_of(page, 'Losses', Chart)
    assert [(c.name, c.style, c.points) for c in chart.curves] == [
        ('plain', 0, {0.5: 6, 1: 11}),
        ('hirl', 1, {0.5: 7, 1: 12}),
    ]


def test_a_folder_that_was_moved_and_has_a_hostile_name(tmp_path):
    run = write_start(write_config(tmp_path / 'a'), [step(5, 1, loss=1.0)])
    moved = tmp_path / '"><script>alert(1)</script> \udcff\n🌳'
    shutil.move(run, moved)
    write_run_report([moved], moved / 'report.html')
    page = PageReader((moved / 'report.html').read_text('utf-8'))
    page.assert_alone()
    assert '<script>alert(1)</script> \ufffd' in page.text
    assert page.tables['Warnings and errors in the logs'][1][-2:] == [
        *('<b>look</b>', '2'),
    ]
    facts = dict(page.tables['Environment'][1:])
    assert facts == {
        'Python': '3.11.7 (main)',
        'PyTorch': '2.12.1',
        'seed': '7',
    }
