"""PAPI, Viet Nam's provincial governance and public administration index, as a small library.

Modules are imported one by one (``from papi_lib import published``), so that nothing heavy is
loaded before it is needed.

Calls to start with. Import a module first: from papi_lib import published::

    papi_lib.find("corruption")             parts, indicators and questions by words, in either language
    papi_lib.panel("egovernance", 2024)     scores, standard errors and names in one frame, long or wide
    published.load(years=2024)              scores of all sub-dimensions: a row a province and part
    published.totals(2024)                  totals with rank and group
    estimates.from_published(2024)          scores with standard errors: the frame that the next two take
    estimates.standing(frame, 8)            ranks, and the ranks that cannot be refuted
    estimates.gaps(frame, 1, "region")      a province beside others, part by part, and which differences are clear
    estimates.since(1, 2024, 8)             a province's change since the last year that compares, with its margin
    association.correlations(2024)          which parts go together, with intervals
    association.similar("Hà Nội", 2024)     which provinces are most alike, and how sure that is
    changes.decompose("Hà Nội", 2022, 2024) a change split into its sub-dimensions, each with its noise
    places.codes(own["province"])           a column of names or codes as codes, to merge by, and what did not match

A part is a dimension's number (1-8), a sub-dimension's key (index.subdimensions(2024)) or "total" (None in older
calls); 1 is the code of Ha Noi (places.province("Hà Nội").code); papi_lib.panel(wide=True) is ready for statsmodels.
Scores are points of the published index. help(published.load), for example, has the rest;
tutorial.ipynb and cookbook.ipynb in papi_lib.delivered("notebooks") answer fifteen questions with these calls.
"""

import importlib
from functools import lru_cache
from pathlib import Path

__version__ = "0.1.0"

#: Functions that are reached as ``papi_lib.find``, and the module that each is in.
_HERE = {"find": "index", "panel": "tidy"}


def delivered(name: str) -> Path:
    """Return a folder that comes with the library, as ``data``: inside it where it is installed, beside it in a checkout."""
    here = Path(__file__).resolve().parent
    return here / name if (here / name).is_dir() else here.parent / name


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return the library's version with the commit it runs from, and ``.dirty`` where files differ from it."""
    import subprocess  # only here: to import the library is to load nothing else

    root = Path(__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return __version__
    git = ["git", "-C", str(root), "describe", "--always", "--dirty=.dirty", "--match", "", "--abbrev=10"]
    try:
        found = subprocess.run(git, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return __version__
    return f"{__version__}+g{found}"


def help() -> None:
    """Print calls to start with, one line each.

    Examples
    --------
    >>> import papi_lib
    >>> papi_lib.help()  # doctest: +ELLIPSIS
    PAPI, Viet Nam's provincial governance and public administration index, as a small library.
    ...
    """
    print(__doc__)


def __getattr__(name: str) -> object:
    if name not in _HERE:
        raise AttributeError(f"module 'papi_lib' has no attribute {name!r}")
    return getattr(importlib.import_module(f"papi_lib.{_HERE[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_HERE]
