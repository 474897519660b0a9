"""Changes inside an edition: regressions against published examples, gains and gaps where the truth is known."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.datasets import grunfeld
from statsmodels.regression.linear_model import OLS

from papi_lib import changes, closing, index, precision, published


@pytest.fixture(scope="module")
def firms():
    """Grunfeld's ten firms, 1935-1954, as a panel with own columns only."""
    frame = grunfeld.load_pandas().data
    frame = frame[frame["firm"] != "American Steel"].astype({"year": int})
    return frame.rename(columns={"firm": "province_code"})


def test_two_way_effects_of_a_textbook_panel(firms):
    """Baltagi, Econometric Analysis of Panel Data, table 3.1: 0.118 and 0.358 with firm and year effects."""
    found = changes.panel_regression("invest", ["value", "capital"], firms)
    assert found["estimate"].to_list() == pytest.approx([0.118, 0.358], abs=0.0005)
    assert found["real_share"].isna().all()
    assert (found.attrs["observations"], found.attrs["provinces"]) == (200, 10)


def test_standard_errors_are_clustered_by_province(firms):
    """The sandwich by hand, on dummies for everything, with Stata's factor for effects inside clusters."""
    found = changes.panel_regression("invest", ["value", "capital"], firms)
    dummies = pd.get_dummies(firms[["province_code", "year"]].astype(str), dtype=float)
    x = np.column_stack([firms[["value", "capital"]], dummies.drop(columns="year_1935")])
    fitted = OLS(firms["invest"].to_numpy(), x).fit()
    np.testing.assert_allclose(found["estimate"], fitted.params[:2])
    scores = pd.DataFrame(x * fitted.resid[:, None])
    meat = scores.groupby(firms["province_code"].to_numpy()).sum().to_numpy()
    bread = np.linalg.inv(x.T @ x)
    n, k, g = len(x), 2 + 19 + 1, 10
    cov = bread @ meat.T @ meat @ bread * g / (g - 1) * (n - 1) / (n - k)
    np.testing.assert_allclose(found["se"], np.sqrt(np.diag(cov)[:2]))


def test_years_only_is_pooled_least_squares_with_year_dummies(firms):
    found = changes.panel_regression("invest", ["value"], firms, effects="year")
    x = np.column_stack([firms["value"], pd.get_dummies(firms["year"], dtype=float)])
    codes = firms["province_code"].to_numpy()
    fitted = OLS(firms["invest"].to_numpy(), x).fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)
    assert found.loc["value", "estimate"] == pytest.approx(fitted.params[0])
    assert found.loc["value", "se"] == pytest.approx(fitted.bse[0])
    assert found.loc["value", "p"] == pytest.approx(fitted.pvalues[0])


def test_regressions_do_not_cross_a_break_and_name_what_is_wrong(firms):
    both = changes.panel()
    with pytest.raises(ValueError, match="the edition of 2016 measures anew"):
        changes.panel_regression(6, [2], both)
    with pytest.raises(ValueError, match=r"the total in 2021 and 2024 .*; those of 2022-2024 compare"):
        changes.panel_regression("total", [2], changes.panel(2024))
    frame = changes.panel(2024).assign(always=lambda f: f["province_code"] % 2, name="x", twice=lambda f: 2 * f[2])
    assert changes.panel_regression("total", [2], frame[frame["year"] > 2021]).attrs["years"] == [2022, 2023, 2024]
    with pytest.raises(ValueError, match=r"'always' does not change within the effects.*effects='year'"):
        changes.panel_regression(6, ["always"], frame)
    assert len(changes.panel_regression(6, ["always"], frame, effects="year")) == 1
    with pytest.raises(ValueError, match="'name' holds text"):
        changes.panel_regression(6, ["name"], frame)
    with pytest.raises(ValueError, match="no column 'gdp'"):
        changes.panel_regression(6, ["gdp"], frame)
    with pytest.raises(ValueError, match="say the same"):
        changes.panel_regression(6, [2, "twice"], frame)


def test_noise_weakens_an_estimate_by_the_share_that_is_told():
    """Scores of dimension 2 made up of real change and noise of the published size, which moves dimension 6 fully."""
    rng, frame = np.random.default_rng(5), changes.panel(2024)
    se = pd.concat([precision.standard_errors_by_province(2, y) for y in (2021, 2022, 2023, 2024)]).to_numpy()
    found = []
    for _ in range(40):
        truth = rng.normal(0, 0.35, len(frame))
        made = frame.assign(**{"own": truth + rng.normal(0, 0.1, len(frame))})
        made[2] = truth + rng.normal(0, 1, len(frame)) * se
        found.append(changes.panel_regression("own", [2], made).loc[2, ["estimate", "real_share"]])
    found = pd.DataFrame(found).mean()
    assert found["estimate"] == pytest.approx(found["real_share"], abs=0.03)
    assert 0.5 < found["estimate"] < 0.8


def test_the_panel_is_the_published_scores():
    frame = changes.panel(2024).set_index(["year", "province_code"])
    assert len(frame) == 4 * 63
    pd.testing.assert_series_equal(frame.loc[2023, "total"], published.totals(2023)["total"], check_names=False)
    pd.testing.assert_series_equal(frame.loc[2022][4], published.dimension_scores(2022)[4], check_names=False)
    assert len(changes.panel()) == 14 * 63


def test_chance_alone_does_not_close_the_gap():
    """Two years of the same truth with noise: the published slope falls by the noise, the real one stays at zero."""
    rng = np.random.default_rng(2)
    truth = rng.normal(0, 1, 200_000)
    ends = truth[:, None] + rng.normal(0, 0.7, (200_000, 2))
    assert closing._gap(ends, np.zeros(2)) == pytest.approx([1.22, 1.22, 1, -0.49 / 1.49], abs=0.01)
    assert closing._gap(ends, np.full(2, 0.49)) == pytest.approx([1, 1, 1, 0], abs=0.01)


def test_convergence_of_real_scores():
    found = changes.convergence(2024, 7)
    wide = published.series(7)[[2021, 2022, 2023, 2024]].dropna()
    slope = np.polyfit(wide[2021], wide[2024] - wide[2021], 1)[0]
    assert found.loc["beta", "published"] == pytest.approx(slope)
    assert found.loc["sd_first", "published"] == pytest.approx(wide[2021].std())
    assert found.loc["beta", "published"] < found.loc["beta", "real"] < 0
    assert (found["lower"] < found["real"]).all()
    assert (found["real"] < found["upper"]).all()
    assert changes.convergence(2023).attrs["first"] == 2022
    with pytest.raises(ValueError, match="no other year compares with 2018"):
        changes.convergence(2018)


def test_gains_that_lasted_are_clear_twice():
    found = changes.kept(2024, 8)
    se = precision.standard_errors_by_province(8, 2021)
    for code, row in found[found["kept"]].iterrows():
        assert row["improved"]
        scores = published.series(8).loc[code]
        assert row["gain"] == pytest.approx(scores[2023] - scores[2021])
        assert row["left"] == pytest.approx(scores[2024] - scores[2021])
        assert row["left"] > 2.5 * row["left_se"] > 2.5 * se[code]
    assert (changes.kept(2024, 8, relative=True)["kept"].sum()) < found["kept"].sum()
    with pytest.raises(ValueError, match="three years in order"):
        changes.kept(2022)
    with pytest.raises(ValueError, match="2020 and 2024 do not compare"):
        changes.kept(2024, 8, first=2020, then=2022)


@pytest.mark.parametrize(("first", "last", "part"), [(2022, 2024, None), (2011, 2015, None), (2021, 2024, 2)])
def test_a_change_is_the_sum_of_its_parts(first, last, part):
    split = changes.decompose("Hà Nội", first, last, part)
    assert list(split.index[:-1]) == index.subdimensions(last, part)
    for column in ("before", "after", "change"):
        assert split[column].iloc[:-1].sum() == pytest.approx(split[column].iloc[-1], abs=1e-9)
    official = precision.change("Hà Nội", last, part, previous=first)
    assert split["change"].iloc[-1] == pytest.approx(official["change"])
    assert split["se"].iloc[-1] == pytest.approx(official["se"])
    assert split["clear"].iloc[-1] == official["clear"]


def test_a_change_across_a_break_or_a_gap_is_refused():
    with pytest.raises(ValueError, match=r"the total in 2021 and 2024 do not compare: civic_knowledge changed in 2022"):
        changes.decompose("Hà Nội", 2021, 2024)
    with pytest.raises(ValueError, match="did not publish .* of Vĩnh Phúc"):
        changes.decompose("Vĩnh Phúc", 2023, 2024)
