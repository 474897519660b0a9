"""A new year's publication: one file, one row, one entry, and everything follows (CONTRIBUTING.md says how)."""

import shutil

import pytest
from click.testing import CliRunner
from notebook_runs import run

from papi_lib import datafiles, estimates, index, posterior, published
from papi_lib.cli import main
from papi_lib.page import explorer

NEW, BEFORE = 2025, 2024


def test_the_library_knows_the_new_year(made_up_2025, monkeypatch):
    monkeypatch.setenv("PAPI_DATA", str(made_up_2025))
    assert index.years()[-1] == NEW
    assert (index.segment(NEW), index.segment(BEFORE)) == ([NEW], [2022, 2023, BEFORE])
    old, new = published.series(of=NEW)[BEFORE], published.totals(NEW)["total"]
    assert len(new) == 34
    assert (new - old).dropna().round(4).eq(0.005 * len(index.subdimensions(NEW))).all()
    line = estimates.history("Lào Cai", ["total"])
    assert line["segment"].to_list() == [2011] * 5 + [2016] * 2 + [2018, 2019] + [2020] + [2021, 2022, 2022, 2022, 2025]
    assert estimates.since(1, NEW, "total") is None
    rise = posterior.rises(BEFORE, NEW).loc[1]
    assert (rise["of"], rise["gain"]) == (32, 0)
    assert estimates.standing(estimates.from_published(NEW), "total")["rank"].notna().all()
    assert explorer.start().title.value == f"<h2>Tổng điểm: Hà Nội, 2011–{NEW}</h2>"


def test_a_score_not_published_is_told_by_one_more_row_among_the_gaps(made_up_2025, tmp_path, monkeypatch):
    folder = tmp_path / "data"
    shutil.copytree(made_up_2025, folder)
    monkeypatch.setenv("PAPI_DATA", str(folder))
    path = folder / "published" / f"{NEW}.csv"
    rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(row for row in rows if not row.startswith(f"{NEW},1,8,")), encoding="utf-8", newline="")
    with pytest.raises(datafiles.DataError, match=r"published/gaps\.csv"):
        published.load(NEW)
    with (folder / "published" / "gaps.csv").open("a", encoding="utf-8", newline="") as gaps:
        gaps.write(f"{NEW},1,8\n")
    assert published.missing("Hà Nội", NEW) == [8]


def test_the_commands_know_the_new_year(made_up_2025, tmp_path, monkeypatch):
    monkeypatch.setenv("PAPI_DATA", str(made_up_2025))
    said = {name: CliRunner().invoke(main, [name]).output for name in ("check", "list")}
    assert "tables are as they should be" in said["check"]
    assert f", {BEFORE}, {NEW}\n" in said["list"]
    plan = CliRunner().invoke(main, ["report", "--explain", "--out", str(tmp_path / "run")])
    first = plan.output.splitlines()[2]  # after the pages on methods and words
    assert first == f"{NEW}/vi/ha-noi/00_overview: new"  # the latest year is the default


def test_a_page_is_made_for_the_new_year(made_up_2025, monkeypatch):
    monkeypatch.setenv("PAPI_DATA", str(made_up_2025))
    page = run("00_overview", province="Hà Nội", year=NEW, lang="vi")
    total = published.totals(BEFORE).at[1, "total"] + 0.005 * len(index.subdimensions(BEFORE))
    assert f"{total:.2f}".replace(".", ",") in page.text
    assert f"{NEW}" in page.shown[0].split("</h1>")[0]
