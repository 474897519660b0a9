"""What is made of estimates frames: differences and their noise, one verdict on many, ranks, changes, histories."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from papi_lib import datafiles, estimates, index, places, precision, published

HANOI, DANANG, VINHPHUC = 1, 48, 26
CITIES = [1, 31, 48, 79, 92]


def frame_of(scores: dict, se: float, year: int = 2024, **attrs: object) -> pd.DataFrame:
    """Return a small estimates frame: {part: scores}, places A, B, C, …"""
    frame = pd.concat([
        pd.DataFrame({"place": list("ABCDEFGH")[: len(s)], "part": part, "year": year, "score": s}) for part, s in scores.items()
    ], ignore_index=True)  # fmt: skip
    frame = frame.assign(se=se, df=np.inf, n=np.nan).astype({"part": object})
    frame.attrs = {"whole": "mean", "groups": (), "margin": "sampling", "simulated": True} | attrs
    return frame


def test_what_a_province_is_compared_with():
    scores, frame = published.series(8)[2024], estimates.from_published(2024, (8,))
    region = places.provinces()["region"] == places.province(HANOI).region
    expected = {
        "whole": scores.mean(), "median": scores.median(), "cities": scores[CITIES].mean(), "best": scores.max(),
        "region": scores[region].mean(), "peers": scores[region].mean(), DANANG: scores[DANANG],
    }  # fmt: skip
    assert set(estimates.BESIDE) < set(expected)
    for beside, value in expected.items():
        row = estimates.gaps(frame, HANOI, beside).loc[8]
        assert row["beside"] == pytest.approx(value)
        assert row["difference"] == pytest.approx(scores[HANOI] - value)
    with pytest.raises(ValueError, match=r"no place 'moon' in the frame; compare with one of whole, peers"):
        estimates.gaps(frame, HANOI, "moon")


def test_the_noise_of_a_difference_is_that_of_both_sides():
    """Simulated noise has the same spread; a place differs surely by 0 from itself."""
    frame = estimates.from_published(2024, (8,))
    se = frame.set_index("place")["se"].dropna()
    noise = pd.DataFrame(np.random.default_rng(1).normal(size=(len(se), 20_000)) * se.to_numpy()[:, None], se.index)
    for beside, other in (
        ("whole", noise.mean()),
        ("median", noise.median()),
        ("cities", noise.loc[CITIES].mean()),
        (DANANG, noise.loc[DANANG]),
    ):
        assert estimates.gaps(frame, HANOI, beside).loc[8, "se"] == pytest.approx(
            (noise.loc[HANOI] - other).std(), rel=0.03
        )
    assert estimates.gaps(frame, HANOI, HANOI).loc[8, ["difference", "se"]].to_list() == [0, 0]
    assert not estimates.gaps(frame, HANOI, HANOI).loc[8, "clear"]


def test_places_that_share_respondents_covary():
    """The variance of a contrast c is c'Σc; here B and C share all their noise, so that they differ by none."""
    matrix = pd.DataFrame([[4.0, 1, 1], [1, 9, 9], [1, 9, 9]], list("ABC"), list("ABC"))
    frame = frame_of({1: [5.0, 6.0, 7.0]}, 3.0, covariance=estimates.Covariance({1: matrix}))
    assert estimates.gaps(frame, "A", "B").loc[1, "se"] == pytest.approx(np.sqrt(4 + 9 - 2))
    assert not estimates.gaps(frame, "B", "C").loc[1, "clear"]
    contrast = np.array([2, -1, -1]) / 3
    assert estimates.gaps(frame, "A").loc[1, "se"] == pytest.approx(np.sqrt(contrast @ matrix.to_numpy() @ contrast))


def test_a_group_of_places_is_in_no_mean():
    frame = frame_of({1: [1.0, 2.0, 9.0]}, 0.1, groups=("C",))
    assert estimates.gaps(frame, "A").loc[1, "beside"] == 1.5
    assert list(estimates.standing(frame, 1).index) == ["A", "B"]
    assert estimates.wide(frame).index.to_list() == ["A", "B"]


def test_what_is_missing_or_without_noise_is_never_clear():
    frame = pd.DataFrame(
        {
            "difference": [9.0, np.nan, 9.0, 9.0, 9.0, 9.0],
            "se": [np.nan, 1, 0, 1, 1, -1],
            "df": [5, 5, 5, np.nan, 5, 5.0],
        }
    )
    found = estimates.together(frame)
    assert found["clear"].to_list() == [False, False, False, False, True, False]
    assert found["margin"].notna().to_list() == found["clear"].to_list()
    assert found["difference"].equals(frame["difference"])  # order and index stay
    assert not estimates.together(frame.assign(difference=np.nan))["clear"].any()


def some_differences(rng: np.random.Generator) -> pd.DataFrame:
    """Return differences in families, with equal ones, missing ones and few degrees of freedom among them."""
    rows = int(rng.integers(1, 30))
    frame = pd.DataFrame(
        {
            "difference": rng.normal(0, 3, rows).round(1),
            "se": rng.choice([0.5, 1.0, 0.0, np.nan], rows, p=[0.4, 0.4, 0.1, 0.1]),
        }
    )
    return frame.assign(df=rng.choice([3, 20, np.inf], rows), family=rng.integers(0, 3, rows))


def test_margins_agree_with_verdicts_in_every_row():
    rng = np.random.default_rng(4)
    for _ in range(100):
        found = estimates.together(some_differences(rng), by="family")
        known = found[found["margin"].notna()]
        assert ((known["difference"].abs() > known["margin"]) == known["clear"]).all()
        assert not found.loc[found["margin"].isna(), "clear"].any()


def test_the_joint_test_is_holms():
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "difference": rng.normal(0, 2.5, 60),
            "se": 1.0,
            "df": rng.choice([3, 20, np.inf], 60),
            "family": np.repeat(range(6), 10),
        }
    )
    for _, own in estimates.together(frame, by="family").groupby("family"):
        alone = 2 * stats.t.sf(own["z"].abs(), own["df"])
        assert own["clear"].to_list() == multipletests(alone, 0.05, "holm")[0].tolist()


def test_quantiles_are_students_where_clusters_are_few():
    frame = pd.DataFrame({"score": 0.0, "se": 1.0, "df": [np.inf, 10, 4]})
    assert estimates.intervals(frame)["margin"].to_list() == pytest.approx([1.960, 2.228, 2.776], abs=0.001)
    apart = pd.DataFrame({"difference": [2.4, 2.0, 2.3], "se": 1.0, "df": [4, 30, 200]})
    smallest = (2 * stats.t.sf(apart["difference"], apart["df"])).min()
    assert estimates.together(apart, level=1 - 3 * smallest * 1.001)["clear"].sum() == 1
    assert estimates.together(apart, level=1 - 3 * smallest * 0.999)["clear"].sum() == 0


def test_claims_of_noise_alone_are_seldom_clear(monkeypatch):
    """Panels in which no province differs from another and none changes: z has variance one, and few claims stand."""
    real, rng = estimates.from_published, np.random.default_rng(7)

    def noise_alone(*about):
        frame = real(*about)
        frame["score"] = 5 + frame["se"] * rng.normal(size=len(frame))
        return frame

    monkeypatch.setattr(estimates, "from_published", noise_alone)
    monkeypatch.setattr(estimates, "_since_first", estimates._since_first.__wrapped__)
    with datafiles.held():
        claims = [estimates.claims.__wrapped__(HANOI if i % 2 else 4, 2024) for i in range(40)]
    found = pd.concat(claims, keys=range(40))
    for _, own in found.groupby("kind"):
        assert own["z"].std() == pytest.approx(1, abs=0.1)
    wrong = found.groupby(level=0)["clear"].any()
    assert wrong.mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(wrong))


def test_a_claim_has_one_verdict_wherever_it_is_asked():
    told = estimates.claims(HANOI, 2024).query("kind == 'gap'").set_index("part")
    for parts in ([8], [7, "total"], list(told.index)):
        pd.testing.assert_series_equal(estimates.verdict(HANOI, 2024, parts)["clear"], told.loc[parts, "clear"])
    every = estimates.verdict(HANOI, 2024, ["internet_access", 8, "total"], "region")
    alone = estimates.verdict(HANOI, 2024, ["internet_access"], "region")
    assert every.loc["internet_access"].equals(alone.loc["internet_access"])
    assert "kind" not in estimates.verdict(HANOI, 2024, [8])


@pytest.mark.parametrize(("year", "part"), [(2024, "total"), (2023, 8), (2021, 4), (2011, "civic_knowledge")])
def test_standing_is_the_published_order_with_its_sets(year, part):
    frame = estimates.standing(estimates.from_published(year, (part,)), part)
    official = published.standing(published.series(None if part == "total" else part)[year])
    for column in ("rank", "group"):
        assert frame[column].equals(official[column])
    known = frame.dropna(subset="score")
    assert ((known["lower"] <= known["rank"]) & (known["rank"] <= known["upper"])).all()
    assert (known["score"].between(known["low"], known["high"])).all()
    alone = estimates.standing(estimates.from_published(year, (part,)), part, only=HANOI)
    assert alone.loc[HANOI].equals(frame.loc[HANOI])
    assert alone["lower"].count() == 1


def test_ha_nois_rank_of_2024_could_be_almost_any():
    """No rank can be refuted; if only what passes within a year moved scores, the first and the last could."""
    row = estimates.standing(estimates.from_published(2024, ("total",)), "total", only=HANOI).loc[HANOI]
    assert row[["rank", "lower", "upper"]].to_list() == [29, 1, 61]
    passing = estimates.standing(estimates.from_published(2024, ("total",), "passing"), "total", only=HANOI).loc[HANOI]
    assert 2 <= passing["lower"] <= 6
    assert 56 <= passing["upper"] <= 60


def test_missing_provinces_stay_missing():
    frame = estimates.standing(estimates.from_published(2024), "total")
    assert len(frame) == 63
    assert frame.loc[VINHPHUC, ["score", "low", "rank", "lower", "upper", "group"]].isna().all()
    assert estimates.gaps(estimates.from_published(2024), VINHPHUC)[["difference", "se"]].isna().all(axis=None)


def test_a_change_and_its_noise():
    moved, wide = estimates.since(HANOI, 2024, 8), published.series(8)
    assert moved["since"] == 2023
    assert moved["change"] == pytest.approx(wide.loc[HANOI, 2024] - wide.loc[HANOI, 2023])
    assert moved["change_se"] == pytest.approx(
        np.sqrt(2) * precision.standard_errors_by_province(8, 2024, "passing")[HANOI]
    )
    assert moved["change_margin"] == pytest.approx(stats.t.ppf(0.975, moved["df"]) * moved["change_se"])
    assert moved["difference"] == pytest.approx(moved["change"] - (wide[2024] - wide[2023]).mean())
    both = wide[[2023, 2024]].dropna()
    assert moved["of"] == len(both)
    ranks = both.rank(ascending=False, method="min").loc[HANOI]
    assert moved[["rank_before", "rank"]].to_list() == ranks.to_list()


def test_changes_are_not_taken_across_a_break():
    assert estimates.since(HANOI, 2021, "total") is None
    assert estimates.since(HANOI, 2022, "total") is None  # civic knowledge was measured otherwise
    assert estimates.since(HANOI, 2022, 6)["since"] == 2021
    first = estimates.claims(HANOI, 2024).query("kind == 'change'").set_index("part")["since"]
    assert first[["total", 6]].to_list() == [2022, 2021]


def test_a_change_counts_places_that_both_years_have():
    now, before = frame_of({1: [5.0, 7.0, np.nan, 9.0]}, 1.0), frame_of({1: [4.0, 9.0, 8.0, np.nan]}, 1.0, 2023)
    moved = estimates.changes(now, before, "A").loc[1]
    assert moved[["since", "change", "country", "of", "rank_before", "rank"]].to_list() == [2023, 1, -0.5, 2, 2, 2]
    assert moved["se"] == pytest.approx(np.sqrt(2 * (0.25 + 0.25)))  # of A less B, halved, in two years
    gone = estimates.changes(now, before, "C").loc[1]
    assert gone[["change", "rank"]].isna().all()
    assert gone["of"] == 2


def test_a_history_has_what_each_year_is_compared_with():
    frame = estimates.history(HANOI, ["total", 8], "cities", 2016)
    scores = published.series(8)
    own = frame[frame["part"] == 8].set_index("year")
    assert own.index.to_list() == [y for y in index.years() if y >= 2018]
    pd.testing.assert_series_equal(own["beside"], scores.loc[CITIES].mean()[own.index], check_names=False)
    pd.testing.assert_series_equal(own["difference"], own["score"] - own["beside"], check_names=False)
    gap = estimates.gaps(estimates.from_published(2020, (8,)), HANOI, "cities").loc[8]
    assert own.loc[2020, "se"] == gap["se"]
    assert own["segment"].nunique() > 1
    assert estimates.history(HANOI, [8], until=2016).empty


def test_a_list_of_places_is_a_group_to_compare_with_and_none_or_an_unknown_one_is_refused():
    frame = estimates.from_published(2024, ("total",))
    score, own = frame.set_index("place")["score"], estimates.gaps(frame, 48, [1, 31]).loc["total"]
    assert own["beside"] == pytest.approx((score[1] + score[31]) / 2)
    assert own["se"] < min(
        estimates.gaps(frame, 48, one).loc["total", "se"] for one in (1, 31)
    )  # two err less than one
    for group in ([], [1, 999]):
        with pytest.raises(ValueError, match="no place"):
            estimates.gaps(frame, 48, group)
