"""Runs in a process that ends at a chosen point, as if it were killed."""

import multiprocessing
import os

import torch

import tests.processes  # noqa: F401 What the process has imported.
from hirl_mm.engine.checks.start import check_config
from tests.processes import HANGS_AFTER
from tests.tiny_runs import tiny_run

STATUS = 9


def killed(function, *args):
    """Call a function in a process, which must end by :func:`die`."""
    context = multiprocessing.get_context('forkserver')
    process = context.Process(target=_enter, args=(function, args))
    process.start()
    process.join(HANGS_AFTER)
    assert process.exitcode == STATUS


def resume(cfg, *hooks):
    """Go on as ``tools/train.py --resume``; return notes and the Runner."""
    cfg.resume, cfg.launcher = True, 'none'
    notes = check_config(cfg)
    return notes, tiny_run(cfg, *hooks)[0]


def die(*_, **__):
    """End this process at once: no ``finally``, and nothing is flushed."""
    os._exit(STATUS)


def _enter(function, args):
    torch.set_num_threads(1)
    function(*args)
