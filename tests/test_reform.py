"""The reform of 2025: who there is before and since, what became of whom, and the 34 provinces' reconstructed scores."""

import shutil

import numpy as np
import pandas as pd
import pytest

from papi_lib import datafiles, estimates, index, places, posterior, precision, published, targets

NEW = places.REFORM


def test_who_there_is():
    assert (len(places.provinces(2024)), len(places.provinces(NEW)), len(places.districts())) == (63, 34, 696)
    assert places.communes()["type"].value_counts().to_dict() == {"xa": 2621, "phuong": 687, "dac-khu": 13}
    assert places.communes().query("province_code == 1")["type"].value_counts().to_dict() == {"xa": 75, "phuong": 51}
    assert len(places.communes(2024)) == 10_035
    assert places.communes()["area_km2"].sum() == pytest.approx(328_487, abs=1)


def test_every_old_commune_leads_to_a_new_one_and_every_new_one_was_something():
    taken = places.taken_over()
    islands = set(taken["before"]) - set(places.communes(2024).index)
    assert taken["before"].nunique() == 10_040
    assert set(places.districts().loc[list(islands), "name_vi"]) == {
        "Huyện Bạch Long Vĩ", "Huyện Cồn Cỏ", "Huyện Hoàng Sa", "Huyện Lý Sơn", "Huyện Côn Đảo",
    }  # fmt: skip
    assert set(taken["since"]) == set(places.communes().index)
    assert (taken["share"] == "main").sum() == 471
    home = places.communes(2024)["province_code"].map(places.merged())
    known = taken[taken["before"].isin(home.index)]
    assert (known["before"].map(home).to_numpy() == known["since"].map(places.communes()["province_code"])).all()


def test_an_old_district_is_no_sum_of_new_communes():
    """Of Ha Noi's 126 units 62 lie in one old district, and 26 are made of whole old communes."""
    table = places.communes()
    here = table.index[table["province_code"] == 1]
    parts, districts = (t[t["since"].isin(here)] for t in (places.taken_over(), places.taken_over("district")))
    whole = parts.groupby("since")["share"].agg(lambda s: (s == "whole").all())
    inside = districts.groupby("since")["before"].nunique() == 1
    assert (len(whole), whole.sum(), inside.sum()) == (126, 26, 62)


@pytest.mark.parametrize(
    ("find", "told"),
    [
        (lambda: places.province("Hà Giang", 2026), "Hà Giang is part of Tuyên Quang since 1 July 2025"),
        (lambda: places.province(2, 2026), "Hà Giang is part of Tuyên Quang since 1 July 2025"),
        (lambda: places.district("Ba Đình", "Hà Nội", 2026), "no districts in 2026: Quận Ba Đình ended"),
        (lambda: places.commune("Phúc Xá", "Hà Nội"), "Phường Phúc Xá is part of Phường Hồng Hà since 1 July 2025"),
        (lambda: places.commune("Xã Thư Lâm", "Hà Nội", 2024), "Xã Thư Lâm exists since 1 July 2025"),
        (lambda: places.commune("Tân Lập"), "say of which province"),
        (lambda: places.commune("Ba Dinhh", "Hà Nội"), "did you mean Phường Ba Đình"),
    ],
)
def test_a_name_is_looked_up_for_a_year(find, told):
    with pytest.raises(ValueError, match=told):
        find()


def test_a_code_is_looked_up_for_a_year():
    both = {code for code, name in places.provinces(NEW)["name_vi"].items() if places.provinces(2024)["name_vi"][code] != name}  # fmt: skip
    assert both == {15, 24, 44, 46, 52, 80, 82, 91}  # 46 is Huế, renamed
    assert [places.province(15, y).name_vi for y in (2024, NEW)] == ["Yên Bái", "Lào Cai"]
    assert [places.commune("00004", year=y).name_vi for y in (2024, NEW)] == ["Phường Trúc Bạch", "Phường Ba Đình"]
    found, problems = places.codes(pd.Series(["Ba Đình", "00008", "Phúc Xá"]), "Hà Nội", "commune", year=2026)
    assert found.to_list()[:2] == ["00004", "00008"]
    assert "Phường Hồng Hà" in problems["problem"].iloc[0]


def test_cities_by_year():
    found = [len(places.peers(places.province(1, y), "cities", y)) for y in (2024, 2025, 2026)]
    assert found == [5, 6, 7]


def test_the_frame_is_one_like_any_other():
    frame, old = estimates.from_published(2022, of=NEW), estimates.from_published(2022)
    assert list(frame) == list(old)
    assert len(frame) == 34 * 9
    assert frame["part"].unique().tolist() == ["total", *range(1, 9)]


@pytest.mark.parametrize("part", ["total", 4, "water_quality"])
def test_unchanged_provinces_keep_their_published_scores_and_noise(part):
    new = estimates.from_published(2023, (part,), of=NEW).set_index("place")[["score", "se"]]
    old = estimates.from_published(2023, (part,)).set_index("place")[["score", "se"]]
    same = places.merged().drop_duplicates(keep=False)
    assert len(same) == 11
    np.testing.assert_allclose(new.loc[same], old.loc[same.index])


def test_merged_scores_weigh_by_people():
    """Ho Chi Minh City has nearly four times the people of Binh Duong and eight times those of Ba Ria - Vung Tau, but three times the interviews."""
    people = datafiles.read("population").set_index("province_code")["population"][[79, 74, 77]]
    share = people / people.sum()
    assert share.round(3).to_list() == [0.716, 0.193, 0.091]
    new = estimates.from_published(2024, (6,), of=NEW).set_index("place").loc[79]
    assert new["score"] == pytest.approx(share @ published.series(6)[2024][[79, 74, 77]])
    errors = precision.standard_errors_by_province(6, 2024)[share.index]
    assert new["se"] == pytest.approx(np.hypot.reduce(share * errors))


def test_other_weights_are_put_into_the_table(tmp_path, monkeypatch):
    """Adults in place of people: the file is replaced; a province without a row is told."""
    shutil.copytree(datafiles.folder(), tmp_path / "data")
    monkeypatch.setenv("PAPI_DATA", str(tmp_path / "data"))
    path = tmp_path / "data" / "places" / "population.csv"
    adults = pd.read_csv(path).assign(population=1, source="a test")
    adults.to_csv(path, index=False)
    new = published.series(6, of=NEW).loc[79, 2024]
    assert new == pytest.approx(published.series(6)[2024][[79, 74, 77]].mean())
    adults[adults["province_code"] != 74].to_csv(path, index=False)
    with pytest.raises(datafiles.DataError, match=r"population\.csv: Bình Dương has no row"):
        published.series(6, of=NEW)


def test_merged_parts_still_add_up():
    frame = estimates.from_published(2022, of=NEW)
    dimensions = frame[frame["part"] != "total"].groupby("place", sort=False)["score"].sum(min_count=8)
    np.testing.assert_allclose(dimensions, frame[frame["part"] == "total"]["score"])


def test_a_merged_province_misses_what_any_part_misses():
    """2024: no score of Vinh Phuc (now Phu Tho) nor of Tien Giang (now Dong Thap)."""
    frame = estimates.standing(estimates.from_published(2024, of=NEW), "total")
    missing = [places.province(name, NEW).code for name in ("Phú Thọ", "Đồng Tháp")]
    assert sorted(frame.index[frame["score"].isna()]) == sorted(missing)
    assert frame.loc[missing, ["se", "rank", "lower", "upper", "group"]].isna().all(axis=None)
    assert frame["rank"].max() == 32


def test_merging_makes_totals_surer_and_ranks_carry_their_sets():
    frame = estimates.standing(estimates.from_published(2022, of=NEW), "total").dropna(subset="score")
    formed = [code for code, n in places.merged().value_counts().items() if n > 1 and code in frame.index]
    assert (frame["se"][formed] < precision.standard_errors(2022).loc["total", "se"]).all()
    assert ((frame["lower"] <= frame["rank"]) & (frame["rank"] <= frame["upper"])).all()
    gap = estimates.gaps(estimates.from_published(2022, of=NEW), 33).loc["total"]
    assert gap["difference"] == pytest.approx(frame["score"][33] - frame["score"].mean())


def test_a_target_of_2025_is_one_among_34():
    """Its base is reconstructed; a province that is none any more has no target."""
    judged = targets.climb("Hà Nội", 2024, places=3)
    ranks = posterior.published_standing(2024, "total", of=NEW)["rank"]
    assert (judged.rank, judged.of) == (ranks[1], 32)
    assert 0 < judged.probability < 1
    assert targets.climb("Lào Cai", 2024, 1).province_code == 15
    with pytest.raises(ValueError, match="Bình Dương is part of Hồ Chí Minh"):
        targets.climb("Bình Dương", 2024, 3)


def test_nothing_compares_across_the_reform(made_up_2025, monkeypatch):
    monkeypatch.setenv("PAPI_DATA", str(made_up_2025))
    assert index.segment(NEW) == [NEW]
    assert index.segment(2024) == [2022, 2023, 2024]
    with pytest.raises(ValueError, match="the provinces of 2025 are others"):
        index.must_compare(2024, NEW)
