"""Commands on runs: ``papi report``, ``papi list`` of what it can be asked for, ``papi site`` and ``papi export`` of its pages."""

from __future__ import annotations

import difflib
import json
import re
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from papi_lib.cli import base
from papi_lib.cli.base import FOLDER, FOUND, GIVEN, NEW, RUN, echo, main, many

#: Keys that are files or folders, named from where the plan lies.
_PATHS = ("records", "out")


def _read_plan(ctx: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
    """Make a plan's keys the command's defaults; tell all its faults, one a line, and end the command if there are any."""
    if path is None:
        return None
    from papi_lib.plaintext import shown

    try:
        text = path.read_text(encoding="utf-8-sig")
        told = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: is no TOML ({error}); text stands in quotation marks, lists in [ ]") from None
    options = {option.name: option for option in ctx.command.params if isinstance(option, click.Option)}
    found = {key: fault for key, value in told.items() if (fault := _fault(key, value, options))}
    for key, fault in found.items():
        row = next((n for n, line in enumerate(text.splitlines(), 1) if re.match(rf'\s*\[?"?{re.escape(key)}\b', line)), 1)  # fmt: skip
        echo(f"papi: {shown(path)}, row {row}, '{shown(key)}': {shown(fault)}", err=True)
    if found:
        ctx.exit(2)
    given = {key: path.parent / value if key in _PATHS else value for key, value in told.items() if key != "parameters"}
    own = told.get("parameters", {})
    given["set_"] = [f"{stem}.{name}={json.dumps(value)}" for stem, of in own.items() for name, value in of.items()]
    ctx.default_map = {
        key: (value if isinstance(value, list) else [value]) if options[key].multiple else value
        for key, value in given.items()
    }
    return path


def _fault(key: str, value: Any, options: dict[str, click.Option]) -> str | None:
    """Return what is wrong with one key of a plan, in a few words."""
    from papi_lib import collection, index, places
    from papi_lib.page.words import Words

    if key == "parameters":
        tables = isinstance(value, dict) and all(isinstance(own, dict) for own in value.values())
        return None if tables else "belongs above each notebook's parameters, as [parameters.10_target]"
    if key not in options or key in ("set_", "explain"):
        near = difflib.get_close_matches(key, options, n=1) or sorted(options)
        return f"no such key; did you mean {' or '.join(near)}?"
    option, many = options[key], value if isinstance(value, list) else [value]
    if isinstance(value, list) and not option.multiple:
        return "takes one value, not a list"
    wanted: type | tuple = bool if option.is_flag else int if isinstance(option.type, click.IntRange) else (str, int)
    if any(not isinstance(one, wanted) or (isinstance(one, bool) and wanted is not bool) for one in many):
        return "takes true or false" if wanted is bool else "takes a whole number" if wanted is int else "takes text"
    known: dict[str, Callable] = {
        "province": places.province,
        "year": index.check_year,
        "lang": Words,
        "notebook": lambda name: collection.choose(base.NOTEBOOKS, str(name)),
    }
    try:
        for one in many:
            if key in known and one != "all":
                known[key](one)
            elif not option.multiple and key not in _PATHS:
                option.type.convert(one, option, None)
    except (ValueError, click.BadParameter) as error:
        return getattr(error, "message", str(error))
    return None


def _chosen(planned: Sequence[Job], settings: Sequence[str], only: Sequence[str], limit: int | None) -> list[Job]:
    """Return planned jobs with parameters of their notebooks set, those that are asked for, and so many of them.

    Parameters
    ----------
    planned : sequence of Job
        All that the options ask for.
    settings : sequence of str
        ``NOTEBOOK.NAME=VALUE``; a value is JSON, or else text.
    only : sequence of str
        Parts of pages' paths, as ``papi report --explain`` shows them; a page needs one of them.
    limit : int or None
        How many pages on places at most.

    Raises
    ------
    ValueError
        A parameter is of no notebook that runs; nothing is left.
    """
    jobs = list(planned)
    for one in settings:
        stem, _, rest = one.partition(".")
        name, _, text = rest.partition("=")
        own = {job.path for job in jobs if stem in (job.notebook.stem, job.notebook.stem[:2])}
        if not own or not name:
            raise ValueError(f"--set {one}: no notebook that runs has this name; write it as 10_target.places=5")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        jobs = [replace(job, parameters=job.parameters | {name: value}) if job.path in own else job for job in jobs]
    if only:
        jobs = [job for job in jobs if any(part.casefold() in job.path for part in only)]
        if not jobs:
            raise ValueError(f"--only {', '.join(only)}: no page has this in its path; papi report --explain shows the paths")  # fmt: skip
    return [job for job in jobs if not job.labels["level"]] + [job for job in jobs if job.labels["level"]][:limit]


@main.command()
@many("--province", "-p", metavar="NAME", help="Name or code, 'all' for all.  [default: that of the records, or Hà Nội, with its districts]")  # fmt: skip
@many("--district", "-d", metavar="NAME", help="Name or code, 'all' for all that have respondents; until June 2025.")
@many("--commune", "-c", metavar="NAME", help="The same of communes, wards and special zones, of the year.")
@click.option("--records", type=GIVEN, metavar="FILE", help="Respondents' records for pages of districts or communes.  [default: a simulated survey]")  # fmt: skip
@many("--year", "-y", metavar="YEAR", help="Year, or 'all'.  [default: that of the survey, or the latest]")
@many("--lang", "-l", metavar="LANG", help="vi or en.  [default: vi]")
@many("--notebook", "-n", metavar="NAME", help="Number or name, as 3 or accountability.  [default: all]")
@click.option("--out", "-o", type=FOLDER, default=RUN, show_default=True, help="The run folder.")
@click.option("--jobs", "-j", type=click.IntRange(1), help="Notebooks at the same time.  [default: as many as cores]")
@click.option("--timeout", type=click.IntRange(1), default=300, show_default=True, help="Seconds a cell may take.")
@click.option("--memory", type=click.IntRange(0), default=0, help="Megabytes a notebook may take.  [default: no bound]")
@click.option("--scheduler", "--dask", metavar="ADDRESS", help="Scheduler of a Dask cluster, as tls://host:8786; 'local' makes one.")  # fmt: skip
@click.option("--insecure", is_flag=True, help="Take a scheduler without TLS: whoever reaches its port runs code as you.")  # fmt: skip
@click.option("--force", is_flag=True, help="Run also what has not changed.")
@click.option("--explain", is_flag=True, help="Say why each notebook would run, and run none.")
@click.option("--plan", type=GIVEN, is_eager=True, expose_value=False, callback=_read_plan, metavar="FILE.toml", help="File that describes the run, as papi init writes one; options given here win.")  # fmt: skip
@many("--only", metavar="TEXT", help="Only pages that have this in their path, as --explain shows it.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N pages on places.")
@many("--set", "set_", metavar="NOTEBOOK.NAME=VALUE", help="A parameter of a notebook, as 10_target.places=5.")
@many("--document", type=click.Choice(["docx", "xlsx", "html", "zip"]), help="Documents besides the pages: see papi export.")  # fmt: skip
def report(
    province, district, commune, records, year, lang, notebook, out, jobs, timeout, memory, scheduler, insecure, force, explain, only,
    limit, set_, document,
) -> None:  # fmt: skip
    """Run the notebooks and make their pages.

    What has not changed since the last run into the same folder is kept. A notebook that fails is
    reported, and the others finish. Options that name places, years, languages and notebooks may be repeated.

    \b
    Examples:
      papi report
      papi report --province "Đà Nẵng" --province hue --lang vi --lang en
      papi report --province all --year 2024 --out output/all
      papi report --district "Ba Đình" --records survey.sav
      papi report --commune all --year 2026
      papi report --province all --scheduler tls://cluster:8786
      papi report --plan papi.toml --only ha-noi --limit 3
    """
    from papi_lib.batch import manifest, pool
    from papi_lib.batch.processes import uninterrupted

    # On an empty folder the processes for notebooks import what they need while this one plans.
    first = partial(_early, records and str(records), year if district or commune else ())
    early = None if scheduler or explain or (out / manifest.NAME).exists() else pool.Pool(first)
    with uninterrupted():
        from papi_lib import collection
        from papi_lib import report as reports

    if jobs and scheduler not in (None, "local"):
        raise ValueError("--jobs does not apply with --scheduler: how many run at once is up to the cluster's workers")
    planned = reports.plan(
        base.NOTEBOOKS, province, district, commune, records, year, list(dict.fromkeys(lang)) or ["vi"], notebook
    )
    planned = _chosen(planned, set_, only, limit)
    how = {"timeout": timeout, "memory_mb": memory, "scheduler": scheduler, "insecure": insecure, "force": force}
    settings = reports.settings(records, planned, **how | ({"workers": jobs} if jobs else {}))
    for line in collection.remarks(base.NOTEBOOKS):
        echo(f"papi: {line}", err=True)
    if explain:
        for line in reports.explain(planned, out, settings):
            echo(line)
        return
    code = reports.make(planned, out, settings, early)
    if document:
        from papi_lib.site import documents

        kinds = tuple(kind for kind in documents.KINDS if kind in document)
        made = len(list(documents.export(out, kinds)))
        if "zip" in document:
            documents.hand_over(out, out / "papi.zip")
        echo(f"{made} documents. Open {out / ('papi.zip' if 'zip' in document else documents.FOLDER)}")
    sys.exit(code)


def _early(records: str | None, years: Sequence[str]) -> None:
    """Import what processes for notebooks need, and read the surveys that were asked for."""
    from papi_lib import index, preload

    preload.imports()
    for year in years:
        preload.survey(records, index.survey_year(year))


@main.command()
@click.argument("file", type=NEW, default=Path("papi.toml"))
def init(file: Path) -> None:
    """Write a file that describes a run, with a word on each line, to be changed and run.

    \b
    Examples:
      papi init
      papi init hanoi.toml && papi report --plan hanoi.toml
    """
    from papi_lib import atomic, index

    if file.exists() or file.suffix != ".toml":
        raise ValueError(f"{file}: {'is there already' if file.exists() else 'a plan ends in .toml'}; give another name")  # fmt: skip
    sample = Path(__file__).with_name("plan.toml").read_text(encoding="utf-8")
    atomic.write(file, sample.format(name=file, year=index.years()[-1]).encode())
    echo(f"Written: {file}. Change it, then: papi report --plan {file}")


@main.command("list")
def list_() -> None:
    """Show what can be asked for: notebooks, years, provinces, and the districts and communes of the simulated surveys.

    \b
    Example:
      papi list
    """
    from papi_lib import collection, index, places
    from papi_lib.survey import units

    faults = [notebook.fault for notebook in collection.notebooks(base.NOTEBOOKS) if notebook.fault]
    for line in collection.remarks(base.NOTEBOOKS) + faults:
        echo(f"papi: {line}", err=True)
    echo(f"Notebooks in {base.NOTEBOOKS}:")
    titles, english = (collection.titles(base.NOTEBOOKS, code) for code in ("vi", "en"))
    for name, title in titles.items():
        echo(f"  {name:24} {title} / {english[name]}")
    echo(f"Years: {', '.join(map(str, index.years()))}")
    echo("Languages: vi, en")
    echo("Provinces:")
    for code, row in places.provinces().iterrows():
        echo(f"  {code:>2}  {row['name_vi']} / {row['name_en']}")
    for year in sorted(units.simulated()):
        survey = units.load(year=year)
        echo(f"{survey.level.capitalize()}s of {year}: those that have respondents in the file given with --records, of any province; without it:")  # fmt: skip
        for code in survey.units:
            echo(f"  {code}  {survey.place(code).name_vi} / {survey.place(code).name_en}")


@main.command()
@click.argument("out", type=FOUND, default=RUN)
@click.option("--verify", is_flag=True, help="Only check that every page belongs to its notebook; exit code 1 if not.")
@click.option("--against", type=FOUND, metavar="OLDER_RUN", help="List the figures that changed since an earlier run.")
@click.option("--pdf", is_flag=True, help="Print each place's summary and a booklet as PDFs; needs Chromium.")
def site(out: Path, verify: bool, against: Path | None, pdf: bool) -> None:
    """Make the lists and the search of a run folder again; check, compare or print its pages.

    \b
    Examples:
      papi site output/report
      papi site output/report --verify
      papi site output/report --against output/last-year --pdf
    """
    from papi_lib import site as pages

    if verify and (against or pdf):
        raise ValueError("--verify only checks; give it without --against and --pdf")
    if against and against.samefile(out):
        raise ValueError(f"--against {against}: is the run itself; give an earlier one")
    if verify:
        problems = pages.verify(out)
        for problem in problems:
            echo(problem, err=True)
        echo(f"{len(problems)} problems" if problems else "Every page belongs to its notebook.")
        sys.exit(1 if problems else 0)
    echo(f"Open {pages.build(out)}")
    if against:
        echo(f"Changed figures: {pages.compare(out, against)}")
    if pdf:
        for path in pages.booklets(out):
            echo(f"Printed {path}")


@main.command()
@click.argument("out", type=FOUND, default=RUN)
@click.option("--docx", is_flag=True, help="Of each place a brief of two pages for Word.")
@click.option("--xlsx", is_flag=True, help="Of each place a workbook with its tables, and one of all places.")
@click.option("--single", is_flag=True, help="Of each place one page that opens alone, with all its pages in it.")
@click.option("--zip", "packed", type=NEW, metavar="NEW.zip", help="Pack pages and documents to hand over, without notebooks and records.")  # fmt: skip
def export(out: Path, docx: bool, xlsx: bool, single: bool, packed: Path | None) -> None:
    """Make documents of a run's pages: briefs, workbooks, a zip.

    They lie in the run's folder 'documents', as documents/2024/vi/ha-noi.docx. Without options there are
    briefs and workbooks. Nothing is computed again: they say what the pages say.

    \b
    Examples:
      papi export
      papi export output/report --docx --zip papi-2024.zip
    """
    from papi_lib.site import documents

    if packed and packed.suffix.lower() != ".zip":
        raise ValueError(f"{packed}: what is packed ends in .zip; give it that name")
    chosen = {"docx": docx, "xlsx": xlsx, "html": single}
    kinds = tuple(kind for kind, asked in chosen.items() if asked) or documents.KINDS[:2]
    for path in documents.export(out, kinds):
        echo(f"Written: {path}")
    if packed:
        echo(f"Packed: {packed}, {documents.hand_over(out, packed)} files")


if TYPE_CHECKING:
    from papi_lib.batch.jobs import Job
