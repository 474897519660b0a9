"""The index rebuilt otherwise: what must stay, what may move."""

import numpy as np
import pandas as pd
import pytest
from notebook_runs import run

from papi_lib import estimates, index, places, published, sensitivity


@pytest.mark.parametrize("year", [2011, 2018, 2022, 2024])
def test_rebuilt_as_published_it_is_the_published_index(year):
    total = published.totals(year).dropna()
    rebuilt = sensitivity.rebuild(year)
    np.testing.assert_allclose(rebuilt * len(index.dimensions(year)), total["total"])
    assert (sensitivity.variants(year)["published", "published"] == total["rank"]).all()
    scores = published.dimension_scores(year).dropna()
    still = sensitivity.drawn_weights(year, 3, near=0) @ scores.T
    np.testing.assert_allclose(still, np.tile(rebuilt, (3, 1)))


def test_the_methods_are_what_they_say():
    dimensions = published.dimension_scores(2024).dropna()
    without_4 = dimensions.drop(columns=4).mean(axis=1)
    np.testing.assert_allclose(sensitivity.rebuild(2024, left_out=4), without_4)
    parts = estimates.wide(estimates.from_published(2024, tuple(index.subdimensions(2024))))
    parts = parts.loc[dimensions.index]
    parts *= [len(index.subdimensions(2024, index.dimension_of(part))) for part in parts]
    np.testing.assert_allclose(sensitivity.rebuild(2024, weights="subdimensions"), parts.mean(axis=1))
    products = np.exp(sum(np.log(parts[index.subdimensions(2024, d)]).mean(axis=1) for d in range(1, 9)) / 8)
    np.testing.assert_allclose(sensitivity.rebuild(2024, aggregation="geometric"), products)
    scaled = 1 + 9 * (parts - parts.min()) / (parts.max() - parts.min())
    scaled = sum(scaled[index.subdimensions(2024, d)].mean(axis=1) for d in range(1, 9)) / 8
    np.testing.assert_allclose(sensitivity.rebuild(2024, normalisation="minmax"), scaled)
    assert sensitivity.variants(2024)["left_out", 4].to_list() == without_4.rank(ascending=False).to_list()


def test_no_province_is_so_far_off_that_products_of_its_scores_fail():
    """The lowest of 63 provinces may be nearly eight standard deviations below the mean."""
    outlier = np.ones((63, 2))
    outlier[0] = 10
    for how in sensitivity.NORMALISATIONS:
        assert (sensitivity._normalise(pd.DataFrame(11 - outlier), how) > 0).all(axis=None), how


def test_no_method_puts_a_province_below_one_that_is_worse_in_everything():
    parts = estimates.wide(estimates.from_published(2015, tuple(index.subdimensions(2015))))
    ranks = sensitivity.variants(2015).T
    pairs = [(a, b) for a in ranks for b in ranks if a != b and (parts.loc[a] > parts.loc[b]).all()]
    assert len(pairs) > 5
    assert all((ranks[a] < ranks[b]).all() for a, b in pairs)


def test_drawn_weights_go_as_far_as_they_say_and_no_further():
    near, wide = (sensitivity.drawn_weights(2024, 4000, near=share, seed=3) for share in (0.25, None))
    for drawn in (near, wide):
        assert list(drawn) == index.dimensions(2024)
        assert drawn.sum(axis=1).to_numpy() == pytest.approx(1)
        assert drawn.mean().to_numpy() == pytest.approx(1 / 8, abs=0.006)
        assert not drawn.equals(sensitivity.drawn_weights(2024, 4000, near=0.25, seed=4))
    # Before they are scaled to one, no weight is over five thirds of another.
    assert near.max(axis=1).div(near.min(axis=1)).between(1, 5 / 3).all()
    assert near.max(axis=1).div(near.min(axis=1)).max() > 1.6
    assert wide.max(axis=None) > 0.6  # one dimension decides almost alone
    assert wide.std().to_numpy() == pytest.approx((7 / 64 / 9) ** 0.5, rel=0.1)  # of a flat Dirichlet's weight
    pd.testing.assert_frame_equal(near, sensitivity.drawn_weights(2024, 4000, seed=3))


def test_unknown_methods_are_refused_with_those_there_are():
    with pytest.raises(ValueError, match="no method 'median'; choose from arithmetic, geometric"):
        sensitivity.rebuild(2024, aggregation="median")
    with pytest.raises(ValueError, match="no dimension 8 in 2015"):
        sensitivity.rebuild(2015, left_out=8)


@pytest.mark.slow
@pytest.mark.parametrize(("province", "year", "dimensions"), [("Hà Nội", 2024, 8), ("Cà Mau", 2012, 6)])
def test_the_page_tells_what_the_draws_say(province, year, dimensions):
    page = run("11_sensitivity", province=province, year=year, lang="en", runs=3000)
    code, values, text = places.province(province).code, page.values, page.text
    rank, group = published.totals(year).loc[code, ["rank", "group"]]
    assert f"rank {rank} in our ordering; nine chances in ten lie between ranks" in text
    ranks = values["ranks"][code]
    groups = published.groups(values["ranks"].to_numpy(), len(values["scores"]))[
        :, values["scores"].index.get_loc(code)
    ]
    assert f"stays in this group in {(groups == group).mean():.0%} of the draws" in text
    low, high = values["here"][["from", "to"]].astype(int)
    assert f"nine in ten of its ranks are {low} to {high}" in text
    assert 0.88 < ranks.between(low, high).mean() <= 1
    assert "With any weights at all" in text
    assert len(values["variants"]) == 1 + 3 + 1 + 2 + dimensions
    assert values["variants"]["rank"].iloc[0] == rank
    assert values["everyone"]["rank"].to_list() == sorted(published.totals(year)["rank"].dropna())
    assert values["ways"].sum().to_numpy() == pytest.approx(100)
    assert "3,000 draws of the weights" in text
    assert len(page.alts) == 3
    assert min(map(len, page.alts)) > 50
    # The weight that is said to lift the place most does: with a quarter more of it, the rank is as told on average.
    lift, weights = values["lift"], values["weights"]
    more = weights[lift.idxmax()].gt(weights[lift.idxmax()].quantile(0.8))
    assert ranks[more].mean() < ranks[~more].mean()


@pytest.mark.slow
def test_a_province_without_a_total_is_told_so_and_the_others_are_shown():
    page = run("11_sensitivity", province="Vĩnh Phúc", year=2024, lang="en", runs=300)
    assert "PAPI published no total of Vinh Phuc in 2024" in page.text
    assert "Which dimension’s weight" not in page.text
    assert places.province("Vĩnh Phúc").code not in page.values["everyone"].index
    assert len(page.alts) == 1
