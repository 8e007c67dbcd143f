"""What the thread that trains is doing, for a thread that watches it."""

# Position before the first stage.
START = 0, 0


class SignsOfLife:
    """The last thing that a training has begun, and a count of its signs.

    Only the thread that trains calls methods; others read attributes. A sign
    costs a few writes of attributes.

    Attributes:
        stage: Name of what the training does.
        position: Number of stages that were reached, and number of parts of
            the last one that were begun. Ranks that have done the same are
            at the same position.
        count: Number of signs. It stands still while nothing is done.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget everything, before another training."""
        self.stage = 'the start of the training'
        self.position = START
        self.count = 0
        self._reached = self.stage

    def reach(self, stage: str) -> None:
        """Begin a stage that every rank comes to.

        Args:
            stage: Its name.
        """
        self.stage = self._reached = stage
        self.position = self.position[0] + 1, 0
        self.count += 1

    def begin(self, part: str) -> None:
        """Begin a part of the stage, maybe on this rank alone.

        Args:
            part: Its name.
        """
        self.stage = f'{self._reached}: {part}'
        self.position = self.position[0], self.position[1] + 1
        self.count += 1

    def tick(self) -> None:
        """Go on."""
        self.count += 1


# Those of this process.
SIGNS = SignsOfLife()
