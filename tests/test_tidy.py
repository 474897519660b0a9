"""What an index's user calls first: find, panel, and what misspelt parts and places say."""

import time

import numpy as np
import pandas as pd
import pytest

import papi_lib
from papi_lib import datafiles, estimates, index, posterior, published
from papi_lib.page.page import Page


def test_find_takes_either_language_with_or_without_marks():
    found = papi_lib.find("tham nhũng")
    assert found["part"].to_list() == papi_lib.find("THAM NHUNG")["part"].to_list()
    assert {4, "corruption_limits_services"} <= set(found["part"]) & set(papi_lib.find("corruption")["part"])
    assert "item" in set(found["kind"])
    with pytest.raises(ValueError, match="nothing in the index is called 'xyzzy'"):
        papi_lib.find("xyzzy")


def test_panel_gives_published_scores_with_errors_long_and_wide():
    long = papi_lib.panel(np.array(["egovernance", "total"]), np.int64(2024), [1, "Huế"], labels="en")
    assert long["region"].notna().all()
    assert set(long["part"]) == {"egovernance", "total"}
    total = long[long["part"] == "total"].set_index("province_code")
    assert total["score"].to_list() == pytest.approx(published.totals(2024).loc[[1, 46], "total"].to_list())
    wide = papi_lib.panel(["total", 8], 2024, ["Hà Nội", 46], labels=False, wide=True)
    assert list(wide)[3:] == ["total", "total_se", "egovernance", "egovernance_se"]
    assert wide["total_se"].to_list() == total["se"].to_list()


def test_panel_without_errors_has_the_same_scores():
    pair = [papi_lib.panel("internet_access", 2024, errors=errors) for errors in (True, False)]
    pd.testing.assert_frame_equal(pair[0].drop(columns="se"), pair[1])


@pytest.mark.parametrize(
    "given", [(2023, 2024), np.array([2023, 2024]), pd.Series(["2023", "2024"]), range(2023, 2025)]
)
def test_panel_takes_years_parts_and_places_of_any_kind(given):
    places_ = ["Huế", np.int64(1), "48.0"]
    frame = papi_lib.panel((np.int64(8), "total", None), given, places_, errors=False)
    assert len(frame) == 2 * 2 * 3
    assert set(frame["year"]) == {2023, 2024}


def test_panel_of_everything_has_every_score_and_all_of_them_in_seconds():
    began = time.process_time()
    frame = papi_lib.panel()
    assert time.process_time() - began < 10  # it was two minutes
    assert len(frame[~frame["part"].isin(["total", *datafiles.read("dimensions")["key"]])]) == len(published.load())
    assert frame["se"].notna().all()


def test_panel_of_the_provinces_of_today_says_what_is_reconstructed():
    wide = papi_lib.panel("total", 2024, labels="en", wide=True, of=2025).set_index("province")
    assert wide.loc[["Ha Noi", "Da Nang"], "reconstructed"].to_list() == [False, True]
    assert wide.loc["Da Nang", "total"] == published.series("total", of=2025).loc[48, 2024]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: papi_lib.panel("particpation"), "nearest: participation"),
        (lambda: papi_lib.panel("egovernance", 2011), "the index of 2011 has no part 8"),
        (lambda: papi_lib.panel(8, 2024, ["Đà Năngg"]), "did you mean Đà Nẵng"),
        (lambda: papi_lib.panel(8, [2024, 2031]), "no PAPI scores for the year 2031"),
        (lambda: posterior.rises(2023, 2024, "internet_acces"), "nearest: internet_access"),
        (lambda: posterior.rises(2017, 2024, 8), "the index of 2017 has no part 8"),
        (lambda: estimates.gaps(estimates.from_published(2024, (8,)), "Đà Năngg"), "did you mean Đà Nẵng"),
        (lambda: Page.open("Hà Nội", dimension=9), "no part 9 of the index"),
        (lambda: Page.open("Hà Nội", 2024).order("egovernence"), "nearest: egovernance"),
        (lambda: index.name("totl"), "nearest: total"),
    ],
)
def test_a_misspelt_part_or_place_is_told_with_the_nearest(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_a_gap_takes_a_name():
    frame = estimates.from_published(2024, (8,))
    pd.testing.assert_frame_equal(estimates.gaps(frame, "da nang"), estimates.gaps(frame, 48))
