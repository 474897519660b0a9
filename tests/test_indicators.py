"""Indicators below the sub-dimensions: as imported, beside country and region, on pages where they are there."""

import shutil

import pandas as pd
import pytest
import workbook_files as files

from papi_lib import datafiles, places, published, workbooks
from papi_lib.page import story
from papi_lib.page.page import Page


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of the data with the indicators of 2022 and 2023; one was asked otherwise in 2022."""

    def renamed(made):
        line = next(line for line in made if line[0] == "Share 1 of civic_knowledge")
        line[:2] = "Knows the leaders", "Biết lãnh đạo"

    root = tmp_path_factory.mktemp("indicators")
    path = files.columns_book(root, 2023, tabs=[2023, 2022], change=renamed, indicators=2)
    shutil.copytree(datafiles.folder(), root / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPI_DATA", str(root / "data"))
        workbooks.bring([path])
    return root / "data"


@pytest.fixture(autouse=True)
def use(folder, monkeypatch):
    monkeypatch.setenv("PAPI_DATA", str(folder))


@pytest.fixture
def shown(monkeypatch):
    fragments = []
    monkeypatch.setattr("papi_lib.page.page.display", lambda bundle, raw: fragments.append(bundle["text/html"]))
    return fragments


def test_a_province_stands_beside_country_and_region_with_rank_and_change():
    frame, share = (
        published.indicators_beside(1, 2023, 1),
        lambda year: (published.series("civic_knowledge")[year] / 10).round(6),
    )
    row = frame.loc["1.1.1"]
    assert row["value"] == share(2023)[1]
    assert row["country"] == pytest.approx(share(2023).mean())
    assert row["region"] == pytest.approx(share(2023)[places.peers(places.province(1), "region")].mean())
    assert (row["rank"], row["of"]) == (share(2023).rank(ascending=False)[1], 61)
    assert row["change"] == pytest.approx(share(2023)[1] - share(2022)[1])
    assert list(frame.index) == [f"1.{p}.{n}" for p in range(1, 5) for n in (1, 2)]


def test_no_change_where_the_year_before_asked_otherwise_or_does_not_compare():
    assert pd.isna(published.indicators_beside(1, 2023, 1).at["1.1.2", "change"])
    assert (
        published.indicators_beside(1, 2022, 1)["change"].isna().all()
    )  # 2021 has none, and civic knowledge was rescaled
    assert pd.isna(published.indicators_beside(27, 2022, 2)["value"]).all()  # not published


@pytest.mark.parametrize(("lang", "label", "share"), [("en", "Share 0 of civic_knowledge", "13%"), ("vi", "Tỷ lệ 0 của Tri thức công dân (%)", "13%")])  # fmt: skip
def test_a_dimension_page_shows_them(shown, lang, label, share):
    frame = story.answers(Page.open("Hà Nội", 2023, lang, dimension=1))
    assert len(frame) == 8
    assert label in shown[1]
    assert f'<td class="number">{share}' in shown[1]
    assert len(shown) == 3  # question, table, note


def test_a_page_of_a_year_without_them_shows_nothing(shown):
    assert story.answers(Page.open("Hà Nội", 2024, dimension=1)) is None
    assert story.answers(Page.open("Hà Nội", 2011, dimension=8)) is None
    assert shown == []


def test_a_value_without_a_name_is_told(folder, tmp_path, monkeypatch):
    shutil.copytree(folder, tmp_path / "data")
    monkeypatch.setenv("PAPI_DATA", str(tmp_path / "data"))
    path = tmp_path / "data" / "published" / "indicators" / "names.csv"
    path.write_text(
        "".join(row for row in path.open(encoding="utf-8") if not row.startswith("2023,1.1.1,")), encoding="utf-8"
    )
    with pytest.raises(
        datafiles.DataError, match=r"2023\.csv, row 2, column 'indicator': '1\.1\.1' has no row of 2023"
    ):
        published.indicators(2023)
