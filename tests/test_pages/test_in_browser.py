"""Pages as a person sees them, opened from disk in every browser."""

import os
from dataclasses import replace

import pytest
import torch
from PIL import Image

from hirl_mm.pages import ShownTree, TreePage
from tests.browsers import BROWSERS, browser_or_skip
from tests.page_data import color_of, members, rows_of
from tests.trees import random_tree

pytestmark = pytest.mark.slow

HOSTILE = [
    b'"><img src=x onerror=window.hacked=1>.png',
    b"'<b>bold</b>' & MORE.png",
    b'two\nlines.png',
    'émoji 😀 \u202e עברית.png'.encode(),
    b'undecodable \xff.png',
    b'100% #1?a=b.png',
]
CLASSES = ['<script>window.hacked=1</script>', 'cat & "dog"', 'עברית']


@pytest.fixture(scope='module')
def shown(tmp_path_factory):
    """150 images in 3 levels; one cannot be read, two nodes are empty."""
    tree = random_tree((20, 8, 3), 6, 150)
    tree.leaf[tree.leaf == 4] = 5
    tree.leaf[7] = -1
    folder = tmp_path_factory.mktemp('images')
    paths = []
    for i in range(150):
        name = (
            HOSTILE[i]
            if i < len(HOSTILE)
            else b'%d/image %d.png'
            % (
                i % 3,
                i,
            )
        )
        path = os.path.join(os.fsencode(folder), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            if i != 7:
                Image.new('RGB', (60, 50), color_of(i)).save(file, 'PNG')
        paths.append(os.fsdecode(path))
    labels = torch.arange(150) % 4 - 1
    return ShownTree(
        tree,
        paths,
        rows=rows_of(tree),
        labels=labels,
        class_names=CLASSES,
        name='epoch 1',
    )


@pytest.fixture(scope='module')
def page(shown, tmp_path_factory):
    out = tmp_path_factory.mktemp('out') / 'with space' / 'tree'
    TreePage(shown, title='Photos & <others>').write(out, print)
    return out


@pytest.fixture(scope='module')
def pair(shown):
    tree = random_tree((20, 8, 3), 6, 150, seed=3)
    return replace(shown, tree=tree, leaf=tree.leaf, rows=None, name='epoch 2')


@pytest.fixture(scope='module')
def compared(shown, pair, tmp_path_factory):
    out = tmp_path_factory.mktemp('out') / 'compared'
    TreePage(shown, pair, title='Two epochs').write(out, print)
    return out


@pytest.fixture(scope='module', params=BROWSERS)
def started(request):
    browser = browser_or_skip(request.param)
    yield browser
    browser.close()


@pytest.fixture
def browser(started):
    """A browser; afterwards nothing was run or complained of."""
    started.messages()
    yield started
    assert not started.run('return window.hacked')
    assert started.messages() == []


def follow(browser, element, address):
    element.click()
    browser.until_shown(address)


def sheets_loaded(browser):
    """Whether the sheets of all pictures in the window are pictures."""
    return browser.await_("""
        const shown = [...document.querySelectorAll('.picture')]
          .filter((one) => one.style.backgroundImage);
        const sheets = new Set(shown.map((one) => one.dataset.sheet));
        await Promise.all([...sheets].map((address) => {
          const image = new Image();
          image.src = address;
          return image.decode();
        }));
        return shown.length;
    """)


def test_opens_from_disk_with_the_coarsest_groups(browser, page, shown):
    browser.open(page)
    assert browser.driver.title == 'Photos & <others>'
    assert browser.one('h1').text == 'Photos & <others>'
    cards = browser.texts('.card .name')
    sizes = sorted((-len(members(shown, 2, n)), n) for n in range(3))
    assert [card.split()[1] for card in cards] == [str(n) for _, n in sizes]
    assert '1 image could not be read' in browser.one('.notice').text
    assert sheets_loaded(browser) > 6
    rows = browser.texts('tbody tr')
    assert rows[0].startswith('level 2, the coarsest 3 50')
    assert '(1 empty)' in rows[2]


def test_groups_open_down_to_an_image_and_back(browser, page, shown):
    browser.open(page)
    addresses = ['#/']
    for level in (2, 1, 0):
        card = browser.all('.card:not(.empty) a')[0]
        address = card.get_attribute('href').partition('index.html')[2]
        assert address.startswith(f'#/{level}/')
        follow(browser, card, address)
        number = int(address.split('/')[2])
        assert browser.one('h1').text.startswith(f'Group {number}')
        images = len(members(shown, level, number))
        assert browser.texts('.facts dd')[0] == str(images)
        assert len(browser.all('.thumbnails li')) == min(images, 12)
        addresses.append(address)
    assert len(browser.all('.trail a')) == 3
    thumbnail = browser.all('.thumbnails a')[0]
    sample = int(thumbnail.get_attribute('href').rpartition('/')[2])
    follow(browser, thumbnail, f'#/image/{sample}')
    assert sample in members(shown, 0, number)
    for address in addresses[::-1]:
        browser.driver.back()
        browser.until_shown(address)
    browser.driver.forward()
    browser.until_shown(addresses[1])


@pytest.mark.parametrize('sample', [*range(len(HOSTILE)), 50])
def test_the_path_and_the_file_of_an_image(browser, page, shown, sample):
    browser.open(page, f'#/image/{sample}')
    path = shown.tree.paths(shown.leaf[sample]).tolist()[::-1]
    cards = browser.texts('.card .name')
    assert [int(card.split()[1]) for card in cards] == path
    notes = browser.texts('.card .note:last-child')
    for level, note in zip((2, 1, 0), notes, strict=True):
        assert f'similarity {shown.similarity[sample, level]:.3f}' in note
    width = browser.await_("""
        const image = document.querySelector('.large img');
        await image.decode();
        return image.naturalWidth;
    """)
    assert width == 60
    name = browser.one('h1').text
    raw = os.fsencode(os.path.basename(shown.paths[sample]))
    assert name.split('/')[-1] == raw.decode(errors='replace').replace(
        '\n', '␊'
    )


@pytest.mark.parametrize('place', [1, 8, 18])
def test_the_first_image_of_a_leaf_is_in_that_leaf(
    browser, page, shown, place
):
    """Also after leaves without images, which are the last of a group."""
    order = shown.order
    sample = int(order.images[order.first_image[0][place]])
    assert len(members(shown, 0, order.numbers[0][place]))
    browser.open(page, f'#/image/{sample}')
    leaf = browser.texts('.card .name')[-1]
    assert leaf.split()[1] == str(order.numbers[0][place])


def test_an_image_that_cannot_be_read(started, page):
    """It is said to be in no group; its file is an empty picture."""
    started.open(page, '#/image/7')
    assert 'in no group' in started.one('.notice').text
    started.until(lambda: not started.all('.large img'), 'the broken file')
    assert 'not where it was' in started.one('.large').text
    started.messages()


@pytest.mark.parametrize('level', [0, 1, 2])
def test_every_node_has_an_address(browser, page, shown, level):
    for number in (0, shown.tree.num_prototypes[level] - 1):
        browser.open(page, f'#/{level}/{number}')
        images = len(members(shown, level, number))
        assert browser.texts('.facts dd')[0] == str(images)
        assert len(browser.all('.notice')) == (images == 0)
        chosen = browser.one('#outline [aria-selected="true"]')
        assert chosen.get_attribute('aria-level') == str(3 - level)
        assert f'Group {number}' in chosen.get_attribute('aria-label')


def test_an_empty_node_says_so(browser, page):
    browser.open(page, '#/0/4')
    assert browser.one('.notice').text == 'No image is in this group.'
    assert not browser.all('.thumbnails')


@pytest.mark.parametrize(
    'address', ['#/0/99', '#/9/0', '#/image/150', '#/label/3', '#/x', '#/1']
)
def test_addresses_of_nothing(browser, page, address):
    browser.open(page, address)
    assert browser.one('h1').text == 'Nothing here'


def search(browser, words):
    box = browser.one('#query')
    box.clear()
    box.send_keys(words)
    browser.until(
        lambda: browser.run('return hirl.route(location.hash).words') == words,
        words,
    )
    browser.until_shown(browser.run('return location.hash'))
    browser.await_('await hirl.searching;')


def test_search_for_files(browser, page):
    browser.open(page)
    search(browser, 'IMAGE 14')
    names = browser.texts('.files a')
    assert names == ['2/image 14.png'] + [
        f'{i % 3}/image {i}.png' for i in range(140, 150)
    ]
    assert '11 files' in browser.texts('section p')[-1]
    search(browser, '& more')
    assert len(browser.all('.files a')) == 1
    search(browser, 'onerror')
    link = browser.one('.files a')
    assert link.text == HOSTILE[0].decode()
    follow(browser, link, '#/image/0')
    # One step back is the search, another one what was before it.
    browser.driver.back()
    browser.until_shown('#/search/onerror')
    assert browser.one('#query').get_attribute('value') == 'onerror'
    browser.driver.back()
    browser.until_shown('#/')


def test_search_for_labels_and_groups(browser, page, shown):
    browser.open(page)
    search(browser, 'dog')
    follow(browser, browser.one('.chips a'), '#/label/1')
    assert browser.one('h1').text.startswith(CLASSES[1])
    total = int((shown.labels == 1).sum())
    assert f'{total} images with this label' in browser.one('.lead').text
    search(browser, 'group 6')
    links = [e.get_attribute('href') for e in browser.all('.card a')]
    assert [link.partition('#')[2] for link in links] == ['/1/6', '/0/6']
    search(browser, 'no such thing %')
    assert '0 files' in browser.texts('section p')[-1]


def test_the_keys_of_a_tree(browser, page, shown):
    from selenium.webdriver.common.keys import Keys

    browser.open(page)
    focused = 'return document.activeElement.getAttribute("aria-label")'
    first = browser.all('#outline li')[0]
    browser.run('arguments[0].focus()', first)
    top = browser.run(focused)
    browser.press(Keys.ARROW_DOWN)
    second = browser.run(focused)
    assert second != top
    browser.press(Keys.END)
    browser.press(Keys.HOME)
    assert browser.run(focused) == top
    browser.press(Keys.ARROW_RIGHT)
    browser.until(
        lambda: first.get_attribute('aria-expanded') == 'true', 'opening'
    )
    browser.press(Keys.ARROW_RIGHT)
    inside = browser.run(focused)
    assert browser.run('return document.activeElement.ariaLevel') == '2'
    browser.press(Keys.ENTER)
    number = inside.split(',')[0].split()[1]
    browser.until_shown(f'#/1/{number}')
    # Who walks through the tree with keys stays in it.
    assert browser.run(focused) == inside
    browser.press(Keys.ARROW_LEFT)
    assert browser.run(focused) == top
    browser.press(Keys.ARROW_LEFT)
    assert first.get_attribute('aria-expanded') == 'false'
    browser.press(Keys.ARROW_DOWN)
    assert browser.run(focused) == second
    assert len(browser.all('#outline li[tabindex="0"]')) == 1
    # Nor does it lose who goes elsewhere from there, as by an address.
    above = top.split(',')[0].split()[1]
    browser.run('location.hash = arguments[0]', f'/2/{above}')
    browser.until_shown(f'#/2/{above}')
    assert browser.run(focused) == top


def test_a_new_view_gets_the_focus(browser, page):
    browser.open(page)
    card = browser.all('.card a')[0]
    address = card.get_attribute('href').partition('index.html')[2]
    follow(browser, card, address)
    assert browser.run('return document.activeElement.tagName') == 'H1'
    assert browser.driver.title.endswith('· Photos & <others>')
    assert browser.driver.title.startswith('Group ')


# Landmarks and what one can go to or act on.
NAMED = {
    *('tree', 'treeitem', 'link', 'button', 'heading', 'region'),
    *('navigation', 'searchbox', 'combobox', 'DisclosureTriangle'),
}


@pytest.mark.parametrize('started', ['chromium'], indirect=True)
def test_what_a_screen_reader_is_told(browser, page, compared):
    for folder, view in views_of(page, compared):
        browser.open(folder, view)
        nodes = browser.spoken()
        assert {'tree', 'navigation', 'main', 'heading'} <= {
            role for role, *_ in nodes
        }
        assert not [node for node in nodes if node[0] in NAMED and not node[1]]
        (top,) = [
            name
            for role, name, more in nodes
            if role == 'heading' and more['level'] == 1
        ]
        title = browser.driver.title
        assert view == '#/' or title.startswith(f'{top} · ')
    browser.open(page, '#/1/3')
    names = [name for role, name, _ in browser.spoken() if role == 'heading']
    assert names[0] == 'Group 3, level 1'
    assert ('navigation', 'Views') not in [one[:2] for one in browser.spoken()]


@pytest.mark.parametrize('started', ['chromium'], indirect=True)
def test_the_tree_is_told_with_levels_and_places(browser, page, shown):
    from selenium.webdriver.common.keys import Keys

    def items():
        return [
            (name.split(',')[0], more)
            for role, name, more in browser.spoken()
            if role == 'treeitem'
        ]

    path = shown.tree.paths(shown.leaf[[20]])[0].tolist()
    browser.open(page, f'#/0/{path[0]}')
    chosen = [
        (name, more['level']) for name, more in items() if more['selected']
    ]
    assert chosen == [(f'Group {path[0]}', 3)]
    parents = shown.tree.parents
    for name, more in items():
        number, level = int(name.split()[1]), 3 - more['level']
        opens = level > 0 and number in parents[level - 1]
        assert ('expanded' in more) == opens
        on_path = level > 0 and number == path[level]
        assert more.get('expanded', False) == on_path
    first = browser.all('#outline li')[0]
    browser.run('arguments[0].focus()', first)
    browser.press(Keys.END)
    (focused,) = [name for name, more in items() if more.get('focused')]
    active = browser.run('return document.activeElement.ariaLabel')
    assert focused == active.split(',')[0] != items()[0][0]
    places = browser.run("""
        return [...document.querySelectorAll('#outline-items > li')].map(
          (one) => `${one.ariaPosInSet} of ${one.ariaSetSize}`);
    """)
    assert places == ['1 of 3', '2 of 3', '3 of 3']


def test_a_slow_view_does_not_replace_a_later_one(browser, page):
    browser.open(page)
    browser.await_("""
        const label = hirl.views.label;
        let done = null;
        const shown = new Promise((resolve) => { done = resolve; });
        hirl.views.label = async (route) => {
          await new Promise((resolve) => setTimeout(resolve, 300));
          setTimeout(done, 300);
          return label(route);
        };
        location.hash = '/label/0';
        await new Promise((resolve) => setTimeout(resolve, 50));
        location.hash = '/1/0';
        await shown;
    """)
    assert browser.one('h1').text.startswith('Group 0')


def test_the_order_of_groups(browser, page, shown):
    from selenium.webdriver.support.select import Select

    browser.open(page)
    choice = Select(browser.one('main select'))
    choice.select_by_value('number')
    browser.until(
        lambda: (
            [card.split()[1] for card in browser.texts('.card .name')]
            == ['0', '1', '2']
        ),
        'the order',
    )
    choice.select_by_value('pure')
    browser.until(
        lambda: browser.texts('.purity') and sorted_shares(browser), 'purity'
    )


def sorted_shares(browser):
    shares = [float(t.split('%')[0]) for t in browser.texts('.purity')]
    return shares == sorted(shares, reverse=True)


def test_all_images_of_a_group(browser, page, shown):
    (number,) = shown.order.numbers[2][:1].tolist()
    browser.open(page, f'#/2/{number}')
    browser.one('summary').click()
    total = len(members(shown, 2, number))
    browser.until(lambda: len(browser.all('.files li')) == min(total, 60), '')
    more = 'details button.more'
    browser.until(lambda: browser.one(more).is_enabled(), 'more')
    if total > 60:
        browser.one(more).click()
        browser.until(
            lambda: len(browser.all('.files li')) == min(total, 120), ''
        )


def place_of_match(address, shown, pair):
    level, number = map(int, address.split('/')[2:])
    own = members(shown, level, number)
    theirs = pair.tree.paths(pair.leaf[own])[:, level]
    return pair.order.places[level][int(theirs.bincount().argmax())]


def test_two_trees_side_by_side(browser, compared, shown, pair):
    browser.open(compared)
    follow(browser, browser.one('#views a'), '#/changes')
    assert 'moved' in browser.texts('h2')[0]
    links = {
        link.get_attribute('href').partition('index.html')[2]: link
        for link in browser.all('.card a')
    }
    # One whose match is not the largest group of the other tree.
    address = next(one for one in links if place_of_match(one, shown, pair))
    follow(browser, links[address], address)
    level, number = map(int, address.split('/')[2:])
    own = members(shown, level, number)
    theirs = pair.tree.paths(pair.leaf[own])[:, level]
    counts = theirs.bincount()
    best = int(counts.max())
    assert browser.texts('.bars li')[0].split('\n')[-1].split()[0] == str(best)
    headings = browser.texts('.sides h2')
    assert headings[0] == f'Group {number}'
    assert counts[int(headings[1].split()[1])] == best
    assert headings[2] == f'Moved away: {len(own) - best}'
    assert sheets_loaded(browser)
    for target in browser.all('.target')[:1]:
        address = target.get_attribute('href').partition('index.html')[2]
        assert address.startswith(f'#/other/{level}/')
        follow(browser, target, address)
        number = address.rpartition('/')[2]
        assert browser.one('h1').text.startswith(f'Group {number}')
        assert browser.one('#outline-trees [aria-current]').text == 'epoch 2'


def test_the_path_of_an_image_in_two_trees(browser, compared, shown, pair):
    browser.open(compared, '#/image/30')
    path = shown.tree.paths(shown.leaf[30]).tolist()[::-1]
    there = pair.tree.paths(pair.leaf[30]).tolist()[::-1]
    found = [int(card.split()[1]) for card in browser.texts('.card .name')]
    assert found == path + there


VIEWS = ['#/', '#/2/0', '#/0/4', '#/image/12', '#/label/0', '#/search/image']
CHANGES = ['#/changes', '#/changes/1/3', '#/other/1/3']


def views_of(page, compared):
    return [
        *((page, view) for view in VIEWS),
        *((compared, view) for view in CHANGES),
    ]


@pytest.fixture
def phone(browser):
    browser.narrow(390)
    yield browser
    browser.narrow(None)


@pytest.mark.parametrize('started', ['chromium'], indirect=True)
def test_no_serious_finding_of_axe_in_the_dark(browser, page, compared):
    browser.colors('dark')
    for folder, view in views_of(page, compared):
        browser.open(folder, view)
        assert browser.findings() == [], view
    browser.colors('light')


def test_no_serious_finding_of_axe_on_a_phone(phone, page, compared):
    """Nor is anything wider than its window."""
    for folder, view in views_of(page, compared):
        phone.open(folder, view)
        width = phone.run('return document.documentElement.scrollWidth')
        assert width <= 390, view
        assert phone.findings() == [], view


def test_the_outline_opens_on_a_phone(phone, page):
    phone.open(page)
    assert phone.one('main').size['width'] == 390
    outline = phone.one('#outline')
    assert not outline.is_displayed()
    phone.one('#menu').click()
    assert outline.is_displayed()
    assert phone.one('#menu').get_attribute('aria-expanded') == 'true'
    assert phone.findings() == []


def test_a_folder_that_was_copied_in_part(started, page, tmp_path):
    """Says which file is missing; other views still open."""
    import shutil

    shutil.copytree(page, tmp_path / 'tree')
    shutil.rmtree(tmp_path / 'tree/data/this/images')
    started.open(tmp_path / 'tree', '#/image/3')
    assert 'data/this/images/0.js is missing' in started.one('.notice').text
    started.open(tmp_path / 'tree', '#/1/0')
    assert started.one('h1').text.startswith('Group 0')
    (tmp_path / 'tree/data/page.js').unlink()
    started.driver.get((tmp_path / 'tree/index.html').as_uri())
    started.until(lambda: started.all('.notice'), 'the message')
    assert 'copy the whole folder' in started.one('.notice').text
    started.messages()


def test_nothing_is_asked_of_a_network(browser, page):
    """The page cannot even if it wanted to."""
    browser.open(page)
    reason = browser.await_(
        'try { await fetch("https://example.org"); return "loaded"; } '
        'catch (error) { return error.name; }'
    )
    assert reason == 'TypeError'
    messages = ' '.join(browser.messages()).replace('-', ' ')
    assert 'Content Security Policy' in messages


def test_a_tree_without_labels_and_embeddings(browser, shown, tmp_path):
    plain = replace(shown, rows=None, labels=None, class_names=())
    TreePage(plain).write(tmp_path / 'tree', print)
    for view in ('#/', '#/1/0', '#/image/9'):
        browser.open(tmp_path / 'tree', view)
        assert browser.findings() == []
    assert 'Purity' not in browser.one('body').text
    assert sheets_loaded(browser)
