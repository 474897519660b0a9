"""Jobs over the machines of a Dask cluster, which share no disk with this one.

A job goes to a worker as its notebook's bytes and comes back as those of the executed notebook and
the page; this machine writes them. A worker must have the same Python packages, library and data as
this machine, so that a page does not depend on where it was made: each compares before its first
job. Jobs of a worker that is lost are run again by the others. Who reaches the scheduler's port runs code on
the workers and on this machine, so that both sides must show a certificate.
"""

from __future__ import annotations

import logging
import multiprocessing
import platform
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from tempfile import TemporaryDirectory

from papi_lib.batch.jobs import Job, Outcome, RunError, Settings, changed, environment_hash, lost, touched
from papi_lib.batch.pool import Outcomes, Pool

#: In the place of a scheduler's address: a cluster of processes of this machine, to try.
LOCAL = "local"

_log = logging.getLogger(__name__)
#: On a worker: the processes that run its notebooks, of each of its threads.
_here = threading.local()


def outcomes(jobs: Sequence[Job], settings: Settings) -> Outcomes:
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
                outcome = lost(job, error)
            future.release()
            yield job, outcome


def state(measure: Callable[[], dict] | None) -> dict[str, str]:
    """Return what must be the same here and on a worker, by name."""
    return {"environment": environment_hash()} | (measure() if measure else {})


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
    return changed(job, names)
