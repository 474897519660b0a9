"""Commands on data: ``papi check``, ``papi data``, ``papi import``."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from papi_lib.cli.base import FILE, GIVEN, NEW, main, many
from papi_lib.cli.language import echo


@main.command()
@click.argument("file", type=FILE, required=False)
@click.option("--year", "-y", metavar="YEAR", help="Year of the survey that the records are of.  [default: their column year, or the latest]")  # fmt: skip
@click.option("--write", "-w", "target", type=NEW, metavar="NEW.parquet", help="Write faultless records in the form that reads fastest.")  # fmt: skip
@click.option("--all", "everything", is_flag=True, help="Tell all kinds of problems, not the ten biggest.")
@click.option("--repair", is_flag=True, help="Rewrite tables that a spreadsheet program saved in its own way.")
def check(file: Path | None, year: str | None, target: Path | None, everything: bool, repair: bool) -> None:
    """Check data: respondents' records, one of the data package's tables, or all of these.

    Records (.csv, .dta, .parquet, .sav, .xlsx) are held against the codebook. Problems are told by column and
    kind, the biggest first, with rows and values; then what is doubtful (warnings). Each faulty table of the
    package is told by its first fault. The exit code is 2 where anything is wrong, 0 where it is only doubtful.

    \b
    Examples:
      papi check
      papi check data/published/2024.csv --repair
      papi check survey.sav --year 2024 --write survey.parquet
    """
    from papi_lib import datafiles, index, places, plans, published
    from papi_lib.survey import codebook

    tables = {(datafiles.folder() / r["path"]).resolve(): r["name"] for r in datafiles.package()["resources"]}
    names = datafiles.resource_names()
    if file is not None and tables.get(file.resolve()) not in names:
        if repair:
            raise ValueError(
                f"{file}: --repair is for tables of the data package; correct records where they come from"
            )
        return _check_records(file, year, target, everything)
    if given := [o for o, value in (("--year", year), ("--write", target), ("--all", everything)) if value]:
        raise ValueError(f"{', '.join(given)}: only for a file of respondents' records; name it")
    chosen = [tables[file.resolve()]] if file is not None else names
    if repair:
        _repair(chosen)
    more = {
        "plan-tasks": partial(plans.tasks, 1),
        "plan-targets": partial(plans.targets, 1),
        "districts": places.districts,
        "codebook": partial(codebook.items, index.years()[-1]),
        "standard-errors": published.standard_errors,
    }
    more |= {f"scores-{year}": partial(published.load, year) for year in index.years()}
    more |= {f"indicators-{year}": partial(published.indicators, year) for year in index.years()}
    faults = []
    for name in chosen:
        try:
            datafiles.read(name)
            more.get(name, bool)()
        except datafiles.DataError as fault:
            faults.append(str(fault))
    for line in dict.fromkeys(faults):
        echo(f"papi: {line}", err=True)
    if faults:
        sys.exit(2)
    echo(f"{len(chosen)} tables are as they should be.")


@main.command()
@click.argument("file", type=NEW)
@click.option("--province", "-p", metavar="NAME", required=True, help="Name or code.")
@click.option("--level", type=click.Choice(["commune", "district"]), default="commune", show_default=True, help="What the survey is to tell apart.")  # fmt: skip
@click.option("--year", "-y", type=int, metavar="YEAR", help="Year of the survey.  [default: the first of communes since the reform, or the latest published]")  # fmt: skip
@click.option("--lang", "-l", type=click.Choice(["vi", "en"]), default="vi", show_default=True, help="Of questions and answers.")  # fmt: skip
def template(file: Path, province: str, level: str, year: int | None, lang: str) -> None:
    """Write an empty workbook for a survey's records, with questions, answers to choose from and places.

    Filled in it is checked as it is; one row a respondent.

    \b
    Examples:
      papi template --province "Đà Nẵng" survey.xlsx
      papi template --province 1 --level district survey.xlsx && papi check survey.xlsx
    """
    from papi_lib import atomic, index, places
    from papi_lib.survey import template as templates

    if file.exists() or file.suffix.lower() != ".xlsx":
        raise ValueError(f"{file}: {'is there already' if file.exists() else 'a template ends in .xlsx'}; give another name")  # fmt: skip
    year = year or max(index.years()[-1], places.REFORM if level == "commune" else 0)
    home = places.province(province, year)
    atomic.write(file, templates.workbook(home, level, lang, year))
    echo(f"Written: {file}, for {level}s of {home.name_vi} in {year}. Fill it in, then: papi check {file}")


def _repair(names: list[str]) -> None:
    """Rewrite tables that a spreadsheet program saved; those that cannot be read are told by the check that follows."""
    from contextlib import suppress

    from papi_lib import atomic, datafiles

    for name in names:
        with suppress(datafiles.DataError):
            path, content, codes = datafiles.repaired(name)
            if content is not None:
                atomic.write(path, content)
                more = f", {codes} codes with their zeros again" if codes else ""
                echo(f"{path}: rewritten{more}; compare it with what it was (git diff)")


def _check_records(file: Path, year: str | None, target: Path | None, everything: bool) -> None:
    import pyarrow

    from papi_lib import datafiles, findings
    from papi_lib.cells import counted
    from papi_lib.survey import plausible, records

    try:
        clean, problems = records.check(records.read(file), year)
    except datafiles.DataError:
        raise
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    pyarrow.default_memory_pool().release_unused()  # the text of a large file takes a gigabyte
    doubts = plausible.doubts(clean, clean.attrs["year"])
    most = None if everything else 10
    told = [f"{file}: {note}" for note in problems.attrs["notes"]]
    told += findings.lines(file, problems, most)
    told += [f"warning: {line}" for line in findings.lines(file, doubts, most)]
    for line in told:
        echo(f"papi: {line}", err=True)
    if len(problems):
        many = f"{counted(int(problems['count'].sum()), 'problem')} of {counted(len(problems), 'kind')}"
        echo(f"papi: {file}: {many}; nothing was written", err=True)
        sys.exit(2)
    if target:
        records.write(clean, target, file)
    fine = counted(len(doubts), "warning") if len(doubts) else "as they should be"
    units = f"{counted(clean['unit'].nunique(), clean.attrs['level'])} of {clean.attrs['year']}"
    echo(f"{file}: {len(clean)} respondents in {units}, {fine}." + (f" Written: {target}" if target else ""))


@main.command()
@many("--year", "-y", metavar="YEAR", help="Only this year; may be repeated.  [default: all]")
@click.option("--lang", "-l", type=click.Choice(["vi", "en"]), default="vi", show_default=True, help="Of the names.")
@click.option("--places", "number", type=click.Choice(["63", "34"]), help="Whose provinces to follow: those until 2024, or those of today, reconstructed before 2025.  [default: each year's own]")  # fmt: skip
@click.option("--wide", is_flag=True, help="A row a province and year, with columns for the parts; else a row a score.")
@click.option("--with", "own", type=FILE, metavar="MY.csv", help="Own figures, joined by province (and year): .csv, .dta, .parquet, .sav or .xlsx.")  # fmt: skip
@click.option("--by", metavar="COLUMN", help="The file's column of provinces.  [default: found by its name]")
@click.option("--write", "-w", "target", type=NEW, metavar="NEW.csv", required=True, help="Where to write: .csv, .dta, .parquet or .xlsx.")  # fmt: skip
def data(
    year: tuple[str, ...], lang: str, number: str | None, wide: bool, own: Path | None, by: str | None, target: Path
) -> None:
    """Write the published scores as one tidy table, with own figures beside them.

    Totals, dimensions and sub-dimensions with their standard errors; files for Stata and R have labels. Provinces of the own file are named with or without
    diacritics, or by code. What did not match is told; a province that comes twice is refused.

    \b
    Examples:
      papi data --write scores.csv
      papi data --wide --lang en --write papi.dta
      papi data --with my.csv --write joined.csv
      papi data --places 34 --write today.xlsx
      papi data --year 2024 --with my.xlsx --by "Tỉnh/thành" --write joined.csv
    """
    from papi_lib import covariates, places, tidy

    if by and not own:
        raise ValueError("--by names a column of the file that --with gives; give one")
    if own and target.exists() and own.exists() and target.samefile(own):
        raise ValueError(f"{target}: would be written over by what is joined to it; give --write another name")
    of = {"63": places.REFORM - 1, "34": places.REFORM, None: None}[number]
    frame = tidy.panel(years=year or None, labels=lang, wide=wide, of=of)
    if own:
        frame, unmatched = covariates.join(frame, own, by)
        for line in covariates.report(unmatched, own):
            echo(f"papi: {line}", err=True)
    covariates.write(frame, target)
    echo(f"{len(frame)} rows, {frame['province_code'].nunique()} provinces. Written: {target}")


@main.command("import")
@click.argument("workbook", type=GIVEN, nargs=-1, required=True, metavar="WORKBOOK...")
@click.option("--replace", is_flag=True, help="Write also what differs from what is stored.")
@click.option("--year", "-y", type=int, help="Only this year; the year of a workbook that does not tell its own.")
@click.option("--edition", type=int, metavar="YEAR", help="Edition whose structure a year has that is new here.")
@click.option("--all", "everything", is_flag=True, help="Show all differences, not the first ten.")
def import_(workbook: tuple[Path, ...], replace: bool, year: int | None, edition: int | None, everything: bool) -> None:
    """Take PAPI's own yearly workbooks (.xlsx, 2011 and later) into the data package.

    Reads scores, totals, standard errors and indicators in every layout, and proves scores: sub-dimensions must add up
    to dimensions, these to the total. Tells what it found, what it did not know or take, and what differs from what
    is stored, side by side. Writes all that is new or nothing. The exit code is 1 where something differs or was not
    taken, 2 where nothing was written because a workbook is wrong.

    \b
    Examples:
      papi import 2024PAPI_ProvincialIndicators_BangChiTieuCapTinh_34_TinhThanh.xlsx
      papi import downloads/*.xlsx --replace
      papi import 2025PAPI.xlsx --edition 2021
    """
    from papi_lib import workbooks
    from papi_lib.cells import counted

    done = workbooks.bring(list(workbook), year, edition, replace)
    for line in done.found:
        echo(f"found: {line}")
    for line in done.told:
        echo(f"papi: {line}", err=True)
    shown = done.differs if everything else done.differs[:10]
    for line in shown:
        echo(f"papi: differs: {line}", err=True)
    if left := len(done.differs) - len(shown):
        echo(f"papi: differs: {left:,} more; --all shows them", err=True)
    if done.differs and not replace:
        echo(f"papi: {counted(len(done.differs), 'difference')} not written; --replace writes them", err=True)
    echo(f"Written: {', '.join(map(str, done.written))}" if done.written else "Nothing to write.")
    sys.exit(1 if done.refused or (done.differs and not replace) else 0)
