"""Outlines of the shapes: polygons (P, 2) in the unit circle."""

import numpy as np


def _normalise(points: np.ndarray) -> np.ndarray:
    """Centre the bounding box and scale the farthest corner to radius 1."""
    points = points - (points.min(0) + points.max(0)) / 2
    return points / np.linalg.norm(points, axis=1).max()


def _arc(start: float, stop: float, num: int = 48) -> np.ndarray:
    """Return (num, 2) points of the unit circle between angles in degrees."""
    angle = np.deg2rad(np.linspace(start, stop, num))
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _star(num_points: int, inner: float) -> np.ndarray:
    """Return a star with one point up and inner corners at ``inner``."""
    corners = _arc(-90, 270, 2 * num_points + 1)[:-1]
    corners[1::2] *= inner
    return _normalise(corners)


def _polygon(*corners: tuple[float, float]) -> np.ndarray:
    return _normalise(np.array(corners, dtype=float))


def _crescent() -> np.ndarray:
    """Return the unit disc minus a disc that makes a crescent.

    The second disc has its centre at (0.55, 0) and passes through the points
    of the unit circle at 60 and -60 degrees.
    """
    tip = _arc(60, 60, 1)[0]
    radius = np.hypot(tip[0] - 0.55, tip[1])
    angle = np.rad2deg(np.arctan2(tip[1], tip[0] - 0.55))
    inner = radius * _arc(360 - angle, angle) + (0.55, 0)
    return _normalise(np.concatenate([_arc(60, 300), inner]))


def _cross(width: float) -> np.ndarray:
    w = width / 2
    arm = np.array([(w, -1), (w, -w), (1, -w)])
    quarter = np.array([(0, 1), (-1, 0)])  # rotates row vectors by 90 degrees
    arms = [arm @ np.linalg.matrix_power(quarter, k) for k in range(4)]
    return _normalise(np.concatenate(arms))


def _tee(width: float) -> np.ndarray:
    w, bar = width / 2, width - 1
    right = [(1, -1), (1, bar), (w, bar), (w, 1)]
    return _polygon(*right, *[(-x, y) for x, y in reversed(right)])


def _ell(width: float) -> np.ndarray:
    w = width - 0.7
    return _polygon(
        (-0.7, -1), (w, -1), (w, 1 - width), (0.7, 1 - width), (0.7, 1),
        (-0.7, 1),
    )  # fmt: skip


# coarse class -> middle class -> outline. No class is a mirror image or a
# slightly turned copy of another.
OUTLINES: dict[str, dict[str, np.ndarray]] = {
    'polygon': {
        'rectangle': _polygon((-1, -0.5), (1, -0.5), (1, 0.5), (-1, 0.5)),
        'square': _polygon((-1, -1), (1, -1), (1, 1), (-1, 1)),
        'triangle': _polygon((0, -1), (1, 0.8), (-1, 0.8)),
    },
    'round': {
        'crescent': _crescent(),
        'disc': _arc(0, 360),
        'ellipse': _arc(0, 360) * (1, 0.55),
    },
    'star': {
        'burst': _star(12, 0.72),
        'sparkle': _star(4, 0.36),
        'star': _star(5, 0.45),
    },
    'stroke': {
        'cross': _cross(0.62),
        'ell': _ell(0.62),
        'tee': _tee(0.62),
    },
}
