"""Checkpoints of narrow models whose branches all differ."""

import logging
import uuid
from contextlib import contextmanager

import torch
from mmengine.logging import MMLogger

from tests.algorithms import build


def trained(name):
    """A HIRL model as after some training, in evaluation mode.

    Every weight and running statistic has moved, and those of the average
    otherwise than those of the trained network.
    """
    torch.manual_seed(0)
    model = build(name, hirl=True).eval()
    with torch.no_grad():
        for key, value in model.state_dict().items():
            if value.is_floating_point() and not key.startswith('target'):
                value += 0.05 * torch.rand_like(value)
    return model


def save(state, folder, name='checkpoint.pth'):
    path = str(folder / name)
    torch.save(dict(state_dict=state, meta=dict(epoch=1)), path)
    return path


@contextmanager
def logged():
    """The (level, message) pairs that MMEngine's logger gets in the block."""
    records = []

    class Handler(logging.Handler):
        def emit(self, record):
            records.append((record.levelname, record.getMessage()))

    # One of its own, for that of an earlier run may write to its files.
    logger = MMLogger.get_instance(uuid.uuid4().hex, log_level='INFO')
    handler = Handler()
    logger.addHandler(handler)
    try:
        yield records
    finally:
        logger.removeHandler(handler)
