"""Chances of ranks, groups and rises: calibrated, for provinces published in both years, by margin."""

import numpy as np
import pandas as pd
import pytest

from papi_lib import estimates, places, posterior, published

RELATIVE = np.repeat([0.5, 1.0], [6, 55])


@pytest.fixture(scope="module")
def panels():
    """Panels from the model: the chance told of each rise by at least five places, and whether it came."""
    rng, told = np.random.default_rng(1), []
    for panel in range(80):
        real, rho = rng.uniform(0.3, 0.9), rng.uniform(0, 1)
        truth = rng.multivariate_normal([0, 0], real * np.array([[1, rho], [rho, 1]]), len(RELATIVE))
        size = rng.chisquare(20) / 20  # how large the errors are is known with twenty degrees of freedom
        scores = truth + rng.normal(0, np.sqrt(1 - real), truth.shape) * np.sqrt(RELATIVE)[:, None]
        noise = (1 - real) * size * RELATIVE[:, None, None] * np.eye(2)
        ranks, true = (
            posterior._ranks(posterior.true_values(scores, noise, 20, seed=panel)),
            posterior._ranks(truth[None]),
        )
        gains, gained = ranks[..., 0] - ranks[..., 1], true[0, :, 0] - true[0, :, 1]
        told.append(pd.DataFrame({"chance": (gains >= 5).mean(axis=0), "rose": gained >= 5}))
    return pd.concat(told)


@pytest.mark.slow
def test_what_is_told_so_often_comes_so_often(panels):
    assert panels["chance"].mean() == pytest.approx(panels["rose"].mean(), abs=0.02)
    bins = panels.groupby(pd.cut(panels["chance"], [0, 0.1, 0.3, 0.5, 0.7, 0.85, 1])).mean()
    assert bins["rose"].to_list() == pytest.approx(bins["chance"].to_list(), abs=0.1)  # 80 panels


def test_ha_nois_rise_of_2021_was_likely_true_if_the_same_villages_were_asked():
    """From 45 to 9 among the 60 of both years; with twice the errors, as if all were drawn anew, it is less sure."""
    same, anew = (posterior.rises(2020, 2021, margin=m, places=5).loc[1] for m in ("passing", "level"))
    assert same[["rank_before", "rank", "gain", "of"]].to_list() == [45, 9, 36, 60]
    assert 0.93 <= same["rose"] <= 0.996
    assert 0.5 <= anew["rose"] <= 0.86


def test_falls_are_told_as_well_as_rises():
    told = posterior.rises(2021, 2024)
    assert told.loc[1, "gain"] < 0
    assert told.loc[1, "fell"] > 0.5 > told.loc[1, "rose"]
    assert (told["rose"] + told["fell"] <= 1).all()
    assert told["rose"].mean() == pytest.approx(told["fell"].mean(), abs=0.03)


def test_only_provinces_of_both_years_are_ranked():
    told = posterior.rises(2020, 2021)
    assert places.province("Bắc Ninh").code not in told.index
    assert sorted(told["rank"]) == list(range(1, 61))


def test_ranks_and_groups_of_one_year():
    frame = posterior.published_standing(2024, 8)
    known = frame.dropna(subset="score")
    assert (known["lower"] <= known["middle"]).all()
    assert (known["middle"] <= known["upper"]).all()
    chances = known[[f"group_{g}" for g in range(1, 5)]]
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    np.testing.assert_allclose(chances.sum(), [16, 15, 15, 15], atol=0.01)
    assert known.loc[1, "group_1"] > 0.9
    sets = estimates.standing(estimates.from_published(2024, (8,)), 8).loc[known.index]
    assert ((known["upper"] - known["lower"]).mean()) < (sets["upper"] - sets["lower"]).mean()
    assert frame["lower"].isna().equals(published.totals(2024)["total"].isna())


def test_ranks_lie_in_their_ranges_as_often_as_told():
    rng, covered = np.random.default_rng(3), []
    for _ in range(40):
        truth = rng.normal(0, 1, 61)
        frame = pd.DataFrame(
            {"place": range(61), "part": "total", "year": 2024, "score": truth + rng.normal(0, 0.7, 61)}
        )
        frame = frame.assign(se=0.7, df=30.0, n=np.nan)
        frame.attrs = {"groups": (), "whole": "mean"}
        made = posterior.standing(frame, "total")
        rank = pd.Series(truth).rank(ascending=False)
        covered.append(((made["lower"] <= rank) & (rank <= made["upper"])).mean())
    assert 0.87 <= np.mean(covered) <= 0.96
