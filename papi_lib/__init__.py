"""PAPI, Viet Nam's provincial governance and public administration index, as a small library.

Modules are imported one by one (``from papi_lib import published``), so that nothing heavy is
loaded before it is needed. `help` shows where to start.
"""

__version__ = "0.1.0"

_GUIDE = """\
Ten calls to start with. Import a module first: from papi_lib import published

published.load(years=2024)              scores of all sub-dimensions: a row a province and part
published.totals(2024)                  totals with rank and group
precision.rank_sets(2024, part=8)       scores with standard errors, ranks, and the ranks noise leaves possible
precision.change("Hà Nội", 2024)        a province's change and whether it is more than noise
index.breaks(2020, 2024)                what changed in the measure between two years
association.correlations(2024)             which parts go together, with intervals
association.similar("Hà Nội", 2024)        which provinces are most alike, and how sure that is
changes.decompose("Hà Nội", 2022, 2024) a change split into its sub-dimensions, each with its noise
changes.panel_regression(6, [2], changes.panel(2024))
                                        one score on others, effects of provinces and years taken out
covariates.join(changes.panel(2024), "my.csv")
                                        your own figures beside the scores, and what did not match

A part is a dimension's number (1-8), a sub-dimension's key (index.subdimensions(2024)) or None for the total.
Scores are points of the published index. help(published.load), for example, has the rest;
notebooks/tutorial.ipynb answers ten questions with these calls."""


def help() -> None:
    """Print ten calls to start with, one line each.

    Examples
    --------
    >>> import papi_lib
    >>> papi_lib.help()  # doctest: +ELLIPSIS
    Ten calls to start with. Import a module first: from papi_lib import published
    ...
    """
    print(_GUIDE)
