"""A run: many jobs, each reported as it ends, what is finished on disk before the next is told.

Jobs run here, or over the machines of a Dask cluster, which share no disk with this one. There a job goes to a worker
as its notebook's bytes and comes back as those of the executed notebook and the page. A worker must have the same
Python packages, library and data as this machine, so that a page does not depend on where it was made: each compares
before its first job. Jobs of a worker that is lost are run again by the others. Who reaches the scheduler's port runs
code on the workers and on this machine, so that both sides must show a certificate.
"""

from __future__ import annotations

import logging
import multiprocessing
import platform
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing, nullcontext
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from papi_lib import atomic
from papi_lib.batch import manifest
from papi_lib.batch.jobs import Job, Outcome, RunError, Settings, file_hash, moment, refusal, stamps, state, touched
from papi_lib.batch.pool import Outcomes, Pool

#: Seconds that a notebook takes where none ran before.
_SECONDS = 2.0
#: In the place of a scheduler's address: a cluster of processes of this machine, to try.
LOCAL = "local"

_log = logging.getLogger(__name__)
#: On a worker: the processes that run its notebooks, of each of its threads.
_here = threading.local()


class Reason(NamedTuple):
    """Why a job is on the list, in a few words, whether its page alone must be made again, and whether it cannot run."""

    why: str
    page_only: bool = False
    refused: bool = False


class Stopped(KeyboardInterrupt):
    """A run was interrupted; the message is one line that says what is finished."""


def plan(
    jobs: Iterable[Job], out: Path, settings: Settings, records: dict[str, dict] | None = None
) -> list[tuple[Job, dict, Reason | None]]:
    """Return each job with its hashes and why it must run by a folder's records; None stands for unchanged."""
    records = manifest.read(out, settings.record).records if records is None else records
    planned = []
    for job in jobs:
        hashes = job.hashes(settings.inputs | settings.page_inputs)
        kept = records.get(job.path, {}).get("hashes", {})
        hashes |= {name: settings.shared.get(name, "") for name in kept if name not in hashes}
        if fault := job.fault or refusal(job.notebook, job.parameters):
            reason: Reason | None = Reason(fault, refused=True)
        else:
            reason = _why(job, out, hashes, records.get(job.path), settings)
        planned.append((job, hashes, Reason("forced") if settings.force and reason is None else reason))
    return planned


def _why(job: Job, out: Path, hashes: dict[str, str], record: dict | None, settings: Settings) -> Reason | None:
    """Return why a job must run, or only its page be made again; None if its outputs are still right."""
    if record is None:
        return Reason("new")
    if record["status"] == "failed":
        return Reason("failed before")
    kept, outputs = record["hashes"], record["outputs"]
    changed = [name for name, value in hashes.items() if kept.get(name) != value]
    if set(changed) - set(settings.page_inputs):
        return Reason(f"changed: {', '.join(changed)}")
    if file_hash(job.executed(out)) != outputs.get("executed"):
        return Reason(f"output missing or altered: {job.executed(out).name}")
    if record.get("labels") != job.labels:
        changed.append("labels")
    if changed:
        return Reason(f"changed: {', '.join(changed)}; its page is made again, no cell runs", page_only=True)
    if "page" in outputs and file_hash(job.page(out)) != outputs["page"]:
        name = job.page(out).name
        return Reason(f"output missing or altered: {name}; it is made again, no cell runs", page_only=True)
    return None


def run(
    jobs: Iterable[Job], out: Path, settings: Settings, tell: Callable[[dict], None] = lambda record: None,
    warn: Callable[[str], None] = lambda line: None, pool: Pool | None = None,
) -> list[dict]:  # fmt: skip
    """Run jobs into a folder; finish them all whatever single ones do.

    Parameters
    ----------
    jobs : iterable of Job
        What to run.
    out : pathlib.Path
        The run folder; what is there and still right is kept.
    settings : Settings
        How and where to run.
    tell : callable
        Called with each job's record as it ends, in the order of ending.
    warn : callable
        Called with a line on what was found in the folder and cannot be used.
    pool : Pool, optional
        The process that runs jobs, where it was started early; None for one of the run's own.

    Returns
    -------
    list of dict
        The jobs' records in the order of `jobs`; ``status`` is ``done``, ``rendered``
        (only the page was made again), ``unchanged`` or ``failed``.

    Raises
    ------
    RunError
        Another run works on the folder, it cannot be written, or the cluster cannot be used.
    Stopped
        Control-C; what is finished is in the manifest.
    """
    with manifest.locked(out), nullcontext(pool) if pool else closing(Pool()) as own:
        return _run_locked(list(jobs), out, settings, own, tell, warn)


def minutes(jobs: Iterable[Job], out: Path, settings: Settings) -> float:
    """Return about how long new jobs take here, by what the same notebooks took in this folder before."""
    if settings.scheduler:
        return 0.0
    took, records = defaultdict(list), manifest.read(out, settings.record).records
    for record in records.values():
        took[record["notebook"]].append(record["seconds"])
    new = [job for job in jobs if settings.force or job.path not in records]
    each = (median(took[job.notebook.name]) if took[job.notebook.name] else _SECONDS for job in new)
    return sum(each) / settings.workers / 60


def _run_locked(
    jobs: list[Job], out: Path, settings: Settings, pool: Pool, tell: Callable, warn: Callable
) -> list[dict]:
    found = manifest.read(out, settings.record)
    if found.damage:
        warn(manifest.put_aside(out, found))
    before, started = found.records, moment()
    records: dict[str, dict] = {}
    tried: Counter[str] = Counter()

    def keep(job: Job, outcome: Outcome, hashes: dict) -> None:
        if (read := outcome.record.pop("read", None)) is not None:  # in the place of what it read before
            hashes = {name: value for name, value in hashes.items() if value != "" and name not in settings.shared}
            hashes |= {name: settings.shared[name] for name in read if name in settings.shared}
        records[job.path] = _keep(job, outcome, out, hashes)
        tell(records[job.path])

    def finish() -> None:
        kept = [record for path, record in before.items() if path not in records]
        for job in jobs:
            own = records.get(job.path, {"status": "failed"})
            places = {"executed": job.executed(out), "page": job.page(out)}
            gone = [name for name in own.get("outputs", ()) if not places[name].is_file()]
            if own["status"] != "failed" and gone:
                why = f"{places[gone[0]].name}: was removed while the run went on; run the same again"
                records[job.path] = {**own, "status": "failed", "outputs": {}, "error": why}
        made = [records[job.path] for job in jobs if job.path in records]
        manifest.write(out, {**settings.head, "started": started, "finished": moment()}, made + kept)

    try:
        atomic.clear_parts(out)
        while left := [job for job in jobs if job.path not in records]:
            since = stamps({path for job in left for path in (job.notebook, *job.reads)})
            hashes, waiting, to_render = {}, [], []
            for job, own, reason in plan(left, out, settings, before):
                hashes[job.path] = own
                if reason is None:
                    records[job.path] = {**before[job.path], "status": "unchanged"}
                    tell(records[job.path])
                elif reason.refused:  # of one that was just changed, the fault may be half of a change
                    told = Outcome.changed(job, [reason.why]) if tried else Outcome.lost(job, reason.why)
                    keep(job, told, own)
                elif reason.page_only and not settings.force:
                    to_render.append((job, job.executed(out), before[job.path]))
                else:
                    waiting.append(job)
            with closing(_outcomes(waiting, to_render, before, settings, pool)) as made:  # no process is left behind
                for job, outcome in made:
                    own_files = {path: since[path] for path in (job.notebook, *job.reads)}
                    if names := touched(settings.since | pool.since | own_files):
                        break
                    keep(job, outcome, hashes[job.path])
                else:
                    continue
            tried[job.path] += 1
            if tried[job.path] > 1:
                keep(job, Outcome.changed(job, names), hashes[job.path])
            pool.close()
            inputs = settings.inputs | settings.shared
            settings = settings.again() if settings.again else settings
            if settings.inputs | settings.shared != inputs:
                warn(
                    f"{', '.join(names[:3])}: changed while the run went on; from here on pages are made by what there is now, and those before by the next run"
                )
        finish()
    except atomic.WriteError as error:
        raise RunError(f"{error}; {len(records)} of {len(jobs)} notebooks are finished and kept: mend it and run the same again") from None  # fmt: skip
    except KeyboardInterrupt:
        finish()
        raise Stopped(f"{len(records)} of {len(jobs)} notebooks are finished and kept") from None
    return [records[job.path] for job in jobs]


def _outcomes(
    waiting: list[Job], to_render: list[tuple], before: dict[str, dict], settings: Settings, pool: Pool
) -> Outcomes:
    """Yield what became of jobs, on the cluster or here."""
    # The longest first, by what they took last time, so that none is left alone at the end.
    longest: Counter[str] = Counter()
    for record in before.values():
        longest[record.get("notebook", "")] = max(longest[record.get("notebook", "")], record.get("seconds", 0))
    waiting = sorted(waiting, key=lambda job: -longest[job.notebook.name])
    if settings.scheduler:
        yield from _on_cluster(waiting, settings)
        waiting = []
    if waiting or to_render:
        yield from pool.outcomes([*((job, job.notebook, None) for job in waiting), *to_render], settings)


def _keep(job: Job, outcome: Outcome, out: Path, hashes: dict) -> dict:
    """Put a job's files in place, whole, then its record into the journal; return the record."""
    places = {"executed": job.executed(out), "page": job.page(out), "failed": job.failed(out)}
    for name, content in outcome.files.items():
        atomic.write(places[name], content, lasting=True)
    if "failed" not in outcome.files:
        job.failed(out).unlink(missing_ok=True)
    record = {**outcome.record, "hashes": hashes}
    if record["error"]:  # characters that are none, from a file's name or a cell
        record["error"] = record["error"].encode("utf-8", "backslashreplace").decode()
    manifest.append(out, record)
    return record


def _on_cluster(jobs: Sequence[Job], settings: Settings) -> Outcomes:
    """Yield each job with what became of it, as they end.

    Raises
    ------
    RunError
        Dask is not installed, no scheduler answers, it goes away, anybody could run code through it, or a worker
        differs from this machine.
    """
    if not jobs:
        return
    try:
        import distributed
    except ImportError:
        raise RunError("running on a cluster needs Dask: pip install 'papi_lib[cluster]'") from None
    with ExitStack() as stack:
        client = stack.enter_context(_client(distributed, settings, stack))
        if not client.scheduler_info()["workers"]:
            _log.warning("%s: no worker yet; waiting for the first", settings.scheduler)
        # Shared by many jobs, and computed again where a worker with them is lost.
        shared = client.submit(_same, replace(settings, again=None, since={}), pure=False)
        here = client.submit(_same, state(settings.measure), pure=False)
        sources = {path: client.submit(_same, path.read_bytes(), pure=False) for path in {j.notebook for j in jobs}}
        asked = {
            client.submit(_on_worker, job, sources[job.notebook], shared, here, key=f"{job.path}-{shared.key}"): job
            for job in jobs
        }
        for future in distributed.as_completed(list(asked)):
            job = asked.pop(future)
            try:
                outcome = future.result()
            except RunError:  # the worker differs from this machine
                raise
            except (distributed.CancelledError, OSError) as error:
                raise RunError(f"{settings.scheduler}: the scheduler went away ({error}); what is finished is kept, run again") from None  # fmt: skip
            except Exception as error:  # a job that takes worker after worker with it
                outcome = Outcome.lost(job, error)
            future.release()
            yield job, outcome


def _client(distributed, settings: Settings, stack: ExitStack):
    if settings.scheduler == LOCAL:
        folder = stack.enter_context(TemporaryDirectory(prefix="papi-", ignore_cleanup_errors=True))
        cluster = distributed.LocalCluster(
            n_workers=settings.workers, threads_per_worker=1, dashboard_address=None, local_directory=folder,
            protocol="tls", security=distributed.Security.temporary(),  # a certificate for this run alone
        )  # fmt: skip
        return distributed.Client(stack.enter_context(cluster))
    if not re.fullmatch(r"\w+://.+:\d+", settings.scheduler or ""):
        raise RunError(f"{settings.scheduler}: no address of a Dask scheduler; give one as tls://host:8786")
    if not (settings.scheduler or "").startswith("tls://") and not settings.insecure:
        raise RunError(f"{settings.scheduler}: whoever reaches that port runs code as you do; start the cluster with TLS and give tls://host:8786, or say --insecure if nobody else is on that network and these machines")  # fmt: skip
    try:
        return distributed.Client(settings.scheduler, timeout=10)
    except (OSError, TimeoutError) as error:
        raise RunError(f"{settings.scheduler}: no Dask scheduler answers ({error}); start one with 'dask scheduler'") from None  # fmt: skip


def _same(value: object) -> object:
    return value


def _on_worker(job: Job, source: bytes, settings: Settings, expected: dict[str, str]) -> Outcome:
    """Run one job on a worker, if it is as the machine that asks; RunError if not."""
    for _ in range(2):
        if not hasattr(_here, "pool") or touched(_here.since):
            if hasattr(_here, "pool"):
                _here.pool.close()
            multiprocessing.current_process().daemon = False  # Dask's workers are, and would not be let start others
            _here.since = settings.watch() if settings.watch else {}
            _here.state, _here.pool = state(settings.measure), Pool()
        differing = [name for name in expected if _here.state.get(name) != expected[name]]
        if differing:
            raise RunError(f"the cluster's worker on {platform.node()} has another {', '.join(differing)} than this machine; bring both to the same state and run again")  # fmt: skip
        ((_, outcome),) = _here.pool.outcomes([(job, source, None)], replace(settings, workers=1))
        if not (names := touched(_here.since | _here.pool.since)):
            return outcome
    return Outcome.changed(job, names)
