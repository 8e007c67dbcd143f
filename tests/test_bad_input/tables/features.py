"""Stored features, and options of the evaluation of features."""

import os
import shutil

from tests.test_bad_input.case import cases


def evaluation(*words):
    def make(sound, folder):
        return 'evaluate', *of_features(sound, sound.features), *words

    return make


def of_features(sound, out):
    """Words of an evaluation of features that are stored already."""
    reading = '--num-workers', 0, '--batch-size', 8, '--ks', 3, '--out', out
    return sound.config, sound.checkpoint, *reading


def stored(name, content):
    """An evaluation of stored features, of which a file is replaced."""

    def make(sound, folder):
        out = folder / 'out'
        shutil.copytree(sound.features, out, copy_function=os.link)
        file = out / f'features/knn_gallery/{name}'
        old = file.read_bytes()
        file.unlink()
        file.write_bytes(content(old) if callable(content) else content)
        return 'evaluate', *of_features(sound, out)

    return make


def half(content):
    return content[: len(content) // 2]


OPTIONS = {
    'no neighbour': (
        '--ks',
        '0',
        (
            'k must be at least 1, got 0: give other numbers of neighbours '
            'with --ks'
        ),
    ),
    'share that is a word': (
        '--shares',
        'few',
        "a share is written as '1%' or '1%=FILE', got 'few'",
    ),
    'share of nothing': (
        '--shares',
        '0%',
        'fraction must lie in (0, 1], got 0.0; 1 % is 0.01',
    ),
    'missing list of a share': (
        '--shares',
        '1%=gone.txt',
        (
            'no list of samples at gone.txt; give a text file with one '
            'image name per line'
        ),
    ),
    'prototypes that do not decrease': (
        '--num-prototypes',
        '5',
        '5',
        (
            'num_prototypes must strictly decrease from fine to coarse and '
            'be positive, such as (30000, 10000, 1000), got (5, 5)'
        ),
    ),
    'stage that does not exist': (
        '--stages',
        '9',
        (
            'the backbone has no stage 9: a ResNet has the stages 1 to 4. '
            'Evaluate stages that it has, or leave out --stages to '
            'evaluate the output of the backbone'
        ),
    ),
}
FILES = {
    'empty features': (
        'features.npy',
        b'',
        (
            '~/out/features/knn_gallery/features.npy is missing or damaged: '
            'it has another checksum than when it was written. Extract the '
            'features again with --refresh'
        ),
    ),
    'features of text': (
        'features.npy',
        b'hello',
        (
            '~/out/features/knn_gallery/features.npy is missing or damaged: '
            'it has another checksum than when it was written. Extract the '
            'features again with --refresh'
        ),
    ),
    'truncated features': (
        'features.npy',
        half,
        (
            '~/out/features/knn_gallery/features.npy is missing or damaged: '
            'it has another checksum than when it was written. Extract the '
            'features again with --refresh'
        ),
    ),
    'empty manifest': (
        'manifest.json',
        b'',
        (
            '~/out/features/knn_gallery/manifest.json is not the manifest '
            'of a feature store (Expecting value: line 1 column 1 (char '
            '0)); delete ~/out/features/knn_gallery and extract the '
            'features again'
        ),
    ),
    'manifest of text': (
        'manifest.json',
        b'hello',
        (
            '~/out/features/knn_gallery/manifest.json is not the manifest '
            'of a feature store (Expecting value: line 1 column 1 (char '
            '0)); delete ~/out/features/knn_gallery and extract the '
            'features again'
        ),
    ),
    'truncated manifest': (
        'manifest.json',
        half,
        (
            '~/out/features/knn_gallery/manifest.json is not the manifest '
            'of a feature store (Unterminated string starting at: line 5 '
            'column 3 (char 187)); delete ~/out/features/knn_gallery and '
            'extract the features again'
        ),
    ),
}
CASES = [*cases(evaluation, OPTIONS), *cases(stored, FILES)]
