"""Reconstructed scores of the 34 provinces of 2025."""

import numpy as np
import pytest

from papi_lib import index, merged, places, precision, published


def test_34_provinces_of_which_11_are_as_they_were():
    frame = merged.provinces()
    assert len(frame) == 34
    assert (~frame["reconstructed"]).sum() == 11
    assert sorted(code for parts in frame["parts"] for code in parts) == sorted(published.totals(2024).index)
    assert frame.loc[["Hồ Chí Minh", "Huế"], "name_en"].to_list() == ["Ho Chi Minh City", "Hue"]


def test_unchanged_provinces_keep_their_published_scores():
    for part in (None, 4, "water_quality"):
        new, old = merged.series(part), published.series(part)
        for name, row in merged.provinces().iterrows():
            if not row["reconstructed"]:
                np.testing.assert_allclose(new.loc[name], old.loc[row["parts"][0]])


def test_merged_scores_weigh_by_interviews():
    """Ho Chi Minh City has three times the interviews of Binh Duong and of Ba Ria - Vung Tau."""
    old = published.series(6)[2024]
    assert merged.series(6).loc["Hồ Chí Minh", 2024] == pytest.approx((3 * old[79] + old[74] + old[77]) / 5)
    assert merged.standard_errors(6, 2024)["Hồ Chí Minh"] == pytest.approx(
        np.sqrt(9 * precision.standard_error(6, 2024, 79) ** 2 + 2 * precision.standard_error(6, 2024) ** 2) / 5
    )


def test_merged_parts_still_add_up():
    total = sum(merged.series(d)[2022] for d in index.dimensions(2022))
    np.testing.assert_allclose(total, merged.series()[2022])


def test_a_merged_province_misses_what_any_part_misses():
    """2024: no score of Vinh Phuc (now Phu Tho) nor of Tien Giang (now Dong Thap)."""
    frame = merged.rank_sets(2024)
    assert set(frame.index[frame["score"].isna()]) == {"Phú Thọ", "Đồng Tháp"}
    assert frame.loc["Phú Thọ", ["rank", "lower", "upper", "group"]].isna().all()
    assert frame["rank"].max() == 32


def test_merging_makes_totals_surer_and_ranks_carry_their_sets():
    frame = merged.rank_sets(2022).dropna()
    assert (frame.loc[frame["reconstructed"], "se"] < precision.standard_error(None, 2022)).all()
    assert ((frame["lower"] <= frame["rank"]) & (frame["rank"] <= frame["upper"])).all()


def test_a_target_of_2025_starts_from_the_reconstructed_total():
    """Five places up from its rank: the points to the total that stands there now."""
    for name in ("Bắc Giang", "Đắk Nông", "Quảng Ninh"):
        start = merged.base(places.province(name), 2024, 5)
        frame = merged.rank_sets(2024)
        there = frame["score"] >= start["score"] + start["needed"] - 1e-9
        assert there.sum() == start["target_rank"] == max(start["rank"] - 5, 1)
    assert merged.base(places.province("Vĩnh Phúc"), 2024, 5)["year"] == 2023


def test_the_unit_of_a_province_is_named_in_both_languages():
    unit = merged.unit(places.province("Bình Dương"))
    assert (unit.name("vi"), unit.name("en"), unit.slug) == ("Hồ Chí Minh", "Ho Chi Minh City", "ho-chi-minh")
