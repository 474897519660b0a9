"""Ranks and their confidence sets."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from papi_lib.ranks import rank_confidence_sets

#: OECD countries by their students' mathematics in PISA 2018 (OECD), with the sets that the method's
#: authors print for them: reference page of `csranks` in their R package csranks 1.2.2, made with
#: 1,000 draws and no seed, so that one place may differ by chance.
PISA = pd.read_csv(Path(__file__).parent / "reference" / "pisa_2018_math.csv", index_col="country")


@pytest.mark.parametrize("kind", ["marginal", "simultaneous"])
def test_sets_of_the_authors_example(kind):
    sets = rank_confidence_sets(PISA["score"], PISA["se"], simultaneous=kind == "simultaneous")
    assert sets["rank"].to_list() == PISA["rank"].to_list()
    differ = pd.concat([sets[bound] - PISA[f"{kind}_{bound}"] for bound in ("lower", "upper")]).abs()
    assert differ.max() <= 1
    assert (differ == 0).mean() > 0.95


def test_who_may_be_among_the_five_best():
    """The same package's vignette: 12 countries with 95% confidence, 11 with 90%, without Sweden."""
    best = {
        level: set(PISA.index[rank_confidence_sets(PISA["score"], PISA["se"], level=level)["lower"] <= 5])
        for level in (0.95, 0.90)
    }
    assert best[0.95] == {
        "Belgium", "Canada", "Denmark", "Estonia", "Finland", "Japan", "Korea", "Netherlands", "Poland", "Slovenia",
        "Sweden", "Switzerland",
    }  # fmt: skip
    assert best[0.90] == best[0.95] - {"Sweden"}


def test_ten_evenly_spaced_units():
    """Reference page of `csranks` 0.1.0: ten estimates from 1 to 3 with a standard error of 0.2 each."""
    sets = rank_confidence_sets(pd.Series(np.linspace(1, 3, 10)), 0.2)
    assert sets["lower"].to_list() == [7, 6, 5, 4, 3, 2, 1, 1, 1, 1]
    assert sets["upper"].to_list() == [10, 10, 10, 10, 9, 8, 7, 6, 5, 4]


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


def test_ties_and_missing():
    x = pd.Series([5.0, 5.0, np.nan, 1.0], index=list("abcd"))
    sets = rank_confidence_sets(x, 0.01)
    assert sets.loc["a"].to_list() == [1, 1, 2]
    assert sets.loc["b"].to_list() == [1, 1, 2]
    assert sets.loc["c"].isna().all()
    assert sets.loc["d"].to_list() == [3, 3, 3]


def test_a_difference_without_noise_decides_nothing():
    """Zero is no knowledge: of three units without an error each may be anywhere; one with an error is told apart."""
    x = pd.Series([9.0, 5.0, 1.0, -50.0])
    sets = rank_confidence_sets(x, pd.Series([0.0, 0.0, 0.0, 0.1]))
    assert sets[["lower", "upper"]].to_numpy().tolist() == [[1, 3], [1, 3], [1, 3], [4, 4]]
    together = pd.DataFrame(1.0, x.index, x.index)  # one shared error: no difference has any
    assert rank_confidence_sets(x, together)[["lower", "upper"]].to_numpy().tolist() == [[1, 4]] * 4


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


def test_the_set_of_one_unit_is_the_one_among_all():
    rng = np.random.default_rng(3)
    estimates = pd.Series(rng.normal(size=12), index=list("abcdefghijkl"))
    estimates["c"] = np.nan
    every = rank_confidence_sets(estimates, 0.4, simultaneous=False)
    for unit in estimates.index:
        alone = rank_confidence_sets(estimates, 0.4, simultaneous=False, only=unit)
        assert alone.loc[unit].equals(every.loc[unit])
        assert alone["lower"].drop(unit).isna().all()
    with pytest.raises(ValueError, match="hold together"):
        rank_confidence_sets(estimates, 0.4, only="a")
