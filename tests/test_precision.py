"""The noise of published scores, estimated from the panel."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.statespace.structural import UnobservedComponents

from papi_lib import index, places, precision, published


def test_noise_of_the_total_is_about_what_the_design_suggests():
    """A first estimate from the panel gave about 0.84 points for 2021-2024 and 0.97 for 2011-2017."""
    assert precision.standard_error(None, 2024) == pytest.approx(0.84, abs=0.1)
    assert precision.standard_error(None, 2013) == pytest.approx(0.97, abs=0.2)


def test_ha_nois_rank_of_2024_could_be_almost_any():
    row = precision.rank_sets(2024).loc[1]
    assert row["rank"] == 29
    assert abs(row["lower"] - 2) <= 1
    assert abs(row["upper"] - 60) <= 1


def test_the_estimator_finds_the_noise_of_made_up_panels(monkeypatch):
    """Random walks with known noise: the estimate is right on average over many panels."""
    rng, noise = np.random.default_rng(3), 0.5
    found = []
    for _ in range(60):
        walk = rng.normal(0, 1, (63, 1)) + np.cumsum(rng.normal(0, 0.2, (63, 4)), axis=1)
        panel = pd.DataFrame(walk + rng.normal(0, noise, (63, 4)), columns=[2021, 2022, 2023, 2024])
        monkeypatch.setattr(published, "series", lambda part=None, until=None, panel=panel: panel)
        share = precision._noise_share.__wrapped__(1, 2021)
        found.append(share * np.nanmean(precision._deviations(panel) ** 2))
    assert np.sqrt(np.mean(found)) == pytest.approx(noise, abs=0.03)


@pytest.mark.slow
def test_the_estimate_agrees_with_a_local_level_model():
    """statsmodels' maximum likelihood, pooled over provinces, gives the same noise within a quarter."""
    wide = published.series(6)[index.edition_years(2013)].dropna()
    wide = wide - wide.mean()
    models = [UnobservedComponents(row, "llevel", use_exact_diffuse=True) for row in wide.to_numpy()]
    grid = np.linspace(0.02, 0.6, 15) ** 2
    likelihood = {(r, q): sum(m.loglike([r, q]) for m in models) for r in grid for q in grid}
    noise, _ = max(likelihood, key=likelihood.get)
    assert precision.standard_error(6, 2013) == pytest.approx(np.sqrt(noise), rel=0.25)


@pytest.mark.parametrize("year", [2011, 2016, 2018, 2020, 2024])
def test_every_part_of_every_year_has_noise_below_the_spread(year):
    frame = precision.standard_errors(year)
    assert len(frame) == len(index.subdimensions(year)) + len(index.dimensions(year)) + 1
    assert frame["reliability"].between(0, 1).all()
    assert (frame["se"] >= 0).all()
    assert set(frame["basis"]) <= {"edition", "borrowed"}


def test_short_editions_say_that_their_noise_is_borrowed():
    assert (precision.standard_errors(2018)["basis"] == "borrowed").all()
    assert precision.standard_errors(2024).loc["total", "basis"] == "edition"


def test_changes_are_not_taken_across_a_break():
    assert np.isnan(precision.change("Hà Nội", 2021)["previous"])
    assert np.isnan(precision.change("Hà Nội", 2022)["previous"])  # civic knowledge was measured otherwise
    assert precision.change("Hà Nội", 2022, 6)["previous"] == 2021
    with pytest.raises(ValueError, match="do not compare"):
        precision.change("Hà Nội", 2021, 6, previous=2020)


def test_a_change_and_its_noise():
    moved = precision.change("Hà Nội", 2024, 8)
    wide = published.series(8)
    assert moved["change"] == pytest.approx(wide.loc[1, 2024] - wide.loc[1, 2023])
    assert moved["se"] == pytest.approx(np.sqrt(2) * precision.standard_error(8, 2024))
    assert moved["relative_change"] == pytest.approx(moved["change"] - (wide[2024] - wide[2023]).mean())


def test_missing_provinces_stay_missing():
    sets = precision.rank_sets(2024)
    assert len(sets) == 63
    assert sets.loc[places.province("Vĩnh Phúc").code, ["score", "rank", "lower", "upper", "group"]].isna().all()


def test_many_looks_are_told_apart_with_care():
    """Holm: of ten differences at z = 2 none is clear, one at z = 4 is."""
    frame = pd.DataFrame({"difference": [2.0] * 9 + [4.0], "se": 1.0, "part": range(10)})
    told = precision.tell_apart(frame)
    assert told["clear"].to_list() == [True] + [False] * 9
    assert told["part"].iloc[0] == 9
