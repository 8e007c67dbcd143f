"""Run a function on several ranks that are threads of this process.

What is sent is what processes would send, but nothing is started: a test can
try thousands of sizes and numbers of ranks. That processes do the same is
tested elsewhere, by :mod:`tests.processes`.
"""

import sys
import threading

import torch
import torch.distributed as dist
from torch.testing._internal.distributed import multi_threaded_pg as threaded

from tests.processes import HANGS_AFTER

# Of a shape that nothing else has: a rank that waits for another one while
# that one is done adds what does not fit, which fails.
LAST = 1, 2, 1, 3


def on_ranks(world_size, function):
    """Call ``function(rank)`` on every rank of one group.

    Returns what it returned, by rank. An error on any rank is raised, and so
    is that ranks do not make the same collective calls.
    """
    results, errors = [None] * world_size, []
    hook, store = sys.excepthook, dist.HashStore()

    def enter(rank):
        try:
            dist.init_process_group(
                'threaded', rank=rank, world_size=world_size, store=store
            )
            results[rank] = function(rank)
            dist.all_reduce(torch.zeros(LAST))
        except BaseException as error:
            errors.append(error)
            threaded.ProcessLocalGroup.exception_handle(error)

    torch._C._distributed_c10d._set_thread_isolation_mode(True)
    threaded._install_threaded_pg()
    try:
        ranks = [
            threading.Thread(target=enter, args=[rank], daemon=True)
            for rank in range(world_size)
        ]
        for rank in ranks:
            rank.start()
        for rank in ranks:
            rank.join(HANGS_AFTER)
        assert not any(rank.is_alive() for rank in ranks), 'a rank hangs'
    finally:
        threaded.ProcessLocalGroup.reset()
        threaded._uninstall_threaded_pg()
        torch._C._distributed_c10d._set_thread_isolation_mode(False)
        # Every new group wraps it.
        sys.excepthook = hook
    if errors:
        raise errors[0]
    return results
