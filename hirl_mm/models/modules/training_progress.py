"""Where the training stands, as MMEngine's RuntimeInfoHook tells."""

from mmengine.logging import MessageHub


def current_epoch() -> int:
    """The epoch, from 0; 0 outside a Runner."""
    return MessageHub.get_current_instance().get_info('epoch', 0)


def done_share() -> float:
    """Iterations done by those of the whole training; 0 outside a Runner."""
    hub = MessageHub.get_current_instance()
    return hub.get_info('iter', 0) / max(1, hub.get_info('max_iters', 1))
