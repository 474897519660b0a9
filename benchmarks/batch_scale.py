"""Does a run's cost per job stay the same? Unchanged runs over 300 and 2,000 jobs, and memory of two workers.

The runs are faked: one real notebook and page stand in the place of every job's, with a manifest that
calls them finished, so that ``papi report`` has everything to check and nothing to run.

With ``--communes 1 40`` real ones: all notebooks of all communes of these provinces, each from simulated records of
2026 (``--limit``: so many jobs of each; ``--dask``: on a local Dask cluster). Measured are the time until the first page,
seconds by the clock and of CPU a job in the first, middle and last third of a run, and the memory of the process that
runs them, to ``results/batch_communes.json``.

With ``--country`` simulated records of all 3,321 communes are made, a file a province, and all their pages planned, to
``results/batch_country.json``.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import pickle
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil

from papi_lib import index, places, report, tablefiles
from papi_lib.batch import manifest
from papi_lib.batch.jobs import environment_hash, file_hash
from papi_lib.batch.run import run

ROOT = Path(__file__).parents[1]
SIZES = (300, 2000)


def fake(out: Path, jobs: list, like: Path) -> None:
    """Write a finished run of these jobs, each with the files of the one job of the run `like`."""
    settings = report.settings()
    (one,) = manifest.read(like).records.values()
    inputs = {**settings.inputs, **settings.page_inputs, "environment": environment_hash()}
    files = {"executed": like / f"notebooks/{one['path']}.ipynb", "page": like / f"site/{one['path']}.html"}
    records = []
    for job in jobs:
        for name, place in (("executed", job.executed(out)), ("page", job.page(out))):
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(files[name], place)
        told = {"path": job.path, "labels": job.labels, "parameters": job.parameters, "hashes": job.hashes(inputs)}
        records.append({**one, **told, "outputs": {name: file_hash(path) for name, path in files.items()}})
    manifest.write(out, settings.head, records)


def communes(codes: list[int], limit: int, dask: bool) -> dict:
    """Return what runs over all notebooks of the communes of some provinces took, a run a province."""
    found = []
    for code in codes:
        with tempfile.TemporaryDirectory() as folder:
            found.append(one_province(code, Path(folder), limit, dask))
            print(found[-1], file=sys.stderr)
    jobs = sum(run["jobs"] for run in found)
    return {"dask": dask, "jobs": jobs, "share_of_the_country": round(jobs / (11 * 3321), 3), "runs": found}


def one_province(code: int, folder: Path, limit: int, dask: bool) -> dict:
    """Return what a run over all notebooks of a province's communes took."""
    out, start, seen = folder / "out", time.perf_counter(), []
    records = records_of(code, folder)
    words = ["--records", records, "--province", code, "--commune", "all", "--year", 2026, "-j", 2, "-o", out]
    words += ["--limit", limit] * bool(limit) + ["--dask", "local"] * dask
    command = [Path(sys.executable).with_name("papi"), "report", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        start, top = time.perf_counter(), psutil.Process(process.pid)
        while process.poll() is None:
            made = sum(1 for _ in (out / "notebooks").rglob("*.ipynb")) if out.exists() else 0
            seen.append((made, time.perf_counter() - start, cpu(top), top.memory_info().rss / 2**20))
            time.sleep(1)
    finished = manifest.read(out).records.values()
    made, clock, used, memory = np.array(seen).T
    ends = [int(np.argmax(made >= share * len(finished) / 3)) for share in (1e-9, 1, 2, 3)]
    thirds = list(pairwise(ends))
    return {
        "province": code,
        "jobs": len(finished),
        "failed": sum(record["status"] == "failed" for record in finished),
        "seconds": round(time.perf_counter() - start, 1),
        "seconds_until_first": round(clock[ends[0]], 1),
        "seconds_a_job_by_thirds": [round((clock[b] - clock[a]) / (made[b] - made[a]), 3) for a, b in thirds],
        "cpu_seconds_a_job_by_thirds": [round((used[b] - used[a]) / (made[b] - made[a]), 3) for a, b in thirds],
        "parent_mb_by_thirds": [round(memory[a:b].max()) for a, b in thirds],
    }


def cpu(top: psutil.Process) -> float:
    """Return the CPU seconds of a process and all that it started."""
    total = 0.0
    for one in [top, *top.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            total += sum(one.cpu_times()[:4])
    return total


def records_of(code: int, folder: Path) -> Path:
    """Write simulated records of a province's communes in 2026 and return their file."""
    source = importlib.util.spec_from_file_location("simulate", ROOT / "data" / "survey" / "simulate.py")
    simulate = importlib.util.module_from_spec(source)
    source.loader.exec_module(simulate)
    rng, path = np.random.default_rng(code), folder / f"{code}.parquet"
    frame = simulate.people(rng, "commune", code)
    frame = frame.join(simulate.answers(frame, rng)).drop(columns="kind").assign(year=2026, simulated=1)
    path.write_bytes(tablefiles.sealed(frame))
    return path


def country() -> dict:
    """Return what planning the pages of all communes of the country took, a file of records a province."""
    took, planned, reached = [], 0, set()
    with tempfile.TemporaryDirectory() as folder:
        for code in places.provinces(2026).index:
            path = records_of(code, Path(folder))
            start = time.perf_counter()
            jobs = report.jobs(ROOT / "notebooks", [], ["2026"], ["vi"], [], None, path, "commune")
            took.append(time.perf_counter() - start)
            planned += len(jobs)
            reached |= {job.labels["code"] for job in jobs}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    return {"provinces": len(took), "communes": len(reached), "jobs": planned, "seconds": round(sum(took), 1), "seconds_of_the_slowest_province": round(max(took), 1), "mb": round(memory)}  # fmt: skip


def save(result: dict, name: str) -> None:
    """Save what was measured in ``benchmarks/results/``, and print it."""
    (Path(__file__).parent / "results" / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def main() -> None:
    """Measure and save in ``benchmarks/results/``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--communes", type=int, nargs="+", help="real runs of these provinces' communes alone")
    parser.add_argument("--limit", type=int, default=0, help="so many jobs")
    parser.add_argument("--dask", action="store_true", help="on a local Dask cluster")
    parser.add_argument("--country", action="store_true", help="plan pages of all communes, and nothing else")
    given = parser.parse_args()
    if given.communes:
        save(communes(given.communes, given.limit, given.dask), "batch_communes" + "_dask" * given.dask)
        return
    if given.country:
        save(country(), "batch_country")
        return
    work = Path(tempfile.mkdtemp())
    one = report.jobs(ROOT / "notebooks", ["Đà Nẵng"], [], ["vi"], ["3"])
    eight = report.jobs(ROOT / "notebooks", ["Đà Nẵng"], [], ["vi"], [str(n) for n in range(1, 9)])
    memory = two_workers(eight, work / "eight")
    run(one, work / "one", report.settings())
    every = report.jobs(ROOT / "notebooks", ["all"], [str(y) for y in index.years()[-4:]], ["vi"], [])
    found = {}
    for size in SIZES:
        fake(work / str(size), every[:size], work / "one")
        found[size] = unchanged(every[:size], work / str(size))
        print(size, found[size], file=sys.stderr)
    small, large = (found[size]["cpu_seconds"] / size for size in SIZES)
    result = {"unchanged": found, "cpu_per_job_2000_over_300": round(large / small, 2), "two_workers_mb": memory}
    save(result, "batch_scale")
    shutil.rmtree(work)


def unchanged(jobs: list, out: Path) -> dict:
    """Return what an unchanged run costs: planning, checking all files, and the site's lists."""
    code = """
import sys, pickle
from pathlib import Path
from papi_lib import report, site
from papi_lib.batch.run import Settings, run
jobs = pickle.load(sys.stdin.buffer)
records = run(jobs, Path(sys.argv[1]), report.settings(None, jobs))
assert {r["status"] for r in records} == {"unchanged"}
site.build(Path(sys.argv[1]))
"""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", code, str(out)], input=pickle.dumps(jobs), check=True, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": round(time.perf_counter() - start, 2), "cpu_seconds": round(cpu, 2)}


def two_workers(jobs: list, out: Path) -> int:
    """Return the most memory that a run with two workers took, all its processes together, shared pages once."""
    most, ended = [0], threading.Event()
    words = [w for job in jobs for w in ("--notebook", job.notebook.stem)]
    command = [Path(sys.executable).with_name("papi"), "report", "-j", "2", "-p", "Đà Nẵng", *words, "-o", out]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:

        def watch() -> None:
            top = psutil.Process(process.pid)
            while not ended.wait(0.2):
                total = 0
                for one in [top, *top.children(recursive=True)]:
                    try:
                        total += one.memory_full_info().pss
                    except psutil.Error:
                        continue
                most[0] = max(most[0], total)

        watcher = threading.Thread(target=watch)
        watcher.start()
        process.wait()
        ended.set()
        watcher.join()
    return round(most[0] / 2**20)


if __name__ == "__main__":
    main()
