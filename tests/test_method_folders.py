"""README.md and metafile.yml of every folder of recipes."""

import re
from pathlib import Path

import pytest
import yaml
from mmengine.config import Config

from hirl_mm.evaluation.paper_results import paper_figures, paper_sources
from tests.runs import ROOT

MIM = ROOT / 'hirl_mm/.mim'
INDEX = yaml.safe_load((MIM / 'model-index.yml').read_text())['Import']
FOLDERS = {
    path.parent.name: path.parent
    for path in (ROOT / 'configs').glob('*/*_in1k.py')
    if path.parent.name not in ('ablations', 'modes')
}
# Its paper has no address.
ANONYMOUS = 'hccl'
# Figures in the table of a folder, and their digits.
OF_HIRL = [('kNN', 'best k'), ('linear', 'top-1'), ('finetune', 'top-1')], 2
SHOWN = dict.fromkeys(FOLDERS, OF_HIRL)
SHOWN['hccl'] = [('linear-90e', 'top-1')], 1
SHOWN['csml'] = [('linear-steplr', 'top-1')], 1
SHOWN['ssprl'] = (
    [('voc12-segmentation', 'mIoU'), ('coco14-asymmetric', 'mAP')],
    1,
)


def metafile(folder):
    return yaml.safe_load((FOLDERS[folder] / 'metafile.yml').read_text())


def figures_in(model):
    """All results, which are the papers' alone: there are none of ours."""
    results = model['Results'] or []
    found = [metric for r in results for metric in r['Metrics'].items()]
    assert len(dict(found)) == len(found)
    return dict(found)


def test_the_index_imports_the_metafile_of_every_folder():
    expected = {f'configs/{folder}/metafile.yml' for folder in FOLDERS}
    assert sorted(INDEX) == sorted(expected)
    assert len(FOLDERS) >= 8


@pytest.mark.parametrize('folder', FOLDERS)
def test_metafile_names_every_recipe(folder):
    meta = metafile(folder)
    (collection,) = meta['Collections']
    assert (ROOT / collection['README']).is_file()
    url = collection['Paper']['URL']
    if folder == ANONYMOUS:
        assert url is None
    else:
        assert url.startswith('https://arxiv.org/abs/')
    named = {model['Config'] for model in meta['Models']}
    recipes = {
        f'configs/{folder}/{p.name}' for p in FOLDERS[folder].glob('*.py')
    }
    assert named == recipes
    for model in meta['Models']:
        path = Path(model['Config'])
        assert model['Name'] == path.stem
        assert model['In Collection'] == collection['Name']
        assert model['Weights'] is None
        assert figures_in(model) == {
            f'{" ".join(key)} (paper: {paper_sources(path.stem)[key]})': value
            for key, value in paper_figures(path.stem).items()
        }
        cfg = Config.fromfile(MIM / path)
        facts = model['Metadata']
        assert facts['Epochs'] == cfg.train_cfg.max_epochs
        processes = int(re.search(r'_(\d+)xb', path.stem)[1])
        images = processes * cfg.train_dataloader.batch_size
        assert facts['Batch Size'] == images


@pytest.mark.parametrize('folder', FOLDERS)
def test_readme_has_the_figures_of_the_paper(folder):
    """All of them, marked as the paper's, and no other."""
    text = (FOLDERS[folder] / 'README.md').read_text()
    assert '**These figures are ' in text and '**Not run** by this' in text
    rows = re.findall(r'^\| \[([\w-]+)\]\((\S+)\) \|(.*)\|$', text, re.M)
    assert {link for _, link, _ in rows} == {
        path.name for path in FOLDERS[folder].glob('*.py')
    }
    for name, link, rest in rows:
        assert link == f'{name}.py'
        expected = expected_cells(name, *SHOWN[folder])
        cells = [cell.strip() for cell in rest.split('|')]
        assert cells[len(cells) - len(expected) :] == expected


def expected_cells(name, keys, digits):
    """Figures of a recipe; of HIRL with those of its plain arm."""
    plain = name.removeprefix('hirl-')
    cells = []
    for key in keys:
        own, other = (
            f'{figures[key]:.{digits}f}' if key in figures else '-'
            for figures in (paper_figures(name), paper_figures(plain))
        )
        cells.append(own if name == plain else f'{own} ({other})')
    return cells


@pytest.mark.parametrize('folder', FOLDERS)
def test_links_and_commands_of_a_readme(folder):
    text = (FOLDERS[folder] / 'README.md').read_text()
    for link in re.findall(r'\]\(([^)#]+)', text):
        if not link.startswith('https://'):
            assert (FOLDERS[folder] / link).exists(), link
    (block,) = re.findall(r'```shell\n(.*?)```', text, re.DOTALL)
    paths = re.findall(r'(?:tools|configs)/\S+', block)
    assert len(paths) >= 4
    assert all((ROOT / path).is_file() for path in paths)
