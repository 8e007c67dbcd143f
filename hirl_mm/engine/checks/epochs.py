from mmengine.runner import EpochBasedTrainLoop, Runner


def check_counts_epochs(runner: Runner, why: str) -> None:
    """Refuse a training that counts iterations alone.

    Args:
        runner: Of the run.
        why: What counts epochs, the beginning of the message.

    Raises:
        ValueError: If the training loop is no EpochBasedTrainLoop.
    """
    if not isinstance(runner.train_loop, EpochBasedTrainLoop):
        raise ValueError(
            f'{why} and needs '
            "train_cfg = dict(type='EpochBasedTrainLoop', ...), got a "
            f'{type(runner.train_loop).__name__}'
        )
