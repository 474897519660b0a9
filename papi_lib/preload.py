"""What processes for notebooks share before they are copied: imports, checked data, what several pages need.

It is computed in the process that those of notebooks are copied from. Caches are kept as long as no data file
changes, so a process that finds other data computes anew.
"""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import cache, partial

from papi_lib.batch.jobs import Job, new_record
from papi_lib.batch.processes import end_with_parent

#: What so many jobs show of all provinces alike is computed once for all.
_SEVERAL = 3
#: So many pages of one survey are worth every standing in it.
_MANY = 20
#: The margins of error under which pages show the score.
_MARGINS = ("level", "passing", "sampling")


@cache
def imports() -> None:
    """Import what every page needs, and compute and draw what all need; once a process."""
    import matplotlib as mpl
    import seaborn  # noqa: F401 - what notebooks import, as below
    import statsmodels.api
    import statsmodels.formula.api  # noqa: F401

    from papi_lib import code_version, datafiles, estimates, index, places, plans
    from papi_lib.page import basis, charts, country, moves, pictures, story, summary  # noqa: F401
    from papi_lib.page.words import LANGUAGES, Words

    datafiles.fingerprint()
    code_version()
    plans.tasks(1)
    place = places.province(1)
    frame = estimates.history(place.code, ["total"])
    with mpl.rc_context():  # drawing once loads fonts and the SVG writer
        pictures.theme()
        for lang in LANGUAGES:
            ax = charts.history(frame, place, lang=lang)
            pictures.html(ax.figure, ax.figure.description, Words(lang))
    estimates.claims(place.code, index.years()[-1])


def for_jobs(planned: Sequence[Job], head: dict) -> Callable[[], None]:
    """Return what does once for these jobs what several of them need: what is the same for all places."""
    from papi_lib import collection, index

    jobs_of = {job.notebook: job for job in planned}
    surveys = Counter((job.parameters.get("records"), job.labels["year"]) for job in planned if "source" in job.labels)
    here = [partial(survey, *one, n >= _MANY) for one, n in surveys.items()]
    apart: list[Callable] = [noise]
    of_provinces = [job for job in planned if job.labels["level"] == "province"]
    places = Counter((job.labels["code"], job.labels["year"]) for job in of_provinces)
    apart += [partial(claims, *place) for place, n in places.items() if n >= _SEVERAL]
    pages = Counter((job.labels["year"], job.notebook) for job in of_provinces)
    several = [page for page, n in pages.items() if n >= _SEVERAL]
    of_parts = dict.fromkeys((year, collection.Notebook(notebook).dimension) for year, notebook in several)
    apart += [partial(country, year, part) for year, part in of_parts if not part or part in index.dimensions(year)]
    targets = [year for year, notebook in several if notebook.stem == "10_target"]
    apart += [forecasts] * bool(targets) + [partial(climbs, year) for year in targets]
    return partial(share, here, apart, [new_record(job) for job in jobs_of.values()], head)


def share(here: Iterable[Callable], apart: Iterable[Callable], records: Iterable[dict], head: dict) -> None:
    """Prepare a run.

    Parameters
    ----------
    here : iterable of callable
        What to call in this process.
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
    source = nbformat.writes(empty).encode()
    processes = ProcessPoolExecutor(mp_context=multiprocessing.get_context("fork"), initializer=end_with_parent)
    try:
        computed = [processes.submit(_remembered_of, call) for call in apart]
        pages: list[Callable] = [partial(site.render_page, source, record, head) for record in records]
        keep: list[Callable] = [partial(lambda found: datafiles.remember(found.result()), found) for found in computed]
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
        precision.standard_errors(year)  # and with it what it shares with all other provinces


def country(year: int, dimension: int | None) -> None:
    """Compute what several provinces' pages on a dimension, or on the whole index, show of all provinces alike."""
    from papi_lib import estimates, index, modes, places, posterior, published
    from papi_lib.page.words import LANGUAGES

    own = dimension or "total"
    parts = index.subdimensions(year, dimension) if dimension else index.dimensions(year)
    for margin in _MARGINS:
        posterior.published_standing(year, own, margin)
    for part in parts:
        posterior.published_standing(year, part)
        modes.of_published(part, year)
    code = places.provinces(year).index[0]
    estimates.history(code, [own, *parts], until=year)
    for lang in LANGUAGES:
        places.tiles(lang, year)
    if dimension:
        published.indicators_beside(code, year, dimension)
    since = max((y for y in index.segment(year, own) if y < year), default=year - 1)
    for margin in ("level", "passing"):
        posterior.rises(since, year, own, margin)


def claims(province: int, year: int) -> None:
    """Test the total and the dimensions of a province together, under each margin: for all its pages."""
    from papi_lib import estimates

    for margin in _MARGINS:
        estimates.claims(province, year, margin=margin)


def forecasts() -> None:
    """Fit the forecasts from all base years: for the pages on targets."""
    from papi_lib import forecast, index

    for year in index.years():
        if year >= forecast.FIRST_BASE:
            forecast.fit(year)


def survey(records: str | None, year: int, many: bool) -> None:
    """Read a survey, with its models, what is tested and what people answered, for many pages every standing too."""
    from papi_lib import index, places
    from papi_lib.survey import units

    for era in (places.REFORM - 1, places.REFORM):  # for what a place was before the reform, or became
        places.commune(places.communes(era).index[0], year=era)
    found = units.load(records, year)
    _ = found.models, found.gaps(found.units[0]), found.answers(index.dimensions(year)[0])
    for series in ("total", *index.dimensions(year)) if many else ():
        found.standing(series)


def climbs(year: int) -> None:
    """Simulate what the pages on targets show of all provinces alike; some seconds."""
    from papi_lib import targets

    targets.climb(1, year - 1, 5)  # also fills what any other climb needs
