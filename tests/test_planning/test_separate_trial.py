"""Trials in a process of their own, which may be ended."""

import os
import signal
import tempfile
import threading
import time
from pathlib import Path

import pytest

from hirl_mm.planning.image_source import image_source
from hirl_mm.planning.plan import Wishes, plan_training
from hirl_mm.planning.recipes import recipes
from hirl_mm.planning.separate_trial import try_apart
from tests.planned import draw, situation

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp('images')
    for i in range(40):
        draw(folder / f'{i}.png', i)
    return plan_training(
        recipes()['hirl-simsiam'],
        image_source(folder),
        situation(num_images=40),
        Wishes(epochs=2, batch_size=4),
    )


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path))
    return tmp_path


def test_errors_arrive(plan):
    text = plan.text.replace("'hirl_mm.LoadImage'", "'hirl_mm.NoSuchStep'")
    assert text != plan.text
    with pytest.raises(KeyError, match='NoSuchStep'):
        try_apart(text, plan.images_per_step)


def child_in(folder):
    """The only process that this one has started, once it works there."""
    for _ in range(600):
        time.sleep(0.1)
        if any(folder.glob('*/*')):
            return int(
                Path(f'/proc/self/task/{os.getpid()}/children')
                .read_text()
                .split()[-1]
            )
    raise AssertionError('no trial began')


def test_a_trial_that_the_system_ends(plan, temporary):
    """It goes first, is a lack of memory, and leaves nothing."""
    scores = []

    def end():
        child = child_in(temporary)
        score = Path(f'/proc/{child}/oom_score_adj')
        scores.append(int(score.read_text()))
        os.kill(child, signal.SIGKILL)

    thread = threading.Thread(target=end)
    thread.start()
    with pytest.raises(MemoryError, match='ended the trial'):
        try_apart(plan.text, plan.images_per_step)
    thread.join()
    assert scores == [1000]
    assert not [*temporary.iterdir()]


def test_memory_that_cannot_be_had(plan):
    """As with ulimit -v: PyTorch raises an error of its own."""
    text = plan.text + (
        '\nimport resource, torch\n'
        'resource.setrlimit(resource.RLIMIT_AS, (2**31, -1))\n'
        'torch.zeros(2**31)\n'
    )
    with pytest.raises(MemoryError, match='allocate'):
        try_apart(text, plan.images_per_step)
