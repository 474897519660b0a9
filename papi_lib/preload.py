"""What processes for notebooks share before they are copied: imports, checked data, what several pages need.

The functions run in the process that those of notebooks are copied from; `papi_lib.batch_plan` says
which a run needs. Caches are kept as long as no data file changes, so a process that finds other data
computes anew.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import cache, partial

from papi_lib.batch.processes import end_with_parent


@cache
def imports() -> None:
    """Import what every page needs, and compute and draw what all need; once a process."""
    import seaborn  # noqa: F401 - what notebooks import, as below
    import statsmodels.api
    import statsmodels.formula.api  # noqa: F401

    from papi_lib import datafiles, estimates, index, places, plans, provenance
    from papi_lib.page import charts, pictures, story  # noqa: F401
    from papi_lib.page.words import LANGUAGES, Words

    datafiles.fingerprint()
    provenance.code_version()
    plans.tasks(1)
    place = places.province(1)
    frame = estimates.history(place.code, ["total"])
    for lang in LANGUAGES:  # drawing once loads fonts and the SVG writer
        ax = charts.history(frame, place, lang=lang)
        pictures.html(ax.figure, ax.figure.description, Words(lang))
    estimates.claims(place.code, index.years()[-1])


def share(here: Iterable[Callable], apart: Iterable[Callable], records: Iterable[dict], head: dict) -> None:
    """Prepare a run.

    Parameters
    ----------
    here : iterable of callable
        What to call in this process, as imports.
    apart : iterable of callable
        What to compute meanwhile in processes of its own, side by side; what it leaves in caches is kept.
    records : iterable of dict
        Jobs whose pages are made of an empty notebook, for what their templates need.
    head : dict
        The manifest's head.
    """
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    from papi_lib import datafiles, site

    imports()
    empty = new_notebook(cells=[new_code_cell("nothing = None", metadata={"tags": ["parameters"]})])
    empty = nbformat.writes(empty).encode()
    processes = ProcessPoolExecutor(mp_context=multiprocessing.get_context("fork"), initializer=end_with_parent)
    try:
        computed = [processes.submit(_remembered_of, call) for call in apart]
        pages = [partial(site.render_page, empty, record, head) for record in records]
        keep: list[Callable] = [lambda f=found: datafiles.remember(f.result()) for found in computed]
        for call in [*here, *pages, *keep]:
            with suppress(Exception):  # the notebook that needs it tells what is wrong
                call()
    finally:
        processes.shutdown(cancel_futures=True)


def _remembered_of(call: Callable) -> dict:
    from papi_lib import datafiles

    before = datafiles.remembered()
    call()
    return datafiles.remembered(before)


def noise() -> None:
    """Estimate the noise of all years' scores: for histories."""
    from papi_lib import index, precision

    for year in index.years():
        precision.standard_errors(year, 1)  # and with it what it shares with all other provinces


def ranks(year: int, part: int | None) -> None:
    """Order the provinces by a dimension of a year or its total: for several provinces' pages."""
    from papi_lib import estimates

    estimates.published_standing(year, "total" if part is None else part)


def forecasts() -> None:
    """Fit the forecasts from all base years: for the pages on targets."""
    from papi_lib import forecast, index

    for year in index.years():
        if year >= forecast.FIRST_BASE:
            forecast.fit(year)


def survey(records: str | None, year: int) -> None:
    """Read a survey, with its models and what is tested: for districts' pages."""
    from papi_lib.survey import districts

    found = districts.load(records, year)
    _ = found.models, found.gaps(found.districts[0])


def climbs(year: int) -> None:
    """Simulate what the pages on targets show of all provinces alike; some seconds."""
    from papi_lib import index, merged, targets

    targets.climb(1, year - 1, 5)  # also fills what any other climb needs
    merged.estimates(year, ("total", *index.dimensions(year)))


def scenarios(year: int) -> None:
    """Simulate what the pages on sensitivity show of all provinces alike; some seconds."""
    from papi_lib import sensitivity

    sensitivity.scenarios(year, 10_000, seed=0)
    sensitivity.variance_shares(year, seed=0)
