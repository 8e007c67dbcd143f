"""The report and the pictures of a real run, as tools and in a browser."""

import shutil

import pytest
from PIL import Image

from hirl_mm.studies.run_report import write_run_report
from tests.browsers import BROWSERS, browser_or_skip
from tests.html_pages import PageReader
from tests.runs import name_logs_apart, run, small_config
from tests.tool_process import run_tool


@pytest.fixture(scope='module')
def runs(digits, tmp_path_factory):
    """Folders of HIRL-MoCo v2 and MoCo v2; the first one was resumed."""
    folder = tmp_path_factory.mktemp('runs')
    for name, epochs in (('hirl', 2), ('hirl', 3), ('plain', 2)):
        cfg = small_config(
            digits, folder / name, hirl=name == 'hirl', epochs=epochs
        )
        cfg.default_hooks.epoch_time = dict(type='hirl_mm.EpochTimeHook')
        cfg.default_hooks.throughput = dict(type='hirl_mm.ThroughputHook')
        cfg.resume = epochs == 3
        if cfg.resume:
            name_logs_apart()
        run(cfg)
    return folder / 'hirl', folder / 'plain'


def test_the_tool_reports_a_run(runs, tmp_path):
    hirl, _ = runs
    done = run_tool('report', hirl, '--out', tmp_path / 'report.html')
    assert done.returncode == 0, done.stdout
    assert 'written to' in done.stdout
    page = PageReader((tmp_path / 'report.html').read_text())
    page.assert_alone()
    table = page.tables['Mean epoch by part, s']
    assert all(float(cell) > 0 for cell in table[1][1:-1])
    assert len(page.tables['Starts, by their logs']) == 3
    for title in ('loss_ssl', 'loss_spd', 'Images per second'):
        assert len(page.tables[title]) > 3
    assert [row[1] for row in page.tables['Last tree of every run']] == [
        *('level', '0', '1', '2'),
    ]


def test_the_tool_compares_runs(runs, tmp_path):
    out = tmp_path / 'both.html'
    done = run_tool('report', *runs, '--out', out, '--title', 'a <b>')
    assert done.returncode == 0, done.stdout
    page = PageReader(out.read_text())
    page.assert_alone()
    assert 'a <b>' in page.text
    settings = {row[0] for row in page.tables['Settings that differ']}
    assert {'model.type', 'default_hooks.kmeans'} <= settings
    assert 'learning_rate' not in settings


def test_errors_of_the_tool(tmp_path):
    done = run_tool('report', tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith('error: ') and 'holds no run' in done.stdout
    done = run_tool('report', tmp_path, tmp_path)
    assert done.returncode == 2 and 'need --out' in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('name', BROWSERS)
def test_pages_in_a_browser(runs, tmp_path, name):
    """Readable and without serious faults, light and dark, wide and narrow."""
    folder = tmp_path / '"><img src=x onerror=alert(1)> 🌳'
    shutil.copytree(runs[0], folder)
    Image.new('RGB', (40, 30), 'red').save(folder / 'tree.png')
    write_run_report([folder], tmp_path / 'one.html')
    write_run_report([folder, runs[1]], tmp_path / 'two.html')
    browser = browser_or_skip(name)
    try:
        for file in ('one.html', 'two.html'):
            browser.driver.get((tmp_path / file).as_uri())
            check_page(browser)
    finally:
        browser.close()


def check_page(browser):
    for scheme, width in (('light', None), ('dark', 390)):
        browser.colors(scheme)
        browser.narrow(width)
        assert browser.findings() == []
        scrolled, seen = browser.run(
            'const page = document.documentElement;'
            'return [page.scrollWidth, page.clientWidth]'
        )
        assert scrolled == seen <= (width or 1280)
        shown = browser.run(
            'return getComputedStyle(document.body).backgroundColor'
        )
        light = sum(map(int, shown[4:-1].split(','))) > 600
        assert light == (scheme == 'light')
    browser.all('nav a')[2].click()
    assert browser.driver.current_url.endswith('#part-3')
    assert len(browser.all('img[src^=data]')) == 1
    assert browser.messages() == []


def test_pictures_of_a_run(runs, tmp_path):
    hirl = tmp_path / 'hirl'
    shutil.copytree(runs[0], hirl)
    few = ('--num-workers', '0')
    done = run_tool('visualize_subtrees', hirl, '--num', '1', *few)
    assert done.returncode == 0, done.stdout
    (picture,) = (hirl / 'subtrees').iterdir()
    with Image.open(picture) as image:
        assert image.width > 600
    done = run_tool(
        *('visualize_subtrees', hirl, '--nodes', '0:3', '--random', *few),
        *('--format', 'svg', '--out', tmp_path / 'pictures'),
    )
    assert done.returncode == 0, done.stdout
    assert (tmp_path / 'pictures/level0_prototype3.svg').is_file()
    done = run_tool('visualize_subtrees', hirl, '--nodes', '7:3', *few)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith('error: there is no')
    out = tmp_path / 'features.svg'
    done = run_tool('visualize_features', hirl, '--out', out, *few)
    assert done.returncode == 0, done.stdout
    text = out.read_text()
    for words in ('by class', 'by prototype of level 2', 't-SNE of 96 images'):
        assert words in text
    done = run_tool('visualize_features', runs[1], '--out', out, *few)
    assert done.returncode == 1
    assert 'HierarchicalKMeansHook' in done.stdout.splitlines()[-1]
