from mmengine.runner import EpochBasedTrainLoop, Runner


def check_counts_epochs(runner: Runner, why: str) -> None:
    """Check that a training counts epochs, not only iterations.

    Args:
        runner: The Runner of the training.
        why: Reason for the check, the beginning of the error message.

    Raises:
        ValueError: If the training loop is not an EpochBasedTrainLoop.
    """
    if not isinstance(runner.train_loop, EpochBasedTrainLoop):
        raise ValueError(
            f'{why} and needs '
            "train_cfg = dict(type='EpochBasedTrainLoop', ...), got a "
            f'{type(runner.train_loop).__name__}'
        )
