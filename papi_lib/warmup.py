"""What processes for notebooks share before they are forked: imports, checked data, what several pages need.

Importing this module does what every page needs; its functions do what the pages of a run need besides,
`papi_lib.batch_plan` says which. Caches are kept as long as no data file changes, so a process
that finds other data computes anew.
"""

from collections.abc import Callable
from functools import wraps

from papi_lib import charts, datafiles, index, places, plans, precision, provenance, published, questions, sections
from papi_lib.wording import LANGUAGES, Words


def apart(function: Callable) -> Callable:
    """Let a function be called in a process of its own; it returns what to call elsewhere to remember its results."""

    @wraps(function)
    def computed(*args: object) -> tuple[Callable, dict]:
        before = datafiles.remembered()
        function(*args)
        return datafiles.remember, datafiles.remembered(before)

    computed.apart = True
    return computed


@apart
def noise() -> None:
    """Estimate the noise of all years' scores: for histories."""
    for year in index.years():
        precision.standard_errors(year, 1)  # and with it what it shares with all other provinces


@apart
def ranks(year: int, part: int | None) -> None:
    """Order the provinces by a dimension of a year or its total: for several provinces' pages."""
    precision.rank_sets(year, part)


@apart
def forecasts() -> None:
    """Fit the forecasts from all base years: for the pages on targets."""
    from papi_lib import forecast

    for year in index.years():
        if year >= forecast.FIRST_BASE:
            forecast.fit(year)


def survey() -> None:
    """Read the simulated survey, with its ranks and models: for districts' pages."""
    from papi_lib import districts

    found = districts.load()
    for series in [*index.dimensions(found.year), "total"]:
        found.rank_sets(series)
    _ = found.models


@apart
def climbs(year: int) -> None:
    """Simulate what the pages on targets show of all provinces alike; some seconds."""
    from papi_lib import merged, targets

    targets.climb(1, year - 1, 5)  # also fills what any other climb needs
    for part in [None, *index.dimensions(year)]:
        merged.rank_sets(year, part)


@apart
def scenarios(year: int) -> None:
    """Simulate what the pages on sensitivity show of all provinces alike; some seconds."""
    from papi_lib import sensitivity

    sensitivity.scenarios(year, 10_000, seed=0)
    sensitivity.variance_shares(year, seed=0)


precision.standard_errors(index.years()[-1], 1)
datafiles.fingerprint()
provenance.code_version()
plans.tasks(1)
for _lang in LANGUAGES:
    _words = Words(_lang)
    _words("Total")
# Drawing once loads fonts and the SVG writer.
charts.history(published.history(1, [None], index.years()[-1]), _words, places.province(1)).svg()
_ = sections, questions  # what notebooks import
