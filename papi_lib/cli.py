"""The command ``papi``: run notebooks for many places and years, and make the pages."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from papi_lib.atomic import WriteError

#: In a wheel inside the library, in the checkout beside it.
NOTEBOOKS = next(p for up in Path(__file__).resolve().parents if (p := up / "notebooks").is_dir())
#: The run folder, where none is named.
RUN = Path("output/report")
#: What options and arguments take: any file, one that is there, one to write, a folder, one that is there.
FILE = click.Path(path_type=Path)
GIVEN = click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True)
NEW = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
FOUND = click.Path(path_type=Path, exists=True, file_okay=False)


class _OneLineErrors(click.Group):
    """Tell wrong input, and Control-C, as one line on standard error, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except WriteError as error:
            said, code = f"{error}; make room there or choose another name", 2
        except ValueError as error:  # wrong names, faulty data files, folders in use
            said, code = str(error), 2
        except KeyboardInterrupt as error:
            why = str(error) or "nothing is half-written"
            said, code = f"stopped; {why}; give the same command again to go on", 130
        from papi_lib.datafiles import shown

        click.echo(f"papi: {shown(said)}", err=True)
        ctx.exit(code)


@click.group(cls=_OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="papi_lib")
def main() -> None:
    """Notebooks, batches and pages on PAPI's published scores."""
    if os.environ.get("PAPI_DATA"):  # notebooks run in their own folder
        os.environ["PAPI_DATA"] = os.path.abspath(os.environ["PAPI_DATA"])


def _many(*names: str, **about: Any) -> Callable:
    return click.option(*names, multiple=True, **about)


@main.command()
@_many("--province", "-p", metavar="NAME", help="Name or code, 'all' for all 63.  [default: that of the records, or Hà Nội, with its districts]")  # fmt: skip
@_many("--district", "-d", metavar="NAME", help="Name or code, 'all' for all that have respondents.")
@click.option("--records", type=GIVEN, metavar="FILE", help="Respondents' records for districts' pages.  [default: the simulated survey]")  # fmt: skip
@_many("--year", "-y", metavar="YEAR", help="Year, or 'all'.  [default: the latest]")
@_many("--lang", "-l", metavar="LANG", help="vi or en.  [default: vi]")
@_many("--notebook", "-n", metavar="NAME", help="Number or name, as 3 or accountability.  [default: all]")
@click.option("--out", "-o", type=FOLDER, default=RUN, show_default=True, help="The run folder.")
@click.option("--jobs", "-j", type=click.IntRange(1), help="Notebooks at the same time.  [default: as many as cores]")
@click.option("--timeout", type=click.IntRange(1), default=300, show_default=True, help="Seconds a cell may take.")
@click.option("--memory", type=click.IntRange(0), default=0, help="Megabytes a notebook may take.  [default: no bound]")
@click.option("--scheduler", "--dask", metavar="ADDRESS", help="Scheduler of a Dask cluster, as tcp://host:8786; 'local' makes one.")  # fmt: skip
@click.option("--force", is_flag=True, help="Run also what has not changed.")
@click.option("--explain", is_flag=True, help="Say why each notebook would run, and run none.")
def report(
    province, district, records, year, lang, notebook, out, jobs, timeout, memory, scheduler, force, explain
) -> None:
    """Run the notebooks and make their pages.

    What has not changed since the last run into the same folder is kept. A notebook that fails is
    reported, and the others finish. Options that name places, years, languages and notebooks may be repeated.

    \b
    Examples:
      papi report
      papi report --province "Đà Nẵng" --province hue --lang vi --lang en
      papi report --province all --year 2024 --out output/all
      papi report --district "Ba Đình" --records survey.sav
      papi report --province all --scheduler tcp://cluster:8786
    """
    from papi_lib import preload
    from papi_lib.batch import manifest, pool
    from papi_lib.batch.processes import uninterrupted

    # On an empty folder the processes for notebooks import what they need while this one plans.
    early = None if scheduler or explain or (out / manifest.NAME).exists() else pool.Pool(preload.imports)
    with uninterrupted():
        from papi_lib import collection
        from papi_lib import report as reports

    if jobs and scheduler not in (None, "local"):
        raise ValueError("--jobs does not apply with --scheduler: how many run at once is up to the cluster's workers")
    planned = reports.plan(NOTEBOOKS, province, district, records, year, list(dict.fromkeys(lang)) or ["vi"], notebook)
    how = {"timeout": timeout, "memory_mb": memory, "scheduler": scheduler, "force": force, "pool": early}
    settings = reports.settings(records, planned, **how | ({"workers": jobs} if jobs else {}))
    for line in collection.remarks(NOTEBOOKS):
        click.echo(f"papi: {line}", err=True)
    if explain:
        for line in reports.explain(planned, out, settings):
            click.echo(line)
        return
    sys.exit(reports.make(planned, out, settings))


@main.command("list")
def list_() -> None:
    """Show what can be asked for: notebooks, years, provinces and districts.

    \b
    Example:
      papi list
    """
    from papi_lib import collection, index, places
    from papi_lib.survey import districts

    faults = [notebook.fault for notebook in collection.notebooks(NOTEBOOKS) if notebook.fault]
    for line in collection.remarks(NOTEBOOKS) + faults:
        click.echo(f"papi: {line}", err=True)
    click.echo("Notebooks:")
    titles, english = (collection.titles(NOTEBOOKS, code) for code in ("vi", "en"))
    for name, title in titles.items():
        click.echo(f"  {name:24} {title} / {english[name]}")
    click.echo(f"Years: {', '.join(map(str, index.years()))}")
    click.echo("Languages: vi, en")
    click.echo("Provinces:")
    for code, row in places.provinces().iterrows():
        click.echo(f"  {code:>2}  {row['name_vi']} / {row['name_en']}")
    click.echo("Districts: those that have respondents in the file given with --records, of any province; without it:")
    for code in districts.load().districts:
        click.echo(f"  {code}  {places.district(code).name_vi} / {places.district(code).name_en}")


@main.command()
@click.argument("file", type=FILE, required=False)
@click.option("--year", "-y", metavar="YEAR", help="Year of the survey that the records are of.  [default: the latest]")
@click.option("--write", "-w", "target", type=NEW, metavar="NEW.parquet", help="Write faultless records in the form that reads fastest.")  # fmt: skip
@click.option("--all", "everything", is_flag=True, help="Tell all kinds of problems, not the ten biggest.")
@click.option("--marked", type=NEW, metavar="NEW.xlsx", help="Write the records with faulty cells in red, and their list.")  # fmt: skip
def check(file: Path | None, year: str | None, target: Path | None, everything: bool, marked: Path | None) -> None:
    """Check data: respondents' records, one of the data package's tables, or all of these.

    Records (.csv, .dta, .parquet, .sav, .xlsx) are held against the codebook. Problems are told by column and
    kind, the biggest first, with rows and values; then what is doubtful (warnings). Each faulty table of the
    package is told by its first fault. The exit code is 2 where anything is wrong, 0 where it is only doubtful.

    \b
    Examples:
      papi check
      papi check data/published/2024.csv
      papi check survey.sav --year 2024 --write survey.parquet
      papi check survey.xlsx --year 2024 --marked to-correct.xlsx
    """
    from papi_lib import datafiles, index, indicators, places, plans, published
    from papi_lib.survey import codebook

    tables = {(datafiles.folder() / r["path"]).resolve(): r["name"] for r in datafiles.package()["resources"]}
    names = datafiles.resource_names()
    if file is not None and tables.get(file.resolve()) not in names:
        asked = index.check_year(year) if year else index.years()[-1]
        return _check_records(file, asked, target, everything, marked)
    if given := [o for o, value in (("--year", year), ("--write", target), ("--all", everything), ("--marked", marked)) if value]:  # fmt: skip
        raise ValueError(f"{', '.join(given)}: only for a file of respondents' records; name it")
    chosen = [tables[file.resolve()]] if file is not None else names
    more = {
        "plan-tasks": partial(plans.tasks, 1),
        "plan-targets": partial(plans.targets, 1),
        "districts": places.districts,
        "codebook": partial(codebook.items, index.years()[-1]),
        "standard-errors": published.standard_errors,
    }
    more |= {f"scores-{year}": partial(published.load, year) for year in index.years()}
    more |= {f"indicators-{year}": partial(indicators.load, year) for year in index.years()}
    faults = []
    for name in chosen:
        try:
            datafiles.read(name)
            more.get(name, bool)()
        except datafiles.DataError as fault:
            faults.append(str(fault))
    for line in dict.fromkeys(faults):
        click.echo(f"papi: {line}", err=True)
    if faults:
        sys.exit(2)
    click.echo(f"{len(chosen)} tables are as they should be.")


@main.command()
@_many("--year", "-y", metavar="YEAR", help="Only this year; may be repeated.  [default: all]")
@click.option("--lang", "-l", type=click.Choice(["vi", "en"]), default="vi", show_default=True, help="Of the names.")
@click.option("--with", "own", type=FILE, metavar="MY.csv", help="Own figures, joined by province (and year): .csv, .dta, .parquet, .sav or .xlsx.")  # fmt: skip
@click.option("--by", metavar="COLUMN", help="The file's column of provinces.  [default: found by its name]")
@click.option(
    "--write",
    "-w",
    "target",
    type=NEW,
    metavar="NEW.csv",
    required=True,
    help="Where to write: .csv, .dta, .parquet or .xlsx.",
)
def data(year: tuple[str, ...], lang: str, own: Path | None, by: str | None, target: Path) -> None:
    """Write the published scores as one tidy table, with own figures beside them.

    One row a year, province and part of the index. Provinces of the own file are named with or without
    diacritics, or by code. What did not match is told; a province that comes twice is refused.

    \b
    Examples:
      papi data --write scores.csv
      papi data --with my.csv --write joined.csv
      papi data --year 2024 --with my.xlsx --by "Tỉnh/thành" --write joined.csv
    """
    import pandas as pd

    from papi_lib import covariates, index

    if by and not own:
        raise ValueError("--by names a column of the file that --with gives; give one")
    if own and target.exists() and own.exists() and target.samefile(own):
        raise ValueError(f"{target}: would be written over by what is joined to it; give --write another name")
    span: list = sorted({index.check_year(one) for one in year}) or [None]
    frame = pd.concat([covariates.table(one, lang) for one in span], ignore_index=True)
    if own:
        frame, unmatched = covariates.join(frame, own, by)
        for line in covariates.report(unmatched, own):
            click.echo(f"papi: {line}", err=True)
    covariates.write(frame, target)
    click.echo(f"{len(frame)} rows, {frame['province_code'].nunique()} provinces. Written: {target}")


@main.command("import")
@click.argument(
    "workbook",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    nargs=-1,
    required=True,
    metavar="WORKBOOK...",
)
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Data package to change; a new folder becomes a changed copy, to try with PAPI_DATA.  [default: data/]",
)
@click.option("--replace", is_flag=True, help="Write also what differs from what is stored.")
@click.option("--year", "-y", type=int, help="Only this year; the year of a workbook that does not tell its own.")
@click.option("--edition", type=int, metavar="YEAR", help="Edition whose structure a year has that is new here.")
@click.option("--all", "everything", is_flag=True, help="Show all differences, not the first ten.")
def import_(
    workbook: tuple[Path, ...], out: Path | None, replace: bool, year: int | None, edition: int | None, everything: bool
) -> None:
    """Take PAPI's own yearly workbooks (.xlsx, 2011 and later) into the data package.

    Reads scores, totals, standard errors and indicators in every layout, and proves scores: sub-dimensions must add up
    to dimensions, these to the total. Tells what it found, what it did not know or take, and what differs from what
    is stored, side by side. Writes all that is new or nothing. The exit code is 1 where something differs or was not
    taken, 2 where nothing was written because a workbook is wrong.

    \b
    Examples:
      papi import 2024PAPI_ProvincialIndicators_BangChiTieuCapTinh_34_TinhThanh.xlsx
      papi import downloads/*.xlsx --out tried
      papi import 2025PAPI.xlsx --edition 2021
    """
    from papi_lib import workbooks
    from papi_lib.tablefiles import counted

    done = workbooks.bring(list(workbook), out, year, edition, replace)
    for line in done.found:
        click.echo(f"found: {line}")
    for line in done.told:
        click.echo(f"papi: {line}", err=True)
    shown = done.differs if everything else done.differs[:10]
    for line in shown:
        click.echo(f"papi: differs: {line}", err=True)
    if left := len(done.differs) - len(shown):
        click.echo(f"papi: differs: {left:,} more; --all shows them", err=True)
    if done.differs and not replace:
        click.echo(f"papi: {counted(len(done.differs), 'difference')} not written; --replace writes them", err=True)
    click.echo(f"Written: {', '.join(map(str, done.written))}" if done.written else "Nothing to write.")
    sys.exit(1 if done.refused or (done.differs and not replace) else 0)


def _check_records(file: Path, year: int, target: Path | None, everything: bool, marked: Path | None) -> None:
    import pyarrow

    from papi_lib import atomic, findings
    from papi_lib.cells import counted
    from papi_lib.survey import plausible, records

    if marked and (marked.suffix.lower() != ".xlsx" or marked.resolve() == file.resolve()):
        raise ValueError(f"{marked}: problems are marked in a new workbook; give another name that ends in .xlsx")
    frame = records.read(file)
    clean, problems = records.check(frame, year)
    if not marked:  # the text of a large file takes a gigabyte, which Arrow would keep
        del frame
        pyarrow.default_memory_pool().release_unused()
    doubts = plausible.doubts(clean, year)
    most = None if everything else 10
    told = [f"{file}: {note}" for note in problems.attrs["notes"]]
    told += findings.lines(file, problems, most)
    told += [f"warning: {line}" for line in findings.lines(file, doubts, most)]
    for line in told:
        click.echo(f"papi: {line}", err=True)
    if marked and len(problems) + len(doubts):
        atomic.write(marked, findings.workbook(frame, [*problems.itertuples(), *doubts.itertuples()]))
    if len(problems):
        many = f"{counted(int(problems['count'].sum()), 'problem')} of {counted(len(problems), 'kind')}"
        click.echo(f"papi: {file}: {many}; nothing was written" + (f" but {marked}" if marked else ""), err=True)
        sys.exit(2)
    if target:
        records.write(clean, target)
    fine = counted(len(doubts), "warning") if len(doubts) else "as they should be"
    written = ", ".join(str(path) for path in (target, marked if len(doubts) else None) if path)
    click.echo(f"{file}: {len(clean)} respondents, {fine}." + (f" Written: {written}" if written else ""))


@main.command()
@click.argument("out", type=FOUND, default=RUN)
@click.option("--verify", is_flag=True, help="Only check that every page belongs to its notebook; exit code 1 if not.")
@click.option("--against", type=FOUND, metavar="OLDER_RUN", help="List the figures that changed since an earlier run.")
@click.option("--pdf", is_flag=True, help="Print each place's pages as one PDF; needs Chromium.")
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
            click.echo(problem, err=True)
        click.echo(f"{len(problems)} problems" if problems else "Every page belongs to its notebook.")
        sys.exit(1 if problems else 0)
    click.echo(f"Open {pages.build(out)}")
    if against:
        click.echo(f"Changed figures: {pages.compare(out, against)}")
    if pdf:
        for path in pages.booklets(out):
            click.echo(f"Printed {path}")
