"""Changes inside an edition: gains and gaps where the truth is known."""

import numpy as np
import pandas as pd
import pytest

from papi_lib import changes, estimates, index, precision, published


def test_chance_alone_does_not_close_the_gap():
    """Two years of the same truth with noise: the published slope falls by the noise, the real one stays at zero."""
    rng = np.random.default_rng(2)
    truth = rng.normal(0, 1, 200_000)
    ends = truth[:, None] + rng.normal(0, 0.7, (200_000, 2))
    assert changes._gap(ends, np.zeros(2)) == pytest.approx([1.22, 1.22, 1, -0.49 / 1.49], abs=0.01)
    assert changes._gap(ends, np.full(2, 0.49)) == pytest.approx([1, 1, 1, 0], abs=0.01)


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
    beside = changes.kept(2024, 8, relative=True)
    noise = (
        precision.standard_errors_by_province(8, 2021)[beside.index] ** 2
        + precision.standard_errors_by_province(8, 2024)[beside.index] ** 2
    )
    assert beside.loc[1, "left_se"] ** 2 == pytest.approx(
        noise[1] * (1 - 1 / len(noise)) ** 2 + (noise.sum() - noise[1]) / len(noise) ** 2
    )
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
    key = part or "total"
    official = estimates.changes(*estimates.between(first, last, (key,)), 1).loc[key]
    assert split.loc[key, ["change", "se"]].to_list() == official[["change", "change_se"]].to_list()
    usual = estimates.quantile(pd.Series([official["df"]]), 0.95)[0]
    assert split.loc[key, "clear"] == (abs(official["change"]) > usual * official["change_se"])


def test_a_change_across_a_break_or_a_gap_is_refused():
    with pytest.raises(ValueError, match=r"the total in 2021 and 2024 do not compare: civic_knowledge changed in 2022"):
        changes.decompose("Hà Nội", 2021, 2024)
    with pytest.raises(ValueError, match="did not publish .* of Vĩnh Phúc"):
        changes.decompose("Vĩnh Phúc", 2023, 2024)
