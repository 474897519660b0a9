"""How parts hang together, who is alike, what changed: against published examples, and where the truth is known."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from papi_lib import association, estimates, index, places, published

#: Ratings of six subjects by four judges (Shrout and Fleiss, Psychological Bulletin 86, 1979, table 2).
RATINGS = pd.DataFrame([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])


def test_alpha_of_a_textbook_table():
    """Alpha is the reliability of the judges' mean, ICC(3,k): 0.91 in the paper's table 4, 0.68 to 0.99 in R's psych."""
    found = association.cronbach(RATINGS)
    assert found["alpha"] == pytest.approx(0.91, abs=0.005)
    assert (found["lower"], found["upper"]) == (pytest.approx(0.68, abs=0.005), pytest.approx(0.99, abs=0.005))
    z = (RATINGS - RATINGS.mean()) / RATINGS.std()
    assert found["standardised"] == pytest.approx(4 / 3 * (1 - 4 / z.sum(axis=1).var()))


def test_the_interval_of_alpha_covers_as_often_as_it_says():
    """Four parallel items with a true alpha of 0.8, as Feldt's interval supposes."""
    rng, covered = np.random.default_rng(1), []
    for _ in range(600):
        items = rng.standard_normal((61, 1)) + rng.standard_normal((61, 4))
        found = association.cronbach(pd.DataFrame(items))
        covered.append(found["lower"] < 0.8 < found["upper"])
    assert np.mean(covered) == pytest.approx(0.95, abs=0.03)


def test_alpha_of_every_dimension_is_of_its_published_points():
    found = association.alpha(2024)
    assert list(found.index) == [*range(1, 9), "total"]
    table = estimates.wide(estimates.from_published(2024, tuple(index.subdimensions(2024, 4)))).dropna()
    assert found.loc[4, "alpha"] == pytest.approx(4 / 3 * (1 - table.var().sum() / table.sum(axis=1).var()))
    assert found.loc["total", "provinces"] == 61


def test_correlations_are_those_of_numpy_with_fishers_interval():
    """r = 0.5 between 61 provinces: Fisher's z gives 0.284 to 0.668 (atanh 0.5 = 0.5493, 1.96 / sqrt 58 = 0.2574)."""
    found = association.correlations(2024, [2, 6])
    scores = published.dimension_scores(2024)[[2, 6]].dropna()
    assert len(found) == 1
    assert found.loc[0, "r"] == pytest.approx(np.corrcoef(scores.T)[0, 1])
    z, reach = np.arctanh(found.loc[0, "r"]), 1.959964 / np.sqrt(len(scores) - 3)
    assert found.loc[0, ["lower", "upper"]].to_list() == pytest.approx([np.tanh(z - reach), np.tanh(z + reach)])
    several = association.correlations([2022, 2023, 2024])
    means = {d: published.series(d)[[2022, 2023, 2024]].mean(axis=1, skipna=False) for d in (2, 6)}
    pair = several[(several["first"] == 2) & (several["second"] == 6)].iloc[0]
    assert pair["r"] == pytest.approx(pd.DataFrame(means).corr().iloc[0, 1])
    assert len(several) == 28
    assert several["r"].abs().is_monotonic_decreasing


def test_correlations_do_not_cross_a_break():
    with pytest.raises(
        ValueError, match=r"2020 and 2021 do not compare: the edition of 2021 measures anew; those of 2021-"
    ):
        association.correlations([2020, 2021], [4, 6])
    with pytest.raises(
        ValueError, match=r"dimension 1 in 2021 and 2024 .*civic_knowledge changed in 2022; those of 2022-2024"
    ):
        association.correlations([2021, 2024])
    assert len(association.correlations([2021, 2024], [4, 6])) == 1
    with pytest.raises(ValueError, match="the index of 2015 has no part 8"):
        association.correlations(2015, [1, 8])


def test_the_order_across_a_break_beside_that_within():
    orders = association.stability(4)
    assert len(orders) == 14 * 13 / 2
    pair = orders[(orders["earlier"] == 2020) & (orders["later"] == 2021)].iloc[0]
    both = published.series(4)[[2020, 2021]].dropna().rank()
    assert pair["rho"] == pytest.approx(both.corr().iloc[0, 1])
    assert not pair["comparable"]
    assert pair["lower"] < pair["rho"] < pair["upper"]
    assert orders["comparable"].sum() == 10 + 1 + 1 + 6


def test_components_are_those_of_numpy():
    table = published.dimension_scores(2024).dropna()
    expected = np.sort(np.linalg.eigvalsh(np.corrcoef(table.T)))[::-1]
    found = association.components(2024)
    np.testing.assert_allclose(found["variance"], expected)
    assert found["share"].sum() == pytest.approx(1)
    loadings = association.loadings(2024)
    np.testing.assert_allclose((loadings**2).sum(), expected)
    np.testing.assert_allclose(loadings @ loadings.T, table.corr(), atol=1e-10)


def test_the_province_that_is_alike_is_found_and_noise_makes_it_unsure():
    """Where the truth is known, a share of 30% means right in three cases of ten."""
    rng, said, true = np.random.default_rng(3), [], []
    for seed in range(60):
        truth = rng.standard_normal((63, 8))
        noise = np.full((63, 8), 0.5)
        scores = truth + rng.standard_normal((63, 8)) * np.sqrt(noise)
        real = scores.var(axis=0) - 0.5
        drawn = association.drawn_profiles(scores, noise, real, 300, seed)
        far = ((drawn - drawn[:, [0]]) ** 2).sum(axis=2)
        said.append((far.argsort(axis=1).argsort(axis=1) <= 5).mean(axis=0)[1:])
        true.append((((truth - truth[0]) ** 2).sum(axis=1).argsort().argsort() <= 5)[1:])
    said, true = np.concatenate(said), np.concatenate(true)
    for low, high in ((0, 0.05), (0.05, 0.15), (0.15, 0.3), (0.3, 1)):
        some = (said > low) & (said <= high)
        assert true[some].mean() == pytest.approx(said[some].mean(), abs=0.05)


def test_similar_provinces_of_a_real_one():
    found = association.similar("Hà Nội", 2024, nearest=3)
    assert len(found) == 60
    assert found["share"].sum() == pytest.approx(3)
    assert places.province("hanoi").code not in found.index
    with pytest.raises(ValueError, match="did not publish all scores of Vĩnh Phúc in 2024"):
        association.similar("Vĩnh Phúc", 2024)


def test_the_interval_of_a_correlation_is_that_of_scipy():
    """It comes from scipy.special, because scipy.stats is slow to import."""
    x, y = published.dimension_scores(2024)[[2, 6]].dropna().to_numpy().T
    found = stats.pearsonr(x, y)
    np.testing.assert_allclose(association.interval(found.statistic, 1 / (len(x) - 3)), found.confidence_interval())
