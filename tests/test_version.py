"""The commit of the source, of a package in repositories of several kinds."""

import importlib.util
import shutil
import subprocess

import pytest

import hirl_mm.version


def git(folder, *words):
    who = '-c', 'user.name=a', '-c', 'user.email=a@b.c'
    done = subprocess.run(
        ['git', *who, *words],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def copied(tmp_path):
    """The module, as if it were installed in a folder."""
    file = tmp_path / 'version.py'
    shutil.copy(hirl_mm.version.__file__, file)
    spec = importlib.util.spec_from_file_location('copied_version', file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_commit_of_a_checkout(copied, tmp_path):
    git(tmp_path, 'init', '-q')
    git(tmp_path, 'add', 'version.py')
    git(tmp_path, 'commit', '-q', '-m', 'first')
    git(tmp_path, 'tag', '-a', 'v1', '-m', 'a tag is no commit')
    commit = git(tmp_path, 'rev-parse', 'HEAD')
    assert copied.source_commit() == commit
    (tmp_path / 'version.py').write_text('')
    assert copied.source_commit() == f'{commit}-dirty'


def test_package_in_the_repository_of_another_project(copied, tmp_path):
    git(tmp_path, 'init', '-q')
    git(tmp_path, 'commit', '-q', '--allow-empty', '-m', 'first')
    assert copied.source_commit() is None


def test_package_without_a_repository(copied):
    assert copied.source_commit() is None


def test_machine_without_git(copied, monkeypatch):
    monkeypatch.setenv('PATH', '')
    assert copied.source_commit() is None
