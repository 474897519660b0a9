"""A run described in a file: what it asks for, what the command line changes of it, and how its faults are told."""

import pytest
from click.testing import CliRunner

from papi_lib import report as reports
from papi_lib.cli import main


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Run ``papi report`` with a plan of this text; return its output and the jobs and folder that it came to."""
    made = []
    monkeypatch.setattr(reports, "make", lambda planned, out, *_: made.append((planned, out)) or 0)

    def run(text, *more):
        made.clear()
        (tmp_path / "my.toml").write_text(text, encoding="utf-8")
        told = CliRunner().invoke(main, ["report", "--plan", str(tmp_path / "my.toml"), *more])
        jobs, out = made[0] if made else ([], None)
        return told, [job for job in jobs if job.labels["level"]], out

    return run


PLAN = 'province = ["Huế", 48]\nyear = 2024\nlang = ["vi", "en"]\nnotebook = [3, "target"]\nout = "kept"\n[parameters.10_target]\nplaces = 7\n'


def test_a_plan_asks_for_places_years_languages_notebooks_and_their_parameters(asked, tmp_path):
    _, jobs, out = asked(PLAN)
    assert len(jobs) == 8
    assert out == tmp_path / "kept"  # from where the plan lies
    assert {job.notebook.stem: job.parameters.get("places") for job in jobs} == {"03_accountability": None, "10_target": 7}  # fmt: skip


def test_options_win_over_the_plan_and_choose_among_its_pages(asked):
    _, jobs, _ = asked(PLAN, "--province", "Hà Nội", "--only", "/vi/", "--limit", "1", "--set", "10_target.places=2")
    assert [job.path for job in jobs] == ["2024/vi/ha-noi/03_accountability"]
    told, jobs, _ = asked(PLAN, "--only", "ha-noi")
    assert not jobs
    assert "--only ha-noi: no page has this in its path" in told.output


def test_each_fault_of_a_plan_is_one_line_with_its_row(asked):
    told, jobs, _ = asked('provinse = "x"\nprovince = ["Ha Nio"]\nyear = 2030\njobs = "2"\nforce = 1\n[parameters]\nplaces = 3\n')  # fmt: skip
    lines = told.output.splitlines()
    assert [line.partition("my.toml, ")[2].partition(":")[0] for line in lines] == [
        "row 1, 'provinse'", "row 2, 'province'", "row 3, 'year'", "row 4, 'jobs'", "row 5, 'force'",
        "row 6, 'parameters'",
    ]  # fmt: skip
    assert "did you mean province?" in lines[0]
    assert told.exit_code == 2
    assert not jobs
    assert "row 2" not in asked("province = Hue")[0].output  # no TOML at all: one line too
    assert "text stands in quotation marks" in asked("province = Hue")[0].output


def test_init_writes_a_plan_that_runs_and_never_over_one(asked, tmp_path):
    file = tmp_path / "new.toml"
    assert CliRunner().invoke(main, ["init", str(file)]).exit_code == 0
    told, jobs, _ = asked(file.read_text(encoding="utf-8"), "-n", "3")
    assert [job.path.split("/")[1:] for job in jobs] == [["vi", "ha-noi", "03_accountability"]], told.output
    assert "is there already" in CliRunner().invoke(main, ["init", str(file)]).output
