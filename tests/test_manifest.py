"""A damaged manifest: told with its file, put aside, the run goes on; the site and its checks never take it for a run."""

import json
import shutil

import pytest
from click.testing import CliRunner
from site_runs import district_facts, facts, job, methods, notebook, run

from papi_lib import site
from papi_lib.batch import manifest
from papi_lib.batch.run import Settings
from papi_lib.batch.run import run as run_batch
from papi_lib.cli import main
from papi_lib.site.files import RECORD


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a run folder with a province, a district, a failed page and the page on methods."""
    out = tmp_path_factory.mktemp("made")
    whole, district, failed = job("Hà Nội", "ha-noi"), job("Quận Ba Đình", "ha-noi/quan-ba-dinh"), job("Hải Phòng", "hai-phong", status="failed", error="x")  # fmt: skip
    change = {"since": 2023, "points": -0.5, "noise": 0.2}
    run(
        out,
        (whole, notebook(whole, told=facts(whole, change=change, findings=["a"], missing=["b"]))),
        (district, notebook(district, told=district_facts(district))),
        (failed, notebook(failed)),
        methods(),
    )
    return out


def content(out):
    return json.loads((out / manifest.NAME).read_text(encoding="utf-8"))


def damaged(made, tmp_path, text):
    """Return a copy of the run with this manifest."""
    out = tmp_path / "run"
    shutil.copytree(made, out)
    (out / manifest.NAME).write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return out


def go_on(out):
    """Go on with a run that has nothing left to do; return what is warned of."""
    told = []
    run_batch([], out, Settings(workers=1, record=RECORD), warn=told.append)
    return told


#: What is done to the manifest's first record, or to the whole of it.
OF_A_RECORD = {
    "facts": None, "labels": None, "outputs": {}, "seconds": float("nan"), "started": "yesterday", "status": "fine",
    "path": "/etc/x/vi/y", "hashes": {"notebook": 1}, "error": 3, "parameters": [], "left_out": "2", "notebook": "../n.ipynb",
}  # fmt: skip
WHOLE = ["", "null", "[]", "{}", '{"schema": 1, "jobs": 3}', '{"schema": 2, "jobs": []}', "[" * 99_999, '{"schema": 1, "jobs": [' + "9" * 5000 + "]}", "\ud800", '{"schema": 1, "jobs": [], "finished": "soon"}']  # fmt: skip


@pytest.mark.parametrize("what", OF_A_RECORD)
def test_a_record_that_cannot_be_used_costs_that_job_alone(made, tmp_path, what):
    changed = content(made)
    changed["jobs"][0][what] = OF_A_RECORD[what]
    out = damaged(made, tmp_path, json.dumps(changed))
    paths = [j["path"] for j in content(made)["jobs"]]
    (told,) = go_on(out)
    (aside,) = out.glob("manifest.damaged-*.json")
    assert told.startswith(f"{out / 'manifest.json'}: damaged (1. job, ")
    assert told.endswith(f"); it is kept as {aside.name}, and what it does not tell runs again")
    assert json.loads(aside.read_text())["jobs"][0]["path"] == changed["jobs"][0]["path"]
    assert [j["path"] for j in content(out)["jobs"]] == paths[1:]
    assert go_on(out) == []
    assert len(list(out.glob("manifest.damaged-*"))) == 1
    site.build(out)


@pytest.mark.parametrize("text", WHOLE, ids=range(len(WHOLE)))
def test_the_commands_name_a_damaged_manifest_and_say_what_to_do(made, tmp_path, text):
    out = damaged(made, tmp_path, text)
    for arguments in ([str(out)], [str(out), "--verify"], [str(made), "--against", str(out)]):
        told = CliRunner().invoke(main, ["site", *arguments])
        assert told.exit_code == 2, told.exception
        line = told.stderr.strip()
        assert line.startswith(f"papi: {out / 'manifest.json'}: damaged (")
        assert line.endswith(f"; run papi report with --out {out} again, which keeps what is right")
        assert "\n" not in line
    told = CliRunner().invoke(main, ["report", "-n", "methods", "-o", str(out), "--explain"])
    assert told.exit_code == 0, told.exception
    assert "what it does not tell would run again" in told.stderr
    assert (out / manifest.NAME).read_bytes() == text.encode("utf-8", "surrogatepass")
    assert len(go_on(out)) == 1


def test_two_records_of_one_job_are_one_page(made, tmp_path):
    twice = content(made)
    twice["jobs"] += twice["jobs"]
    out = damaged(made, tmp_path, json.dumps(twice))
    assert site.verify(out) == []
    assert go_on(out) == []
    assert len(content(out)["jobs"]) == 4


def test_a_manifest_of_a_later_version_is_not_read_as_one_of_this(made, tmp_path):
    out = damaged(made, tmp_path, json.dumps(content(made) | {"schema": 2}))
    with pytest.raises(ValueError, match=r"damaged \(schema must be same as const definition: 1\)"):
        site.build(out)
