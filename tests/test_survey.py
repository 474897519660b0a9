"""Design-based estimation: the digits of R's survey, the textbook's formulas, replicates through a chain."""

from pathlib import Path
from runpy import run_path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from scipy.stats import betabinom, rankdata
from statsmodels.stats.proportion import proportion_confint

from papi_lib.survey import domain_means
from papi_lib.survey.means import drawn_in, pooled, wilson

_replicates = run_path(str(ROOT / "benchmarks" / "replicates.py"))
replicate, replicate_weights = _replicates["replicate"], _replicates["replicate_weights"]

REFERENCE = Path(__file__).parent / "reference"
DESIGN = {"weight": "weight", "strata": "stratum", "cluster": "cluster"}

#: Two hundred schools of California drawn by type (data set apistrat of R's survey package).
SCHOOLS = pd.read_csv(REFERENCE / "api_schools.csv").assign(
    weight=lambda x: x["stype"].map({"E": 44.21, "M": 20.36, "H": 15.10}),
    schools=lambda x: x["stype"].map({"E": 4421, "M": 1018, "H": 755}),
)
#: The example `fpc` of the same package.
SMALL = pd.DataFrame(
    {
        "stratum": [1, 1, 1, 1, 1, 2, 2, 2],
        "cluster": [1, 2, 3, 4, 5, 1, 2, 3],
        "weight": [3, 3, 3, 3, 3, 4, 4, 4],
        "all": [15, 15, 15, 15, 15, 12, 12, 12],
        "share": [1 / 3] * 5 + [1 / 4] * 3,
        "x": [2.8, 4.1, 6.8, 6.8, 9.2, 3.7, 6.6, 4.2],
    }
)
#: Four strata, two of them with a single cluster; each row stands for a cluster's people, all alike.
SINGLE = pd.DataFrame(
    {
        "stratum": [1, 2, 3, 3, 4, 4],
        "weight": [50, 50, 25, 25, 25, 25],
        "y": [10.01847662, 19.6798735, 29.97264972, 29.55510124, 40.0134914, 39.97542388],
    }
)


def city(people=1500, missing=0.1, seed=1):
    """A survey of eight districts with two strata each; clusters differ, some answers are missing."""
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 16, people)
    cluster = rng.integers(0, 5, people)
    level = rng.normal(0.5, 0.15, (16, 5, 4))[stratum, cluster]
    y = (rng.random((people, 4)) < level).astype(float)
    y[rng.random(y.shape) < missing] = np.nan
    frame = pd.DataFrame(y, columns=list("pqrs"))
    return frame.assign(stratum=stratum, cluster=cluster, district=stratum // 2, weight=rng.uniform(0.5, 2, people))


def test_stratified_sample_of_schools_equals_r():
    """Published: 662.29, standard error 9.5361, with the finite population correction 9.4089."""
    free = domain_means(SCHOOLS, ["api00", "api99"], weight="weight", strata="stype")
    assert free.loc["api00", ["estimate", "se"]].to_list() == pytest.approx([662.2874, 9.5361], abs=5e-5)
    corrected = domain_means(SCHOOLS, "api00", weight="weight", strata="stype", fpc="schools")
    assert corrected.loc["api00", "se"] == pytest.approx(9.4089, abs=5e-5)
    assert free.loc["api00", ["df", "n", "clusters"]].to_list() == [197, 200, 200]


@pytest.mark.parametrize(("fpc", "se"), [(None, 0.7413), ("all", 0.6160), ("share", 0.6160)])
def test_finite_population_by_number_or_share_equals_r(fpc, se):
    result = domain_means(SMALL, "x", **DESIGN, fpc=fpc)
    assert result.loc["x", ["estimate", "se"]].to_list() == pytest.approx([5.4481, se], abs=5e-5)


def test_domains_keep_the_clusters_that_have_no_one_in_them():
    frame = SMALL.assign(high=SMALL["x"] > 4)
    result = domain_means(frame, "x", by="high", **DESIGN)
    assert result["se"].to_list() == pytest.approx([0.3117042, 0.7555129], abs=5e-8)
    dropped = domain_means(frame[frame["high"]], "x", **DESIGN)
    assert dropped.loc["x", "se"] != pytest.approx(0.7555129, rel=1e-3)


def test_items_without_an_answer_equal_r_to_the_last_digit():
    """R survey 4.5: an item that is skipped by all of one cluster; figures published by the project svy."""
    frame = pd.read_csv(REFERENCE / "skips.csv")
    whole = domain_means(frame, "income", **DESIGN)
    assert whole.loc["income", ["estimate", "se"]].to_list() == pytest.approx(
        [42949.3221906951, 1715.36393099045], 1e-13
    )
    parts = domain_means(frame, "income", by="stratum", **DESIGN)
    assert parts["estimate"].to_list() == pytest.approx([37126.1943347756, 48400.8401814090], rel=1e-13)
    assert parts["se"].to_list() == pytest.approx([1918.28005228556, 2161.10028916013], rel=1e-13)
    assert parts["n"].to_list() == [12, 14]
    assert parts["df"].to_list() == [2, 3]


def test_single_clusters_are_adjusted_as_in_r():
    """R survey's `adjust` on the same figures, published by the project svy."""
    result = domain_means(SINGLE, "y", weight="weight", strata="stratum")
    assert result.loc["y", ["estimate", "se"]].to_list() == pytest.approx([24.86417079, 3.93156714], abs=5e-8)
    assert result.attrs["lonely"] == 2


def test_a_certainty_cluster_adds_nothing():
    result = domain_means(SINGLE, "y", weight="weight", strata="stratum", lonely="certainty")
    half = 25 / 200 * np.diff([29.97264972, 29.55510124, 40.0134914, 39.97542388])[[0, 2]]
    assert result.loc["y", "se"] == pytest.approx(np.sqrt((half**2).sum()))


def test_the_design_effect_compares_with_as_many_drawn_one_by_one_as_in_r():
    """R survey 4.5 (rule `average`); its design effect compares with sampling without replacement."""
    frame = pd.read_csv(REFERENCE / "single_clusters.csv")
    result = domain_means(frame, "y", **DESIGN).loc["y"]
    simple = 0.448784342569**2 / 2.74589125265 / (1 - 36 / frame["weight"].sum())
    assert result["se"] ** 2 / result["deff"] == pytest.approx(simple, rel=1e-11)


def test_a_sum_of_items_has_the_error_of_what_everybody_adds_up_to():
    frame = city(missing=0).assign(sum=lambda x: x["p"] + 0.5 * x["q"] - x["s"])
    combine = pd.DataFrame({"sum": [1, 0.5, 0, -1]}, index=list("pqrs"))
    found = domain_means(frame, list("pqrs"), by="district", **DESIGN, combine=combine)
    whole = domain_means(frame, ["sum"], by="district", **DESIGN)
    pd.testing.assert_frame_equal(found, whole)


def test_one_cluster_out_of_several_tells_no_standard_error():
    frame = pd.read_csv(REFERENCE / "single_clusters.csv")
    result = domain_means(frame, "y", by="h", **DESIGN)
    assert np.isnan(result.loc[1, "se"])
    assert result.loc[1, ["df", "n", "clusters"]].to_list() == [0, 4, 1]
    inside = domain_means(frame.assign(one=frame["cluster"] == "A0"), "y", by="one", **DESIGN)
    assert np.isnan(inside.loc[True, "se"])


def test_layout():
    frame = city().assign(sex=lambda x: np.where(x.index % 2 == 0, "f", "m"))
    assert domain_means(frame, "p").index.to_list() == ["p"]
    one = domain_means(frame, "p", by="district", **DESIGN)
    assert one.index.name == "district"
    many = domain_means(frame, ["q", "p"], by=["sex", "district"], **DESIGN)
    assert many.index.names == ["sex", "district", "series"]
    assert many.index[:3].to_list() == [("f", 0, "q"), ("f", 0, "p"), ("f", 1, "q")]
    assert list(many.columns) == ["estimate", "se", "df", "n", "clusters", "deff"]
    assert len(pd.concat([one, one + 1])) == 16  # what is attached must not keep tables from being joined


def test_rows_and_the_weights_scale_do_not_matter():
    frame = city()
    first = domain_means(frame, ["p", "q"], by="district", **DESIGN)
    other = frame.sample(frac=1, random_state=0).assign(weight=lambda x: x["weight"] * 1000)
    pd.testing.assert_frame_equal(first, domain_means(other, ["p", "q"], by="district", **DESIGN), rtol=1e-10)


def test_no_one_in_a_domain_or_without_answers():
    frame = city()
    frame.loc[frame["district"] == 3, "p"] = np.nan
    frame["district"] = frame["district"].astype("Int64").mask(frame["district"] == 5)
    both = pd.DataFrame({"sum": [1, 1], "q": [0, 1]}, index=["p", "q"])
    result = domain_means(frame, ["p", "q"], by="district", **DESIGN, combine=both)
    assert 5 not in result.index.get_level_values("district")
    assert result.loc[(3, "sum"), ["estimate", "se"]].isna().all()
    assert result.loc[(3, "q"), ["estimate", "se"]].notna().all()
    alone = domain_means(frame, ["p"], by="district", **DESIGN)
    assert alone.loc[(3, "p"), ["df", "n", "clusters"]].to_list() == [0, 0, 0]


def test_the_whole_population_has_no_error():
    frame = city(missing=0).assign(all=5)
    assert domain_means(frame, "p", **DESIGN, fpc="all").loc["p", "se"] == 0


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({}, {"weight": "wt"}, "there is no column 'wt'; there are p, q"),
        ({"weight": [np.nan] + [1] * 9}, {}, "column 'weight', row 'r0': nan is no weight .1 such rows."),
        ({"weight": [1] * 9 + [-2]}, {}, "column 'weight', row 'r9': -2 is no weight"),
        ({"cluster": [None] + [1] * 9}, {}, "column 'cluster', row 'r0': .* is missing"),
        ({"p": [1] * 3 + ["yes"] + [0] * 6}, {}, "column 'p', row 'r3': 'yes' is no number"),
        ({"all": [3] * 9 + [4]}, {"fpc": "all"}, "column 'all', row 'r0': 3 differs from others of its stratum"),
        ({"all": [2] * 10}, {"fpc": "all"}, "is less than the clusters in the sample"),
        ({}, {"lonely": "guess"}, "lonely='guess' is no rule"),
        ({}, {"combine": pd.DataFrame({"a": [1]}, index=["z"])}, "combine has rows for 'z'"),
        ({"district": [None] * 10}, {"by": "district"}, "no respondent has a value in 'district'"),
    ],
)
def test_bad_input_is_named(change, arguments, message):
    frame = pd.DataFrame({"p": [0, 1] * 5, "q": 1.0, "weight": 1, "stratum": 1, "cluster": [1, 2, 3, 1, 2] * 2})
    frame.index = [f"r{i}" for i in range(10)]
    with pytest.raises(ValueError, match=message):
        domain_means(frame.assign(**change), ["p", "q"], **(DESIGN | arguments))


def test_replicates_have_the_linearised_variances():
    """With clusters of one size means are linear: nothing but the number of replicates keeps the two apart."""
    frame = city(missing=0).groupby(["stratum", "cluster"]).head(8).assign(weight=1)
    assert (frame.groupby(["stratum", "cluster"]).size() == 8).all()
    weights = replicate_weights(frame, **DESIGN, replicates=20_000)
    drawn = replicate(frame, list("pqrs"), weights, by="district")
    means = domain_means(frame, list("pqrs"), by="district", **DESIGN)
    assert drawn[0].ravel() == pytest.approx(means["estimate"])
    ratio = drawn[1:].std(axis=0).ravel() / means["se"]
    assert ratio.mean() == pytest.approx(1, abs=0.002)
    assert np.abs(ratio - 1).max() < 0.02


def test_a_thousand_replicates_are_enough_where_clusters_differ_in_size():
    frame = city()
    drawn = replicate(frame, list("pqrs"), replicate_weights(frame, **DESIGN), by="district")
    means = domain_means(frame, list("pqrs"), by="district", **DESIGN)
    ratio = drawn[1:].std(axis=0).ravel() / means["se"]
    assert ratio.mean() == pytest.approx(1, abs=0.02)
    assert ratio.std() < 2 / np.sqrt(2 * 1000)


@pytest.mark.parametrize("rule", ["adjust", "certainty"])
def test_replicates_follow_the_rules_and_the_finite_population(rule):
    frame = SINGLE.assign(all=[9, 1, 4, 4, 8, 8])
    design = {"weight": "weight", "strata": "stratum", "fpc": "all", "lonely": rule}
    drawn = replicate(frame, "y", replicate_weights(frame, **design, replicates=20_000))
    totals = replicate_weights(frame, **design, replicates=20_000).factors
    value = frame["weight"] * (frame["y"] - drawn[0, 0, 0]) / frame["weight"].sum()
    assert (value @ totals).std() == pytest.approx(domain_means(frame, "y", **design).loc["y", "se"], rel=0.02)
    assert (totals >= 0).all()
    assert totals.mean(axis=1) == pytest.approx(1, abs=0.03)


def test_a_chain_runs_to_ranks_and_gets_all_replicates_at_once():
    frame, calls = city(), []

    def chain(means):
        calls.append(means.shape)
        total = (means[..., :2].mean(axis=-1) + means[..., 2:].mean(axis=-1))[..., None]
        return np.concatenate([total, rankdata(-total, axis=1)], axis=-1)

    weights = replicate_weights(frame, **DESIGN, replicates=200, seed=3)
    drawn = replicate(frame, list("pqrs"), weights, chain, by="district")
    assert calls == [(201, 8, 4)]
    assert drawn.shape == (201, 8, 2)
    assert set(drawn[0, :, 1]) == set(range(1, 9))
    assert drawn[1:, :, 1].std(axis=0).min() > 0
    again = replicate(frame, list("pqrs"), replicate_weights(frame, **DESIGN, replicates=200, seed=3), by="district")
    total = domain_means(
        frame, list("pqrs"), by="district", **DESIGN, combine=pd.DataFrame({"total": 0.5}, index=list("pqrs"))
    )
    assert again[1:].sum(axis=-1) / 2 == pytest.approx(drawn[1:, :, 0])
    assert np.median(drawn[1:, :, 0].std(axis=0) / total["se"]) == pytest.approx(1, abs=0.05)


def test_replicates_refuse_what_they_cannot_do():
    weights = replicate_weights(SMALL, **DESIGN, replicates=2)
    with pytest.raises(ValueError, match="6 rows, the weights were drawn for 8"):
        replicate(SINGLE, "y", weights)


@pytest.mark.slow
def test_another_library_has_the_same_digits():
    """Runs where the library svy is installed, which the project does not need."""
    svy, polars = pytest.importorskip("svy"), pytest.importorskip("polars")
    frame = city().assign(psu=lambda x: x["stratum"] * 100 + x["cluster"])
    sample = svy.Sample(polars.DataFrame(frame.to_dict("list")), svy.Design(stratum="stratum", psu="psu", wgt="weight"))
    ours = domain_means(frame, list("pqrs"), by="district", **DESIGN)
    for series in "pqrs":
        theirs = sample.estimation.mean(series, by="district", drop_nulls=True).estimates
        for line in theirs:
            expected = ours.loc[(line.by_level[0], series), ["estimate", "se"]].to_list()
            assert [line.est, line.se] == pytest.approx(expected, rel=1e-12)


# --- intervals of shares, pooled errors ---------------------------------------------------------------


def test_intervals_of_shares_are_the_published_ones():
    """Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3; and statsmodels' for every count of 50."""
    counts, sizes = np.array([81, 15, 0, 1]), np.array([263, 148, 20, 29])
    low, high = wilson(counts / sizes, sizes, 1.959964)
    assert low == pytest.approx([0.2553, 0.0624, 0.0000, 0.0061], abs=5e-5)
    assert high == pytest.approx([0.3662, 0.1605, 0.1611, 0.1718], abs=5e-5)
    k = np.arange(51)
    assert np.array(wilson(k / 50, 50, 1.959963984540054)) == pytest.approx(
        np.array(proportion_confint(k, 50, method="wilson")), abs=1e-12
    )
    centre = drawn_in(pd.Series([0.0, 0.5]), pd.Series([20.0, 20.0]))
    assert centre.to_list() == pytest.approx([(0.1611 + 0) / 2, 0.5], abs=1e-4)


def neighbours(rng, icc, share, domains=40, clusters=10, people=12):
    """Yes-or-no answers with a known correlation inside clusters (beta-binomial), all domains alike."""
    a, b = share * (1 / icc - 1), (1 - share) * (1 / icc - 1)
    yes = betabinom.rvs(people, a, b, size=(domains, clusters, 1), random_state=rng)
    answers = (np.arange(people) < yes).astype(float).ravel()
    at = np.arange(len(answers))
    return pd.DataFrame({"y": answers, "d": at // (clusters * people), "c": at // people, "w": 1.0, "s": at // (clusters * people)})  # fmt: skip


@pytest.mark.parametrize("icc", [0.05, 0.2])
def test_pooled_errors_find_the_correlation_and_the_effective_sample(icc):
    """Each domain's own design effect is noise; together they give what neighbours have in common."""
    frame = neighbours(np.random.default_rng(1), icc, 0.3)
    design = {"weight": "w", "strata": "s", "cluster": "c"}
    table = domain_means(frame, ["y"], by="d", **design)
    found = pooled(table, frame, ["y"], by="d", **design)
    assert found.parts.loc["y", "icc"] == pytest.approx(icc, abs=0.04)
    assert found.parts.loc["y", "unit"] == pytest.approx(1, abs=0.02)
    assert found.parts.loc["y", "df"] == 40 * 9
    assert found.deff["y"].to_numpy() == pytest.approx(1 + 11 * found.parts.loc["y", "icc"])
    assert found.effective["y"].to_numpy() == pytest.approx(120 / found.deff["y"] / found.parts.loc["y", "unit"])
    assert table["deff"].std() > 0.3


def test_pooled_intervals_hold_near_the_end_of_the_scale():
    """Two in a hundred say yes: intervals of 1.96 own errors hold the truth in fewer than 88 of 100 districts."""
    held, own, design = [], [], {"weight": "w", "strata": "s", "cluster": "c"}
    for seed in range(30):
        frame = neighbours(np.random.default_rng(seed), 0.05, 0.02)
        table = domain_means(frame, ["y"], by="d", **design)
        low, high = wilson(table["estimate"].to_numpy(), pooled(table, frame, ["y"], by="d", **design).effective["y"].to_numpy(), 1.96)  # fmt: skip
        held += list((low <= 0.02) & (high >= 0.02))
        own += list((table["estimate"] - 0.02).abs() <= 1.96 * table["se"])
    assert np.mean(own) < 0.88
    assert 0.93 < np.mean(held) < 0.99


def test_a_sum_has_the_freedom_of_its_least_answered_item():
    """A tenth of the people were asked q, in four of ten clusters: the sum knows no more of its error than q does."""
    frame = pd.DataFrame({"c": np.repeat(np.arange(10), 5), "p": np.tile([0, 1, 1, 0, 1.0], 10), "q": np.nan})
    frame.loc[[0, 7, 12, 20, 21], "q"] = [0, 1, 1, 0, 1]
    combine = pd.DataFrame({"sum": [1.0, 1.0]}, ["p", "q"])
    assert domain_means(frame, ["p", "q"], cluster="c")["df"].to_list() == [9, 3]
    assert domain_means(frame, ["p", "q"], cluster="c", combine=combine)["df"].to_list() == [3]
