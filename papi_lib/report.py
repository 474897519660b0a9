"""``papi report``: what is asked for becomes jobs, they run, and what became of them is told.

The only place, with `papi_lib.cli`, that knows both PAPI and the batch.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from papi_lib import code_version, collection, datafiles, index, places, plaintext, preload, published, site
from papi_lib.batch import manifest
from papi_lib.batch import run as batch
from papi_lib.batch.jobs import Job, Settings, file_hash, folder_hash, moment, stamps
from papi_lib.batch.pool import Pool
from papi_lib.cli.language import echo
from papi_lib.collection import TEXTS, Notebook
from papi_lib.page.words import Words
from papi_lib.site.files import RECORD

#: Where a run folder tells what became of each job, run after run.
LOG = "papi.log"
#: Endings of the library's files that pages depend on; of the last, only the site has some.
_LIBRARY = (".py", ".po", ".j2", ".css", ".js")
#: Whose pages are made if no place is named and no records are given.
_DEFAULT_PROVINCE = "Hà Nội"


def plan(
    folder: Path, provinces: Sequence, districts: Sequence, communes: Sequence, records: Path | None, years: Sequence,
    langs: Sequence, notebooks: Sequence,
) -> list[Job]:  # fmt: skip
    """Return the jobs that options of ``papi report`` ask for, as given; the pages on methods and words come with each.

    Raises
    ------
    ValueError
        As `jobs`, or an option would do nothing; the message names it.
    """
    named = [name.removesuffix(".ipynb") for name in notebooks]
    chosen = [name for name in named if name not in TEXTS]
    planned = [job for lang in langs for job in texts(folder, lang, named if named and not chosen else TEXTS)]
    if named and not chosen:
        about = {"--province": provinces, "--district": districts, "--commune": communes, "--records": records, "--year": years}  # fmt: skip
        if given := [option for option, value in about.items() if value]:
            raise ValueError(f"{given[0]} does not apply to {named[0]}, which is about no place and no year")
        return planned
    if districts and communes:
        raise ValueError("a survey is of districts or of communes; give --district or --commune")
    respondents = districts or communes or (None if records or not provinces else ())  # None: all that have some
    level = "district" if districts else "commune" if communes else None
    return planned + jobs(folder, provinces, years, langs, chosen, respondents, records, level)


def jobs(
    folder: Path, provinces: Sequence, years: Sequence, langs: Sequence, chosen: Sequence,
    of_units: Sequence | None = (), records: Path | None = None, level: str | None = None,
) -> list[Job]:  # fmt: skip
    """Return the jobs for places × years × languages × notebooks, after checking every name and file.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the notebooks.
    provinces, years, langs, chosen, of_units : sequence of str
        As given on the command line; ``all`` stands for all provinces, all years or all units (districts or
        communes) that the records have; no year means that of the survey, or the latest; no notebook all of them;
        None as `of_units` stands for all units that have respondents in one of the years, if any, and then no province
        for the records' own. A year without published scores has pages of units only.
    records : pathlib.Path or None
        File of respondents' records for the units' pages; None for a simulated survey.
    level : {"district", "commune"} or None
        What the units are; None for what the records have.

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
    check = index.survey_year if of_units or of_units is None else index.check_year
    span = index.years() if "all" in years else [check(y) for y in years]
    survey = _survey(of_units, span, records, level)
    span = span or ([survey.year] if survey else index.years()[-1:])
    homes = list(dict.fromkeys(place for year in span for place in _provinces(provinces, year)))
    home = survey.home if survey else places.province(_DEFAULT_PROVINCE, span[-1])
    if survey and homes and home.name_vi not in {place.name_vi for place in homes}:
        others = ", ".join(place.name_vi for place in homes)
        raise ValueError(f"{survey.name} is a survey of {home.name_vi}, not of {others}; give --records of a survey there, or leave out --{survey.level} and --records")  # fmt: skip
    if of_units and "all" not in years and (other := [y for y in span if y != survey.year]):
        raise ValueError(f"the survey behind {survey.level}s' pages is of {survey.year}, not {other[0]}; ask for that year, or give other --records")  # fmt: skip
    homes = homes or ([home] if of_units is None else [])
    homes = homes if set(span) & set(index.years()) else []  # a province has published scores only
    if not homes and not survey:
        index.check_year(span[0])
    named_units: Sequence = () if not survey else survey.units if of_units is None or "all" in of_units else of_units
    spots = [(place, None) for place in homes]
    spots += [(place, survey) for place in dict.fromkeys(survey.place(unit, home) for unit in named_units)]
    titles = {lang: collection.titles(folder, lang) for lang in dict.fromkeys(Words(lang).lang for lang in langs)}
    planned = [
        _job(notebook, titles[lang][notebook.stem], place, year, lang, survey, records)
        for year in dict.fromkeys(span)
        for lang in titles
        for place, survey in spots
        if (survey.year == year if survey else _is_of(place, year))
        for notebook in named or collection.notebooks(folder)
        if place.level in (notebook.levels or [spots[0][0].level])  # what cannot be read is told where it may belong
    ]
    asked = [p for p, own in spots if of_units is not None and "all" not in (of_units if own else provinces)]
    _check_all_apply(planned, named, asked)
    if of_units and not any(job.labels["level"] == survey.level for job in planned):
        stems = ", ".join(notebook.stem for notebook in named)
        raise ValueError(f"{stems}: for pages on a province only; leave out --{survey.level}")
    if records and not any("records" in job.parameters for job in planned):
        raise ValueError(f"{records}: records are for pages about districts or communes, and none is asked for; give --district or --commune")  # fmt: skip
    return planned


def _is_of(place: places.Place, year: int) -> bool:
    """Tell whether a province has published scores of its own in a year."""
    return year in index.years() and places.since_reform(place.year) == places.since_reform(year)


def _provinces(named: Sequence, year: int) -> list[places.Place]:
    """Return the provinces of a year that are named, or all in the order of their names."""
    if "all" not in named:
        return [places.province(name, year) for name in named]
    every = [places.province(code, year) for code in places.provinces(year).index]
    return sorted(every, key=lambda place: places.sort_key(place.name_vi))


def _check_all_apply(planned: Sequence[Job], named: Sequence[Notebook], asked: Sequence[places.Place]) -> None:
    """Refuse what was asked for by name and would be passed over: a notebook or a place without a page."""
    made, served = {job.notebook for job in planned}, {(job.labels["level"], job.labels["code"]) for job in planned}
    idle = [f"{n.stem} is made for pages on a {' or a '.join(n.levels)} only" for n in named if n.path not in made]
    idle += [f"no page about {p.name_vi}: none of the notebooks is made for a {p.level}" for p in asked if (p.level, p.code) not in served]  # fmt: skip
    if idle:
        raise ValueError(idle[0])


def _survey(chosen: Sequence | None, span: Sequence[int], records: Path | None, level: str | None):
    """Return the survey behind the pages of the units that are chosen; None if there are none."""
    if chosen is not None and not chosen:
        return None
    from papi_lib.survey import units  # what it needs for surveys takes a second to import

    if level == "district" and span and max(span) > places.REFORM:
        for name in (name for name in chosen or () if name != "all"):
            places.district(name, year=max(span))  # tells what became of it
    if records:
        return units.load(records, max(span, default=None), level)
    there = [year for year in span or index.years()[-1:] if year in units.simulated()]
    if chosen is None and not there:
        return None
    return units.load(None, there[-1] if span and there else max(span, default=None), level)


def _job(
    notebook: Notebook, title: str, place: places.Place, year: int, lang: str, survey, records: Path | None
) -> Job:
    home = survey.home if survey else place
    labels: dict[str, Any] = {"level": place.level, "code": place.code, "slug": place.slug, "name": place.name(lang), "year": year,
              "lang": lang, "notebook": notebook.stem, "title": title}  # fmt: skip
    labels |= {"dimension": notebook.dimension} if notebook.dimension else {}
    parameters: dict[str, Any] = {"province": home.name_vi, "year": year, "lang": lang}
    slugs = [home.slug]
    if survey:
        labels |= {"parent": {"code": home.code, "name": home.name(lang), "slug": home.slug}, "source": survey.name}
        unique = place.level == "district" or place.since  # of the communes until 2025 several have one name
        parameters |= {place.level: place.name_vi if unique else place.code}
        if place.level == "commune" and "district" in notebook.levels:
            parameters["district"] = None  # which some notebooks set
        parameters |= {"records": str(records)} if records else {}
        slugs.append(place.slug)
    else:
        tile = places.tiles(lang, year).loc[place.code]
        islands = tile["islands"] if isinstance(tile["islands"], str) else None
        labels["aliases"] = places.aliases(place)
        labels["tile"] = {"row": int(tile["row"]), "column": int(tile["column"]), "islands": islands}
    path = "/".join([str(year), lang, *slugs, notebook.stem])
    return Job(notebook.path, parameters, path, labels, fault=notebook.fault, discreet=bool(records))


def texts(folder: Path, lang: str, names: Iterable[str] = TEXTS) -> list[Job]:
    """Return the jobs of pages about no place, to which all pages of a language lead."""
    results = tuple(sorted((folder.parent / "benchmarks" / "results").glob("*.json")))
    labels = {"level": None, "name": "PAPI", "lang": lang}
    return [
        Job(folder / f"{name}.ipynb", {"lang": lang}, f"{name}-{lang}", labels | {"notebook": name, "title": Words(lang)(TEXTS[name])}, results)
        for name in dict.fromkeys(names)
    ]  # fmt: skip


def settings(records: Path | None = None, planned: Sequence[Job] = (), **how: Any) -> Settings:
    """Return how jobs run: `how`, and what the batch must know of this project, hashes of what notebooks read and the page maker.

    Processes for `planned` jobs start with what several of them share in memory.
    """
    since = watch(records)
    head = {
        "code_version": code_version(), "data_hash": datafiles.fingerprint(),
        "data_version": datafiles.package()["version"], "tables": datafiles.fingerprints(),
    }  # fmt: skip
    inputs, shared, page_inputs = _inputs(records)
    own: dict[str, Any] = {
        "prepare": preload.for_jobs(planned, head), "render": site.render_page, "inputs": inputs,
        "shared": shared, "trace": datafiles.trace, "edit": collection.translate, "page_inputs": page_inputs,
        "measure": partial(state, records), "record": RECORD, "head": head,
        "watch": partial(watch, records), "since": since, "again": partial(settings, records, planned, **how),
    }  # fmt: skip
    return Settings(**own | how)


def _inputs(records: Path | None) -> tuple[dict, dict, dict]:
    """Return the hashes of what all notebooks read, of tables that only some do, and of what only pages depend on."""
    library, tables = Path(__file__).parent, datafiles.fingerprints()
    inputs: dict[str, Any] = {"library": folder_hash(library, *_LIBRARY[:2], without="site")}
    inputs |= {name: tables[name] for name in tables if name.endswith(".json") or name.startswith("structure/")}
    inputs |= {"records": file_hash(records)} if records else {}
    shared = {name: tables[name] for name in tables if name not in inputs}
    return inputs, shared, {"site": folder_hash(library / "site", *_LIBRARY)}


def watch(records: Path | None = None) -> dict[Path, tuple | None]:
    """Return the stamps of the files that pages are made by: library, data and records."""
    files = [path for suffix in _LIBRARY for path in Path(__file__).parent.rglob(f"*{suffix}")]
    files += [path for suffix in (".csv", ".json", ".parquet") for path in datafiles.folder().rglob(f"*{suffix}")]
    return stamps(files + ([records] if records else []))


def state(records: Path | None = None) -> dict[str, str | None]:
    """Return what a machine must share with another so that both make the same page, by name."""
    inputs, shared, page_inputs = _inputs(records)
    return inputs | shared | page_inputs | {"code version": code_version()}


def explain(planned: Sequence[Job], out: Path, settings: Settings) -> Iterator[str]:
    """Yield a line a job: why it would run; what of the manifest cannot be used is told on standard error."""
    if damage := manifest.read(out, settings.record).damage:
        echo(f"papi: {damage}; what it does not tell would run again", err=True)
    for job, _, reason in batch.plan(planned, out, settings):
        why = "unchanged" if reason is None else f"cannot run: {reason.why}" if reason.refused else reason.why
        yield f"{job.path}: {why}"


def make(planned: Sequence[Job], out: Path, settings: Settings, pool: Pool | None = None) -> int:
    """Run the jobs, in a process that was started early if there is one, make the site, tell what became of them; return the command's exit code."""
    by_status = defaultdict(list)
    if out.resolve().is_relative_to(datafiles.folder().resolve()):
        raise ValueError(f"{out}: is inside the data that pages are made by; choose another --out")
    with manifest.locked(out):  # the lists are those of this run
        for record in _run_with_progress(planned, out, settings, pool):
            by_status[record["status"]].append(record)
        first, failed = site.build(out), by_status.pop("failed", [])
    counts = [f"{len(by_status[s])} {s}" for s in ("done", "rendered", "unchanged") if by_status[s]]
    echo(f"{', '.join(counts + [f'{len(failed)} failed'] * bool(failed))}. Open {first}")
    made = [record for own in by_status.values() for record in own]
    for line in (*_remarks_on_pages(made), *_releases(planned)):
        echo(f"papi: {line}", err=True)
    failures = defaultdict(list)
    for record in failed:
        failures[record["error"]].append(record)
    for error, alike in failures.items():
        more = f" (and {len(alike) - 1} more pages)" if alike[1:] else ""
        echo(f"failed: {alike[0]['path']}{more}: {error}", err=True)
    if failures:
        echo("papi: the same command runs again what failed, and nothing else", err=True)
    return 1 if failures else 0


def _releases(planned: Sequence[Job]) -> Iterator[str]:
    """Register the records that pages are about, unless they are made up; yield what must be known before they are given away."""
    for path, year in {(j.parameters["records"], j.labels["year"]) for j in planned if "records" in j.parameters}:
        from papi_lib.survey import disclosure, units

        if not (survey := units.load(path, year)).simulated:
            yield from disclosure.released(survey.frame, survey.name, [survey.province, survey.year])


def _run_with_progress(planned: Sequence[Job], out: Path, settings: Settings, pool: Pool | None = None) -> list[dict]:
    """Run the jobs under a progress bar with the time that remains; failures are told as they come.

    What becomes of each job is a line of the run folder's ``papi.log`` too.
    """
    if (minutes := batch.minutes(planned, out, settings)) >= 1:
        echo(f"papi: {len(planned)} pages, about {minutes:.0f} minutes", err=True)
    with tqdm(total=len(planned), unit="page", mininterval=1, delay=1) as bar:

        def tell(record: dict) -> None:
            bar.update()
            with suppress(OSError), (out / LOG).open("a", encoding="utf-8") as file:
                told = moment(), record["status"], f"{record['seconds']} s"
                file.write(plaintext.shown(" ".join([*told, record["path"], record["error"] or ""]).strip()) + "\n")
            if record["status"] == "failed":
                bar.write(f"failed: {record['path']}: {record['error']}", file=sys.stderr)

        return batch.run(planned, out, settings, tell, lambda line: echo(f"papi: {line}", err=True), pool)


def _remarks_on_pages(records: Sequence[dict]) -> Iterator[str]:
    """Yield what reviewers must know of the pages of notebooks that ran: what they leave out, which tell no place."""
    of = defaultdict(list)
    for record in records:
        if record["labels"]["level"]:
            of[record["notebook"]].append(record)
    for notebook, own in of.items():
        if left_out := sum(record.get("left_out", 0) for record in own):
            yield f"{notebook}: pages leave {left_out} outputs out (values, warnings, long prints); print them or say them through page, or tag their cells 'analyst'"
        if untold := [record["path"] for record in own if "place" not in record["facts"]]:
            yield f"{notebook}: does not tell which place it is about, so that could not be checked ({len(untold)} pages); show page.title()"
