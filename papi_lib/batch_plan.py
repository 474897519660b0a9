"""The plan of a report: which notebooks for which places, years and languages."""

from __future__ import annotations

import ast
import importlib
import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from papi_lib import collection, datafiles, index, places, preload, provenance, published, site
from papi_lib.batch import stored
from papi_lib.batch.execute import new_record
from papi_lib.batch.jobs import Job, file_hash, folder_hash
from papi_lib.collection import METHODS, Notebook
from papi_lib.page.words import Words
from papi_lib.site.about import RECORD

#: Whose pages are made if no place is named and no records are given.
_DEFAULT_PROVINCE = "Hà Nội"
#: What so many jobs import, or show of all provinces alike, is imported or computed once for all.
_SEVERAL = 3
#: The same of what takes seconds.
_MANY = 20


def jobs(
    folder: Path,
    provinces: Sequence,
    years: Sequence,
    langs: Sequence,
    chosen: Sequence,
    of_districts: Sequence | None = (),
    records: Path | None = None,
) -> list[Job]:
    """Return the jobs for places × years × languages × notebooks, after checking every name and file.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the notebooks.
    provinces, years, langs, chosen, of_districts : sequence of str
        As given on the command line; ``all`` stands for all provinces, all years or all districts that
        the records have; no year means the latest, no notebook all of them; None as `of_districts`
        stands for all districts that have respondents in one of the years, if any, and then no province
        for the records' own.
    records : pathlib.Path or None
        File of respondents' records for the districts' pages; None for the simulated survey.

    Raises
    ------
    ValueError
        A name is unknown, a data file is faulty, the records are of another province than those named, or
        a notebook that was asked for serves none of the places.
    """
    for name in datafiles.resource_names():
        datafiles.read(name)
    published.load()
    published.standard_errors()
    named = list(dict.fromkeys(collection.choose(folder, name) for name in chosen))
    wanted = (
        sorted(places.provinces().index, key=lambda c: places.sort_key(places.province(c).name_vi))
        if "all" in provinces
        else provinces
    )
    homes = list(dict.fromkeys(places.province(p) for p in wanted))
    span = index.years() if "all" in years else [index.check_year(y) for y in years] or index.years()[-1:]
    survey = _survey(of_districts, span, records)
    home = places.province(survey.province if survey else _DEFAULT_PROVINCE)
    if survey and homes and home not in homes:
        raise ValueError(
            f"{survey.name} is a survey of {home.name_vi}, not of {', '.join(place.name_vi for place in homes)}; "
            "give --records of a survey there, or leave out --district and --records"
        )
    if of_districts and "all" not in years and (other := [y for y in span if y != survey.year]):
        raise ValueError(
            f"the survey behind districts' pages is of {survey.year}, not {other[0]}; ask for that year, or give other --records"
        )
    if not homes and of_districts is None:
        homes = [home]
    districts = (
        () if not survey else survey.districts if of_districts is None or "all" in of_districts else of_districts
    )
    spots = [(place, None) for place in homes]
    spots += [(place, survey) for place in dict.fromkeys(survey.place(d, home) for d in districts)]
    titles = {lang: collection.titles(folder, lang) for lang in dict.fromkeys(Words(lang).lang for lang in langs)}
    planned = [
        _job(notebook, titles[lang][notebook.stem], place, year, lang, survey, records)
        for year in dict.fromkeys(span)
        for lang in titles
        for place, survey in spots
        if survey is None or survey.year == year
        for notebook in named or collection.notebooks(folder)
        if place.level in (notebook.levels or [spots[0][0].level])  # what cannot be read is told where it may belong
    ]
    asked = [p for p, own in spots if of_districts is not None and "all" not in (of_districts if own else provinces)]
    _check_all_apply(planned, named, asked)
    if of_districts and not any(job.labels["level"] == "district" for job in planned):
        stems = ", ".join(notebook.stem for notebook in named)
        raise ValueError(f"{stems}: for pages on a province only; leave out --district")
    if records and not any("records" in job.parameters for job in planned):
        raise ValueError(f"{records}: records are for pages about districts, and none is asked for; give --district")
    return planned


def _check_all_apply(planned: Sequence[Job], named: Sequence[Notebook], asked: Sequence[places.Place]) -> None:
    """Refuse what was asked for by name and would be passed over: a notebook or a place without a page."""
    made, served = {job.notebook for job in planned}, {(job.labels["level"], job.labels["code"]) for job in planned}
    idle = [f"{n.stem} is made for pages on a {' or a '.join(n.levels)} only" for n in named if n.path not in made]
    idle += [f"no page about {p.name_vi}: none of the notebooks is made for a {p.level}" for p in asked if (p.level, p.code) not in served]  # fmt: skip
    if idle:
        raise ValueError(idle[0])


def _survey(chosen: Sequence | None, span: Sequence[int], records: Path | None):
    """Return the survey behind the pages of the districts that are chosen; None if there are none."""
    if chosen is not None and not chosen:
        return None
    from papi_lib.survey import districts  # what it needs for surveys takes a second to import

    of_simulated = records is None and districts.simulated_year() in span
    if chosen is None and not (records or of_simulated):
        return None
    return districts.load(records, districts.simulated_year() if of_simulated else max(span))


def methods(folder: Path, lang: str) -> Job:
    """Return the job of the page on methods, to which all pages of a language lead; it is about no place."""
    labels = {"level": None, "name": "PAPI", "lang": lang, "notebook": METHODS, "title": Words(lang)("Methods")}
    results = sorted((folder.parent / "benchmarks" / "results").glob("*.json"))
    return Job(folder / f"{METHODS}.ipynb", {}, f"{METHODS}-{lang}", labels, tuple(results))


def settings(records: Path | None = None, planned: Sequence[Job] = ()) -> dict:
    """Return what the batch must know of this project: hashes of what notebooks read, the page maker.

    Processes for `planned` jobs start with what several of them share in memory.
    """
    library = Path(__file__).parent
    head = {
        "code_version": provenance.code_version(),
        "data_hash": datafiles.fingerprint(),
        "data_version": provenance.data_version(),
    }
    return {
        "prepare": _prepare(planned, head),
        "render": site.render_page,
        "inputs": {
            "library": folder_hash(library, ".py", ".po", without="site"),
            "data": datafiles.fingerprint(),
        }
        | ({"records": file_hash(records)} if records else {}),
        "page_inputs": {"site": folder_hash(library / "site", ".py", ".j2", ".css", ".js")},
        "measure": partial(state, records),
        "record": RECORD,
        "head": head,
    }


def _prepare(planned: Sequence[Job], head: dict) -> Callable[[], None]:
    """Return what does once for these jobs what several of them need: imports, and what is the same for all places."""
    jobs_of = {job.notebook: job for job in planned}
    modules = Counter()
    for notebook, n in Counter(job.notebook for job in planned).items():
        modules.update(dict.fromkeys(_imports(notebook), n))
    here = [partial(importlib.import_module, module) for module, n in modules.items() if n >= _SEVERAL]
    surveys = {(job.parameters.get("records"), job.labels["year"]) for job in planned if "district" in job.parameters}
    here += [partial(preload.survey, *survey) for survey in surveys]
    apart = [preload.noise]
    pages = Counter((job.labels["year"], job.notebook.stem) for job in planned if job.labels["level"] == "province")
    for year in sorted({year for (year, _), n in pages.items() if n >= _SEVERAL}):
        apart += [partial(preload.ranks, year, part) for part in [None, *index.dimensions(year)]]
    if any(n >= _SEVERAL for (_, stem), n in pages.items() if stem == "10_target"):
        apart.append(preload.forecasts)
    apart += [partial(preload.climbs, year) for (year, stem), n in pages.items() if stem == "10_target" and n >= _MANY]
    return partial(preload.share, here, apart, [new_record(job) for job in jobs_of.values()], head)


def _imports(notebook: Path) -> list[str]:
    """Return the names of the modules that a notebook imports, and of what it imports from them: some are modules too."""
    found = []
    with suppress(stored.NotebookError, SyntaxError):  # which the batch tells
        for cell in stored.read(notebook).cells:
            for node in stored.tree(cell.source).body if cell.cell_type == "code" else []:
                if isinstance(node, ast.ImportFrom):
                    found += [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
                elif isinstance(node, ast.Import):
                    found += [name.name for name in node.names]
    return found


def state(records: Path | None = None) -> dict[str, str | None]:
    """Return what a machine must share with another so that both make the same page, by name."""
    found = settings(records)
    return found["inputs"] | found["page_inputs"] | {"code version": found["head"]["code_version"]}


def command(record: dict, out: Path) -> str:
    """Return the command that runs one job again."""
    if not record["labels"]["level"]:
        return shlex.join(
            ["papi", "report", "--notebook", METHODS, "--lang", record["labels"]["lang"], "--out", str(out)]
        )
    given = record["parameters"]
    where = ["--district", given["district"]] if given.get("district") else ["--province", given["province"]]
    words = ["papi", "report", *where, "--year", str(given["year"]), "--lang", given["lang"],
             "--notebook", Path(record["notebook"]).stem, "--out", str(out)]  # fmt: skip
    return shlex.join(words + (["--records", given["records"]] if given.get("records") else []))


def _job(
    notebook: Notebook, title: str, place: places.Place, year: int, lang: str, survey, records: Path | None
) -> Job:
    home = places.province(place.province_code)
    labels = {
        "level": place.level,
        "code": place.code,
        "slug": place.slug,
        "name": place.name(lang),
        "year": year,
        "lang": lang,
        "notebook": notebook.stem,
        "title": title,
    }
    labels |= {"dimension": notebook.dimension} if notebook.dimension else {}
    parameters, slugs = {"province": home.name_vi, "year": year, "lang": lang}, [home.slug]
    if survey:
        labels |= {"parent": {"code": home.code, "name": home.name(lang), "slug": home.slug}, "source": survey.name}
        parameters |= {"district": place.name_vi} | ({"records": str(records)} if records else {})
        slugs.append(place.slug)
    else:
        tile = places.tiles(lang).loc[place.code]
        islands = tile["islands"] if isinstance(tile["islands"], str) else None
        labels["tile"] = {"row": int(tile["row"]), "column": int(tile["column"]), "islands": islands}
    path = "/".join([str(year), lang, *slugs, notebook.stem])
    return Job(notebook.path, parameters, path, labels, fault=notebook.fault)
