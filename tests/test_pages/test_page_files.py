"""What a page consists of on disk."""

import os
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from hirl_mm.files import replacing_folder
from hirl_mm.pages import ShownTree, TreePage
from hirl_mm.pages.tree_page import page_shell, preview, tree_page
from hirl_mm.pages.tree_page.file_names import file_names
from tests.page_data import color_of, data_of, members, rows_of, shown_random
from tests.trees import random_tree, tree_of


def silent(line):
    pass


def write(shown, out, other=None, **options):
    page = TreePage(shown, other, **options)
    return page.write(out, silent)


@pytest.fixture(scope='module')
def shown():
    return shown_random()


@pytest.fixture(scope='module')
def folder(shown, tmp_path_factory):
    out = tmp_path_factory.mktemp('pages') / 'tree'
    assert write(shown, out, title='A <tree>', images_per_node=4) == []
    return out


def test_facts_of_the_tree(shown, folder):
    page = data_of(folder, 'page')
    facts = page['trees']['this']
    assert page['title'] == 'A <tree>' and list(page['trees']) == ['this']
    assert (facts['images'], facts['placed']) == (60, 58)
    assert facts['labelled'] == int((shown.labels >= 0).sum())
    assert facts['classes'] == list(shown.class_names)
    assert [level['nodes'] for level in facts['levels']] == [12, 5, 3]
    for level, summary in enumerate(facts['levels']):
        cosines = shown.similarity[:, level]
        assert summary['spread'] == pytest.approx(
            np.nanmean(cosines), abs=1e-4
        )
        assert 0 < summary['purity'] <= 1


@pytest.mark.parametrize('level', [0, 1, 2])
def test_records_of_nodes(shown, folder, level):
    records = data_of(folder, f'this/nodes/{level}/0')
    order = shown.order
    for place, record in enumerate(records):
        number = record['number']
        own = members(shown, level, number)
        first, num = record['images']
        assert sorted(order.images[first : first + num]) == sorted(own)
        listed = record['near'] + record['random']
        assert len(listed) == min(len(own), 4)
        for sample, name, label in listed:
            assert sample in own and name == f'{sample % 7}/{sample}.png'
            assert label == shown.labels[sample]
        if level < 2:
            above = data_of(folder, f'this/nodes/{level + 1}/0')
            parent = above[record['parent']]
            assert parent['number'] == shown.tree.parents[level][number]
            child, count = parent['children']
            assert child <= place < child + count
            siblings = shown.tree.parents[level] == parent['number']
            assert count == siblings.sum()
        else:
            assert record['parent'] == -1
        labels = shown.labels[own]
        labels = labels[labels >= 0]
        assert record['labelled'] == len(labels)
        if len(labels):
            label, count = record['classes'][0]
            assert count == (labels == label).sum()
            assert count == labels.bincount().max()


def test_thumbnails_are_where_the_records_say(shown, folder):
    size = data_of(folder, 'page')['thumbnails']['size']
    assert size == 30  # the images have 40 x 30 pixels
    for level in range(3):
        with Image.open(folder / f'sheets/this/level{level}/0.jpg') as sheet:
            sheet = np.asarray(sheet).astype(int)
        for record in data_of(folder, f'this/nodes/{level}/0'):
            listed = record['near'] + record['random']
            for i, (sample, _, _) in enumerate(listed):
                row, column = divmod(record['cell'] + i, 16)
                middle = sheet[row * size + size // 2, column * size + 15]
                assert abs(middle - color_of(sample)).max() < 12


def test_images_and_files(shown, folder):
    images = data_of(folder, 'this/images/0')
    files = data_of(folder, 'this/files/0')
    paths = shown.tree.paths(shown.leaf)
    assert sorted(images['numbers']) == list(range(60))
    for place, sample in enumerate(images['numbers']):
        assert files['places'][sample] == place
        assert images['names'][place] == files['names'][sample]
        assert images['labels'][place] == shown.labels[sample]
        for level, cosine in enumerate(images['similarity'][place]):
            if paths[sample, level] < 0:
                assert cosine is None
            else:
                expected = shown.similarity[sample, level]
                assert cosine == pytest.approx(expected, abs=6e-4)
    for level in range(3):
        found = data_of(folder, f'this/level/{level}')
        assert found['numbers'] == shown.order.numbers[level].tolist()
        assert found['first'] == shown.order.first_image[level].tolist()


def test_nodes_of_classes(shown, folder):
    for label, found in enumerate(data_of(folder, 'this/labels/0')):
        of_class = (shown.labels == label).nonzero()[:, 0].tolist()
        assert found['images'] == len(of_class)
        for level, nodes in enumerate(found['nodes']):
            for place, count in nodes:
                number = shown.order.numbers[level][place]
                own = members(shown, level, number)
                assert count == len(set(own) & set(of_class))
            assert sum(n for _, n in nodes) == sum(
                shown.leaf[i] >= 0 for i in of_class
            )


def test_the_page_is_complete(folder):
    text = (folder / 'index.html').read_text()
    assert 'A &lt;tree&gt;' in text
    for name in (*page_shell.SCRIPTS, *page_shell.STYLES):
        assert f'assets/{name}' in text
        assert (folder / 'assets' / name).is_file()
    assert not (folder / 'assets/body.html').exists()
    assert sorted(os.listdir(folder)) == [
        *('assets', 'data', 'index.html', 'sheets'),
    ]


def test_lists_are_split_into_files(shown, folder, monkeypatch, tmp_path):
    small = dict(nodes=5, images=7, files=11, labels=3)
    for module in ('tree_data', 'tree_changes', 'tree_page'):
        monkeypatch.setattr(
            f'hirl_mm.pages.tree_page.{module}.PER_SHARD', small
        )
    write(shown, tmp_path / 'tree', images_per_node=4)
    for key in ('nodes/0', 'labels'):
        whole = data_of(folder, f'this/{key}/0')
        step = small[key.partition('/')[0]]
        num = -(-len(whole) // step)
        folders = [f'this/{key}/{i}' for i in range(num)]
        parts = [data_of(tmp_path / 'tree', one) for one in folders]
        assert sum(parts, []) == whole
        assert not (tmp_path / f'tree/data/this/{key}/{num}.js').exists()
    whole = data_of(folder, 'this/images/0')
    parts = [data_of(tmp_path / 'tree', f'this/images/{i}') for i in range(9)]
    assert sum((part['numbers'] for part in parts), []) == whole['numbers']
    assert sum((p['similarity'] for p in parts), []) == whole['similarity']


def test_without_labels_and_embeddings(tmp_path):
    shown = replace(shown_random(), rows=None, labels=None, class_names=())
    write(shown, tmp_path / 'tree')
    facts = data_of(tmp_path / 'tree', 'page')['trees']['this']
    assert not facts['labelled'] and not facts['has_similarity']
    assert not (tmp_path / 'tree/data/this/labels').exists()
    for record in data_of(tmp_path / 'tree', 'this/nodes/0/0'):
        assert record['near'] == [] and record['spread'] is None
        assert 'classes' not in record
    assert 'similarity' not in data_of(tmp_path / 'tree', 'this/images/0')


def test_a_level_of_empty_nodes_and_a_single_level(tmp_path):
    tree = random_tree((9,), 4, 5)
    tree.leaf[:] = 3
    shown = ShownTree(
        tree,
        list('abcde'),
        rows=rows_of(tree),
        picture=lambda i: Image.new('L', (50, 50)),
    )
    write(shown, tmp_path / 'tree')
    facts = data_of(tmp_path / 'tree', 'page')['trees']['this']
    assert facts['levels'][0]['used'] == 1
    records = data_of(tmp_path / 'tree', 'this/nodes/0/0')
    assert [record['images'][1] for record in records] == [5] + [0] * 8


def test_no_image_has_a_leaf(tmp_path):
    tree = random_tree((4, 2), 4, 5)
    tree.leaf[:] = -1
    shown = ShownTree(tree, list('abcde'), rows=rows_of(tree))
    assert write(shown, tmp_path / 'tree') == []
    facts = data_of(tmp_path / 'tree', 'page')['trees']['this']
    assert facts['placed'] == 0


NAMES = [
    b'plain.png',
    b'with space #1 100%.png',
    b'"quoted" \'twice\' & <script>alert(1)</script>.png'.replace(b'/', b'|'),
    b'two\nlines.png',
    'émoji 😀 猫.png'.encode(),
    'right \u202e left עברית.png'.encode(),
    b'undecodable \xff\xfe.png',
    b'%41.png',
    b'back\\slash;semi.png',
]


@pytest.fixture
def odd_files(tmp_path):
    """Files with names of all kinds; the last two cannot be read."""
    paths = []
    for i, name in enumerate(NAMES):
        path = os.path.join(os.fsencode(tmp_path), b'data', name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            Image.new('RGB', (60, 60), color_of(i)).save(file, 'PNG')
        paths.append(os.fsdecode(path))
    (tmp_path / 'data/broken.png').write_bytes(b'no image')
    paths += [f'{tmp_path}/data/broken.png', f'{tmp_path}/data/missing.png']
    return paths


def test_names_of_all_kinds(odd_files, tmp_path):
    tree = tree_of([i % 3 for i in range(len(odd_files))], [0, 0, 1])
    shown = ShownTree(tree, odd_files)
    unread = write(shown, tmp_path / 'out/tree')
    assert unread == odd_files[-2:]
    facts = data_of(tmp_path / 'out/tree', 'page')['trees']['this']
    assert facts['base'] == '../../data/'
    names = data_of(tmp_path / 'out/tree', 'this/files/0')['names']
    assert names[3] == 'two␊lines.png'
    assert names[6] == 'undecodable \ufffd\ufffd.png'
    addresses = data_of(tmp_path / 'out/tree', 'this/images/0')['addresses']
    assert sorted(addresses.values()) == [
        'two%0Alines.png',
        'undecodable%20%FF%FE.png',
    ]
    for file in (tmp_path / 'out/tree').rglob('*.js'):
        if file.parent.name != 'assets':
            assert not set('<>&') & set(file.read_text(encoding='ascii'))


@pytest.mark.parametrize(
    ('paths', 'folder', 'names'),
    [
        (['a/b/1.png', 'a/b/2.png'], 'a/b/', ['1.png', '2.png']),
        (['/x/cat/1.png', '/x/cow/1.png'], '/x/', ['cat/1.png', 'cow/1.png']),
        (['1.png', 'a/2.png'], '', ['1.png', 'a/2.png']),
        (['shards://d/t/1.png'], 'd/t/', ['1.png']),
    ],
)
def test_the_folder_that_files_have_in_common(paths, folder, names):
    found = file_names(paths)
    assert (found.folder, list(found.names)) == (folder, names)
    assert found.are_files == ('shards' not in paths[0])


def test_links_lead_from_the_page_to_the_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert file_names(['d a/1', 'd a/2']).base(tmp_path / 'o/t') == (
        '../../d%20a/'
    )
    assert file_names(['/z/1', '/z/2']).base(tmp_path).endswith('../z/')
    assert file_names(['1']).base(tmp_path) == './'
    assert file_names(['shards://d/1']).base(tmp_path) is None


def test_a_page_is_replaced_and_nothing_else(shown, tmp_path, monkeypatch):
    out = tmp_path / 'tree'
    out.mkdir()
    write(shown, out)  # an empty folder
    (out / 'old').touch()
    write(shown, out)  # an earlier page
    assert not (out / 'old').exists()
    other = tmp_path / 'precious'
    other.mkdir()
    (other / 'thesis.tex').touch()
    for path in (other, other / 'thesis.tex'):
        with pytest.raises(FileExistsError, match='neither empty nor an earl'):
            write(shown, path)
    assert (other / 'thesis.tex').exists()

    def broken(*args):
        raise OSError('no space left')

    # What was there stays if the new page cannot be written.
    monkeypatch.setattr(tree_page, 'write_tree_data', broken)
    before = sorted(out.rglob('*'))
    with pytest.raises(OSError, match='no space left'):
        write(shown, out)
    assert sorted(out.rglob('*')) == before
    assert sorted(os.listdir(tmp_path)) == ['precious', 'tree']


def test_links_to_folders_are_not_followed(tmp_path):
    (tmp_path / 'real').mkdir()
    (tmp_path / 'link').symlink_to(tmp_path / 'real')
    (tmp_path / 'dangling').symlink_to(tmp_path / 'nothing')
    for name in ('link', 'dangling'):
        with (
            pytest.raises(FileExistsError),
            replacing_folder(tmp_path / name, 'index.html'),
        ):
            pass


def test_too_little_space_is_said_before_it_begins(shown, tmp_path):
    with pytest.raises(OSError, match='the page will take about 9,0.* MB but'):
        preview.check_space(tmp_path / 'a/b', int(9e18))
    preview.check_space(tmp_path / 'a/b', 1000)
    assert not (tmp_path / 'a').exists()


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        (dict(images_per_node=0), 'images_per_node must be at least 1, got 0'),
        (dict(largest=7), 'largest must be at least 8, got 7'),
        (dict(threads=0), 'threads must be at least 1, got 0'),
    ],
)
def test_numbers_out_of_range(shown, option, message):
    with pytest.raises(ValueError, match=message):
        TreePage(shown, **option)


def test_trees_with_other_levels_are_not_compared(shown):
    with pytest.raises(ValueError, match='number of levels, got 3 and 2'):
        TreePage(shown, shown_random((5, 2)))


def test_changes_between_two_trees(shown, tmp_path):
    tree = random_tree((12, 5, 3), 6, 60, seed=9)
    other = replace(shown, tree=tree, leaf=tree.leaf, rows=None, name='later')
    page = TreePage(shown, other)
    page.write(tmp_path / 'tree', silent)
    facts = data_of(tmp_path / 'tree', 'page')['trees']
    assert [facts[key]['name'] for key in facts] == ['tree', 'later']
    for key, own, there in (
        ('this', shown, other),
        ('other', other, shown),
    ):
        theirs = there.tree.paths(there.leaf)
        levels = data_of(tmp_path / 'tree', f'{key}/changes')
        for level in range(3):
            change = page.changes[key][level]
            assert levels[level]['moved'] == pytest.approx(
                change.share, abs=1e-4
            )
            records = data_of(tmp_path / 'tree', f'{key}/match/{level}/0')
            for place, record in enumerate(records):
                number = own.order.numbers[level][place]
                kept = record['compared'] - record['moved']
                assert kept == (record['nodes'] or [[0, 0]])[0][1]
                for sample, _, _, target in record['shown']:
                    assert sample in members(own, level, number)
                    assert target == theirs[sample, level]
    images = data_of(tmp_path / 'tree', 'this/images/0')
    assert images['others'] == images['numbers']


def test_an_error_of_a_reader_ends_the_page(shown, tmp_path):
    """Not one of an image that cannot be read, but a mistake."""

    def broken(sample):
        if sample == 5:
            raise RuntimeError('mistake')
        return Image.new('L', (20, 20))

    page = TreePage(replace(shown, picture=broken), images_per_node=60)
    with pytest.raises(RuntimeError, match='mistake'):
        page.write_sheets(tmp_path, silent)


def test_labels_may_be_unknown_for_all(tmp_path):
    tree = tree_of([0, 0, 1])
    labels = torch.tensor([-1, -1, -1])
    shown = ShownTree(tree, list('abc'), labels=labels, class_names=['x'])
    write(shown, tmp_path / 'tree')
    facts = data_of(tmp_path / 'tree', 'page')['trees']['this']
    assert facts['labelled'] == 0
