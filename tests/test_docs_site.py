"""The documentation site is built without a warning, and has all pages."""

import importlib
import inspect
import json
import re
import runpy
import subprocess
import sys
import zlib

import pytest

from tests.processes import HANGS_AFTER
from tests.runs import ROOT
from tests.test_public_interface import PACKAGES, member

BUILD = ROOT / 'docs/build_site.py'
BUILDER = runpy.run_path(str(BUILD), run_name='builder')


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp('site') / 'html'
    done = subprocess.run(
        [sys.executable, BUILD, '--out', folder],
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def described(site):
    """The last parts of the names that the reference describes."""
    content = (site / 'objects.inv').read_bytes().split(b'\n', 4)[4]
    lines = zlib.decompress(content).decode().splitlines()
    names = [line.split()[0] for line in lines if ' py:' in line]
    return {name.rpartition('.')[2] for name in names}


@pytest.mark.slow
def test_every_page_is_there(site):
    places = BUILDER['pages']()
    assert len(places) > 35
    for place in places.values():
        assert (site / place).with_suffix('.html').is_file(), place


@pytest.mark.slow
def test_a_search_finds_the_words_of_an_error(site):
    index = (site / 'searchindex.js').read_text()
    names = json.loads(index[index.index('(') + 1 : -1])
    page = names['docnames'].index('errors')
    for word in 'centroid', 'restart':
        assert page in names['terms'][word], word


@pytest.mark.slow
def test_the_reference_has_every_public_name(site):
    public = set()
    for name in PACKAGES:
        package = importlib.import_module(f'hirl_mm.{name}')
        values = {key: member(package, key) for key in package.__all__}
        public |= {
            key
            for key, value in values.items()
            if inspect.isclass(value) or inspect.isfunction(value)
        }
    assert len(public) > 200
    assert not public - described(site)


@pytest.mark.slow
def test_pages_need_no_network(site):
    for page in site.rglob('*.html'):
        text = page.read_text()
        loaded = re.findall(
            r'<(?:script|link|img)[^>]*(?:src|href)="(\w+:)', text
        )
        assert not loaded, page
    losses = site / 'api/generated/hirl_mm.losses.html'
    assert '<mfrac>' in losses.read_text()


@pytest.mark.parametrize(
    ('link', 'expected'),
    [
        ('[a page](use.md#names)', '[a page](../use.md#names)'),
        ('[use.md](use.md)', '[](../use.md)'),
        ('[HCCL](../configs/hccl/README.md)', '[HCCL](hccl.md)'),
        ('[`run.py`](../tools/train.py)', '`run.py`'),
        ('![a tree](tree.png)', '![a tree](../tree.png)'),
        (
            '[paper](https://arxiv.org/abs/1)',
            '[paper](https://arxiv.org/abs/1)',
        ),
        ('```\n[use.md](use.md)\n```', '```\n[use.md](use.md)\n```'),
    ],
)
def test_links_lead_to_the_places_of_the_site(link, expected):
    places = {
        'docs/here.md': 'recipes/here.md',
        'docs/use.md': 'use.md',
        'configs/hccl/README.md': 'recipes/hccl.md',
    }
    assert BUILDER['in_site'](link, 'docs/here.md', places) == expected
