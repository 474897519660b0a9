"""How fast is the batch? The same jobs six ways in one run; figures are ratios, for the machine is noisy.

(a) the command lines of papermill and nbconvert, one job after another; (b) papermill in one
process; (c) ploomber-engine; (d) ``papi report`` on an empty folder; (e) again, unchanged; (f) the
bare cells of the notebooks as one script: the floor. Run with ``--jobs 6`` for a first look.

Ways (a) and (b), which are slow, may take every ``--every``-th job, times as many: a job costs them the same
however many there are, but for one start of Python in (b). CPU seconds stand beside the clock's. Where others
use the machine the clock's ratios cannot be relied on, because one way meets more of their work than another:
the run in ``results/`` had the machine for itself and took all jobs each way.

Where the time goes, by profiler and by the system's account of each process, in CPU seconds of (d): importing and
computing what all jobs share 2.7, once (in (f) as well); planning and compiling templates 1.4, once, beside it; the
jobs 0.36 each, of which 0.30 are the cells as (f) runs them, about half of it drawing, 0.02 IPython's start, 0.04 the
fork with the memory that it copies; the page and its files 0.025 a job.

Where it went before: a kernel and its messages cost 0.45 a job; each process that makes pages compiled its templates
for itself; scipy.stats and seaborn took a second to import for six colours and three quantiles; papermill imported the
engine of (c) wherever that is installed; nothing was imported before the run was planned. In the cells, ticks were
searched for to place titles and names of axes, each whisker was a line of its own, each look-up looked at all data files.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
#: Where `make bench` installs ploomber-engine.
BENCH = ROOT / ".venv" / "bench"
PROVINCES = ["Hà Nội", "Đà Nẵng", "Cần Thơ"]
YEAR = 2024


def jobs() -> list[tuple[Path, str]]:
    """Return notebooks × provinces."""
    notebooks = sorted((ROOT / "notebooks").glob("0[1-8]_*.ipynb"))
    return [(notebook, province) for province in PROVINCES for notebook in notebooks]


def command_lines(work: Path, todo: list) -> None:
    """(a) ``papermill`` and ``jupyter nbconvert``, a process each."""
    for i, (notebook, province) in enumerate(todo):
        out = work / f"{i}.ipynb"
        parameters = ["-p", "province", province, "-p", "year", str(YEAR), "-p", "lang", "vi"]
        subprocess.run(
            [BIN / "papermill", "-k", "python3", "--no-progress-bar", *parameters, notebook, out],
            check=True,
            capture_output=True,
        )
        subprocess.run(
            [BIN / "jupyter", "nbconvert", "--to", "html", "--no-input", out], check=True, capture_output=True
        )


def one_process(work: Path, todo: list) -> None:
    """(b) papermill's and nbconvert's functions in one process."""
    _python(
        work,
        todo,
        "pm.execute_notebook(notebook, out, parameters=parameters, kernel_name='python3', progress_bar=False)",
    )


def ploomber(work: Path, todo: list) -> None:
    """(c) ploomber-engine, which runs cells in its own process."""
    _python(
        work,
        todo,
        "ploomber_engine.execute_notebook(notebook, out, parameters=parameters, verbose=False, progress_bar=False)",
    )


def _python(work: Path, todo: list, call: str) -> None:
    code = f"""
import json, sys
import papermill as pm
{"import ploomber_engine" if "ploomber" in call else ""}
from nbconvert import HTMLExporter
for i, (notebook, province) in enumerate(json.loads(sys.argv[1])):
    out, parameters = f"{work}/{{i}}.ipynb", {{"province": province, "year": {YEAR}, "lang": "vi"}}
    {call}
    open(out + ".html", "w").write(HTMLExporter(exclude_input=True).from_filename(out)[0])
"""
    subprocess.run(
        [sys.executable, "-c", code, json.dumps([(str(n), p) for n, p in todo])],
        check=True,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(BENCH)} if "ploomber" in call else None,
    )


def report(work: Path, todo: list) -> None:
    """(d), (e) ``papi report``."""
    wanted = [word for province in dict.fromkeys(p for _, p in todo) for word in ("--province", province)]
    wanted += [word for stem in dict.fromkeys(n.stem for n, _ in todo) for word in ("--notebook", stem)]
    subprocess.run(
        [BIN / "papi", "report", *wanted, "--year", str(YEAR), "--out", work / "run"], check=True, capture_output=True
    )


def bare_cells(work: Path, todo: list) -> None:
    """(f) The cells of all notebooks in one process, nothing kept: what no engine can go below, but by sharing it."""
    code = "\n".join(
        "\n".join(
            c.source
            + (
                f"\nprovince, year, lang = {province!r}, {YEAR}, 'vi'"
                if "parameters" in c.metadata.get("tags", [])
                else ""
            )
            for c in nbformat.read(notebook, 4).cells
            if c.cell_type == "code"
        )
        for notebook, province in todo
    )
    script = work / "cells.py"
    # Displays make their HTML, as they do in a kernel.
    script.write_text("from IPython.core.formatters import DisplayFormatter as D\nimport papi_lib.page as p\n"
                      "d = D()\np.display = lambda *o, raw=False: [d.format(x) for x in o if not raw]\n" + code)  # fmt: skip
    subprocess.run([sys.executable, script], check=True, capture_output=True, cwd=ROOT)


def _cpu() -> float:
    """Return the CPU seconds of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure, print ratios and save them with a plot in ``benchmarks/results/``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=24)
    parser.add_argument("--every", type=int, default=1)
    given = parser.parse_args()
    todo = jobs()[: given.jobs]
    sample = todo[:: given.every]
    keep = Path(tempfile.mkdtemp())
    ways = [
        ("f", "bare cells as one script (floor)", bare_cells, True),
        ("d", "papi report, cold", report, True),
        ("e", "papi report, unchanged", report, False),
        ("c", "ploomber-engine", ploomber, True),
        ("b", "papermill in one process", one_process, True),
        ("a", "papermill and nbconvert command lines", command_lines, True),
    ]
    seconds, cpu, peak = {}, {}, {}
    for key, name, way, fresh in ways:
        work = keep / ("d" if key == "e" else key)
        if fresh:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
        some = sample if key in "ab" else todo
        start, start_cpu = time.perf_counter(), _cpu()
        with contextlib.redirect_stdout(io.StringIO()):
            way(work, some)
        times = len(todo) / len(some)
        seconds[key], cpu[key] = (time.perf_counter() - start) * times, (_cpu() - start_cpu) * times
        peak[key] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"({key}) {name}: {seconds[key]:.1f} s, {cpu[key]:.1f} s of CPU", file=sys.stderr)
    cores = os.cpu_count()
    ratios = {
        "a_over_d": seconds["a"] / seconds["d"],
        "d_over_floor_per_core": seconds["d"] / (seconds["f"] / cores),
        "e_over_a": seconds["e"] / seconds["a"],
        "b_over_d": seconds["b"] / seconds["d"],
        "c_over_d": seconds["c"] / seconds["d"],
        "cpu_a_over_d": cpu["a"] / cpu["d"],
        "cpu_d_over_floor": cpu["d"] / cpu["f"],
    }
    result = {"jobs": len(todo), "cores": cores, "ratios": {k: round(v, 3) for k, v in ratios.items()},
              "seconds": {k: round(v, 2) for k, v in seconds.items()},
              "cpu_seconds": {k: round(v, 2) for k, v in cpu.items()},
              "jobs_of_a_b": len(sample), "largest_process_mb": {k: round(v) for k, v in peak.items()}}  # fmt: skip
    folder = Path(__file__).parent / "results"
    (folder / "batch_speed.json").write_text(json.dumps(result, indent=1) + "\n")
    fig = Figure(figsize=(7, 2.6), layout="constrained")
    ax = fig.subplots()
    order, names = sorted(seconds, key=seconds.get), {k: n for k, n, *_ in ways}
    ax.barh(
        [names[k] for k in order],
        [seconds[k] / seconds["d"] for k in order],
        color="#3182bd",
    )
    ax.set_xlabel(f"time as a multiple of papi report (cold), {len(todo)} jobs, {cores} cores")
    fig.savefig(folder / "batch_speed.svg", metadata={"Date": None})
    print(json.dumps(result, indent=1))
    shutil.rmtree(keep)


if __name__ == "__main__":
    main()
