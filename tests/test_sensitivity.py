"""The index rebuilt otherwise: what must stay, what may move, and what moves it."""

import numpy as np
import pandas as pd
import pytest
from notebook_runs import run

from papi_lib import index, places, precision, published, sensitivity

METHODS = ("normalisation", "aggregation", "weights", "left_out")


@pytest.mark.parametrize("year", [2011, 2018, 2022, 2024])
def test_rebuilt_as_published_it_is_the_published_index(year):
    total = published.totals(year).dropna()
    rebuilt = sensitivity.rebuild(year)
    np.testing.assert_allclose(rebuilt * len(index.dimensions(year)), total["total"])
    still = sensitivity.runs(year, 3, vary=())
    assert (still.ranks == total["rank"].to_numpy(int)).all(axis=None)
    certain = still.group_shares()
    assert (certain.idxmax(axis=1) == total["group"]).all()
    assert set(certain.to_numpy().ravel()) == {0, 1}


def test_the_methods_are_what_they_say():
    dimensions = published.dimension_scores(2024).dropna()
    without_4 = dimensions.drop(columns=4).mean(axis=1)
    np.testing.assert_allclose(sensitivity.rebuild(2024, left_out=4), without_4)
    parts = pd.concat([published.wide(2024, d) * len(index.subdimensions(2024, d)) for d in range(1, 9)], axis=1)
    parts = parts.loc[dimensions.index]
    np.testing.assert_allclose(sensitivity.rebuild(2024, weights="subdimensions"), parts.mean(axis=1))
    products = np.exp(sum(np.log(parts[index.subdimensions(2024, d)]).mean(axis=1) for d in range(1, 9)) / 8)
    np.testing.assert_allclose(sensitivity.rebuild(2024, aggregation="geometric"), products)
    scaled = 1 + 9 * (parts - parts.min()) / (parts.max() - parts.min())
    scaled = sum(scaled[index.subdimensions(2024, d)].mean(axis=1) for d in range(1, 9)) / 8
    np.testing.assert_allclose(sensitivity.rebuild(2024, normalisation="minmax"), scaled)
    assert sensitivity.variants(2024)["left_out", 4].to_list() == without_4.rank(ascending=False).to_list()


def test_no_province_is_so_far_off_that_products_of_its_scores_fail():
    """The lowest of 63 provinces may be nearly eight standard deviations below the mean."""
    outlier = np.ones((1, 63, 2))
    outlier[0, 0] = 10
    for how in sensitivity.NORMALISATIONS:
        assert (sensitivity._normalise(11 - outlier, how) > 0).all(), how


def test_no_method_puts_a_province_below_one_that_is_worse_in_everything():
    parts = pd.concat([published.wide(2015, d) for d in range(1, 7)], axis=1)
    ranks = sensitivity.runs(2015, 600, vary=METHODS).ranks
    pairs = [(a, b) for a in ranks for b in ranks if a != b and (parts.loc[a] > parts.loc[b]).all()]
    assert len(pairs) > 5
    assert all((ranks[a] < ranks[b]).all() for a, b in pairs)


def test_runs_can_be_made_again_from_their_settings():
    runs = sensitivity.runs(2024, 200, seed=7)
    some = runs.settings.iloc[[3, 150]]
    pd.testing.assert_frame_equal(sensitivity.rank_again(2024, some, seed=7), runs.ranks.loc[some.index])
    other = sensitivity.rank_again(2024, some.assign(aggregation="geometric", sampling=pd.NA), seed=7)
    assert not other.equals(runs.ranks.loc[some.index])
    assert runs.settings.filter(like="weight_").sum(axis=1).to_numpy() == pytest.approx(1)
    for row in runs.settings[runs.settings["left_out"] > 0].head(20).itertuples():
        assert getattr(row, f"weight_{row.left_out}") == 0


def test_scenarios_vary_what_they_say_and_nothing_else():
    found = sensitivity.scenarios(2024, 400, seed=3)
    assert set(found["left_out"].settings["left_out"]) == {0, *index.dimensions(2024)}
    for name, vary in sensitivity.SCENARIOS.items():
        settings = found[name].settings
        varied = {c for c in METHODS if settings[c].nunique() > 1} | (
            {"sampling"} if settings["sampling"].notna().any() else set()
        )
        assert varied == set(vary), name
    # Every variant of one step comes up among the runs that vary this step.
    variants = sensitivity.variants(2024)
    assert variants["published", "published"].to_list() == published.totals(2024)["rank"].dropna().to_list()
    for step, choice in [
        ("normalisation", "zscore"),
        ("aggregation", "geometric"),
        ("weights", "pca"),
        ("left_out", 4),
    ]:
        runs = found[step]
        rows = runs.ranks[(runs.settings[step] == choice).to_numpy()]
        assert (rows == variants[step, choice].to_numpy()).all(axis=None)


def test_noise_has_the_size_of_the_published_totals():
    """Drawn again, a total spreads as its standard error says, in the city with more districts as well."""
    x = sensitivity._with_noise(2024, pd.Series(range(1500)), seed=0) / sensitivity._parts(2024)
    spread = pd.Series(x.sum(axis=2).std(axis=0), sensitivity._scores(2024).index)
    expected = precision.standard_errors_by_province(None, 2024)[spread.index]
    assert (spread / expected).to_numpy() == pytest.approx(1, abs=0.1)


def test_variance_shares_agree_with_means_by_method():
    """Sobol's first index of a method is the variance of the mean ranks by that method."""
    runs = sensitivity.runs(2024, 6000, vary=("normalisation", "aggregation", "weights", "sampling"))
    variance = runs.ranks.var()
    for method in ("aggregation", "normalisation"):
        between = runs.ranks.groupby(runs.settings[method]).mean().var(ddof=0) / variance
        code = between.idxmax()
        shares = sensitivity.variance_shares(2024, int(code))
        assert shares.loc[method, "first"] == pytest.approx(between[code], abs=0.06)
        assert shares.attrs["variance"] == pytest.approx(variance[code], rel=0.15)


def test_noise_moves_ranks_more_than_methods_do():
    shares = sensitivity.variance_shares(2024)
    assert shares["first"].idxmax() == "sampling"
    assert shares.loc["sampling", "first"] > 0.5
    assert (shares["total"] > shares["first"] - 0.02).all()
    # A province with twice the districts has half the noise: there, weights matter more.
    own = sensitivity.variance_shares(2024, "Hà Nội")
    assert own.loc["sampling", "first"] < shares.loc["sampling", "first"]
    computed_again = sensitivity.variance_shares.__wrapped__(2024, "Hà Nội")
    pd.testing.assert_frame_equal(own, computed_again)  # also the margins, which are drawn


def test_unknown_methods_are_refused_with_those_there_are():
    with pytest.raises(ValueError, match="no method 'median'; choose from arithmetic, geometric"):
        sensitivity.rebuild(2024, aggregation="median")
    with pytest.raises(ValueError, match="no dimension 8 in 2015"):
        sensitivity.rebuild(2015, left_out=8)
    with pytest.raises(ValueError, match="cannot vary 'noise'"):
        sensitivity.runs(2024, 10, vary=("noise",))
    with pytest.raises(ValueError, match="no published total of Vĩnh Phúc in 2024"):
        sensitivity.variance_shares(2024, "Vĩnh Phúc")


@pytest.mark.slow
@pytest.mark.parametrize(("province", "year", "dimensions"), [("Hà Nội", 2024, 8), ("Cà Mau", 2012, 6)])
def test_the_page_tells_what_the_runs_say(province, year, dimensions):
    page = run("11_sensitivity", province=province, year=year, lang="en", runs=300)
    code, values, text = places.province(province).code, page.values, page.text
    rank, group = published.totals(year).loc[code, ["rank", "group"]]
    assert f"rank {rank} in our ordering; the margin of error leaves any rank from" in text
    assert values["shares"].sum(axis=1).to_numpy() == pytest.approx(1)
    assert f"in {values['shares'].loc['all', group]:.0%} where both do" in text
    assert values["often"].sum().to_numpy() == pytest.approx(1)
    lower, upper = values["spread"].loc["sampling", ["lower", "upper"]]
    assert f"noise alone gives {lower} to {upper}" in text
    assert values["scenarios"]["sampling"].ranks[code].between(lower, upper).mean() > 0.88
    assert len(values["variants"]) == 1 + 3 + 1 + 2 + dimensions
    assert values["variants"]["rank"].iloc[0] == rank
    assert values["split"].sum().to_numpy() == pytest.approx(1)
    assert values["everyone"]["rank"].to_list() == sorted(published.totals(year)["rank"].dropna())
    assert values["weights"].sum().to_numpy() == pytest.approx(100)
    assert "300 runs for each scenario" in text
    assert "Seed 0" in text
    assert len(page.alts) == 5
    assert min(map(len, page.alts)) > 60
    assert values["fit"].fittedvalues.mean() == pytest.approx(values["scenarios"]["methods"].ranks[code].mean())


@pytest.mark.slow
def test_a_province_without_a_total_is_told_so_and_the_others_are_shown():
    page = run("11_sensitivity", province="Vĩnh Phúc", year=2024, lang="en", runs=300)
    assert "PAPI published no total of Vinh Phuc in 2024" in page.text
    assert "Which ranks come up" not in page.text
    assert list(page.values["split"]) == ["mean over provinces"]
    assert places.province("Vĩnh Phúc").code not in page.values["everyone"].index
    assert len(page.alts) == 2
