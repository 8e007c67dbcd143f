"""Results of evaluations to compare, and study files."""

import json

from tests.test_bad_input.case import cases

SOUND = dict(
    name='a',
    recipe='config',
    figures=dict(kNN={'k=3': 50.0}),
    facts=dict(kNN={}),
    source=dict(checkpoint='abc'),
)


def results(content):
    """A comparison with results of this content, a text or a value."""

    def make(sound, folder):
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / 'results.json').write_bytes(text.encode('latin-1'))
        return 'compare', '--arm', 'a', folder, '--out', folder / 'out.md'

    return make


def study(text):
    def make(sound, folder):
        (folder / 'study.py').write_text(text)
        return 'study', folder / 'study.py', '--work-dir', folder / 'runs'

    return make


TABLE = {
    'empty results': (
        '',
        (
            '~/results.json holds no results of tools/evaluate.py: '
            'Expecting value: line 1 column 1 (char 0)'
        ),
    ),
    'results that are a list': (
        [1],
        (
            '~/results.json holds no results of tools/evaluate.py: '
            'expected an object, got a list'
        ),
    ),
    'results that are a word': (
        '"hello"',
        (
            '~/results.json holds no results of tools/evaluate.py: '
            'expected an object, got a str'
        ),
    ),
    'results that are no UTF-8': (
        '\xff',
        (
            "~/results.json holds no results of tools/evaluate.py: 'utf-8' "
            "codec can't decode byte 0xff in position 0: invalid start byte"
        ),
    ),
    'results of other keys': (
        dict(a='b'),
        (
            '~/results.json holds no results of tools/evaluate.py: '
            'expected name to be a str, got None'
        ),
    ),
    'more than results': (
        dict(SOUND, more=1),
        (
            '~/results.json holds no results of tools/evaluate.py: unknown '
            'entries more'
        ),
    ),
    'recipe that is a list': (
        dict(SOUND, recipe=[1, 2]),
        (
            '~/results.json holds no results of tools/evaluate.py: '
            'expected recipe to be a str, got [1, 2]'
        ),
    ),
    'figures that are a word': (
        dict(SOUND, figures='high'),
        (
            '~/results.json holds no results of tools/evaluate.py: '
            "expected figures to be a dict, got 'high'"
        ),
    ),
    'figures that are lists': (
        dict(SOUND, figures=dict(kNN=[1, 2])),
        (
            '~/results.json holds no results of tools/evaluate.py: figures '
            'of kNN must be numbers by name, got [1, 2]'
        ),
    ),
    'figure that is a word': (
        dict(SOUND, figures=dict(kNN={'k=3': 'high'})),
        (
            '~/results.json holds no results of tools/evaluate.py: figures '
            "of kNN must be numbers by name, got {'k=3': 'high'}"
        ),
    ),
    'facts that are a list': (
        dict(SOUND, facts=[1]),
        (
            '~/results.json holds no results of tools/evaluate.py: '
            'expected facts to be a dict, got [1]'
        ),
    ),
    'no facts of a protocol': (
        dict(SOUND, facts={}),
        (
            '~/results.json holds no results of tools/evaluate.py: there '
            'are no facts of kNN'
        ),
    ),
}
STUDIES = {
    'study without data': ('x = 3\n', '~/study.py: data is missing'),
    'study with a syntax error': (
        'data = [\n',
        ("~/study.py is no Python: '[' was never closed (<unknown>, line 1)"),
    ),
}
CASES = [*cases(results, TABLE), *cases(study, STUDIES)]
