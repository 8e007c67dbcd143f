"""Progress of the training, as MMEngine's RuntimeInfoHook records it."""

from mmengine.logging import MessageHub


def current_epoch() -> int:
    """Return the current epoch, counted from 0; 0 outside a Runner."""
    return MessageHub.get_current_instance().get_info('epoch', 0)


def done_share() -> float:
    """Return the completed share of all iterations; 0 outside a Runner."""
    hub = MessageHub.get_current_instance()
    return hub.get_info('iter', 0) / max(1, hub.get_info('max_iters', 1))
