"""What processes for notebooks share before they are copied: imports, checked data, what several pages need.

It is computed in the process that those of notebooks are copied from, and this module is imported there only, since it
takes seconds. Caches are kept as long as no data file changes, so a process that finds other data computes anew.
"""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache, partial

import matplotlib.pyplot as plt
import nbformat
import seaborn  # noqa: F401 - what notebooks import, as below
import statsmodels.api
import statsmodels.formula.api  # noqa: F401
from nbformat.v4 import new_code_cell, new_notebook

from papi_lib import (
    changes,
    code_version,
    datafiles,
    estimates,
    forecast,
    index,
    places,
    plans,
    posterior,
    precision,
    published,
)
from papi_lib.batch.jobs import Job, new_record
from papi_lib.batch.processes import end_with_parent
from papi_lib.collection import Notebook
from papi_lib.page import basis, country, moves, pictures, story, summary  # noqa: F401
from papi_lib.page.words import LANGUAGES
from papi_lib.site import render_page
from papi_lib.survey import units
from papi_lib.targets import climb

#: What so many jobs show of all provinces alike is computed once for all.
_SEVERAL = 3
#: So many pages of one survey are worth every standing in it.
_MANY = 20
#: The margins of error under which pages show the score.
_MARGINS = ("level", "passing", "sampling")


@cache
def imports() -> None:
    """Read and draw what every page needs; once a process."""
    datafiles.fingerprint()
    code_version()
    plans.tasks(1)
    with plt.rc_context():  # drawing once loads fonts and the SVG writer
        pictures.theme()
        figure, ax = plt.subplots()
        ax.plot([0, 1], label="Đ")
        ax.legend()
        pictures.svg(figure, "Đ")
        plt.close(figure)


def for_jobs(planned: Sequence[Job], head: dict) -> None:
    """Do once for these jobs what several of them need: what is the same for all places."""
    jobs_of = {job.notebook: job for job in planned}
    surveys = Counter((job.parameters.get("records"), job.labels["year"]) for job in planned if "source" in job.labels)
    here = [partial(survey, *one) for one in surveys]
    last = [partial(standing, *one, part) for one, n in surveys.items() if n >= _MANY for part in ("total", *index.dimensions(one[1]))]  # fmt: skip
    of_provinces = [job for job in planned if job.labels["level"] == "province"]
    apart: list[Callable] = [noise] * bool(of_provinces)
    spots = Counter((job.labels["code"], job.labels["year"]) for job in of_provinces)
    apart += [partial(claims, *spot) for spot, n in spots.items() if n >= _SEVERAL]
    pages = Counter((job.labels["year"], job.notebook) for job in of_provinces)
    shared = [page for page, n in pages.items() if n >= _SEVERAL]
    of_parts = dict.fromkeys((year, Notebook(notebook).dimension) for year, notebook in shared)
    apart += [partial(alike, year, part) for year, part in of_parts if not part or part in index.dimensions(year)]
    years = [year for year, notebook in shared if notebook.stem == "10_target"]
    apart += [partial(forecast.fit, year) for year in index.years() if years and year >= forecast.FIRST_BASE]
    apart += [partial(climb, 1, year - 1, 5) for year in years]  # and with it what any other climb needs
    share(here, apart, [new_record(job) for job in jobs_of.values()], head, last)


def share(
    here: Iterable[Callable], apart: Iterable[Callable], records: Iterable[dict], head: dict, last: Iterable[Callable] = ()
) -> None:  # fmt: skip
    """Prepare a run.

    Parameters
    ----------
    here : iterable of callable
        What to call in this process.
    apart, last : iterable of callable
        What to compute in processes of its own, side by side, meanwhile and afterwards; what it leaves in caches is kept.
    records : iterable of dict
        Jobs whose pages are made of an empty notebook, for what their templates need.
    head : dict
        The manifest's head.
    """
    imports()
    empty = new_notebook(cells=[new_code_cell("nothing = None", metadata={"tags": ["parameters"]})])
    source = nbformat.writes(empty).encode()
    pages: list[Callable] = [partial(render_page, source, record, head) for record in records]
    with _computed(apart):
        for call in [*here, *pages]:
            with suppress(Exception):  # the notebook that needs it tells what is wrong
                call()
    with _computed(last):
        pass


@contextmanager
def _computed(calls: Iterable[Callable]) -> Iterator[None]:
    """Compute in processes of their own while this one does something else, and remember in the end what they found."""
    processes = ProcessPoolExecutor(mp_context=multiprocessing.get_context("fork"), initializer=end_with_parent)
    try:
        found = [processes.submit(_remembered_of, call) for call in calls]
        yield
        for one in found:
            with suppress(Exception):  # as above
                datafiles.remember(one.result())
    finally:
        processes.shutdown(cancel_futures=True)


def _remembered_of(call: Callable) -> dict:
    before = datafiles.remembered()
    call()
    return datafiles.remembered(before)


def noise() -> None:
    """Estimate the noise of all years' scores: for histories."""
    for year in index.years():
        precision.standard_errors(year)  # and with it what it shares with all other provinces


def alike(year: int, dimension: int | None) -> None:
    """Compute what several provinces' pages on a dimension, or on the whole index, show of all provinces alike."""
    own = dimension or "total"
    parts = index.subdimensions(year, dimension) if dimension else index.dimensions(year)
    for margin in _MARGINS:
        posterior.published_standing(year, own, margin)
    for part in parts:
        posterior.published_standing(year, part)
        published.two_groups(part, year)
    for part in dict.fromkeys([own, *parts, *index.subdimensions(year, dimension)]):
        changes.largest(year, part, summary.LEAST)
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
    for margin in _MARGINS:
        estimates.claims(province, year, margin=margin)


def survey(records: str | None, year: int) -> None:
    """Read a survey, with its models, what is tested and what people answered."""
    for era in (places.REFORM - 1, places.REFORM):  # for what a place was before the reform, or became
        places.commune(places.communes(era).index[0], year=era)
    found = units.load(records, year)
    _ = found.models, found.gaps(found.units[0]), found.answers(index.dimensions(year)[0])


def standing(records: str | None, year: int, part: int | str) -> None:
    """Put a survey's units in order in a part of the index."""
    units.load(records, year).standing(part)
