"""``papi report``: what is asked for becomes jobs, they run, and what became of them is told."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from tqdm import tqdm

from papi_lib import batch_plan, collection, site
from papi_lib.batch import cluster, manifest
from papi_lib.batch import run as batch
from papi_lib.batch.jobs import Job


def _only_methods(notebooks: Sequence[str]) -> bool:
    return {name.removesuffix(".ipynb") for name in notebooks} == {collection.METHODS}


def check_options(
    provinces: Sequence,
    districts: Sequence,
    records: Path | None,
    years: Sequence,
    notebooks: Sequence,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Refuse options of ``papi report`` that would do nothing; `papi_lib.batch_plan.jobs` refuses those that find nothing.

    Raises
    ------
    ValueError
        The message names the option and says why.
    """
    about = {"--province": provinces, "--district": districts, "--records": records, "--year": years}
    given = [option for option, value in about.items() if value]
    if _only_methods(notebooks) and given:
        raise ValueError(f"{given[0]} does not apply to {collection.METHODS}, which is about no place and no year")
    if workers and scheduler not in (None, cluster.LOCAL):
        raise ValueError("--jobs does not apply with --scheduler: how many run at once is up to the cluster's workers")


def plan(
    folder: Path,
    provinces: Sequence,
    districts: Sequence | None,
    records: Path | None,
    years: Sequence,
    langs: Sequence,
    notebooks: Sequence,
) -> list[Job]:
    """Return the jobs that options of ``papi report`` ask for; the page on methods comes with each."""
    planned = [batch_plan.methods(folder, lang) for lang in langs]
    if _only_methods(notebooks):
        return planned
    if not districts and (records or not provinces):
        districts = None  # all that have respondents
    chosen = [name for name in notebooks if not _only_methods([name])]
    return planned + batch_plan.jobs(folder, provinces, years, langs, chosen, districts, records)


def settings(records: Path | None, planned: Sequence[Job], workers: int | None, **how: object) -> batch.Settings:
    """Return how these jobs run."""
    how |= {"workers": workers} if workers else {}
    return batch.Settings(**how, **batch_plan.settings(records, planned))


def explain(planned: Sequence[Job], out: Path, settings: batch.Settings) -> Iterator[str]:
    """Yield a line a job: why it would run; what of the manifest cannot be used is told on standard error."""
    if damage := manifest.read(out, settings.record).damage:
        click.echo(f"papi: {damage}; what it does not tell would run again", err=True)
    for job, _, reason in batch.plan(planned, out, settings):
        why = "unchanged" if reason is None else f"cannot run: {reason.why}" if reason.refused else reason.why
        yield f"{job.path}: {why}"


def make(planned: Sequence[Job], out: Path, settings: batch.Settings) -> int:
    """Run the jobs and make the site, tell what became of them; return the command's exit code."""
    records = _run_with_progress(planned, out, settings)
    first = site.build(out)
    by_status = defaultdict(list)
    for record in records:
        by_status[record["status"]].append(record)
    counts = ", ".join(f"{len(by_status[s])} {s}" for s in ("done", "rendered", "unchanged", "failed") if by_status[s])
    click.echo(f"{counts}. Open {first}")
    for line in _remarks_on_pages(records):
        click.echo(f"papi: {line}", err=True)
    failures = defaultdict(list)
    for record in by_status["failed"]:
        failures[record["error"]].append(record)
    for error, alike in failures.items():
        more = f" (and {len(alike) - 1} more pages)" if alike[1:] else ""
        again = batch_plan.command(alike[0], out)
        click.echo(f"failed: {alike[0]['path']}{more}: {error}\n  run again: {again}", err=True)
    return 1 if failures else 0


def _remarks_on_pages(records: Sequence[dict]) -> Iterator[str]:
    """Yield what reviewers must know of the pages of notebooks that ran: what they leave out, which tell no place."""
    of = defaultdict(list)
    for record in records:
        if record["status"] != "failed" and record["labels"]["level"]:
            of[record["notebook"]].append(record)
    for notebook, own in of.items():
        if left_out := sum(record.get("left_out", 0) for record in own):
            yield f"{notebook}: pages leave {left_out} outputs out (values, warnings, long prints); print them or say them through page, or tag their cells 'analyst'"
        if untold := [record["path"] for record in own if "place" not in record["facts"]]:
            yield f"{notebook}: does not tell which place it is about, so that could not be checked ({len(untold)} pages); show page.title()"


def _run_with_progress(planned: Sequence[Job], out: Path, settings: batch.Settings) -> list[dict]:
    """Run the jobs under a progress bar with the time that remains; failures are told as they come."""
    bar = None

    def tell(record: dict) -> None:
        nonlocal bar
        bar = bar or tqdm(total=len(planned), unit="page", mininterval=1)
        bar.update()
        if record["status"] == "failed":
            bar.write(f"failed: {record['path']}: {record['error']}", file=sys.stderr)

    try:
        return batch.run(planned, out, settings, tell, lambda line: click.echo(f"papi: {line}", err=True))
    finally:
        if bar is not None:
            bar.close()
