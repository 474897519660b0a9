"""Which files of the data package a computation reads, also where it only recalls what an earlier one made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

#: Where the paths of files that are read are noted, one set for each who asks.
_noting: list[set[str]] = []


@contextmanager
def reading() -> Iterator[set[str]]:
    """Collect the paths of the package's files that are read inside, and of those that remembered results stand on."""
    found = begin()
    try:
        yield found
    finally:
        _noting[:] = [one for one in _noting if one is not found]


def begin() -> set[str]:
    """Return a set that collects from here on what is read."""
    _noting.append(set())
    return _noting[-1]


@contextmanager
def unnoted() -> Iterator[None]:
    """Note nothing of what is read inside: to hash a file is not to use it."""
    before, _noting[:] = _noting[:], []
    try:
        yield
    finally:
        _noting[:] = before


def note(*paths: str) -> None:
    """Note that files of the package, by their paths there, are read."""
    for found in _noting:
        found.update(paths)


def noted(function: Callable) -> Callable:
    """Let a function that remembers its results by itself note at each call what the result stands on."""
    stands: dict[tuple, set[str]] = {}

    @wraps(function)
    def noting(*args):
        with reading() as found:
            value = function(*args)
        note(*stands.setdefault(args, found))
        return value

    return noting
