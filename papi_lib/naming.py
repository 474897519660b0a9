"""Names on a picture that lie neither over each other nor, as far as there is room, over dots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

_NEAR = 10  # points from a dot that need no line to it
#: Where a name may stand about its dot, best first: direction, and distance in points.
_SPOTS = [(dx, dy, far) for far in (_NEAR, 20, 32) for dx, dy in ((1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1), (0, 1), (0, -1))]  # fmt: skip
_LETTER, _LINE = 0.62, 1.25  # width and height of a letter of the pictures' font, in font sizes


def spread(positions: Sequence[float], gap: float, last: float) -> list[float]:
    """Move rising positions apart as little as brings them `gap` from each other, none beyond `last`.

    Examples
    --------
    >>> spread([1, 2, 9, 10], 2, 10)
    [1, 3, 8, 10]
    """
    moved = list(positions)
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + gap)
    moved[-1:] = [min(moved[-1], last)] if moved else []
    for i in range(len(moved) - 2, -1, -1):
        moved[i] = min(moved[i], moved[i + 1] - gap)
    return moved


def name_dots(ax: Axes, dots: np.ndarray, named: Sequence[tuple[int, str, dict]]) -> None:
    """Write names beside dots, each where it covers least; one that stands far off gets a line to its dot.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes whose limits are final.
    dots : numpy.ndarray, shape (n, 2)
        All dots, in data units.
    named : sequence of (int, str, dict)
        Row of the dot, name, and the text's ``fontsize``, ``color`` and ``weight``; the first has first choice.
    """
    points = ax.transData.transform(dots) * 72 / ax.figure.dpi
    frame = np.array(ax.get_window_extent().extents) * 72 / ax.figure.dpi
    taken: list[np.ndarray] = []
    for row, name, look in named:
        size = np.array([len(name) * _LETTER, _LINE]) * look["fontsize"]
        boxes = [_box(points[row], size, spot) for spot in _SPOTS]
        costs = [_cost(box, frame, taken, np.delete(points, row, axis=0)) for box in boxes]
        best = int(np.argmin(costs))
        dx, dy, far = _SPOTS[best]
        taken.append(boxes[best])
        line = {"arrowstyle": "-", "color": "#94a3b8", "lw": 0.7} if far > _NEAR else None
        ax.annotate(
            name, dots[row], (dx * far, dy * far), textcoords="offset points", arrowprops=line,
            ha={1: "left", 0: "center", -1: "right"}[dx], va={1: "bottom", 0: "center", -1: "top"}[dy], **look,
        )  # fmt: skip


def _box(point: np.ndarray, size: np.ndarray, spot: tuple[int, int, float]) -> np.ndarray:
    """Return the box of a name at a spot about its dot: left, bottom, right, top."""
    direction = np.array(spot[:2])
    low = point + direction * spot[2] + size * (direction - 1) / 2
    return np.concatenate([low, low + size])


def _cost(box: np.ndarray, frame: np.ndarray, taken: list[np.ndarray], points: np.ndarray) -> float:
    """Return how bad a box is: names under it, then how far it leaves the frame, then dots under it."""
    over_names = sum((box[:2] < other[2:]).all() and (other[:2] < box[2:]).all() for other in taken)
    outside = np.maximum(frame[:2] - box[:2], 0).sum() + np.maximum(box[2:] - frame[2:], 0).sum()
    over_dots = ((points > box[:2] - 3) & (points < box[2:] + 3)).all(axis=1).sum()
    return 100 * over_names + 20 * outside + over_dots
