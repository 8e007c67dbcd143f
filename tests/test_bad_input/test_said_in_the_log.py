"""What is no error, but said: in a line of the log."""

import runpy
import sys

import pytest
import torch

from tests.runs import ROOT


@pytest.fixture
def log(sound, monkeypatch, tmp_path):
    """A function that trains with some options and returns the log."""

    def train(*options):
        path = str(ROOT / 'tools/train.py')
        words = '--work-dir', tmp_path / 'run', '--cfg-options', *options
        words = [path, sound.config, *words]
        monkeypatch.setattr(sys, 'argv', [str(word) for word in words])
        runpy.run_path(path, run_name='__main__')
        (file,) = (tmp_path / 'run').glob('*/*.log')
        return file.read_text()

    return train


@pytest.mark.slow
def test_checkpoint_of_another_method_and_precision(log, sound, tmp_path):
    checkpoint = torch.load(sound.checkpoint, weights_only=False)
    state = checkpoint['state_dict']
    state['predictor.fc.weight'] = torch.ones(2, 2)
    for key in [key for key in state if key.startswith('neck.')]:
        del state[key]
    torch.save(checkpoint, file := tmp_path / 'other.pth')
    precision = 'default_hooks.kmeans.precision=tf32'
    text = log(f'load_from={file}', precision)
    assert (
        f'WARNING - weights of {file}; not loaded, at initial weights: neck; '
        'in the file, not here: predictor'
    ) in text
    assert (
        "WARNING - HIRL: precision='tf32' has no effect on a CPU, which "
        'clusters in fp32'
    ) in text
