"""What a run tells before, while and after it: how long it may take, which table changed, a log of its jobs."""

import shutil

import nbformat
from nbformat import v4

from papi_lib import datafiles, places
from papi_lib import report as reports
from papi_lib.batch import manifest
from papi_lib.batch import run as batch
from papi_lib.batch.jobs import Job, Settings
from papi_lib.survey import units


def job(tmp_path, at=0):
    return Job(tmp_path / "03_a.ipynb", {}, f"2024/vi/{at}/03_a", {"level": "province"})


def record(job, **more):
    head = {"path": job.path, "notebook": job.notebook.name, "status": "done", "hashes": {}, "outputs": {}}
    return head | {"seconds": 30.0, "error": None, "labels": job.labels, "parameters": {}, "started": None} | more


def known_before():
    """What the process that notebooks are copied from has read already, so that they only recall it."""
    places.district("Hoàn Kiếm")
    places.shares()
    units.load(year=2026)


def test_only_notebooks_that_read_a_table_run_again_when_it_changes(tmp_path, monkeypatch):
    data, out = tmp_path / "data", tmp_path / "out"
    shutil.copytree(datafiles.folder(), data)
    monkeypatch.setenv("PAPI_DATA", str(data))
    reads = {
        "03_table": "from papi_lib import datafiles\ndatafiles.read('pci')",
        "04_remembered": "from papi_lib import places\nplaces.shares()",
        "05_by_its_path": f"print(len(open({str(data / 'covariates' / 'pci.csv')!r}).read()))",
        "06_register": "from papi_lib import places\nplaces.district('Ba Đình')",
        "07_survey": "from papi_lib.survey import units\nunits.load(year=2026).home",
    }
    for name, source in reads.items():
        cells = [v4.new_code_cell("year = 0", metadata={"tags": ["parameters"]}), v4.new_code_cell(source)]
        nbformat.write(v4.new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    jobs = [Job(tmp_path / f"{name}.ipynb", {"year": 1}, name) for name in reads]

    def why(**more):
        settings = reports.settings(workers=2, render=None, record=None, **more)
        return dict(line.split(": ", 1) for line in reports.explain(jobs, out, settings))

    ran = batch.run(jobs, out, reports.settings(workers=2, render=None, record=None, prepare=known_before))
    assert [record["error"] for record in ran] == [None] * 5
    assert set(why().values()) == {"unchanged"}
    for table, those in {
        "covariates/pci.csv": {"03_table", "05_by_its_path"},
        "places/population.csv": {"04_remembered"},
        "places/districts.csv": {"06_register"},
        "survey/hanoi-2026-simulated.parquet": {"07_survey"},
        "published/2013.csv": set(),
    }.items():
        before = (data / table).read_bytes()
        (data / table).write_bytes(before + b"\n")
        assert {name: said for name, said in why().items() if said != "unchanged"} == dict.fromkeys(
            those, f"changed: {table}"
        )
        (data / table).write_bytes(before)
    (data / "structure" / "years.csv").write_bytes(b"another")
    monkeypatch.setattr(reports, "prepare", len)
    assert set(why().values()) == {"changed: structure/years.csv"}


def test_a_long_run_tells_about_how_long_and_keeps_a_log(tmp_path, monkeypatch, capsys):
    jobs = [job(tmp_path, at) for at in range(13)]
    found = manifest.Run({}, {jobs[0].path: record(jobs[0])}, None)
    monkeypatch.setattr(manifest, "read", lambda *_: found)
    failed = record(jobs[1], status="failed", error="ValueError: no\nsuch \x1b[2J place")
    monkeypatch.setattr(reports.batch, "run", lambda jobs, out, settings, tell, *_: [tell(failed), tell(record(jobs[2]))])  # fmt: skip
    reports._run_with_progress(jobs, tmp_path, Settings(workers=2))
    assert "13 pages, about 3 minutes" in capsys.readouterr().err  # twelve new ones of 30 seconds, two at a time
    lines = (tmp_path / reports.LOG).read_text(encoding="utf-8").splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == [
        "failed 30.0 s 2024/vi/1/03_a ValueError: no\\nsuch \\x1b[2J place", "done 30.0 s 2024/vi/2/03_a",
    ]  # fmt: skip
