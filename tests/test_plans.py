"""A plan as data: who is asked to do what about which part, and how a city brings its own."""

import shutil

import pytest

from papi_lib import datafiles, index, plans


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
    assert (target["base_year"], target["first_year"], target["last_year"]) == (2020, 2021, 2025)
    assert target["places_per_year"] == 5
    assert target["group_by_last_year"] == 3


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
    tables("targets", "hanoi-2021,1,2020,2021,2025,5", "hanoi-2021,48,2021,2022,2026,3")
    assert plans.targets("Đà Nẵng").loc[0, "places_per_year"] == 3
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
        ("hanoi-2021,air_quality,3.5,a,b", r"gains\.csv, row 2, column 'gain': 3\.5 is more than the whole scale of 'air_quality', 3\.00 points"),
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
        ("tasks", ",*\nhanoi-2021,departments,w", ",bribes\nhanoi-2021,departments,w", r"row 2, column 'subdimensions': no sub-dimension 'bribes'"),
        ("tasks", "hanoi-2021,districts,listen", "hanoi-2022,districts,listen", r"row 15, column 'plan': 'hanoi-2022' is not a plan"),
        ("tasks", "districts,one_stop", "wards,one_stop", r"row 9, column 'block': 'wards' is not one of departments"),
        ("targets", "2021,2025,5,", "2021,2025,five,", r"targets\.csv, row 2, column 'places_per_year': 'five' is not a whole"),
        ("targets", "hanoi-2021,1,", "hanoi-2021,99,", r"column 'province_code': '99' is outside"),
    ],
)  # fmt: skip
def test_a_faulty_table_is_refused_with_file_row_and_column(tables, table, old, new, said):
    tables(table, old, new)
    with pytest.raises(datafiles.DataError, match=said):
        plans.tasks("Hà Nội")
