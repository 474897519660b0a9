"""The command as a user meets it: what it asks for, what it says when something is wrong."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import psutil
import pytest

from papi_lib import datafiles

PAPI = str(Path(sys.executable).with_name("papi"))


def one_clear_line(done):
    assert done.exit_code == 2, (done.exception, done.stderr)
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--province", "Hanoii"], "did you mean Hà Nội"),
        (["--year", "2010"], "2011-2024"),
        (["--year", "soon"], "2011-2024"),
        (["--notebook", "99"], "00_overview, 01_participation"),
        (["--notebook", "parking"], "no notebook 'parking'"),
        (["--lang", "fr"], "vi, en"),
    ],
)
def test_wrong_names_are_one_line_and_nothing_is_written(papi, tmp_path, arguments, says):
    done = papi("report", *arguments, "--out", tmp_path / "run")
    assert says in one_clear_line(done)
    assert not (tmp_path / "run").exists()


def test_the_installed_command_does_the_same(tmp_path):
    done = subprocess.run([PAPI, "report", "-p", "Hanoii", "-o", tmp_path / "run"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("papi: ")
    assert "did you mean Hà Nội" in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_faulty_data_file_is_one_line_and_nothing_is_written(papi, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(datafiles.folder(), data)
    path = data / "published" / "2012.csv"
    path.write_bytes(path.read_bytes().replace(b"2012,1,1,civic_knowledge,", b"2012,1,1,civic_knowledge,x", 1))
    done = papi("report", "--year", "2024", "--out", tmp_path / "run", PAPI_DATA=str(data))
    line = one_clear_line(done)
    assert "2012.csv, row 2, column 'score'" in line
    assert not (tmp_path / "run").exists()


def test_an_unwritable_folder_is_one_line(papi, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = papi("report", "--out", tmp_path / "file" / "run")
    assert "choose another --out" in one_clear_line(done)


def test_list_shows_what_can_be_asked_for(papi):
    done = papi("list")
    assert done.exit_code == 0
    assert "08_egovernance" in done.stdout
    assert "Quản trị điện tử" in done.stdout
    assert "Thừa Thiên Huế" in done.stdout
    assert "2011, 2012" in done.stdout


@pytest.mark.parametrize("command", ["report", "list", "site", "check", "data"])
def test_help_has_an_example(papi, command):
    done = papi(command, "--help")
    assert done.exit_code == 0
    assert f"papi {command}" in done.stdout.split("Example", 1)[1]


def test_explain_runs_nothing(papi, tmp_path):
    done = papi("report", "--province", "1", "--notebook", "3", "--explain", "--out", tmp_path / "run")
    assert done.stdout.splitlines() == ["methods-vi: new", "glossary-vi: new", "2024/vi/ha-noi/03_accountability: new"]
    assert not (tmp_path / "run").exists()


def test_site_of_an_empty_folder_says_what_to_do(papi, tmp_path):
    assert "no manifest.json" in one_clear_line(papi("site", tmp_path))


def test_check_tells_the_fault_of_every_table(papi, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(datafiles.folder(), data)
    for year, old, new in (
        (2012, b"2012,1,1,civic_knowledge,", b"2012,1,1,civic_knowledge,x"),
        (2024, b"1.425716", b"2.6"),
    ):
        path = data / "published" / f"{year}.csv"
        path.write_bytes(path.read_bytes().replace(old, new, 1))
    done = papi("check", PAPI_DATA=str(data))
    assert done.exit_code == 2
    assert [line.split(": ")[1].split("/")[-1] for line in done.stderr.splitlines()] == [
        "2012.csv, row 2, column 'score'",
        "2024.csv, row 2, column 'score'",
    ]
    assert papi("check", data / "published" / "2013.csv", PAPI_DATA=str(data)).exit_code == 0
    assert "the file is missing" in one_clear_line(papi("check", tmp_path / "other.csv"))


def test_the_shipped_data_pass_the_check(papi):
    done = papi("check")
    assert done.exit_code == 0, done.stderr
    assert "tables are as they should be" in done.stdout


def test_control_c_before_anything_is_done_says_so(papi, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("papi_lib.report.plan", stopped)
    done = papi("report")
    assert done.exit_code == 130
    assert done.stderr == "papi: stopped; nothing is half-written; give the same command again to go on\n"


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends the signal that Control-C in a terminal sends")
@pytest.mark.parametrize(
    "sign", ["temporary/papi-*", "run/manifest.jsonl"], ids=["while it prepares", "while notebooks run"]
)
def test_control_c_ends_all_processes_says_what_is_done_and_how_to_go_on(papi, tmp_path, sign):
    """To all processes of the command, as a terminal sends it."""
    out, temporary = tmp_path / "run", tmp_path / "temporary"
    temporary.mkdir()
    arguments = ["report", "-p", "1", "-p", "2", "-n", "3", "-y", "all", "-o", str(out)]
    process = subprocess.Popen(
        [PAPI, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "TMPDIR": str(temporary)}, preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    while not any(tmp_path.glob(sign)) and process.poll() is None:
        time.sleep(0.05)
    started = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=2000)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    line = said.strip().splitlines()[-1]
    assert line.startswith("papi: stopped; ")
    assert line.endswith("; give the same command again to go on")
    left = psutil.wait_procs(started, 60)[1]
    assert [p for p in left if p.is_running() and p.status() != "zombie"] == []
    assert list(temporary.iterdir()) == []
    if sign.startswith("temporary"):
        return
    done = int(line.split()[2])
    assert 0 < done < 30
    assert line == f"papi: stopped; {done} of 30 notebooks are finished and kept; give the same command again to go on"
    kept = json.loads((out / "manifest.json").read_text())["jobs"]
    assert [record["status"] for record in kept] == ["done"] * done
    assert papi("site", out).exit_code == 0
    explained = papi(*arguments, "--explain").stdout.splitlines()
    assert sum(line.endswith(": unchanged") for line in explained) == done
