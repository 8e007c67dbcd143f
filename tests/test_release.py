"""The steps of RELEASING.md that need no person."""

import re
import tarfile
from zipfile import ZipFile

import pytest
import yaml
from packaging.metadata import Metadata

import hirl_mm
from tests.built_wheels import built_wheel, copied_tree
from tests.runs import ROOT

PAGE = (ROOT / 'RELEASING.md').read_text()


@pytest.fixture(scope='module')
def released(tmp_path_factory):
    """The wheel of this tree, and the source that a release publishes."""
    tree = copied_tree(tmp_path_factory.mktemp('release') / 'tree')
    return built_wheel(tree), built_wheel(tree, 'build_sdist')


def test_the_number_is_the_same_in_all_files():
    citation = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    changelog = (ROOT / 'CHANGELOG.md').read_text()
    first = re.search(r'^## (\S+), (.+)$', changelog, re.MULTILINE)
    assert citation['version'] == hirl_mm.__version__ == first[1]
    assert re.fullmatch(r'not yet released|\d{4}-\d\d-\d\d', first[2])
    for name in re.findall(r'v(\d\S*) -m|hirl_mm-(\d.*?)(?:-py3|\.tar)', PAGE):
        assert hirl_mm.__version__ in name


@pytest.mark.slow
def test_metadata_are_valid(released):
    wheel, _ = released
    with ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith('/METADATA')]
        text = archive.read(name).decode()
    if re.search(r'^Metadata-Version: 2\.1$', text, re.MULTILINE):
        # Older setuptools add a field of version 2.4, which indexes ignore.
        text = re.sub(r'^License-File: .*\n', '', text, flags=re.MULTILINE)
    metadata = Metadata.from_email(text, validate=True)
    assert str(metadata.version) == hirl_mm.__version__
    assert metadata.description_content_type == 'text/markdown'
    assert (
        metadata.description.strip()
        == (ROOT / 'README.md').read_text().strip()
    )
    assert metadata.summary and metadata.keywords
    pythons = [
        kind.rpartition(' ')[2]
        for kind in metadata.classifiers
        if kind.startswith('Programming Language :: Python :: 3.')
    ]
    install = (ROOT / 'docs/install.md').read_text()
    assert set(pythons) <= set(re.findall(r'\b3\.1\d\b', install))


@pytest.mark.slow
def test_the_source_gives_the_same_wheel(released, tmp_path):
    wheel, source = released
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter='data')
    (tree,) = tmp_path.iterdir()
    assert (tree / 'CHANGELOG.md').is_file()
    with ZipFile(wheel) as one, ZipFile(built_wheel(tree)) as other:
        contents = [
            {name: archive.read(name) for name in archive.namelist()}
            for archive in (one, other)
        ]
    for content in contents:
        (record,) = [n for n in content if n.endswith('/RECORD')]
        content.pop(record)
    assert set(contents[0]) == set(contents[1])
    assert contents[0] == contents[1]


def test_what_the_page_names_is_there():
    for target in re.findall(r'`make ([\w-]+)`', PAGE):
        assert f'\n{target}:' in (ROOT / 'Makefile').read_text()
    files = re.findall(r'(tests/\w+\.py)', PAGE)
    files += re.findall(r'`([\w/]+\.(?:py|cff|md))`', PAGE)
    assert len(files) > 5
    assert not [name for name in files if not (ROOT / name).exists()]
