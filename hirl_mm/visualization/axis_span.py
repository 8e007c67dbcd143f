from matplotlib.axes import Axes

# In percent. With a smaller range, noise would look like a difference.
MIN_SPAN = 5.0


def widen(axes: Axes) -> None:
    """Widen a vertical axis in percent to :data:`MIN_SPAN` at least."""
    low, high = axes.get_ylim()
    missing = max(0.0, MIN_SPAN - (high - low)) / 2
    axes.set_ylim(low - missing, high + missing)
