from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """One line of a config that is written for a folder.

    Args:
        key: Key in the config, with dots.
        value: Value, of plain types.
        reason: Why it is so, a sentence without a period. Empty for a line
            that follows from another one.
        label: Name for people of a choice that is shown before a training;
            empty for the other lines.
        change: How a user chooses another value, such as an option of the
            tool; empty if the config has to be edited.
        whole: Whether a dictionary replaces that of the recipe instead of
            changing entries of it.
    """

    key: str
    value: object
    reason: str = ''
    label: str = ''
    change: str = ''
    whole: bool = False


class Name(str):
    """Name of a variable of a config, which is written without quotes."""
