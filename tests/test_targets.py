"""Targets in places: what was needed, how likely, and the verdict."""

import runpy

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from notebook_runs import run
from scipy.special import expit, logit

from papi_lib import datafiles, forecast, index, plans, posterior, published, targets
from papi_lib.page.words import Words


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
        told = logit((rank <= climb.target_rank).mean()) + forecast.correction(2023)
        assert expit(told) == pytest.approx(chance, abs=0.01)


def test_steps_add_up_and_stay_within_reach():
    climb = targets.climb("Hà Nội", 2023, places=5)
    steps = climb.steps[0.5]
    assert steps.sum() == pytest.approx(climb.needed_gain[0.5])
    assert (steps <= climb.gaps.loc[steps.index, "reach"] + 1e-9).all()
    assert climb.gaps[["above", "region", "cities", "best"]].notna().all(axis=None)
    assert (climb.gaps["reach"] <= climb.gaps["best"].clip(lower=0) + 1e-9).all()


def test_a_target_beyond_all_gains_has_no_steps():
    climb = targets.climb("Cao Bằng", 2024, places=60)
    assert climb.target_rank == 1
    assert climb.steps[0.8].empty
    assert climb.outcome is None


def test_the_lowest_tend_to_rise_and_the_highest_to_fall_by_themselves():
    low, high = targets.climb("Đắk Nông", 2023, places=1), targets.climb("Thừa Thiên Huế", 2023, places=1)
    assert low.ranks[0.5] < low.rank
    assert high.ranks[0.5] > high.rank


def test_only_the_past_is_used(monkeypatch):
    """What came later does not change what was likely."""
    before = forecast.fit.__wrapped__(2019)
    full = published.series
    monkeypatch.setattr(
        published, "series", lambda part=None, until=None, of=None: full(part, min(until or 2019, 2019), of)
    )
    after = forecast.fit.__wrapped__(2019)
    np.testing.assert_allclose(before.carried, after.carried)
    np.testing.assert_allclose(before.mean, after.mean)


def test_the_record_and_what_is_within_reach_know_nothing_of_later_years(monkeypatch):
    """They had the judged and the later years in them."""
    before = targets.climb.__wrapped__("Hà Nội", 2019, 5)
    full = published.series
    monkeypatch.setattr(
        published, "series", lambda part=None, until=None, of=None: full(part, min(until or 2019, 2019), of)
    )
    monkeypatch.setattr(index, "years", lambda: list(range(2011, 2020)))
    with datafiles.held():
        after = targets.climb.__wrapped__("Hà Nội", 2019, 5)
        assert targets.starts.__wrapped__(1, 2019)["year"].max() == 2018
    assert before.track_record.to_list() == after.track_record.to_list()
    pd.testing.assert_series_equal(before.gaps["reach"], after.gaps["reach"])
    assert before.probability == pytest.approx(after.probability)


def test_a_rank_can_be_the_target_also_one_that_is_held():
    climb = targets.climb("Hà Nội", 2023, rank=28)
    assert (climb.target_rank, climb.places) == (28, -13)
    assert climb.probability > 0.7 > targets.climb("Hà Nội", 2023, rank=10).probability
    assert targets.climb("Hà Nội", 2023, rank=10).probability == targets.climb("Hà Nội", 2023, 5).probability


def test_chances_are_corrected_by_what_came_before():
    """Told too high in the years before, they are told lower; without a year before, nothing is corrected."""
    assert forecast.correction(forecast.FIRST_BASE) == 0
    assert -0.3 < forecast.correction(2023) < 0


def test_provinces_without_a_total_and_early_years_are_refused_with_a_reason():
    with pytest.raises(ValueError, match="no published total of Quảng Ninh in 2023"):
        targets.climb("Quảng Ninh", 2023, places=5)
    with pytest.raises(ValueError, match="choose 2013 or later"):
        targets.climb("Hà Nội", 2012, places=5)


def test_track_record_counts_the_panel():
    """From the lowest ten ranks about two in three rise at least five places in a year."""
    record = targets.climb("Đắk Nông", 2023, places=5).track_record
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


def test_plans_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="no sub-dimension 'bribes' in 2023; choose from civic_knowledge"):
        targets.chance("Hà Nội", 2023, 5, {"bribes": 0.1})
    with pytest.raises(ValueError, match=r"leaves the range of air_quality, 0\.33 to 3\.33"):
        targets.chance("Hà Nội", 2023, 5, {"air_quality": 3.0})
    for places, horizon in ((0, 1), (5, 0), (-3, 1), (2.5, 1), (True, 1), ("5", 1), (5, 1.5)):
        with pytest.raises(ValueError, match="at least one place and one year"):
            targets.climb("Hà Nội", 2023, places=places, horizon=horizon)


def test_gains_within_reach_are_known_in_an_edition_of_one_year():
    """2018 compares with no other year; what provinces have achieved in other years still says what is within reach."""
    gaps = targets.climb("Hà Nội", 2018, places=5).gaps
    assert (gaps["reach"] > 0).sum() > 15
    observed = published.series("air_quality")[[2022, 2023]]
    moves = (observed[2023] - observed[2022]).dropna()
    assert gaps.loc["air_quality", "reach"] < (moves - moves.mean()).max()


def test_starts_agree_with_the_known_base_case():
    """Rising at least five places in a year, by starting rank: 2, 18, 36, 40, 47 and 66 per cent."""
    record = targets.starts()
    rose = (record["gain"] >= 5).groupby(pd.cut(record["start"], [0, 10, 20, 30, 43, 53, 63]), observed=True).mean()
    assert rose.to_list() == pytest.approx([0.02, 0.18, 0.36, 0.40, 0.47, 0.66], abs=0.025)
    assert targets.starts(horizon=5)["year"].max() == max(record["year"]) + 1 - 5


def test_the_chance_depends_only_on_the_gains_sum_and_draws_are_the_same():
    """With the same draws two plans of the same size are as likely, to the last digit."""
    one = targets.chance("Bắc Giang", 2023, 5, {"air_quality": 0.2})
    assert one == targets.chance("Bắc Giang", 2023, 5, {"water_quality": 0.1, "public_health": 0.1})


def test_the_record_of_a_target_that_the_first_place_cuts_short_counts_what_was_left_to_rise():
    """From the third rank a rise by five is a rise by two."""
    climb = targets.climb("Bắc Ninh", 2023, places=5)
    assert (climb.rank, climb.target_rank) == (3, 1)
    near = targets.starts(until=2023)[lambda record: (record["start"] - 3).abs() <= 5]
    assert climb.track_record.to_list() == [len(near), (near["gain"] >= 2).sum()]


@pytest.fixture(scope="module")
def ha_noi():
    return run("10_target", province="Hà Nội", year=2024, lang="en")


@pytest.fixture(scope="module")
def da_nang():
    """No plan of it is known: a rise of five places from the year before."""
    return run("10_target", province="Đà Nẵng", year=2024, lang="en")


@pytest.mark.slow
def test_the_page_judges_the_plan_as_it_counts_itself(ha_noi):
    climb, text = targets.climb("Hà Nội", 2023, rank=28), ha_noi.text
    assert (
        "counted from 2020, the plan asks for at least 5 places up a year on average. For 2024 that makes 28th" in text
    )
    assert "Ha Noi came 29th: 1 short of it." in text
    assert "By this count it was ahead in 2021, 2022, and 2023 and short of it in 2024." in text
    assert "Ha Noi is in group 2: reached." in text
    assert f"the chance of holding it in 2024 was {climb.probability:.0%}" in text
    assert "10th or better" not in text  # nobody set that
    fan = ha_noi.values["fan"]
    assert fan["target"].dropna().to_list() == [43, 38, 33, 28]
    assert fan.loc[2021:2024, "rank"].to_list() == [9, 12, 15, 29]
    assert min(map(len, ha_noi.alts)) > 60


@pytest.mark.slow
def test_a_rise_is_told_as_a_chance_for_the_same_and_for_other_villages(ha_noi):
    rises = {margin: posterior.rises(2020, 2024, margin=margin).loc[1, "rose"] for margin in ("level", "passing")}
    assert "Among the 61 provinces published in both years, Ha Noi went from 46th in 2020 to 29th" in ha_noi.text
    assert f"truly rose is {rises['level']:.0%} if the survey went to other districts" in ha_noi.text
    assert f"and {rises['passing']:.0%} if it went to the same ones" in ha_noi.text
    assert f"The chance that Ha Noi truly fell is {posterior.rises(2023, 2024).loc[1, 'fell']:.0%}." in ha_noi.text
    assert "cannot be told from noise" not in ha_noi.text


@pytest.mark.slow
def test_without_a_plan_the_page_judges_five_places(da_nang):
    climb = targets.climb("Đà Nẵng", 2023, places=5)
    assert "No plan in the project's data sets a target of Da Nang for 2024." in da_nang.text
    assert (
        f"the chance of reaching {Words('en').ordinal(climb.target_rank)} or better in 2024 was {climb.probability:.0%}"
        in da_nang.text
    )
    assert (
        f"needed a lasting gain of {climb.needed_gain[0.5]:.2f} points, in {len(climb.steps[0.5])} or more of the sub"
        in da_nang.text
    )


@pytest.mark.slow
def test_the_record_has_every_start_and_the_interval_of_its_share(da_nang):
    rose = da_nang.values["rose"]
    assert rose["started"].sum() == len(targets.starts(until=2023))
    assert ((rose["low"] < rose["share"]) & (rose["share"] < rose["high"])).all()
    assert f"11–20: {rose.loc['11–20', 'share']:.0%}" in " ".join(da_nang.alts)
    assert rose.index[-1] == "51–63"


@pytest.mark.slow
def test_years_ahead_carry_the_probable_ranks_of_every_year_that_came(ha_noi):
    fan = ha_noi.values["fan"]
    assert fan.index.to_list() == [2020, 2021, 2022, 2023, 2024]
    assert fan.loc[2021:2024, ["lower", "rank", "upper"]].apply(lambda row: row.is_monotonic_increasing, axis=1).all()
    assert fan.loc[2021:, [0.05, 0.5, 0.95]].apply(lambda row: row.is_monotonic_increasing, axis=1).all()


@pytest.mark.slow
def test_pictures_of_ranks_end_where_the_provinces_end(ha_noi, da_nang, monkeypatch):
    """There are 34 since 2025."""
    ax = ha_noi.again("fill_between", fan=ha_noi.values["fan"].clip(upper=34)).values["ax"]
    assert ax.get_ylim() == (35, 0)
    assert ax.get_yticks().tolist() == [1, 10, 20, 30]
    few = pd.DataFrame({"year": 2025, "start": range(1, 35), "gain": 0})
    monkeypatch.setattr(targets, "starts", lambda until=None, of=None: few)
    assert da_nang.again("targets.starts(").values["rose"].index.to_list() == ["1–10", "11–20", "21–34"]


@pytest.mark.slow
def test_without_planned_gains_the_page_states_some_and_more_of_them_make_the_target_likelier(da_nang):
    climb, planned = targets.climb("Đà Nẵng", 2023, places=5), da_nang.values["planned"]
    assert da_nang.values["behind"]["cities"].to_list() == climb.gaps["cities"].nlargest(3).to_list()
    assert planned["points"].is_monotonic_increasing
    assert planned["chance"].is_monotonic_increasing
    assert planned["chance"].iloc[0] == climb.probability < planned["chance"].iloc[1]
    assert "No plan of Da Nang names gains in points" in da_nang.text


@pytest.mark.slow
def test_the_page_tells_the_chance_with_gains_of_the_notebook_or_the_plan(da_nang, monkeypatch):
    cells = ("stated in the notebook", "with these gains", "unaided", "And with planned")
    gains = {"air_quality": 0.4, "public_health": 0.3}
    own = da_nang.again(*cells, gains=gains)
    before, helped = targets.climb("Đà Nẵng", 2023, places=5).probability, targets.chance("Đà Nẵng", 2023, 5, gains)
    assert f"{before:.0%} unaided → {helped:.0%} with these gains" in own.text
    assert "Quality of air 1.81 0.40" in own.text
    with pytest.raises(ValueError, match="no sub-dimension 'bribes'"):
        da_nang.again(*cells, gains={"bribes": 0.1})
    named = {"gain": [0.7, 0.1], "remark_en": ["Section 3", "Section 4"]}
    monkeypatch.setattr(plans, "gains", lambda *of: pd.DataFrame(named, index=["air_quality", "construction_permits"]))
    plan = da_nang.again(*cells)
    assert plan.values["planned"]["chance"].iloc[1] == helped  # the same points in all
    assert "Quality of air 1.81 0.70" in plan.text
    assert "Section 3" in plan.text
    assert "The plan also names gains of parts that PAPI 2023 does not have" in plan.text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Bắc Giang", "Since 1 July 2025 Bac Giang and Bac Ninh are one province, Bac Ninh."),
        ("Vĩnh Phúc", "2023 is the last year with all"),
    ],
)
def test_targets_from_2025_start_from_the_province_of_2025(name, said):
    made = run("10_target", province=name, year=2024, lang="en")
    assert said in made.text
    frame, rise = made.values["anew"], made.values["step"]
    rank, lower, upper = frame.loc["total", ["rank", "lower", "upper"]].astype(int)
    assert f"as reconstructed by us, rank {rank} of the 32 among 34" in made.text
    assert f"between ranks {lower} and {upper}." in made.text
    assert len(frame) == 9
    assert (frame["lower"] <= frame["rank"]).all()
    totals, told = made.values["totals"], made.values["told"]
    there = totals >= frame.loc["total", "score"] + told["points"] - 1e-9
    assert there.sum() == told["target"] == max(rank - rise, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "year", "said", "unsaid"),
    [
        ("Hà Nội", 2021, "Ha Noi came 9th: 34 better than asked.", "Where does a target from 2025"),
        ("Quảng Ninh", 2024, "PAPI did not publish Quang Ninh in both 2023 and 2024", "chance that Quang Ninh truly"),
        ("Quảng Ninh", 2023, "No rank is above the first; the chance of keeping it was", "points more, Quang Ninh would have ranked"),
        ("Hà Nội", 2013, "There are too few years before 2013", "What would do it?"),
    ],
)  # fmt: skip
def test_where_there_is_no_verdict_the_page_says_so(name, year, said, unsaid):
    text = run("10_target", province=name, year=year, lang="en").text
    assert said in text
    assert unsaid not in text


@pytest.mark.parametrize("places", [-3, 0, 1.5])
def test_a_page_on_a_climb_of_no_places_is_refused_and_gives_no_other_reason(places):
    """A rise by -3 places was said to have no published total to start from; one by 0 was taken for five."""
    with pytest.raises(ValueError, match=f"at least one place and one year, in whole numbers, not {places} places"):
        run("10_target", province="Hà Nội", year=2024, lang="en", places=places)
