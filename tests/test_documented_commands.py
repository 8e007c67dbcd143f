"""Every command of README and docs is one that its parser takes."""

import argparse
import re
import runpy
import shlex
import sys
from functools import cache

import pytest

from tests.runs import ROOT

PAGES = [
    ROOT / 'README.md',
    ROOT / 'CONTRIBUTING.md',
    ROOT / 'benchmarks/README.md',
    *sorted(ROOT.glob('docs/*.md')),
    *sorted(ROOT.glob('configs/**/README.md')),
]
# What a shell replaces, and where a command ends.
REPLACED = re.compile(r'\$\((?:[^()]|\([^()]*\))*\)')
END = re.compile(r'\s(?:\||>|2>|&&|;|#)|;|\)$')
# The launchers give all further words to tools/train.py.
LAUNCHERS = {'tools/dist_train.sh': (0, 2), 'tools/slurm_train.sh': (2, 3)}
# What `mim` runs; it keeps the options of `mim train` to itself.
MIM = re.compile(
    r'^mim (?:(train) hirl_mm|run hirl_mm (?:[\w:]+:)?([a-z]\w*))\s?(.*)$'
)
OF_MIM = re.compile(r'--(?:gpus|gpus-per-node|partition|port) \S+ ?')


def expanded(block):
    """The lines of a shell block, with the first values of variables."""
    block = REPLACED.sub('REPLACED', block.replace('\\\n', ' '))
    # Arguments of functions.
    block = re.sub(r'\$(?:\d|{@:\d})', '1', block)
    values = dict(re.findall(r'^ *(\w+)=(".*"|\'.*\'|\S*)', block, re.M))
    values |= re.findall(r'for (\w+) in (\S+)', block)
    for _ in values:  # Values may name others.
        for name, value in values.items():
            value = value.strip('"\'')
            block = re.sub(rf'\$(?:{name}\b|{{{name}}})', value, block)
    return block.splitlines()


def shell_lines(text):
    """The lines of shell blocks, and what stands in backticks."""
    for block in re.findall(r'```shell\n(.*?)```', text, re.DOTALL):
        yield from expanded(block)
    text = re.sub(r'```.*?```', '', text, flags=re.DOTALL)
    for code in re.findall(r'`([^`]+)`', text):
        yield ' '.join(code.split())


def as_mim_runs_it(match):
    """The command that `mim train` or `mim run` starts."""
    train, name, words = match.groups()
    (file,) = ROOT.glob(f'tools/**/{train or name}.py')
    file = file.relative_to(ROOT)
    return f'python {file} {OF_MIM.sub("", words).removeprefix("-- ")}'


def commands(text):
    """The files or modules that are run, with their arguments."""
    for line in shell_lines(text):
        line = re.sub(r"^sbatch .*--wrap '(.*)'$", r'\1', line)
        line = MIM.sub(as_mim_runs_it, line)
        found = re.search(
            r'(?:^|\s)(?:python|torchrun|bash)\s(?:-\S+\s(?:\d+\s)?)*?'
            r'(-m benchmarks\.\S+|'
            r'(?:tools|benchmarks|examples)/\S+\.(?:py|sh))'
            r'(.*)',
            line,
        )
        if found:
            name, rest = found.groups()
            words = shlex.split(END.split(rest + ' ')[0], comments=True)
            words = [word for word in words if word != '--requeue']
            if name in LAUNCHERS:
                start, end = LAUNCHERS[name]
                if len(words) < end:  # Only the script is named.
                    continue
                config = words[start]
                name, words = 'tools/train.py', [config, *words[end:]]
            if words and words != ['--help']:
                yield name, tuple(words)


ALL = sorted(
    {
        (name, words)
        for page in PAGES
        for name, words in commands(page.read_text())
    }
)


class Parsed(Exception):
    """The parser has taken the words."""


@cache
def entry(name):
    """What reads the command line of a file or module."""
    if name.startswith('-m '):
        name = name[3:].replace('.', '/')
        if not (ROOT / f'{name}.py').is_file():
            name = f'{name}/__main__'
        name += '.py'
    functions = runpy.run_path(str(ROOT / name), run_name='documented')
    return functions.get('parse_args') or functions['main']


def id_of(command):
    return f'{command[0].removeprefix("-m ")} {" ".join(command[1])}'[:90]


def test_commands_of_mim_are_found():
    text = (
        '`mim train hirl_mm c.py --gpus 8 --launcher pytorch --resume`, '
        '`mim run hirl_mm assign RUN a.png`, `mim run hirl_mm NAME`, '
        '`mim run hirl_mm assign -- --help`'
    )
    assert list(commands(text)) == [
        ('tools/train.py', ('c.py', '--launcher', 'pytorch', '--resume')),
        ('tools/assign.py', ('RUN', 'a.png')),
    ]


def test_commands_are_found():
    assert len(ALL) > 150
    named = {name for name, _ in ALL}
    tools = {
        path.relative_to(ROOT).as_posix() for path in ROOT.glob('tools/*.py')
    }
    # `make demo` runs it.
    assert tools - named == {'tools/demo.py'}


@pytest.mark.parametrize('command', ALL, ids=id_of)
def test_a_documented_command_is_taken(command, monkeypatch, capsys):
    name, words = command
    for method in 'parse_args', 'parse_intermixed_args':
        parse = getattr(argparse.ArgumentParser, method)

        def parse_and_stop(self, *args, parse=parse):
            parse(self, *args)
            raise Parsed

        monkeypatch.setattr(argparse.ArgumentParser, method, parse_and_stop)
    monkeypatch.setattr(sys, 'argv', [name, *words])
    try:
        with pytest.raises(Parsed):
            entry(name)()
    except SystemExit:
        pytest.fail(capsys.readouterr().err)
