"""A plan as data: who is asked to do what about which part, and how a city brings its own."""

import shutil

import pandas as pd
import pytest
from conftest import ROOT

from papi_lib import datafiles, index, plans, published


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """Copies of the plan's tables that a test may edit: a function that replaces text in one of them."""
    folder = tmp_path / "data"
    shutil.copytree(datafiles.folder(), folder)
    monkeypatch.setenv("PAPI_DATA", str(folder))

    def edit(table: str, old: str, new: str) -> None:
        path = folder / "plans" / f"{table}.csv"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return edit


def test_ha_nois_target():
    target = plans.targets("Hà Nội").iloc[0]
    assert target[["base_year", "first_year", "last_year", "by"]].to_list() == [2020, 2021, 2025, 2025]
    assert plans.targets("Hà Nội")[["part", "kind", "value"]].to_numpy().tolist() == [
        ["total", "places_a_year", 5],
        ["total", "group", 3],
    ]


def test_a_plan_is_judged_as_it_counts_itself():
    """Five places a year from the 48th of 2020: ahead until 2023, one place short in 2024; the group is reached."""
    frame = plans.progress("Hà Nội", 2024)
    path = frame[frame["kind"] == "places_a_year"].set_index("year")
    assert path["wanted"].to_list() == [43, 38, 33, 28, 23]
    assert path["came"].dropna().to_list() == [9, 12, 15, 29]
    assert path["ahead"].dropna().to_list() == [34, 26, 18, -1]
    assert path["met"].to_list() == [True, True, True, False, pd.NA]
    group = frame[frame["kind"] == "group"].set_index("year")
    assert group.loc[2024, ["wanted", "came", "met"]].to_list() == [3, 2, True]
    assert plans.progress("Hà Nội", 2022).dropna(subset="came")["year"].max() == 2022  # nothing from the future
    assert plans.progress("Hà Nội", 2019).empty


def test_plans_of_every_kind_are_judged(tables):
    """A score, a rank, places in all, of a dimension or a sub-dimension, several in a plan."""
    rows = "8,score,3.9,2024", "8,rank,3,2025", "air_quality,places,10,2024", "total,rank,1,2022"
    tables("targets", "part,kind,value,by\n", "part,kind,value,by\n" + "".join(f"hanoi-2021,{row}\n" for row in rows))
    frame = plans.progress("Hà Nội", 2024).set_index(["part", "kind", "year"])
    assert frame.loc[(8, "score", 2024), "ahead"] == pytest.approx(published.series(8).loc[1, 2024] - 3.9)
    assert frame.loc[(8, "rank", 2024), ["wanted", "came", "met"]].to_list() == [3, 2, True]
    assert (8, "rank", 2025) in frame.index
    rank = published.standing(published.series("air_quality")[2020].rename("score")).loc[1, "rank"]
    assert frame.loc[("air_quality", "places", 2024), "wanted"] == rank - 10
    assert ("total", "rank", 2023) not in frame.index  # it was due the year before


def test_a_plan_asks_something_only_of_its_years():
    assert plans.tasks("Hà Nội", year=2011).empty
    assert len(plans.tasks("Hà Nội", year=2023)) == 20


def test_every_block_is_asked_and_has_leads():
    tasks = plans.tasks("Hà Nội")
    assert set(tasks["block"]) == {"departments", "districts", "service_units"}
    assert tasks.notna().all(axis=None)
    departments = tasks[tasks["block"] == "departments"].iloc[0]
    assert len(departments["leads_vi"].split("; ")) == len(departments["leads_en"].split("; ")) == 14


@pytest.mark.parametrize("dimension", index.dimensions(2024))
def test_a_dimensions_tasks_are_about_its_parts(dimension):
    tasks = plans.tasks("Hà Nội", dimension)
    assert len(tasks) > 0
    for parts in tasks["subdimensions"]:
        assert parts
        assert set(parts) <= set(index.subdimensions(2024, dimension))


def test_no_task_is_invented():
    """The plan names nothing about the courts, crime or the internet at home."""
    named = set(plans.tasks("Hà Nội")["subdimensions"].explode().dropna())
    assert set(index.subdimensions(2024)) - named == {"access_to_justice", "law_and_order", "internet_access"}


def test_a_province_without_a_plan_has_no_tasks():
    assert plans.targets("Cà Mau").empty
    assert plans.tasks("Cà Mau", 1).empty
    assert list(plans.tasks("Cà Mau")) == list(plans.tasks("Hà Nội"))


def test_a_city_replaces_the_plan_with_its_own(tables):
    tables("plans", "hanoi-2021,1,2020,2021,2025", "hanoi-2021,48,2021,2022,2026")
    assert plans.targets("Đà Nẵng").loc[0, "value"] == 5
    assert len(plans.tasks("Đà Nẵng")) == 20
    assert plans.tasks("Hà Nội").empty


def test_no_gain_is_invented(tables):
    """The plan names none; a plan that does names them for the years it covers."""
    assert plans.gains("Hà Nội", 2024).empty
    tables("gains", "remark_en\n", "remark_en\nhanoi-2021,air_quality,0.1,Mục 3,Section 3\n")
    assert plans.gains("Hà Nội", 2024)["gain"].to_dict() == {"air_quality": 0.1}
    assert plans.gains("Hà Nội", 2020).empty
    assert plans.gains("Đà Nẵng", 2024).empty


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("hanoi-2021,bribes,0.1,a,b", r"gains\.csv, row 2, column 'subdimension': 'bribes' is not a subdimension"),
        ("hanoi-2021,air_quality,3.5,a,b", r"gains\.csv, row 2, column 'gain': '3\.5' is more than the whole scale of 'air_quality', 3\.00 points"),
        ("hanoi-2021,air_quality,-1,a,b", r"column 'gain': '-1' is outside 0 to 9"),
    ],
)  # fmt: skip
def test_a_gain_that_cannot_be_is_refused(tables, row, said):
    tables("gains", "remark_en\n", f"remark_en\n{row}\n")
    with pytest.raises(datafiles.DataError, match=said):
        plans.gains("Hà Nội", 2024)


@pytest.mark.parametrize(
    ("table", "old", "new", "said"),
    [
        ("tasks", "own_processes", "hanoi!", r"tasks\.csv, row 18, column 'task': 'hanoi!' does not match"),
        ("tasks", ",*\nhanoi-2021,departments,w", ",bribes\nhanoi-2021,departments,w", r"row 2, column 'subdimensions': 'bribes' has a sub-dimension that"),
        ("tasks", "hanoi-2021,districts,listen", "hanoi-2022,districts,listen", r"row 15, column 'plan': 'hanoi-2022' is not a plan"),
        ("tasks", "districts,one_stop", "wards,one_stop", r"row 9, column 'block': 'wards' is not one of departments"),
        ("plans", "hanoi-2021,1,", "hanoi-2021,99,", r"column 'province_code': '99' is outside"),
    ],
)  # fmt: skip
def test_a_faulty_table_is_refused_with_file_row_and_column(tables, table, old, new, said):
    tables(table, old, new)
    with pytest.raises(datafiles.DataError, match=said):
        plans.tasks("Hà Nội")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("a_year,5", "a_year,five", r"targets\.csv, row 2, column 'value': 'five' is not a"),
        ("total,group", "bribes,group", r"row 3, column 'part': 'bribes' is no part of the index"),
        ("group,3,2025", "group,3,2031", r"row 3, column 'by': '2031' is not a year of the plan, 2021 to 2025"),
        ("total,group", "total,quartile", r"row 3, column 'kind': 'quartile' is not one of places_a_year"),
    ],
)
def test_a_faulty_target_is_refused_with_file_row_and_column(tables, old, new, said):
    tables("targets", old, new)
    with pytest.raises(datafiles.DataError, match=said):
        plans.targets("Hà Nội")


def test_the_sample_plan_of_2026_to_2030_works_once_it_has_a_province(tmp_path, monkeypatch):
    """As delivered it is of no province; with a code it is judged from a base before the reform, among 34."""
    folder = tmp_path / "data"
    shutil.copytree(datafiles.folder(), folder)
    monkeypatch.setenv("PAPI_DATA", str(folder))
    sample = ROOT / "docs" / "plan-2026-2030"
    for path in sample.glob("*.csv"):
        rows = path.read_text(encoding="utf-8").splitlines(keepends=True)[1:]
        with (folder / "plans" / path.name).open("a", encoding="utf-8", newline="") as table:
            table.writelines(rows)
    with pytest.raises(datafiles.DataError, match="row 3, column 'province_code'"):
        plans.of(75, 2026)
    plan = folder / "plans" / "plans.csv"
    plan.write_text(plan.read_text(encoding="utf-8").replace("2026,0,", "2026,75,"), encoding="utf-8", newline="")
    assert plans.of("Đồng Nai", 2026)["plan"].to_list() == ["my-plan-2026"]
    assert plans.of("Bình Phước", 2024).empty
    assert set(plans.tasks(75, year=2026)["block"]) == {"departments", "communes", "service_units"}
    blocks = folder / "plans" / "blocks.csv"
    blocks.write_text(blocks.read_text(encoding="utf-8").replace("2026,communes", "2026,districts"), encoding="utf-8", newline="")  # fmt: skip
    with pytest.raises(datafiles.DataError, match="'districts' ended on 30 June 2025"):
        plans.tasks(75, year=2026)
