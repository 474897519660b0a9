"""Faults of all kinds, many of each: what a batch promises, tried. ``make faults`` runs this file, `make test` does not.

Each kind returns what was lost in its tries, a line each; none may be. Moments are drawn at random, from a fixed seed.
The table of tries and losses is `docs/faults.md`, with what each kind last gave.
"""

import copy
import errno
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

import nbformat
import psutil
import pytest
import strangers
from conftest import ROOT
from site_runs import facts, job, methods, notebook
from site_runs import run as make_run

from papi_lib import atomic, report, site
from papi_lib.batch import manifest
from papi_lib.batch.jobs import Job, Settings, file_hash, stamps
from papi_lib.batch.pool import Pool
from papi_lib.batch.run import RunError, run
from papi_lib.site.files import RECORD

TABLE = ROOT / "docs" / "faults.md"
HEAD = """# Faults tried

`make faults` tries these and writes this table. Lost is what is not as it was promised: a page that is wrong,
half-written, gone or not told of, a run that ended, a process that was left behind, code of others that ran, a file
written outside, a traceback, a respondent's answer that can be told.
"""
KINDS = {}
TRIED = {}


def kind(what, tries):
    """Let a function try a kind of fault: it takes a folder, random numbers, how often, and a maker of notebooks.

    It yields a line for what was lost, and None for a fault that came too late.
    """

    def keep(function):
        KINDS[what] = (tries, function)
        return function

    return keep


def text_of(path):
    cells = nbformat.read(path, 4).cells
    return "".join(o.get("text", "") for c in cells for o in c.get("outputs", []))


def jobs_of(source, n):
    return [Job(source, {"province": str(i)}, f"x/{i}/n", {}) for i in range(n)]


def page_of(executed, record, head):
    return b"<p>" + hashlib.sha256(executed).hexdigest().encode()


@contextmanager
def meanwhile(*acts):
    """Do something in threads while the body runs."""
    threads = [threading.Thread(target=act, daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(30)


def wrong_files(out, todo, expected):
    """Tell which jobs the manifest calls done whose files are not whole."""
    for one in todo:
        record = manifest.read(out).records.get(one.path)
        if record and record["status"] != "failed":
            path = one.executed(out)
            if not path.is_file():
                yield f"{one.path}: {record['status']}, but its file is gone"
            elif text_of(path) != expected(one):
                yield f"{one.path}: {text_of(path)!r}"


# Inputs that change ------------------------------------------------------------------------------------------------


@kind("an input is edited and put back while a run goes on", 60)
def changed_inputs(base, rng, tries, make):
    table, saved = base / "table.csv", base / "saved"
    source = make("n.ipynb", f"import time; time.sleep(0.15); print(open({str(table)!r}).read(), 'first', province)")
    table.write_text("right")
    pool = Pool()
    run(jobs_of(source, 1), base / "warm", Settings(), pool=pool)
    for each in range(tries // 3):
        out = base / f"out{each}"

        def settings():
            since = stamps([table])
            return Settings(workers=2, inputs={"data": file_hash(table)}, since=since, again=settings)

        def edit(path=(table, source)[each % 2], cut=each % 4 > 1):
            for _ in range(3):
                time.sleep(rng.uniform(0, 0.6))
                shutil.copy2(path, saved)
                text = path.read_text()
                path.write_text(text.replace("right", "wrong").replace("first", "other") if not cut else text[:4])
                time.sleep(rng.uniform(0.01, 0.3))
                path.write_bytes(saved.read_bytes())
                shutil.copystat(saved, path)

        todo = jobs_of(source, 5)
        how = settings()
        with meanwhile(edit):
            records = run(todo, out, how)
        yield from (f"{one['path']}: {one['error']}" for one in records if one["error"] and "changed while" not in one["error"])  # fmt: skip
        yield from wrong_files(out, todo, lambda one: f"right first {one.parameters['province']}\n")
        again = run(todo, out, settings())
        yield from (f"{one['path']}: not made the second time" for one in again if one["status"] == "failed")
        yield from wrong_files(out, todo, lambda one: f"right first {one.parameters['province']}\n")


# Processes that die or stop ----------------------------------------------------------------------------------------


def victims(pool, which):
    """Return the process that is copied, its workers, or their notebooks."""
    with suppress(psutil.Error, AttributeError, TypeError):
        levels = [[psutil.Process(int(pool._process.pid))]]  # none, while it starts, would be this one
        while len(levels) < 3:
            levels.append([child for one in levels[-1] for child in one.children()])
        return levels[which]
    return []


def struck(base, rng, tries, make, sign, each):
    """Send a signal to processes of runs, `each` times a run, and go on with the same once."""
    source = make("n.ipynb", "import time; time.sleep(0.05)", "print(province)")
    for one in range(tries // each):
        out, todo = base / f"out{one}", jobs_of(source, 10)
        hit = []
        with closing(Pool()) as pool:
            warm = one % 2 and not run(jobs_of(source, 1), base / f"warm{one}", Settings(), pool=pool)[0]["error"]

            def strike(pool=pool, which=one % 3, hit=hit, early=one % 4 == 0, after=0.5 if warm else 2):
                for n in range(each):
                    time.sleep(0.02 if early and not n else rng.uniform(0, after))  # and as early as can be
                    found = []
                    until = time.monotonic() + 5
                    while not found and time.monotonic() < until and len(hit) == n:
                        found = victims(pool, which)
                    with suppress(psutil.Error, IndexError):
                        rng.choice(found).send_signal(sign)
                        hit.append(which)

            try:
                with meanwhile(strike):
                    records = run(todo, out, Settings(workers=2, timeout=4), pool=pool)
            except Exception as error:
                yield f"the run ended: {error}"
                continue
            yield from [None] * (each - len(hit))  # found nothing to hit
            failed = [r for r in records if r["status"] == "failed"]
            if len(failed) > len(hit):
                yield f"{len(failed)} notebooks failed by {len(hit)} dead processes"
            records = run(todo, out, Settings(workers=2), pool=pool)
            yield from (f"{r['path']}: {r['error']}" for r in records if r["status"] == "failed")
            yield from wrong_files(out, todo, lambda one: f"{one.parameters['province']}\n")


@kind("the process that is copied, a worker or a notebook is killed", 90)
def killed(base, rng, tries, make):
    yield from struck(base, rng, tries, make, signal.SIGKILL, 3)


@kind("one of them is stopped and never goes on", 15)
def stopped(base, rng, tries, make):
    yield from struck(base, rng, tries, make, signal.SIGSTOP, 1)


@kind("the run itself is killed, interrupted or terminated", 40)
def run_killed(base, rng, tries, make):
    """What is finished stays, nothing is half-written, and no process of it is left, nor what notebooks started."""
    sleep = f"sleep {random.SystemRandom().randrange(10**6, 10**7)}"  # no other trial's
    start = f"import subprocess, time; subprocess.Popen({sleep.split()!r}); time.sleep(0.1)"
    source, out = make("n.ipynb", start, "print(province)"), base / "out"
    todo, stamped = jobs_of(source, 2 * tries), {}
    script = "import sys; sys.path.insert(0, {!r}); import faults; from pathlib import Path; faults.run(faults.jobs_of(Path({!r}), {}), Path({!r}), faults.Settings(workers=2))"
    own = script.format(str(Path(__file__).parent), str(source), len(todo), str(out))
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "faults")])
    for each in range(tries):
        elsewhere = base / f"temporary{each}"
        elsewhere.mkdir()
        env = os.environ | {"PYTHONPATH": paths, "TMPDIR": str(elsewhere)}
        one = subprocess.Popen([sys.executable, "-c", own], env=env, stderr=subprocess.DEVNULL)
        with suppress(subprocess.TimeoutExpired):
            one.wait(rng.uniform(0, 5))
        family = []
        with suppress(psutil.Error):
            family = psutil.Process(one.pid).children(recursive=True)
        sign = (signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM)[each % 4]
        with suppress(psutil.Error):
            if each % 8 == 1 and family:
                family[0].kill()  # the two at once
            one.send_signal(sign)
        with suppress(subprocess.TimeoutExpired):  # an interrupt that came while it imported may be swallowed
            one.wait(20)
        one.kill()
        one.wait()
        until = time.monotonic() + 10
        while time.monotonic() < until and (left := orphans(sleep, family)):
            time.sleep(0.1)
        for one in left:
            one.kill()
        yield from (f"still there after {sign.name}: {one}" for one in left)
        kept = {p: r for p, r in manifest.read(out).records.items() if r["status"] != "failed"} if out.exists() else {}
        yield from (f"{path}: finished, then lost or made again" for path, moment in stamped.items() if path not in kept or moment != _stamp(out, path))  # fmt: skip
        stamped = {path: _stamp(out, path) for path in kept}
        yield from wrong_files(out, todo, lambda one: f"{one.parameters['province']}\n")
        if sign != signal.SIGKILL or each % 8 != 1:
            yield from (f"left behind: {path}" for path in elsewhere.glob("papi-*"))


def _stamp(out, path):
    return (out / f"notebooks/{path}.ipynb").stat().st_mtime_ns


def orphans(sleep, family):
    """Return what is left of a run's processes, and of those that its notebooks started."""
    left = []
    for one in psutil.process_iter():
        with suppress(psutil.Error):
            if (one in family or " ".join(one.cmdline()) == sleep) and one.status() != psutil.STATUS_ZOMBIE:
                left.append(one)
    return left


# Files that are damaged, removed, or cannot be written -------------------------------------------------------------


STRANGE = [
    None,
    "",
    "x",
    -1,
    1.5,
    True,
    [],
    {},
    "\ud800",
    "../x",
    "/x/y",
    "a\x00b",
    10**30,
    float("inf"),
    ["x"],
    {"x": 1},
]


def mutated(rng, text):
    """Return a manifest's text with one thing changed: a value anywhere, a key taken away or renamed, or a few bytes."""
    if rng.random() < 0.3:
        at, kind = rng.randrange(len(text)), rng.randrange(3)
        return text[:at] + (b"", bytes([rng.randrange(256)]), text[at:][: rng.randrange(200)] * 2)[kind] + (text[at + 1 :] if kind else b"")  # fmt: skip
    whole = json.loads(text)
    nodes, found = [whole], []
    while nodes:
        node = nodes.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node))
        found += [(node, key) for key in keys]
        nodes += [node[key] for key in keys if isinstance(node[key], (dict, list))]
    node, key = rng.choice(found)
    if rng.random() < 0.3 and isinstance(node, dict):
        value = node.pop(key)
        node |= {f"{key}2": value} if rng.random() < 0.5 else {}
    else:
        node[key] = copy.deepcopy(rng.choice(STRANGE))
    return json.dumps(whole).encode()


@kind("a value, key or byte of a manifest is changed", 180)
def damaged(base, rng, tries, make):
    made = base / "made"
    whole, failed = job("Hà Nội", "ha-noi"), job("Hải Phòng", "hai-phong", status="failed", error="x")
    make_run(made, (whole, notebook(whole, told=facts(whole))), (failed, notebook(failed)), methods())
    text = (made / manifest.NAME).read_bytes()
    for n in range(tries):
        out = base / str(n)
        shutil.copytree(made, out)
        (out / manifest.NAME).write_bytes(mutated(rng, text))
        for act in (partial(site.build, out), partial(site.verify, out), partial(site.compare, made, out)):
            try:
                act()
            except ValueError as error:
                if str(out) not in str(error) or "\n" in str(error):
                    yield f"{n}: {error}"
            except Exception as error:
                yield f"{n}: {error!r}"
        told = []
        run([], out, Settings(record=RECORD), warn=told.append)
        if told and not list(out.glob("manifest.damaged-*.json")):
            yield f"{n}: told, but nothing kept"
        told = []
        run([], out, Settings(record=RECORD), warn=told.append)
        yield from (f"{n}: wedged: {line}" for line in told)
        shutil.rmtree(out)


@kind("a line of the journal is cut, repeated or filled with anything", 60)
def damaged_journal(base, rng, tries, make):
    source, out = make("n.ipynb", "print(province)"), base / "out"
    todo = jobs_of(source, 3)
    with closing(Pool()) as pool:
        run(todo, out, Settings(workers=2), pool=pool)
        for n in range(tries):
            lines = [json.dumps(r).encode() for r in manifest.read(out).records.values()]
            (out / manifest.NAME).unlink(missing_ok=True)
            at = rng.randrange(3)
            lines[at] = mutated(rng, lines[at])
            (out / manifest.JOURNAL).write_bytes(b"\n".join(lines) + (b"" if n % 2 else b"\n"))
            try:
                records = run(todo, out, Settings(workers=2), pool=pool)
            except Exception as error:
                yield f"{n}: {error!r}"
                continue
            yield from (f"{n}: {r['error']}" for r in records if r["status"] == "failed")
            if sum(r["status"] == "done" for r in records) > 1:
                yield f"{n}: more ran again than was damaged"


@kind("files of the run folder are removed while a run goes on", 20)
def removed(base, rng, tries, make):
    source = make("n.ipynb", "import time; time.sleep(0.05)", "print(province)")
    with closing(Pool()) as pool:
        for n in range(tries):
            out, todo = base / f"out{n}", jobs_of(source, 8)

            def remove(out=out, n=n):
                time.sleep(rng.uniform(0.05, 0.6))
                shutil.rmtree(out / "notebooks" if n % 2 else out, ignore_errors=True)

            with meanwhile(remove), suppress(RunError):
                run(todo, out, Settings(workers=2), pool=pool)
            yield from wrong_files(out, todo, lambda one: f"{one.parameters['province']}\n")
            if {r["status"] for r in run(todo, out, Settings(workers=2), pool=pool)} - {"done", "unchanged"}:
                yield f"{n}: not made the second time"
            yield from wrong_files(out, todo, lambda one: f"{one.parameters['province']}\n")


@kind("a write, a sync or a rename fails on the disk", 36)
def disk_errors(base, rng, tries, make):
    source = make("n.ipynb", "print(province)")
    settings = partial(Settings, workers=2, render=page_of)
    with closing(Pool()) as pool:
        for n in range(tries):
            out, todo, step = base / f"out{n}", jobs_of(source, 3), ("fsync", "replace", "open")[n % 3]
            real, calls, at = getattr(os, step), [], rng.randrange(1, 12)

            def fail(*arguments, real=real, calls=calls, at=at, **more):
                calls.append(1)
                if len(calls) == at:
                    raise OSError(errno.EIO, "Input/output error")
                return real(*arguments, **more)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(os, step, fail)
                try:
                    run(todo, out, settings(), pool=pool)
                except RunError as error:
                    if "\n" in str(error):
                        yield f"{n}: {error}"
                except Exception as error:
                    yield f"{n}: {error!r}"
            yield from wrong_files(out, todo, lambda one: f"{one.parameters['province']}\n")
            records = run(todo, out, settings(), pool=pool)
            yield from (f"{n}: {r['error']}" for r in records if r["status"] == "failed")
            yield from (f"{n}: left: {p.name}" for p in out.rglob(".*.part"))
            shutil.rmtree(out)


# Two at once -------------------------------------------------------------------------------------------------------


def _write_often(path, letter, times):
    for _ in range(times):
        atomic.write(path, letter * 300_000)


@kind("two processes write one file at once", 60)
def two_writers(base, rng, tries, make):
    path, context = base / "file", multiprocessing.get_context("fork")
    for _ in range(tries // 20):
        both = [context.Process(target=_write_often, args=(path, letter, 20)) for letter in (b"a", b"b")]
        for one in both:
            one.start()
        while any(one.is_alive() for one in both):
            if path.exists() and len(set(content := path.read_bytes())) != 1 or path.exists() and len(content) != 300_000:  # fmt: skip
                yield f"half a file: {len(content)} bytes"
        yield from (f"a writer failed ({one.exitcode})" for one in both if one.exitcode)
    yield from (f"left: {p.name}" for p in base.glob(".*.part"))


@kind("a run or the lists are asked for in a folder that a run works on", 10)
def two_runs(base, rng, tries, make):
    whole = job("Hà Nội", "ha-noi")
    out = base / "out"
    make_run(out, (whole, notebook(whole, told=facts(whole))), methods())
    hold = f"from pathlib import Path; from papi_lib.batch import manifest\nwith manifest.locked(Path({str(out)!r})): print(1, flush=True); input()"
    other = subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    other.stdout.readline()
    for n in range(tries):
        try:
            (site.build, partial(run, [], settings=Settings()))[n % 2](out=out)
            yield f"{n}: not refused"
        except RunError as error:
            if "another run works on this folder" not in str(error):
                yield f"{n}: {error}"
    other.communicate(b"\n")
    site.build(out)


@kind("a run folder is asked for inside the data", 6)
def inside_data(base, rng, tries, make):
    data = base / "data"
    shutil.copytree(ROOT / "data", data)
    (base / "link").symlink_to(data)
    before = sorted(data.rglob("*"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPI_DATA", str(data))
        for out in (data, data / "out", data / "published" / "x", base / "link" / "y", base / "z" / ".." / "data" / "a", data / "places")[:tries]:  # fmt: skip
            try:
                report.make([], out, report.settings())
                yield f"{out}: not refused"
            except ValueError as error:
                if "inside the data" not in str(error):
                    yield str(error)
    if sorted(data.rglob("*")) != before:
        yield "something was written there"


# A cluster ---------------------------------------------------------------------------------------------------------


#: As another user of this machine, with a certificate of one's own, with none, and without TLS: who runs the code.
REACH = """
import os, sys, distributed
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for scheme, security in (("tls", distributed.Security.temporary()), ("tls", None), ("tcp", None)):
    try:
        client = distributed.Client(scheme + "://" + sys.argv[1], security=security, timeout=3)
        print("ran as", client.submit(os.getuid).result(5), flush=True)
    except Exception as error:
        print("refused", flush=True)
"""


def reached(address):
    """Return what came of three ways to reach a scheduler."""
    own = [sys.executable, "-c", REACH, address.split("://")[1]]
    return subprocess.run(own, capture_output=True, text=True, timeout=90).stdout.split("\n")[:-1]


@kind("another user of the machine asks a scheduler to run code", 6)
def other_users(base, rng, tries, make):
    from contextlib import ExitStack

    import distributed

    from papi_lib.batch import run

    with distributed.LocalCluster(1, threads_per_worker=1, dashboard_address=None) as cluster_without:
        if not any("ran" in line for line in reached(cluster_without.scheduler_address)):
            yield "this could not find what it looks for"
    for _ in range(tries // 3):
        with ExitStack() as stack:
            client = stack.enter_context(run._client(distributed, Settings(scheduler="local", workers=1), stack))
            yield from (line for line in reached(client.scheduler.address) if line != "refused")


@kind("a scheduler's address has no TLS, or is none", 6)
def no_tls(base, rng, tries, make):
    todo = jobs_of(make("n.ipynb"), 1)
    for address in ("tcp://127.0.0.1:1", "tcp://10.0.0.5:8786", "ws://x:1", "inproc://1:1", "here", "tls:/x")[:tries]:
        try:
            run(todo, base / "out", Settings(scheduler=address))
            yield f"{address}: taken"
        except RunError as error:
            if "\n" in str(error) or "tls://" not in str(error):
                yield f"{address}: {error}"


def free_port():
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@kind("a worker of a cluster on TLS dies while 200 notebooks run there", 4)
def cluster_loses(base, rng, tries, make):
    """The recipe of the README; what comes back is what this machine makes."""
    todo = jobs_of(make("n.ipynb", "print(province)"), 200)
    key, port = base / "papi.pem", free_port()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=papi", "-keyout", key, "-out", base / "cert.pem"], check=True, capture_output=True)  # fmt: skip
    key.write_text(key.read_text() + (base / "cert.pem").read_text())
    tls = "DASK_DISTRIBUTED__COMM__TLS__"
    names = [f"{tls}CA_FILE"] + [f"{tls}{who}__CERT" for who in ("CLIENT", "SCHEDULER", "WORKER")]
    env = os.environ | dict.fromkeys(names, str(key)) | {"PYTHONPATH": str(ROOT)}
    dask = [sys.executable, "-m", "dask"]
    address = f"tls://127.0.0.1:{port}"
    quiet = {"env": env, "stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "cwd": base}
    scheduler = subprocess.Popen([*dask, "scheduler", "--protocol", "tls", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"], **quiet)  # fmt: skip
    workers = [subprocess.Popen([*dask, "worker", address, "--nthreads", "1", "--nworkers", "1", "--no-dashboard"], **quiet) for _ in range(2)]  # fmt: skip
    try:
        import dask.config
        import distributed.config  # noqa: F401 - its defaults, which the next lines add to

        tls = "distributed.comm.tls."
        with dask.config.set({f"{tls}ca-file": str(key), f"{tls}client.cert": str(key)}):
            time.sleep(3)
            told = []

            def strike(record):
                told.append(record)
                if len(told) in (20, 60, 100, 140)[:tries]:
                    found = [c for w in workers for c in psutil.Process(w.pid).children(recursive=True)]
                    with suppress(psutil.Error, IndexError):
                        rng.choice(found).kill()

            records = run(todo, base / "there", Settings(scheduler=address), strike)
    finally:
        for one in (*workers, scheduler):
            for child in psutil.Process(one.pid).children(recursive=True):
                with suppress(psutil.Error):
                    child.kill()
            one.kill()
    failed = [f"{r['path']}: {r['error']}" for r in records if r["status"] == "failed"]
    yield from failed[tries:]  # a notebook's own process may have been hit
    both = [base / "here", base / "there"]
    yield from (r["error"] for out in both for r in run(todo, out, Settings(workers=2)) if r["status"] == "failed")
    cells = [[nbformat.read(one.executed(out), 4).cells for out in both] for one in todo]
    for one, (here, there) in zip(todo, cells, strict=True):
        if [(c.source, c.outputs) for c in here] != [(c.source, c.outputs) for c in there]:
            yield f"{one.path}: differs"


# Strangers' folders, records, respondents ----------------------------------------------------------------------------


for _what, (_tries, _act) in strangers.KINDS.items():
    kind(_what, _tries)(lambda base, rng, tries, make, act=_act: act(base, rng, tries))


# The table ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("what", KINDS)
def test_nothing_is_lost(what, tmp_path, make_notebook):
    tries, act = KINDS[what]
    told = list(act(tmp_path, random.Random(what), tries, make_notebook))
    lost = [line for line in told if line]
    TRIED[what] = (tries - told.count(None), len(lost))
    assert not lost, f"{len(lost)} lost: {Counter(lost).most_common(8)}"


@pytest.fixture(scope="module", autouse=True)
def table():
    """Write what was tried and lost; what was not tried now keeps its row."""
    yield
    rows = {f"{what[0].upper()}{what[1:]}": TRIED.get(what) for what in KINDS}
    for line in TABLE.read_text(encoding="utf-8").splitlines() if TABLE.exists() else ():
        what, *counts = (cell.strip() for cell in line.strip("|").split("|"))
        if what in rows and rows[what] is None:
            rows[what] = tuple(map(int, counts))
    done = {what: counts for what, counts in rows.items() if counts}
    done["All"] = tuple(map(sum, zip(*done.values(), strict=True)))
    lines = [HEAD, "| Fault | Tries | Lost |", "|---|--:|--:|"]
    lines += [f"| {what} | {tries} | {lost} |" for what, (tries, lost) in done.items()]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
