"""The command ``papi``: run notebooks for many places and years, and make the pages."""

from __future__ import annotations

import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
DEFAULT_PROVINCE = "Hà Nội"


class _OneLineErrors(click.Group):
    """Tell wrong input as one line on standard error and exit code 2, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ValueError as error:  # wrong names, faulty data files, folders in use
            click.echo(f"papi: {error}", err=True)
            ctx.exit(2)


@click.group(cls=_OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="papi_lib")
def main() -> None:
    """Notebooks, batches and pages on PAPI's published scores."""


@main.command()
@click.option(
    "--province",
    "-p",
    multiple=True,
    metavar="NAME",
    help="Name or code, 'all' for all 63; may be repeated.  [default: Hà Nội]",
)
@click.option(
    "--year", "-y", multiple=True, metavar="YEAR", help="Year, or 'all'; may be repeated.  [default: the latest]"
)
@click.option("--lang", "-l", multiple=True, metavar="LANG", help="vi or en; may be repeated.  [default: vi]")
@click.option(
    "--notebook",
    "-n",
    multiple=True,
    metavar="NAME",
    help="Number or name, as 3 or accountability; may be repeated.  [default: all]",
)
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("output/report"),
    show_default=True,
    help="The run folder.",
)
@click.option(
    "--jobs", "-j", type=click.IntRange(1), help="Notebooks at the same time.  [default: one more than cores]"
)
@click.option(
    "--timeout", type=click.IntRange(1), default=300, show_default=True, help="Seconds that one cell may take."
)
@click.option(
    "--memory", type=click.IntRange(0), default=0, help="Megabytes that one notebook may take.  [default: no bound]"
)
@click.option("--force", is_flag=True, help="Run also what has not changed.")
@click.option("--explain", is_flag=True, help="Say why each notebook would run, and run none.")
def report(province, year, lang, notebook, out, jobs, timeout, memory, force, explain) -> None:
    """Run the notebooks and make their pages.

    What has not changed since the last run into the same folder is kept. A notebook that fails is
    reported, and the others finish.

    \b
    Examples:
      papi report
      papi report --province "Đà Nẵng" --province hue --lang vi --lang en
      papi report --province all --year 2024 --out output/all
    """
    from papi_lib import batch_plan
    from papi_lib.batch import run as batch

    planned = batch_plan.jobs(NOTEBOOKS, province or [DEFAULT_PROVINCE], year, lang or ["vi"], notebook)
    settings = batch.Settings(timeout=timeout, memory_mb=memory, force=force, **batch_plan.settings())
    if jobs:
        settings.workers = jobs
    if explain:
        for job, _, reason in batch.plan(planned, out, settings):
            click.echo(f"{job.path}: {reason or 'unchanged'}")
        return
    records = _run_with_progress(planned, out, settings)
    from papi_lib import site

    first = site.build(out)
    failed = [r for r in records if r["status"] == "failed"]
    counts = {status: sum(r["status"] == status for r in records) for status in ("done", "unchanged", "failed")}
    click.echo(", ".join(f"{n} {status}" for status, n in counts.items() if n) + f". Open {first}")
    for record in failed:
        again = batch_plan.command(record, out)
        click.echo(f"failed: {record['path']}: {record['error']}\n  run again: {again}", err=True)
    if failed:
        sys.exit(1)


@main.command("list")
def list_() -> None:
    """Show what can be asked for: notebooks, years and provinces.

    \b
    Example:
      papi list
    """
    from papi_lib import batch_plan, index, places

    click.echo("Notebooks:")
    for path in batch_plan.notebooks(NOTEBOOKS):
        click.echo(f"  {path.stem:24} {batch_plan.title(path, 'vi')} / {batch_plan.title(path, 'en')}")
    click.echo(f"Years: {', '.join(map(str, index.years()))}")
    click.echo("Languages: vi, en")
    click.echo("Provinces:")
    for code, row in places.provinces().iterrows():
        click.echo(f"  {code:>2}  {row['name_vi']} / {row['name_en']}")


@main.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
def check(file: Path | None) -> None:
    """Check data files: one of the data package's tables, or all of them.

    Each faulty table is told by its first fault, with row and column; the exit code is then 2.

    \b
    Examples:
      papi check
      papi check data/published/2024.csv
    """
    from papi_lib import datafiles, plans, published

    tables = {(datafiles.folder() / r["path"]).resolve(): r["name"] for r in datafiles.package()["resources"]}
    if file is not None and file.resolve() not in tables:
        raise ValueError(f"{file}: not a table of {datafiles.folder() / 'datapackage.json'}; add it there first")
    chosen = [tables[file.resolve()]] if file is not None else list(tables.values())
    faults = []
    for name in chosen:
        try:
            datafiles.read(name)
            if name.startswith("scores-"):
                published.load(int(name.removeprefix("scores-")))
            elif name == "plan-tasks":
                plans.tasks(1)
        except datafiles.DataError as fault:
            faults.append(str(fault))
    for fault in dict.fromkeys(faults):
        click.echo(f"papi: {fault}", err=True)
    if faults:
        sys.exit(2)
    click.echo(f"{len(chosen)} tables are as they should be.")


@main.command()
@click.argument("out", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path("output/report"))
@click.option("--verify", is_flag=True, help="Only check that every page belongs to its notebook; exit code 1 if not.")
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="OLDER_RUN",
    help="List the figures that changed since an earlier run.",
)
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

    for run in filter(None, (out, against)):
        if not (run / "manifest.json").exists():
            raise ValueError(f"{run}: no manifest.json, so no finished run; make one with papi report --out {run}")
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


def _run_with_progress(planned: list, out: Path, settings) -> list[dict]:
    """Run the jobs under a progress bar with the time that remains; failures are told as they come."""
    from tqdm import tqdm

    from papi_lib.batch import run as batch

    tqdm.monitor_interval = 0  # a thread, which processes that fork must not have
    bar = None

    def tell(record: dict) -> None:
        nonlocal bar
        bar = bar or tqdm(total=len(planned), unit="page", mininterval=1)
        bar.update()
        if record["status"] == "failed":
            bar.write(f"failed: {record['path']}: {record['error']}", file=sys.stderr)

    try:
        return batch.run(planned, out, settings, tell)
    finally:
        if bar is not None:
            bar.close()
