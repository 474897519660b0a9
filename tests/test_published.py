"""Published scores against the figures printed in PAPI's reports."""

import numpy as np
import pandas as pd
import pytest

from papi_lib import estimates, places, published


def test_ha_noi_2020_as_printed():
    scores = published.dimension_scores(2020).loc[1]
    assert scores.round(2).to_list() == [5.06, 5.24, 4.81, 6.60, 7.17, 6.87, 2.96, 2.92]
    assert published.totals(2020).loc[1, "total"] == pytest.approx(41.629, abs=5e-4)


def test_2021_as_printed():
    total = published.totals(2021)["total"].dropna()
    assert len(total) == 60
    assert [total.mean(), total.median(), total.max(), total.min()] == pytest.approx(
        [42.407, 42.269, 48.059, 37.223], abs=1.1e-3
    )


def test_ha_noi_ranks():
    ranks = {y: published.totals(y).loc[1, "rank"] for y in range(2019, 2025)}
    assert ranks == {2019: 59, 2020: 48, 2021: 9, 2022: 12, 2023: 15, 2024: 29}


@pytest.mark.parametrize(("year", "province", "dimensions"), [
    (2014, "Bắc Giang", [1, 2, 3, 4, 5, 6]), (2014, "Đồng Tháp", [1, 2, 3, 4, 5, 6]),
    (2018, "Quảng Ninh", [2, 4]), (2018, "Đồng Tháp", [2, 4]),
    (2021, "Quảng Ninh", list(range(1, 9))), (2021, "Bắc Giang", list(range(1, 9))), (2021, "Bắc Ninh", list(range(1, 9))),
    (2022, "Bắc Ninh", [2, 3, 4, 8]),
    (2023, "Quảng Ninh", list(range(1, 9))), (2023, "Bình Dương", list(range(1, 9))),
    (2024, "Vĩnh Phúc", list(range(1, 9))), (2024, "Tiền Giang", list(range(1, 9))),
])  # fmt: skip
def test_what_was_not_published_is_missing_with_total_rank_and_group(year, province, dimensions):
    assert published.missing(province, year) == dimensions
    row = published.totals(year).loc[places.province(province).code]
    assert row.isna().all()


def test_a_partial_province_has_no_total_and_the_rest_are_ranked():
    totals = published.totals(2018)
    assert totals["total"].notna().sum() == 61
    assert totals["rank"].max() == 61


@pytest.mark.parametrize("year", range(2011, 2025))
def test_ranks_and_groups_follow_the_totals(year):
    totals = published.totals(year).dropna()
    ordered = totals.sort_values("total", ascending=False)
    assert ordered["rank"].is_monotonic_increasing
    assert ordered["rank"].iloc[0] == 1
    assert ordered["group"].is_monotonic_increasing
    sizes = totals["group"].value_counts()
    assert sizes.index.sort_values().to_list() == [1, 2, 3, 4]
    assert sizes.max() - sizes.min() <= 1


@pytest.mark.parametrize(
    ("n", "sizes"), [(63, [16, 16, 15, 16]), (61, [16, 15, 15, 15]), (60, [15] * 4), (34, [9, 8, 8, 9])]
)
def test_groups_begin_at_the_quartiles(n, sizes):
    """The 32nd of 63 is the median and in the second group. Its size was 15 before."""
    standing = published.standing(pd.Series(np.random.default_rng(n).normal(size=n), name="score"))
    assert standing["group"].value_counts().sort_index().to_list() == sizes
    cuts = np.percentile(standing["score"], [75, 50, 25])
    assert (standing["group"] == 1 + (standing["score"].to_numpy()[:, None] < cuts).sum(axis=1)).all()
    if n == 63:
        assert standing.set_index("rank").loc[32, "group"] == 2


def test_ties_share_the_better_rank():
    standing = published.standing(pd.Series([2.0, 3.0, 3.0, None], index=[1, 2, 4, 6], name="score"))
    assert standing["rank"].to_list()[:3] == [3, 1, 1]
    assert standing.loc[6].isna().all()


def test_load_filters_and_keeps_the_contract():
    frame = published.load(years=[2023, 2024], provinces=["Hà Nội", 79])
    assert list(frame.columns) == ["year", "province_code", "dimension", "subdimension", "score"]
    assert set(frame["province_code"]) == {1, 79}
    assert len(frame) == 2 * 2 * 28
    with pytest.raises(ValueError, match="Hà Nội"):
        published.load(2024, "Hanoii")


def test_history_never_joins_years_that_do_not_compare():
    history = estimates.history(1, ["total", 8, "civic_knowledge"], until=2024)
    assert history.query("part == 'total'").groupby("segment")["year"].agg(list).to_dict() == {
        2011: [2011, 2012, 2013, 2014, 2015], 2016: [2016, 2017], 2018: [2018], 2019: [2019], 2020: [2020], 2021: [2021], 2022: [2022, 2023, 2024],
    }  # fmt: skip
    assert set(history.query("part == 8")["segment"]) == {2018, 2019, 2020, 2021}
    assert history.query("part == 'civic_knowledge' and year == 2021")["segment"].item() == 2021
