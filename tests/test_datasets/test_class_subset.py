"""Some classes of an image folder as a folder of their own."""

import pytest

from hirl_mm.datasets.converters.class_subset import write_class_subset
from hirl_mm.datasets.taxonomy.hierarchy import ClassHierarchy, load_hierarchy
from tests.colour_folders import hide, write_colours
from tests.image_folders import contents, never
from tests.tool_process import run_tool


@pytest.fixture
def source(tmp_path):
    root = tmp_path / 'imagenet'
    for split, num in ('train', 3), ('val', 1):
        write_colours(root / split, num=num, suffix='.JPEG')
    hide(root / 'train/a')
    (root / 'train/a/notes.txt').write_text('?')
    return root


@pytest.fixture
def names(tmp_path):
    path = tmp_path / 'classes.txt'
    path.write_text('c green\r\n\r\na\n')
    return path


def test_all_images_of_the_classes(source, names, tmp_path):
    root = write_class_subset(tmp_path / 'out', source, names)
    wanted = {
        name: content
        for name, content in contents(source).items()
        if name.endswith('.JPEG')
        and name.split('/')[1] in 'ac'
        and '.ipynb' not in name
    }
    assert len(wanted) == 8
    found = contents(root)
    assert found.pop('dataset.json') and found == wanted
    assert (root / 'val/c/0.JPEG').samefile(source / 'val/c/0.JPEG')

    # The order of the list does not count, its classes do.
    names.write_text('a\nc\n')
    assert write_class_subset(root, 'gone', names, progress=never) == root
    names.write_text('a\nb\n')
    with pytest.raises(FileExistsError, match=r'num_classes=2, classes=\d+'):
        write_class_subset(root, source, names)


def test_classes_make_a_tree(source, names, tmp_path):
    tree = ClassHierarchy(
        ('class', 'kind'), {name: (name, 'colour') for name in 'abc'}
    )
    tree.save(tmp_path / 'all.json')
    root = write_class_subset(
        tmp_path / 'out', source, names, taxonomy=tmp_path / 'all.json'
    )
    hierarchy = load_hierarchy(root / 'hierarchy.json')
    assert list(hierarchy.classes) == ['a', 'c']


@pytest.mark.parametrize(
    ('text', 'error', 'match'),
    [
        (None, FileNotFoundError, 'no list .*: give a file with the names'),
        ('', ValueError, 'is empty: it must have the name of a class'),
        ('a\na\n', ValueError, 'names a twice'),
        (
            'a\nd\n',
            FileNotFoundError,
            'train has no folder of 1 of the 2 classes of the list, such as d',
        ),
        ('b\n', FileNotFoundError, 'val/b has no images: unpack the whole'),
    ],
)
def test_errors_leave_nothing(source, names, tmp_path, text, error, match):
    (source / 'val/b/0.JPEG').unlink()
    names.unlink()
    if text is not None:
        names.write_text(text)
    with pytest.raises(error, match=match):
        write_class_subset(tmp_path / 'out', source, names)
    assert not (tmp_path / 'out').exists()


def test_tool(source, names, tmp_path):
    tool = 'dataset_converters/class_subset'
    root = tmp_path / 'out'
    words = names, '--out', root, '--source'
    result = run_tool(tool, *words, source)
    line = f'{root}: 6 train and 2 val images of 2 classes'
    assert result.stdout.splitlines()[-1] == line
    names.write_text('b\n')
    failed = run_tool(tool, *words, source)
    assert failed.returncode == 1
    assert f'error: {root} is in use' in failed.stdout
    failed = run_tool(tool, names, '--out', tmp_path / 'new', '--source', root)
    assert failed.returncode == 1 and 'has no folder of 1' in failed.stdout
