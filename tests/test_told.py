"""What a run tells before, while and after it: how long it may take, which table changed, a log of its jobs."""

from papi_lib import datafiles
from papi_lib import report as reports
from papi_lib.batch import manifest
from papi_lib.batch.jobs import Job, Reason, Settings


def job(tmp_path, at=0):
    return Job(tmp_path / "03_a.ipynb", {}, f"2024/vi/{at}/03_a", {"level": "province"})


def record(job, **more):
    head = {"path": job.path, "notebook": job.notebook.name, "status": "done", "hashes": {}, "outputs": {}}
    return head | {"seconds": 30.0, "error": None, "labels": job.labels, "parameters": {}, "started": None} | more


def test_explain_names_the_table_that_changed(tmp_path, monkeypatch):
    tables = datafiles.fingerprints()
    assert tables["published/2024.csv"] != tables["published/2023.csv"]
    manifest.write(tmp_path, {"tables": tables | {"published/2024.csv": "another"}}, [])
    for why, told in {
        "changed: library, data": "changed: library, data (published/2024.csv)",
        "changed: data; its page is made again": "changed: data (published/2024.csv); its page is made again",
        "changed: notebook": "changed: notebook",
    }.items():
        monkeypatch.setattr(reports.batch, "plan", lambda *_, why=why: [(job(tmp_path), {}, Reason(why))])
        assert list(reports.explain([], tmp_path, Settings())) == [f"2024/vi/0/03_a: {told}"]


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
