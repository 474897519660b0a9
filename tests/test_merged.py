"""Reconstructed scores of the 34 provinces of 2025."""

import shutil

import numpy as np
import pandas as pd
import pytest

from papi_lib import datafiles, estimates, merged, places, precision, published


def test_34_provinces_of_which_11_are_as_they_were():
    frame = merged.provinces()
    assert len(frame) == 34
    assert (~frame["reconstructed"]).sum() == 11
    assert sorted(code for parts in frame["parts"] for code in parts) == sorted(published.totals(2024).index)
    assert frame.loc[["Hồ Chí Minh", "Huế"], "name_en"].to_list() == ["Ho Chi Minh City", "Hue"]


def test_the_frame_is_one_like_any_other():
    frame, old = merged.estimates(2022), estimates.from_published(2022)
    assert list(frame) == list(old)
    assert frame.attrs == old.attrs | {"source": "reconstructed"}
    assert len(frame) == 34 * 9
    assert frame["part"].unique().tolist() == ["total", *range(1, 9)]
    assert frame[frame["part"] == 4]["place"].to_list() == merged.provinces().index.to_list()


@pytest.mark.parametrize("part", ["total", 4, "water_quality"])
def test_unchanged_provinces_keep_their_published_scores_and_noise(part):
    new = merged.estimates(2023, (part,)).set_index("place")[["score", "se"]]
    old = estimates.from_published(2023, (part,)).set_index("place")[["score", "se"]]
    same = merged.provinces().query("~reconstructed")["parts"].str[0]
    np.testing.assert_allclose(new.loc[same.index], old.loc[same])


def test_merged_scores_weigh_by_people():
    """Ho Chi Minh City has nearly four times the people of Binh Duong and eight times those of Ba Ria - Vung Tau, but three times the interviews."""
    people = datafiles.read("population").set_index("province_code")["population"][[79, 74, 77]]
    share = people / people.sum()
    assert share.round(3).to_list() == [0.716, 0.193, 0.091]
    old, new = published.series(6)[2024], merged.estimates(2024, (6,)).set_index("place").loc["Hồ Chí Minh"]
    assert new["score"] == pytest.approx(share @ old[[79, 74, 77]])
    errors = [precision.standard_error(6, 2024, code) for code in share.index]
    assert new["se"] == pytest.approx(np.hypot.reduce(share.to_numpy() * errors))


def test_other_weights_are_put_into_the_table(tmp_path, monkeypatch):
    """Adults in place of people: the file is replaced; a province without a row is told."""
    shutil.copytree(datafiles.folder(), tmp_path / "data")
    monkeypatch.setenv("PAPI_DATA", str(tmp_path / "data"))
    path = tmp_path / "data" / "places" / "population.csv"
    adults = pd.read_csv(path).assign(population=1, source="a test")
    adults.to_csv(path, index=False)
    old, new = published.series(6)[2024], merged.estimates(2024, (6,)).set_index("place").loc["Hồ Chí Minh"]
    assert new["score"] == pytest.approx(old[[79, 74, 77]].mean())
    adults[adults["province_code"] != 74].to_csv(path, index=False)
    with pytest.raises(datafiles.DataError, match=r"population\.csv: Bình Dương has no row"):
        merged.estimates(2024, (6,))


def test_merged_parts_still_add_up():
    frame = merged.estimates(2022)
    dimensions = frame[frame["part"] != "total"].groupby("place", sort=False)["score"].sum(min_count=8)
    np.testing.assert_allclose(dimensions, frame[frame["part"] == "total"]["score"])


def test_a_merged_province_misses_what_any_part_misses():
    """2024: no score of Vinh Phuc (now Phu Tho) nor of Tien Giang (now Dong Thap)."""
    frame = estimates.standing(merged.estimates(2024), "total")
    assert set(frame.index[frame["score"].isna()]) == {"Phú Thọ", "Đồng Tháp"}
    assert frame.loc["Phú Thọ", ["se", "rank", "lower", "upper", "group"]].isna().all()
    assert frame["rank"].max() == 32


def test_merging_makes_totals_surer_and_ranks_carry_their_sets():
    frame = estimates.standing(merged.estimates(2022), "total").dropna(subset="score")
    assert (frame["se"][merged.provinces()["reconstructed"]] < precision.standard_error(None, 2022)).all()
    assert ((frame["lower"] <= frame["rank"]) & (frame["rank"] <= frame["upper"])).all()
    gap = estimates.gaps(merged.estimates(2022), "Hưng Yên").loc["total"]
    assert gap["difference"] == pytest.approx(frame["score"]["Hưng Yên"] - frame["score"].mean())


def test_the_unit_of_a_province_is_named_in_both_languages():
    unit = merged.unit(places.province("Bình Dương"))
    assert (unit.name("vi"), unit.name("en"), unit.slug) == ("Hồ Chí Minh", "Ho Chi Minh City", "ho-chi-minh")
