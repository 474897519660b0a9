"""Ranks and their confidence sets."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import studentized_range

from papi_lib.ranks import rank_confidence_sets

#: OECD countries by their students' mathematics in PISA 2018 (OECD), with the ranks published for
#: the example of the method's authors' own software.
PISA = pd.read_csv(Path(__file__).parent / "reference" / "pisa_2018_math.csv", index_col="country")


def test_ranks_of_the_published_example():
    for simultaneous in (True, False):
        sets = rank_confidence_sets(PISA["score"], PISA["se"], simultaneous=simultaneous)
        assert sets["rank"].to_list() == PISA["rank"].to_list()
        assert (sets["lower"] <= sets["rank"]).all()
        assert (sets["rank"] <= sets["upper"]).all()


def test_sets_of_the_published_example_follow_from_its_pairs():
    """One step of the method by another way: scipy's quantile for the most extreme of all pairs.

    The stepwise sets may be narrower than the one-step ones, never wider, and by few places.
    """
    theta, se = PISA["score"].to_numpy(), PISA["se"].to_numpy()
    statistic = (theta[:, None] - theta) / np.sqrt(se[:, None] ** 2 + se**2)
    critical = studentized_range.ppf(0.95, len(theta), np.inf) / np.sqrt(2)  # equal variances: slightly too large
    lower, upper = 1 + (statistic < -critical).sum(axis=1), len(theta) - (statistic > critical).sum(axis=1)
    sets = rank_confidence_sets(PISA["score"], PISA["se"])
    assert (sets["lower"] >= lower).all()
    assert (sets["upper"] <= upper).all()
    assert max((sets["lower"] - lower).max(), (upper - sets["upper"]).max()) <= 2


def test_marginal_sets_lie_inside_simultaneous_ones():
    together = rank_confidence_sets(PISA["score"], PISA["se"])
    alone = rank_confidence_sets(PISA["score"], PISA["se"], simultaneous=False)
    assert (alone["lower"] >= together["lower"]).all()
    assert (alone["upper"] <= together["upper"]).all()
    assert (alone["upper"] - alone["lower"]).sum() < (together["upper"] - together["lower"]).sum()


@pytest.mark.parametrize(("z", "apart"), [(1.90, False), (2.02, True)])
def test_two_units_are_told_apart_at_the_normal_quantile(z, apart):
    sets = rank_confidence_sets(pd.Series([z, 0.0]), np.sqrt(0.5), draws=200_000)
    assert bool(sets.loc[0, "upper"] == 1) is apart


def test_a_shared_error_does_not_blur_ranks():
    """With a full covariance only the errors of differences count."""
    x = pd.Series([3.0, 2.0, 1.0])
    shared = np.full((3, 3), 100.0) + np.eye(3) * 0.01
    assert rank_confidence_sets(x, shared)[["lower", "upper"]].to_numpy().tolist() == [[1, 1], [2, 2], [3, 3]]
    assert rank_confidence_sets(x, 10.0)[["lower", "upper"]].to_numpy().tolist() == [[1, 3]] * 3


def test_ties_missing_and_zero_variance():
    x = pd.Series([5.0, 5.0, np.nan, 1.0], index=list("abcd"))
    sets = rank_confidence_sets(x, 0.0)
    assert sets.loc["a"].to_list() == [1, 1, 2]
    assert sets.loc["b"].to_list() == [1, 1, 2]
    assert sets.loc["c"].isna().all()
    assert sets.loc["d"].to_list() == [3, 3, 3]


def test_unfit_standard_errors_are_refused():
    x = pd.Series([1.0, 2.0])
    for se in ([0.1], pd.Series([0.1, np.nan]), pd.Series([0.1, -0.1])):
        with pytest.raises(ValueError, match="standard error"):
            rank_confidence_sets(x, pd.Series(se) if isinstance(se, pd.Series) else np.array(se))


def test_the_same_seed_gives_the_same_sets():
    one, two = (rank_confidence_sets(PISA["score"], PISA["se"], draws=500, seed=7) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.slow
@pytest.mark.parametrize("simultaneous", [True, False])
def test_coverage_where_neighbours_are_close(simultaneous):
    """True ranks lie in their sets at least as often as promised; neighbours 0.09 standard errors apart."""
    truth = np.arange(40)[::-1] * 0.09
    rank, rng, repeats = np.arange(1, 41), np.random.default_rng(1), 300
    covered = np.zeros((repeats, 40), dtype=bool)
    for i in range(repeats):
        x = pd.Series(truth + rng.standard_normal(40))
        sets = rank_confidence_sets(x, 1.0, level=0.9, simultaneous=simultaneous, draws=1000, seed=i)
        covered[i] = (sets["lower"] <= rank) & (rank <= sets["upper"])
    share = covered.all(axis=1).mean() if simultaneous else covered.mean(axis=0).min()
    assert share >= 0.9 - 3 * np.sqrt(0.09 / repeats)
