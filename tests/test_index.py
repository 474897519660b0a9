"""The index's structure by edition, and which years compare."""

import pytest

from papi_lib import changes, estimates, index


@pytest.mark.parametrize(("year", "dimensions", "parts"), [(2011, 6, 22), (2015, 6, 22), (2016, 6, 22), (2018, 8, 28), (2019, 8, 29), (2020, 8, 29), (2021, 8, 28), (2024, 8, 28)])  # fmt: skip
def test_numbers_of_dimensions_and_subdimensions(year, dimensions, parts):
    assert len(index.dimensions(year)) == dimensions
    assert len(index.subdimensions(year)) == parts


def test_subdimensions_are_named_by_meaning():
    assert index.subdimensions(2017, 2)[0] == "poverty_lists"
    assert index.subdimensions(2018, 2)[0] == "access_to_information"
    assert "community_investment_boards" in index.subdimensions(2015, 3)
    assert index.subdimensions(2016, 3) == ["interactions", "response_to_appeals", "peoples_inspection_boards"]
    assert index.subdimensions(2018, 3) == ["interactions", "response_to_appeals", "access_to_justice"]
    assert "construction_permits" not in index.subdimensions(2021, 5)


@pytest.mark.parametrize(("year", "part", "lower", "upper"), [(2024, "public_health", 0.25, 2.5), (2024, "air_quality", 1 / 3, 10 / 3), (2018, "internet_access", 0.5, 5.0), (2020, "commune_procedures", 0.25, 2.5), (2021, "commune_procedures", 1 / 3, 10 / 3)])  # fmt: skip
def test_ranges(year, part, lower, upper):
    row = index.structure(year).set_index("subdimension").loc[part]
    assert (row["lower"], row["upper"]) == pytest.approx((lower, upper))


def test_ranges_of_a_dimension_add_up_to_one_to_ten():
    for year in index.years():
        sums = index.structure(year).groupby("dimension")[["lower", "upper"]].sum()
        assert sums["lower"].to_list() == pytest.approx([1] * len(sums))
        assert sums["upper"].to_list() == pytest.approx([10] * len(sums))


def test_the_total_by_name_breaks_like_the_total():
    """It was taken for a sub-dimension without breaks, so that a change of the total was told across one."""
    assert index.segment(2024, "total") == index.segment(2024) == [2022, 2023, 2024]
    assert not index.comparable(2021, 2022, "total")
    assert estimates.since(1, 2022, "total") is None
    with pytest.raises(ValueError, match="scores of the total in 2021 and 2024 do not compare: civic_knowledge"):
        index.must_compare("2024", 2021, "total")
    for part in ("civic_knowlege", 9, 2024):
        with pytest.raises(ValueError, match="no part"):
            index.must_compare(2022, 2024, part)
    with pytest.raises(ValueError, match="do not compare"):
        changes.kept(2024, "total", first=2021, then=2023)


@pytest.mark.parametrize(
    ("first", "last", "part", "compare"),
    [
        (2011, 2015, None, True),
        (2015, 2016, None, False),
        (2017, 2018, 6, False),
        (2018, 2019, 1, False),
        (2019, 2020, 6, True),
        (2019, 2020, 8, False),  # e-governance was rescaled again in 2020
        (2019, 2020, None, False),
        (2020, 2021, 5, False),
        (2021, 2024, 6, True),
        (2021, 2022, "civic_knowledge", False),
        (2021, 2022, 1, False),
        (2024, 2022, None, True),
    ],
)
def test_which_years_compare(first, last, part, compare):
    assert index.comparable(first, last, part) is compare
    assert index.comparable(last, first, part) is compare


def test_segment_is_the_line_that_may_be_drawn():
    assert index.segment(2024, 6) == [2021, 2022, 2023, 2024]
    assert index.segment(2024) == [2022, 2023, 2024]
    assert index.segment(2020, 8) == [2020]


@pytest.mark.parametrize("year", [2010, 2035, "x", None, True, 2024.5])
def test_unknown_year_says_which_there_are(year):
    with pytest.raises(ValueError, match="2011-2024"):
        index.check_year(year)
