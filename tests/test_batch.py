"""The batch under success, failure and change."""

import importlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import textwrap
from contextlib import closing
from functools import partial

import nbformat
import psutil
import pytest
from conftest import ROOT
from filelock import FileLock

from papi_lib import datafiles, preload, report
from papi_lib.batch import manifest
from papi_lib.batch import run as batch
from papi_lib.batch.jobs import Job, Settings, file_hash, stamps
from papi_lib.batch.pool import Pool
from papi_lib.batch.run import RunError, plan

POOL = None


@pytest.fixture(scope="module", autouse=True)
def one_pool():
    """Let the runs of these tests share the process that they fork from."""
    global POOL
    with closing(Pool()) as POOL:
        yield


def run(*given, **more):
    return batch.run(*given, **{"pool": POOL, **more})


def job(path, name="a", **parameters):
    return Job(path, {"province": name, **parameters}, f"x/{name}/{path.stem}", {"name": name})


def text_of(path):
    cells = nbformat.read(path, 4).cells
    return [o.get("text", "") or o.get("data", {}).get("text/plain", "") for c in cells for o in c.get("outputs", [])]


def test_parameters_reach_the_notebook_whatever_they_hold(tmp_path, make_notebook):
    hostile = "Đắk 'Lắk' \"{{ x }}\"\n<script> ../ =cmd()"
    notebook = make_notebook("n.ipynb", "print(ascii(province))")
    records = run([Job(notebook, {"province": hostile}, "p/n", {})], tmp_path / "out", Settings(workers=1))
    assert records[0]["status"] == "done", records[0]["error"]
    assert text_of(tmp_path / "out/notebooks/p/n.ipynb") == [ascii(hostile) + "\n"]


def test_one_failure_is_told_and_the_others_finish(tmp_path, make_notebook):
    good = make_notebook("good.ipynb", "print(province)")
    bad = make_notebook("bad.ipynb", "print('before')", "raise RuntimeError('on purpose')", "print('after')")
    stored = nbformat.read(bad, 4)
    stored.cells[-1].outputs = [nbformat.v4.new_output("stream", text="after, as it was stored")]
    nbformat.write(stored, bad)
    killed = make_notebook("killed.ipynb", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    hanging = make_notebook("hanging.ipynb", "import time; print('started'); time.sleep(60)")
    told = []
    todo = [job(good, "1"), job(bad), job(killed), job(hanging), job(good, "2")]
    records = run(todo, tmp_path / "out", Settings(workers=2, timeout=6), told.append)
    assert [r["status"] for r in records] == ["done", "failed", "failed", "failed", "done"]
    assert len(told) == 5
    errors = [r["error"] for r in records]
    assert errors[1] == "RuntimeError: on purpose"
    assert "died" in errors[2].lower()
    assert "timeout" in errors[3].lower()
    assert all("\n" not in e for e in errors if e)
    out = tmp_path / "out/notebooks/x/a"
    assert not (out / "bad.ipynb").exists()
    kept = text_of(out / "bad.failed.ipynb")
    assert any("before" in t for t in kept)
    assert not any("after" in t for t in kept)
    assert "started\n" in text_of(out / "hanging.failed.ipynb")
    assert "KeyboardInterrupt" in (out / "hanging.failed.ipynb").read_text()  # where it was
    saved = {r["path"]: r["status"] for r in json.loads((tmp_path / "out/manifest.json").read_text())["jobs"]}
    assert saved == {r["path"]: r["status"] for r in records}
    assert not list((tmp_path / "out").rglob(".papi-*"))


@pytest.mark.parametrize("discreet", [True, False])
def test_a_failed_notebook_tells_no_folder_and_of_respondents_no_answer(tmp_path, make_notebook, discreet):
    """Whoever gets the pages gets the notebooks behind them."""
    secret, folder = "Nguyễn Văn Mật", tmp_path / "mật khẩu"
    code = "try:\n    float('Nguyễn Văn' + ' Mật')\nexcept ValueError as e:\n    raise KeyError(f'{records}: {e}')"
    notebook = make_notebook("n.ipynb", code)
    source = nbformat.read(notebook, 4)
    source.cells[0].source += "\nrecords = ''"
    nbformat.write(source, notebook)
    given = {"records": str(folder / "a.parquet")}
    (record,) = run([Job(notebook, given, "x/n", discreet=discreet)], tmp_path / "out", Settings(workers=1))
    kept = (tmp_path / "out/notebooks/x/n.failed.ipynb").read_text(encoding="utf-8")
    assert ((secret in kept) is not discreet, (secret in record["error"]) is not discreet) == (True, True)
    assert record["error"].startswith("KeyError: ")
    assert "raise KeyError(f'{records}: {e}')" in kept
    for place in (folder, tmp_path, ROOT, sys.prefix, "/usr/lib"):
        assert str(place) not in kept


def test_a_failed_job_runs_again_and_its_remains_go(tmp_path, make_notebook):
    flag = tmp_path / "flag"
    notebook = make_notebook("n.ipynb", f"assert __import__('os').path.exists({str(flag)!r})")
    assert run([job(notebook)], tmp_path / "out", Settings(workers=1))[0]["status"] == "failed"
    flag.touch()
    assert run([job(notebook)], tmp_path / "out", Settings(workers=1))[0]["status"] == "done"
    assert not list((tmp_path / "out").rglob("*.failed.ipynb"))


def test_notebooks_are_isolated(tmp_path, make_notebook):
    """Names, modules' state, random state, working directory and environment do not pass on."""
    spoil = make_notebook("1.ipynb", textwrap.dedent("""
        import os, random, numpy, pandas, matplotlib
        leak = 1; pandas.leak = 1; os.environ["LEAK"] = "1"; os.chdir("/"); matplotlib.rcParams["font.size"] = 99
        print(random.random(), numpy.random.random())"""))  # fmt: skip
    look = make_notebook("2.ipynb", textwrap.dedent("""
        import os, random, numpy, pandas, matplotlib
        print("leak" in globals(), hasattr(pandas, "leak"), "LEAK" in os.environ, os.getcwd() == "/", matplotlib.rcParams["font.size"])
        print(random.random(), numpy.random.random())"""))  # fmt: skip
    out = tmp_path / "out"
    run([job(spoil), job(look)], out, Settings(workers=1))
    first, second = text_of(out / "notebooks/x/a/1.ipynb"), text_of(out / "notebooks/x/a/2.ipynb")
    lines = "".join(second).splitlines()
    assert lines[0] == "False False False False 10.0"
    assert set("".join(first).split()).isdisjoint(lines[1].split())


def test_what_is_prepared_is_there_in_every_notebook_and_a_failure_to_prepare_harms_none(tmp_path, make_notebook):
    look = "from papi_lib import datafiles\nprint([key[1] for key in datafiles.remembered().get('papi_lib.posterior:published_standing', {})])"
    notebook = make_notebook("n.ipynb", look)
    here = [partial(importlib.import_module, "no_such_module")]
    apart = [partial(preload.alike, 1900, 8), partial(preload.alike, 2019, 8)]
    with closing(Pool(partial(importlib.import_module, "no_such_module"))) as pool:
        settings = Settings(workers=1, prepare=partial(preload.share, here, apart, [], {}))
        (record,) = run([job(notebook)], tmp_path / "out", settings, pool=pool)
        (forker,) = [p for p in psutil.Process().children() if p.pid == pool._process.pid]
        assert forker.num_threads() == 1  # of others a fork would take along the locks but not the threads
    assert record["status"] == "done", record["error"]
    assert "(<class 'int'>, 2019), (<class 'int'>, 8)" in text_of(tmp_path / "out/notebooks/x/a/n.ipynb")[0]


def test_where_processes_are_not_forked_they_are_started_afresh(tmp_path, make_notebook):
    """As on Windows and macOS."""
    notebook = make_notebook("n.ipynb", "import sys; print(province, 'papi_lib.preload' in sys.modules)")
    settings = Settings(workers=2, start_method="spawn", prepare=partial(importlib.import_module, "papi_lib.preload"))
    records = run([job(notebook, "Đà Nẵng"), job(notebook, "b")], tmp_path / "out", settings)
    assert [r["status"] for r in records] == ["done", "done"], records
    assert text_of(tmp_path / "out/notebooks/x/Đà Nẵng/n.ipynb") == ["Đà Nẵng False\n"]


def test_only_what_changed_runs_again(tmp_path, make_notebook):
    out = tmp_path / "out"
    one, two = make_notebook("1.ipynb", "print(1)"), make_notebook("2.ipynb", "print(2)")
    settings = Settings(workers=1, inputs={"data": "d1"})

    def reasons(settings=settings, **parameters):
        return [reason and reason.why for _, _, reason in plan([job(one, **parameters), job(two)], out, settings)]

    assert reasons() == ["new", "new"]
    run([job(one), job(two)], out, settings)
    assert reasons() == [None, None]
    os.utime(one)
    assert reasons() == [None, None]
    assert reasons(Settings(inputs={"data": "d2"})) == ["changed: data"] * 2
    assert reasons(Settings(inputs={"data": "d1"}, force=True)) == ["forced"] * 2
    assert reasons(year=1) == ["changed: parameters", None]
    make_notebook("1.ipynb", "print(11)")
    assert reasons() == ["changed: notebook", None]
    (out / "notebooks/x/a/2.ipynb").write_text("{}")
    assert reasons()[1] == "output missing or altered: 2.ipynb"


@pytest.mark.parametrize(
    "content",
    ['{"jobs": [{"pa', "\udcff\x00", "[]", '{"jobs": 3}', '{"jobs": [{"path": "x/a/n"}, null]}'],
    ids=range(5),
)
def test_a_corrupted_manifest_costs_a_rerun_and_no_more(tmp_path, make_notebook, content):
    out = tmp_path / "out"
    notebook = make_notebook("n.ipynb", "print(1)")
    run([job(notebook)], out, Settings(workers=1))
    (out / "manifest.json").write_text(content, errors="surrogateescape")
    assert run([job(notebook)], out, Settings(workers=1))[0]["status"] == "done"
    assert manifest.read(out).records["x/a/n"]["status"] == "done"


def test_a_journal_line_cut_short_costs_that_job_alone(tmp_path):
    records = [{"path": f"x/{i}", "status": "done", "hashes": {}, "outputs": {}} for i in range(3)]
    manifest.append(tmp_path, records[0])
    manifest.append(tmp_path, records[1])
    journal = tmp_path / manifest.JOURNAL
    journal.write_text(journal.read_text()[:-20])
    manifest.append(tmp_path, records[2])
    assert list(manifest.read(tmp_path).records) == ["x/0", "x/2"]


def test_a_notebook_over_its_memory_fails_alone(tmp_path, make_notebook):
    """Only what it holds counts, not what libraries reserve; so does what a program that it starts holds."""
    use = "import matplotlib.pyplot as plt, pandas as pd, pyarrow as pa\npa.table({'a': range(10**6)}).to_pandas(); plt.plot([1]);"
    ordinary = make_notebook("ordinary.ipynb", use)
    greedy = make_notebook("greedy.ipynb", "print('before')", "x = bytearray(2 * 10**9)", "print('after')")
    by_program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = bytearray(10**9); input()'], stdin=subprocess.PIPE)"
    program = make_notebook("program.ipynb", "import os; r, w = os.pipe()", by_program.replace("subprocess.PIPE", "r"))
    todo = [job(ordinary), job(greedy), job(program)]
    records = run(todo, tmp_path / "out", Settings(workers=1, memory_mb=600))
    assert [r["status"] for r in records] == ["done", "failed", "failed"], records[0]["error"]
    assert {r["error"] for r in records[1:]} == {"MemoryError: the notebook took more than 600 MB of memory"}
    assert text_of(tmp_path / "out/notebooks/x/a/greedy.failed.ipynb")[-2:] == ["before\n", ""]


def test_a_second_run_on_the_folder_says_so(tmp_path, make_notebook):
    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out" / ".lock"), pytest.raises(RunError, match="another run works on this folder"):
        run([job(make_notebook("n.ipynb"))], tmp_path / "out", Settings())


def test_a_table_that_is_edited_and_put_back_meanwhile_reaches_no_page(tmp_path, make_notebook):
    """The first notebook itself edits it, so does each run of the second, which fails; the third reads it as it was."""
    table, edited = tmp_path / "table.csv", tmp_path / "edited"
    table.write_text("right")
    edit = f"from pathlib import Path; table, flag = Path({str(table)!r}), Path({str(edited)!r})\n"
    once = make_notebook(
        "1.ipynb",
        edit + "if not flag.exists(): flag.touch(); table.write_text('wrong')",
        "print(now := table.read_text())\nif now == 'wrong': n = table.write_text('right')",
    )
    ever = make_notebook(
        "2.ipynb", edit + "table.write_text('wrong'); print(table.read_text()); n = table.write_text('right')"
    )
    reads = make_notebook("3.ipynb", edit + "print(table.read_text())")

    def settings():
        since = stamps([table])
        return Settings(workers=1, inputs={"data": file_hash(table)}, since=since, again=settings)

    told, out = [], tmp_path / "out"
    records = run([job(once), job(ever), job(reads)], out, settings(), told.append)
    assert [r["status"] for r in records] == ["done", "failed", "done"]
    assert records[1]["error"] == "changed while it ran: table.csv; run the same again"
    assert len(told) == 3
    assert text_of(out / "notebooks/x/a/1.ipynb") == text_of(out / "notebooks/x/a/3.ipynb") == ["right\n"]


def test_processes_that_die_cost_no_notebook_and_leave_nothing(tmp_path, make_notebook):
    """A worker and the process that it is a copy of are killed, each once, with programs that notebooks started."""
    flag, mark = tmp_path / "flag", str(random.randrange(10**8, 10**9))
    hit = f"import os, psutil, signal, subprocess, time; subprocess.Popen(['sleep', '{mark}'])\nup = psutil.Process().parents()"
    hit += f"\ntry: os.close(os.open({str(flag)!r} + province[:1], os.O_CREAT | os.O_EXCL))\nexcept FileExistsError: pass\n"
    hit += "else: up[int(province[0])].send_signal(int(province[1:])); time.sleep(9)"
    notebook = make_notebook("n.ipynb", hit, "print(province)")
    names = [f"0{signal.SIGKILL:d}", f"1{signal.SIGKILL:d}"]
    with closing(Pool()) as pool:
        records = run(
            [job(notebook, name) for name in names], tmp_path / "out", Settings(workers=1, timeout=100), pool=pool
        )
    assert [r["status"] for r in records] == ["done"] * 2, [r["error"] for r in records]
    left = psutil.process_iter(["cmdline"])  # of those that nobody has waited for there is none
    assert not [p.pid for p in left if mark in (p.info["cmdline"] or ())]


def test_an_output_that_is_removed_meanwhile_is_not_told_as_done(tmp_path, make_notebook):
    out, source = tmp_path / "out", make_notebook("n.ipynb", "print(province)")
    todo = [job(source), job(source, "b")]

    def remove(record):
        if record["path"] == "x/b/n":
            (out / "notebooks/x/a/n.ipynb").unlink()

    records = run(todo, out, Settings(workers=1), remove)
    assert [r["status"] for r in records] == ["failed", "done"]
    assert records[0]["error"] == "n.ipynb: was removed while the run went on; run the same again"
    assert [r["status"] for r in run(todo, out, Settings(workers=1))] == ["done", "unchanged"]


def test_a_run_into_the_data_is_refused(tmp_path):
    with pytest.raises(ValueError, match="inside the data that pages are made by"):
        report.make([], datafiles.folder() / "out", report.settings())
    assert not (datafiles.folder() / "out").exists()


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk of four megabytes; return its folder and a way to mount it otherwise."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*options):
        return subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", folder], capture_output=True)

    if os.name == "nt" or mount("size=4m").returncode:
        pytest.skip("needs the right to mount a disk")
    yield folder, lambda *options: mount("remount", *options)
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_stops_the_run_and_keeps_what_is_finished(small_disk, make_notebook):
    disk, mount = small_disk
    notebook, out = make_notebook("n.ipynb", "print(province * 1_000_000)"), disk / "out"
    todo = [job(notebook, str(i)) for i in range(6)]
    told = []
    with pytest.raises(RunError, match=r"No space left on device.*; (\d) of 6 notebooks are finished and kept"):
        run(todo, out, Settings(workers=2), told.append)
    assert 0 < len(told) < 6
    assert {r["path"] for r in told} <= set(manifest.read(out).records)
    stamps = {p: p.stat().st_mtime_ns for p in out.rglob("[!.]*.ipynb")}
    assert all(len(text_of(p)[0]) == 1_000_001 for p in stamps)
    assert not list(out.rglob("*.part"))
    mount("size=64m")
    records = run(todo, out, Settings(workers=2))
    assert {r["path"]: r["status"] for r in records if r["path"] in {t["path"] for t in told}} == {
        r["path"]: "unchanged" for r in told
    }
    assert {r["status"] for r in records} == {"unchanged", "done"}
    mount("ro")
    assert [r for *_, r in plan(todo, out, Settings())] == [None] * 6
    with pytest.raises(RunError, match="cannot be written"):
        run(todo, out, Settings())
    with pytest.raises(RunError, match="cannot be written"):
        run(todo, disk / "other", Settings())


def page_of(executed, record, head):
    return b"%d cells, %s" % (executed.count(b'"cell_type"'), record["parameters"]["province"].encode())


def test_a_change_of_style_makes_pages_again_and_runs_no_cell(tmp_path, make_notebook):
    out, count = tmp_path / "out", tmp_path / "count"
    notebook = make_notebook("n.ipynb", f"open({str(count)!r}, 'a').write('x')")
    todo = [job(notebook), job(notebook, "b")]

    def settings(site, library="1"):
        return Settings(workers=2, inputs={"library": library}, page_inputs={"site": site}, render=page_of)

    def reasons(*args):
        return [reason and reason.why for *_, reason in plan(todo, out, settings(*args))]

    assert {r["status"] for r in run(todo, out, settings("1"))} == {"done"}
    assert reasons("1") == [None, None]
    assert reasons("2") == ["changed: site; its page is made again, no cell runs"] * 2
    assert reasons("2", "2") == ["changed: library, site"] * 2
    page = out / "site/x/b/n.html"
    page.write_text("altered")
    records = run(todo, out, settings("2"))
    assert {r["status"] for r in records} == {"rendered"}
    assert page.read_text() == "3 cells, b"
    assert reasons("2") == [None, None]
    page.unlink()
    assert reasons("2") == [None, "output missing or altered: n.html; it is made again, no cell runs"]
    assert [r["status"] for r in run(todo, out, settings("2"))] == ["unchanged", "rendered"]
    assert count.read_text() == "xx"


def process():
    """Return what never is the same in two processes."""
    return {"process": str(os.getpid())}


def notebooks_and_pages(out):
    """Return a run's files by name, without moments, how long things took, what follows from these, and drawings' looks."""
    found = {p.relative_to(out): p.read_text() for p in sorted(out.rglob("*")) if p.suffix in {".ipynb", ".html"}}
    moments = r'<dd>[^<]*\d\d:\d\d[^<]*</dd>|[0-9a-f]{64}|[0-9a-f]{32}|<code>[0-9a-f]{12}</code>|"(id|duration|\w+_time)": ("[^"]*"|[\d.e-]+)'
    looks = re.compile(r"<style.*?</style>|<svg.*?</svg>", re.S)
    said = {name: looks.sub(lambda drawing: " ".join(re.findall(r">([^<>]+)</text>", drawing[0])), text) for name, text in found.items()}  # fmt: skip
    return {name: re.sub(moments, "", text) for name, text in said.items()}


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_gives_what_this_machine_gives(tmp_path):
    """Two workers, one killed while it works: the same notebooks and pages."""
    distributed = pytest.importorskip("distributed")
    planned = report.jobs(ROOT / "notebooks", ["Đà Nẵng"], ["2023"], ["vi"], ["3", "8"])
    assert {r["status"] for r in run(planned, tmp_path / "here", report.settings(workers=2))} == {"done"}
    told = []
    with distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster:

        def kill_one(record):
            if not told:
                os.kill(cluster.workers[0].process.pid, signal.SIGKILL)
            told.append(record)

        records = run(
            planned, tmp_path / "there", report.settings(scheduler=cluster.scheduler_address, insecure=True), kill_one
        )
        assert len(told) == len(planned)
        assert {r["status"] for r in records} == {"done"}, [r["error"] for r in records]
        assert notebooks_and_pages(tmp_path / "there") == notebooks_and_pages(tmp_path / "here")
        other = report.settings(scheduler=cluster.scheduler_address, insecure=True, measure=process)
        with pytest.raises(RunError, match="has another process than this machine"):
            run(planned, tmp_path / "other", other)


def test_a_cluster_that_cannot_be_used_is_told_in_one_line(tmp_path, make_notebook, monkeypatch):
    todo = [job(make_notebook("n.ipynb"))]
    with pytest.raises(RunError, match="give one as tls://"):
        run(todo, tmp_path / "out", Settings(scheduler="here"))
    with pytest.raises(RunError, match="whoever reaches that port runs code as you do; .* or say --insecure"):
        run(todo, tmp_path / "out", Settings(scheduler="tcp://127.0.0.1:8786"))
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(RunError, match=r"pip install 'papi_lib\[cluster\]'"):
        run(todo, tmp_path / "out", Settings(scheduler="local"))
