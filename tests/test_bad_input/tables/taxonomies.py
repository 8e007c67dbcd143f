"""Taxonomies of the classes."""

import json

from tests.test_bad_input.case import cases
from tests.test_bad_input.tables.features import of_features


def taxonomy(content, suffix='.json'):
    """An evaluation with this taxonomy: bytes, text, or a value for JSON."""

    def make(sound, folder):
        file = folder / f'taxonomy{suffix}'
        text = content if isinstance(content, str) else json.dumps(content)
        file.write_bytes(text.encode('latin-1'))
        words = of_features(sound, sound.features)
        return 'evaluate', *words, '--hierarchy', file

    return make


def missing(sound, folder):
    words = of_features(sound, sound.features)
    return 'evaluate', *words, '--hierarchy', folder / 'gone.json'


def levels(*names, **classes):
    return dict(levels=names, classes=classes)


TABLE = {
    'broken JSON': (
        '{',
        (
            '~/taxonomy.json is not a class hierarchy: Expecting property '
            'name enclosed in double quotes: line 1 column 2 (char 1)'
        ),
    ),
    'list for a taxonomy': (
        [1],
        (
            '~/taxonomy.json is not a class hierarchy: expected the keys '
            "['classes', 'levels'], got [1]"
        ),
    ),
    'word for a taxonomy': (
        '"hello"',
        (
            '~/taxonomy.json is not a class hierarchy: expected the keys '
            "['classes', 'levels'], got 'hello'"
        ),
    ),
    'nothing for a taxonomy': (
        'null',
        (
            '~/taxonomy.json is not a class hierarchy: expected the keys '
            "['classes', 'levels'], got None"
        ),
    ),
    'empty taxonomy': (
        {},
        (
            '~/taxonomy.json is not a class hierarchy: expected the keys '
            "['classes', 'levels'], got []"
        ),
    ),
    'taxonomy that is no UTF-8': (
        '\xff',
        (
            "~/taxonomy.json is not a class hierarchy: 'utf-8' codec can't "
            'decode byte 0xff in position 0: invalid start byte'
        ),
    ),
    'other keys': (
        dict(a=['b']),
        (
            '~/taxonomy.json is not a class hierarchy: expected the keys '
            "['classes', 'levels'], got ['a']"
        ),
    ),
    'no level': (
        levels(a=[], b=[], c=[]),
        (
            '~/taxonomy.json is not a class hierarchy: levels must be '
            'different names from fine to coarse, got []'
        ),
    ),
    'class on too few levels': (
        levels('fine', 'coarse', a=['a', 'x'], b=['b'], c=['c', 'x']),
        (
            "~/taxonomy.json is not a class hierarchy: class 'b' needs one "
            "name for each of the levels ['fine', 'coarse'], got ['b']"
        ),
    ),
    'class that is not first': (
        levels('fine', 'coarse', a=['b', 'x'], b=['a', 'x'], c=['c', 'x']),
        (
            "~/taxonomy.json is not a class hierarchy: class 'a' must come "
            "first in its own list, got ['b', 'x']"
        ),
    ),
    'class of two parents': (
        levels('f', 'm', 'c', a=['a', 'x', 'u'], b=['b', 'x', 'v']),
        (
            "~/taxonomy.json is not a class hierarchy: m class 'x' has two "
            "parents, 'u' and 'v'"
        ),
    ),
    'class that is missing': (
        levels('fine', 'coarse', a=['a', 'x'], b=['b', 'x']),
        (
            '1 of 3 classes are missing in ~/taxonomy.json: c; add them, '
            'or give a taxonomy of this data set'
        ),
    ),
    'same key twice': (
        '{"levels": ["f"], "classes": {"a": ["a"], "a": ["b"]}}',
        (
            "~/taxonomy.json is not a class hierarchy: 'a' is given twice, "
            "as ['a'] and as ['b']"
        ),
    ),
    'levels that are a word': (
        dict(levels='fine', classes={}),
        (
            '~/taxonomy.json is not a class hierarchy: levels must be '
            "different names from fine to coarse, got 'fine'"
        ),
    ),
    'line of three words': (
        'a b c\n',
        '.txt',
        (
            '~/taxonomy.txt, line 1: expected the ids "parent child", got '
            "'a b c'"
        ),
    ),
    'list of ids that is no UTF-8': (
        'r a\nr men\xfa\n',
        '.txt',
        (
            '~/taxonomy.txt is not UTF-8: invalid start byte at byte '
            '9. Convert the file'
        ),
    ),
    'circle': (
        'a b\nb a\n',
        '.txt',
        (
            '1 of 3 classes are missing in ~/taxonomy.txt: c; add them, or '
            'give a taxonomy of this data set'
        ),
    ),
}
CASES = cases(taxonomy, TABLE)
