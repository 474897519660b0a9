"""A new year's publication: one file, one row, one entry, and everything follows (CONTRIBUTING.md says how)."""

import json
import shutil

import pandas as pd
import pytest
from click.testing import CliRunner

from papi_lib import datafiles, estimates, index, published
from papi_lib.cli import main
from papi_lib.page import explorer

NEW, BEFORE = 2025, 2024


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A copy of the data with a made-up year: that of the year before, every score a little higher."""
    folder = tmp_path_factory.mktemp("new") / "data"
    shutil.copytree(datafiles.folder(), folder)
    scores = pd.read_csv(folder / "published" / f"{BEFORE}.csv").assign(year=NEW)
    scores["score"] += 0.005
    means = scores.groupby(["dimension", "subdimension"], sort=False)["score"].mean().reset_index()
    absent = sorted(set(datafiles.read("provinces")["province_code"]) - set(scores["province_code"]))
    filled = [scores, *(means.assign(year=NEW, province_code=code)[scores.columns] for code in absent)]

    # The three steps, and no other.
    pd.concat(filled).round(6).to_csv(folder / "published" / f"{NEW}.csv", index=False, lineterminator="\n")
    with (folder / "structure" / "years.csv").open("a", encoding="utf-8", newline="") as years:
        years.write(f"{NEW},{index.edition(BEFORE)}\n")
    descriptor = folder / "datapackage.json"
    package = json.loads(descriptor.read_text(encoding="utf-8"))
    last = next(r for r in package["resources"] if r["name"] == f"scores-{BEFORE}")
    entry = {key: value.replace(str(BEFORE), str(NEW)) for key, value in last.items()}
    package["resources"].insert(package["resources"].index(last) + 1, entry)
    descriptor.write_text(json.dumps(package, ensure_ascii=False, indent=2), encoding="utf-8")
    return folder


def test_the_library_knows_the_new_year(data, monkeypatch):
    monkeypatch.setenv("PAPI_DATA", str(data))
    assert index.years()[-1] == NEW
    assert NEW in index.segment(BEFORE)
    old, new = published.totals(BEFORE)["total"], published.totals(NEW)["total"]
    assert (new - old).dropna().round(4).eq(0.005 * len(index.subdimensions(NEW))).all()
    line = published.history("Hà Nội", [None]).query("segment == @index.segment(@BEFORE)[0]")
    assert line["year"].to_list() == index.segment(NEW)
    assert estimates.since(1, NEW, "total")["since"] == BEFORE
    assert estimates.standing(estimates.from_published(NEW), "total")["rank"].notna().all()
    assert explorer.start().title.value == f"<h2>Tổng điểm: Hà Nội, 2011–{NEW}</h2>"


def test_a_score_not_published_is_told_by_one_more_row_among_the_gaps(data, tmp_path, monkeypatch):
    folder = tmp_path / "data"
    shutil.copytree(data, folder)
    monkeypatch.setenv("PAPI_DATA", str(folder))
    path = folder / "published" / f"{NEW}.csv"
    rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(row for row in rows if not row.startswith(f"{NEW},1,8,")), encoding="utf-8", newline="")
    with pytest.raises(datafiles.DataError, match=r"published/gaps\.csv"):
        published.load(NEW)
    with (folder / "published" / "gaps.csv").open("a", encoding="utf-8", newline="") as gaps:
        gaps.write(f"{NEW},1,8\n")
    assert published.missing("Hà Nội", NEW) == [8]


def test_the_commands_know_the_new_year(data, tmp_path, monkeypatch):
    monkeypatch.setenv("PAPI_DATA", str(data))
    said = {name: CliRunner().invoke(main, [name]).output for name in ("check", "list")}
    assert "tables are as they should be" in said["check"]
    assert f", {BEFORE}, {NEW}\n" in said["list"]
    plan = CliRunner().invoke(main, ["report", "--explain", "--out", str(tmp_path / "run")])
    first = plan.output.splitlines()[2]  # after the pages on methods and words
    assert first == f"{NEW}/vi/ha-noi/00_overview: new"  # the latest year is the default


@pytest.mark.slow
def test_a_page_is_made_for_the_new_year(papi, data, tmp_path):
    run = papi("report", "--year", NEW, "--notebook", "00_overview", "--out", tmp_path / "run", PAPI_DATA=str(data))
    assert run.returncode == 0, run.stderr
    page = (tmp_path / "run" / "site" / str(NEW) / "vi" / "ha-noi" / "00_overview.html").read_text(encoding="utf-8")
    total = published.totals(BEFORE).at[1, "total"] + 0.005 * len(index.subdimensions(BEFORE))
    assert f"{total:.2f}".replace(".", ",") in page
    assert f"{NEW}" in page.split("</h1>")[0]
