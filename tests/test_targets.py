"""Targets in places: what was needed, how likely, and the verdict."""

import dataclasses
import runpy
import shutil
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from papi_lib import aims, aims_merged, charts_targets, datafiles, forecast, precision, published, targets
from papi_lib.page import Page
from papi_lib.page.words import Words
from papi_lib.places import province

ROOT = Path(__file__).parents[1]


def test_ha_noi_2020_to_2021():
    climb = targets.climb("Hà Nội", 2020, places=5)
    assert (climb.rank, climb.target_rank, climb.target_year) == (48, 43, 2021)
    assert climb.outcome["rank"] == 9
    assert climb.outcome["reached"]
    total = published.totals(2020)["total"]
    assert (total > total[1] + climb.needed_now).sum() == 42
    assert 0.2 < climb.probability < 0.7


def test_needed_gains_make_the_target_so_likely():
    climb = targets.climb("Kiên Giang", 2023, places=10)
    model = forecast.fit(2023)
    drawn = forecast.simulate(model)[published.totals(2023)["total"].dropna().index]
    spread = published.totals(2023)["total"].std(ddof=0)
    for chance, gain in climb.needed_gain.items():
        helped = drawn.copy()
        helped[91] += gain / spread
        rank = helped.gt(helped[91], axis=0).sum(axis=1) + 1
        assert (rank <= climb.target_rank).mean() == pytest.approx(chance, abs=0.01)


def test_steps_add_up_and_stay_within_reach():
    climb = targets.climb("Hà Nội", 2023, places=5)
    steps = climb.steps[0.5]
    assert steps.sum() == pytest.approx(climb.needed_gain[0.5])
    assert (steps <= climb.gaps.loc[steps.index, "reach"] + 1e-9).all()
    assert (climb.gaps["reach"] <= climb.gaps["best"].clip(lower=0) + 1e-9).all()


def test_a_target_beyond_all_gains_has_no_steps():
    climb = targets.climb("Kiên Giang", 2024, places=60)
    assert climb.target_rank == 1
    assert climb.steps[0.8].empty
    assert climb.outcome is None


def test_the_lowest_tend_to_rise_and_the_highest_to_fall_by_themselves():
    low, high = targets.climb("Kiên Giang", 2024, places=1), targets.climb("Quảng Ninh", 2024, places=1)
    assert low.ranks[0.5] < low.rank
    assert high.ranks[0.5] > high.rank


def test_only_the_past_is_used(monkeypatch):
    """What came later does not change what was likely."""
    before = forecast.fit.__wrapped__(2019)
    full = published.series
    monkeypatch.setattr(published, "series", lambda part=None, until=None: full(part, min(until or 2019, 2019)))
    after = forecast.fit.__wrapped__(2019)
    np.testing.assert_allclose(before.carried, after.carried)
    np.testing.assert_allclose(before.mean, after.mean)


def test_provinces_without_a_total_and_early_years_are_refused_with_a_reason():
    with pytest.raises(ValueError, match="no published total of Vĩnh Phúc in 2024"):
        targets.climb("Vĩnh Phúc", 2024, places=5)
    with pytest.raises(ValueError, match="choose 2013 or later"):
        targets.climb("Hà Nội", 2012, places=5)


def test_track_record_counts_the_panel():
    """From the lowest ten ranks about two in three rise at least five places in a year."""
    record = targets.climb("Kiên Giang", 2024, places=5).track_record
    assert record["made"] / record["started"] == pytest.approx(0.66, abs=0.06)


@pytest.fixture(scope="module")
def backtest():
    """The backtest's functions, and its cases for the model."""
    functions = runpy.run_path(str(ROOT / "benchmarks" / "backtest.py"))
    return functions, functions["outcomes"](functions["model"])


def test_chances_keep_what_the_backtest_promises(backtest):
    """Chances of a climb beat the base rate by a fifth, mean what they say, and intervals hold."""
    functions, cases = backtest
    assert functions["brier_skill"](cases) >= 0.20
    assert 0.8 < np.polyfit(cases["chance"], cases["rose"].astype(float), 1)[0] < 1.2
    for interval in ("rank_covered", "score_covered"):
        assert 0.87 <= cases[interval].mean() <= 0.93
    recent = cases[cases["year"] >= 2022]
    assert recent["score_error"].mean() <= 0.94 < recent["score_unchanged"].mean()
    assert recent["rank_error"].mean() <= 9.2 < recent["rank_unchanged"].mean()


def test_years_that_carry_little_over_are_found():
    """Made-up standings of which half is replaced in one year."""
    rng, lasting, years = np.random.default_rng(5), 0.7, range(2011, 2019)
    state, columns = rng.normal(0, np.sqrt(lasting), 2000), {}
    for year in years:
        if year == 2015:
            state = 0.5 * state + rng.normal(0, np.sqrt(lasting * 0.75), 2000)
        columns[year] = state + rng.normal(0, np.sqrt(1 - lasting), 2000)
    carried = forecast._carried_over(pd.DataFrame(columns))
    assert carried[2015] == pytest.approx(0.5, abs=0.06)
    assert carried.drop(2015).min() > 0.93


def test_planned_gains_raise_the_chance_as_far_as_the_steps_say():
    """The steps of a climb, taken as a plan, make the target as likely as they promise."""
    climb = targets.climb("Hà Nội", 2023, places=5)
    assert targets.chance("Hà Nội", 2023, 5, {}) == climb.probability
    assert targets.chance("Hà Nội", 2023, 5, climb.steps[0.5].to_dict()) == pytest.approx(0.5, abs=0.01)


def test_what_the_target_rank_will_take_follows_the_others():
    """To hold the first place needs more than to be last but one; to fall back needs no points."""
    first, low = targets.climb("Hà Nội", 2023, places=60), targets.climb("Hà Nội", 2023, places=1)
    assert first.needed_later > low.needed_later
    assert targets.climb("Quảng Ninh", 2024, places=1).needed_later < 0.5


def test_plans_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="no sub-dimension 'bribes' in 2023; choose from civic_knowledge"):
        targets.chance("Hà Nội", 2023, 5, {"bribes": 0.1})
    with pytest.raises(ValueError, match=r"leaves the range of air_quality, 0\.33 to 3\.33"):
        targets.chance("Hà Nội", 2023, 5, {"air_quality": 3.0})
    for places, horizon in ((0, 1), (5, 0), (-3, 1), (2.5, 1), (True, 1), ("5", 1), (5, 1.5)):
        with pytest.raises(ValueError, match="at least one place and one year"):
            targets.climb("Hà Nội", 2023, places=places, horizon=horizon)


@pytest.mark.parametrize("places", [-3, 0, 1.5])
def test_a_page_on_a_climb_of_no_places_is_refused_and_gives_no_other_reason(places):
    """A rise by -3 places was said to have no published total to start from; one by 0 was taken for five."""
    with pytest.raises(ValueError, match=f"at least one place and one year, in whole numbers, not {places} places"):
        aims.asked(Page("Hà Nội", 2024, "en"), places)


def test_pictures_of_ranks_end_where_the_provinces_end():
    """There are 34 since 2025; axes and bands were made for 63."""
    climb = dataclasses.replace(
        targets.climb("Hà Nội", 2023, places=5), rank=12, lower=3, upper=30, of=34, outcome=None,
        ranks=pd.Series([2, 8, 12, 16, 30], [0.05, 0.25, 0.5, 0.75, 0.95]),
    )  # fmt: skip
    (ax,) = charts_targets.fan([climb], Words("en"), province("Hà Nội")).figure.axes
    assert (ax.get_ylim(), [t.get_text() for t in ax.get_yticklabels()]) == ((35, 0), ["1", "10", "20", "30"])
    record = pd.DataFrame({"year": 2025, "start": range(1, 35), "gain": 0})
    picture = charts_targets.track_record(record, climb, Words("en"))
    assert picture.data.index.to_list() == ["1–10", "11–20", "21–34"]
    whole = charts_targets.track_record(targets.starts(), targets.climb("Hà Nội", 2023, places=5), Words("en"))
    assert whole.data.index.to_list()[-1] == "51–63"


def test_gains_within_reach_are_known_in_an_edition_of_one_year():
    """2018 compares with no other year; what provinces have achieved in other years still says what is within reach."""
    gaps = targets.climb("Hà Nội", 2018, places=5).gaps
    assert (gaps["reach"] > 0).sum() > 20
    observed = published.series("air_quality")[[2022, 2023]]
    moves = (observed[2023] - observed[2022]).dropna()
    assert gaps.loc["air_quality", "reach"] < (moves - moves.mean()).max()


def test_starts_agree_with_the_known_base_case():
    """Rising at least five places in a year, by starting rank: 2, 18, 36, 40, 47 and 66 per cent."""
    record = targets.starts()
    rose = (record["gain"] >= 5).groupby(pd.cut(record["start"], [0, 10, 20, 30, 43, 53, 63]), observed=True).mean()
    assert rose.to_list() == pytest.approx([0.02, 0.18, 0.36, 0.40, 0.47, 0.66], abs=0.025)
    assert targets.starts(horizon=5)["year"].max() == max(record["year"]) + 1 - 5


def test_track_record_picture_names_the_share_of_every_band():
    climb = targets.climb("Hà Nội", 2020, places=5)
    picture = charts_targets.track_record(targets.starts(), climb, Words("en"))
    band = picture.data.loc["41–50"]
    assert band["made"] / band["started"] == pytest.approx(band["share that made it"])
    assert picture.data["started"].sum() == len(targets.starts())
    assert "at least 5 places" in picture.alt
    assert f"41–50: {band['share that made it']:.0%}" in picture.alt


@pytest.mark.parametrize(("name", "peers"), [("Hà Nội", "cities"), ("Đắk Nông", "region")])
def test_larger_stated_gains_make_the_target_likelier(name, peers):
    climb = targets.climb(name, 2023, places=5)
    behind = targets.furthest_behind(climb)
    assert behind["peers"].to_list() == climb.gaps[peers].nlargest(3).to_list()
    assert (behind["usual"] < behind["reach"]).all()
    ways = [{}, behind["usual"].to_dict(), behind["reach"].to_dict(), behind["peers"].to_dict()]
    chances = [targets.chance(name, 2023, 5, gains) for gains in ways]
    assert chances == sorted(chances)
    assert chances[0] == climb.probability < chances[1]


def test_the_chance_depends_only_on_the_gains_sum_and_draws_are_the_same():
    """With the same draws two plans of the same size are as likely, to the last digit."""
    one = targets.chance("Bắc Giang", 2023, 5, {"air_quality": 0.2})
    assert one == targets.chance("Bắc Giang", 2023, 5, {"water_quality": 0.1, "public_health": 0.1})


@pytest.fixture
def shown(monkeypatch):
    """What a page shows: its sentences, and its tables and pictures."""
    sentences, items = [], []
    monkeypatch.setattr(Page, "_html", staticmethod(lambda fragment, more=None: sentences.append(fragment)))
    monkeypatch.setattr(Page, "show", lambda self, *what: items.extend(what))
    return sentences, items


def test_the_page_tells_the_chance_with_gains_of_the_notebook_or_the_plan(shown, tmp_path, monkeypatch):
    page, climb = Page("Hà Nội", 2024, "en"), targets.climb("Hà Nội", 2023, places=5)
    gains = {"air_quality": 0.4, "public_health": 0.3}
    frame = aims.planned(page, climb, gains)
    unaided, helped = (f"{share:.0%}" for share in (climb.probability, targets.chance("Hà Nội", 2023, 5, gains)))
    assert any(f"{unaided} unaided → {helped} with these gains" in s for s in shown[0])
    assert shown[1][-1].frame["planned gain"].to_list() == [0.4, 0.3]
    folder = tmp_path / "data"
    shutil.copytree(datafiles.folder(), folder)
    (folder / "plans" / "gains.csv").open("a").write("hanoi-2021,air_quality,0.7,Mục 3,Section 3\n")
    monkeypatch.setenv("PAPI_DATA", str(folder))
    assert aims.planned(page, climb)["chance"].iloc[1] == frame["chance"].iloc[1]
    assert shown[1][-1].frame["source"].to_list() == ["Section 3"]
    with pytest.raises(ValueError, match="no sub-dimension 'bribes'"):
        aims.planned(page, climb, {"bribes": 0.1})


def test_without_planned_gains_the_page_states_some(shown):
    climb = targets.climb("Đắk Nông", 2023, places=5)
    frame = aims.planned(Page("Đắk Nông", 2024, "en"), climb)
    assert frame["points"].is_monotonic_increasing
    assert frame["chance"].is_monotonic_increasing
    assert any("No plan in the project's data names gains in points" in s for s in map(unescape, shown[0]))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Bắc Giang", "Since 1 July 2025 Bac Giang and Bac Ninh are one province, Bac Ninh."),
        ("Hà Nội", "Ha Noi was not merged on 1 July 2025"),
        ("Vĩnh Phúc", "2023 is the last year with all"),
    ],
)
def test_targets_from_2025_start_from_the_province_of_2025(shown, name, said):
    page = Page(name, 2024, "en")
    frame = aims_merged.start(page, aims.Asked(2023, 5, 2024))
    text = " ".join(map(unescape, shown[0]))
    assert said in text
    assert "reconstructed by us" in text.lower()
    rank, lower, upper = frame.loc["total", ["rank", "lower", "upper"]].astype(int)
    assert f"rank {rank} of the 32 among 34" in text
    assert f"from {lower} to {upper} possible" in text
    assert len(frame) == 9
    assert (frame["lower"] <= frame["rank"]).all()
    assert len(shown[1]) == 2
    assert "reconstructed" in shown[1][1].caption


def test_only_the_last_year_before_the_new_provinces_is_a_base(shown):
    assert aims_merged.start(Page("Hà Nội", 2022, "en"), aims.Asked(2021, 5, 2022)) is None
    assert shown == ([], [])


def test_every_target_stands_beside_the_noise(shown):
    """A target among the possible ranks is within noise, and the page says so."""
    page, climb = Page("Hà Nội", 2024, "en"), targets.climb("Hà Nội", 2023, places=5)
    aims.needed(page, climb)
    noise = 1.96 * precision.standard_error(None, 2023, province("Hà Nội").code)
    assert f"about ±{noise:.2f} points" in shown[0][1]
    assert aims.came(page, climb)["lower"] <= climb.target_rank
    assert any("Noise leaves both open" in s for s in shown[0])


def test_fan_shows_the_set_of_every_rank_that_came():
    climbs = [targets.climb("Hà Nội", 2020, 5 * years, years) for years in (1, 2)]
    table = charts_targets.fan(climbs, Words("en"), province("Hà Nội")).data
    assert table.loc[2021, ["set from", "what came", "set to"]].is_monotonic_increasing


@pytest.mark.parametrize(
    ("name", "year", "said"),
    [
        ("Hà Nội", 2021, "All ranks that noise leaves possible reach it."),
        ("Quảng Ninh", 2024, "Quang Ninh had rank 1 in our ordering; noise leaves any rank from 1 to"),
    ],
)
def test_the_verdict_goes_with_the_set(shown, name, year, said):
    """Also where the base year has no total, so that there is no target to judge."""
    page = Page(name, year, "en")
    climb = None if name == "Quảng Ninh" else targets.climb(name, year - 1, places=5)
    aims.came(page, climb)
    assert any(said in sentence for sentence in shown[0])
