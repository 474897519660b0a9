"""The noise of published scores, estimated from the panel."""

import shutil

import numpy as np
import pytest
from statsmodels.tsa.statespace.structural import UnobservedComponents

from papi_lib import datafiles, estimates, index, places, precision, published


def test_noise_of_the_total_is_about_what_the_design_suggests():
    """A first estimate from the panel gave about 0.84 points for 2021-2024 and 0.97 for 2011-2017."""
    assert precision.standard_error(None, 2024) == pytest.approx(0.84, abs=0.1)
    assert precision.standard_error(None, 2013) == pytest.approx(0.97, abs=0.2)


def test_provinces_with_twice_the_districts_have_half_the_noise():
    """What the design says shows in the figures: the assumption behind the noise by province."""
    sample = datafiles.read("sample").set_index("province_code")["districts"]
    assert sample.sum() == 207  # districts in the sample, as the programme counts them
    ratios = []
    for edition in (2011, 2021):
        for part in index.subdimensions(edition):
            deviation = published.series(part)[index.segment(edition + 3, part)]
            squares = (deviation - deviation.mean()).diff(axis="columns").pow(2)
            ratios.append(squares[sample == 6].stack().mean() / squares[sample == 3].stack().mean())
    assert 0.4 < np.mean(ratios) < 0.7
    ha_noi, usual = precision.standard_error(None, 2024, "Hà Nội"), precision.standard_error(None, 2024)
    assert ha_noi == pytest.approx(usual * np.sqrt(0.5))
    assert precision.standard_errors_by_province(None, 2024).loc[[1, 2]].to_list() == pytest.approx([ha_noi, usual])


def test_the_estimator_finds_the_noise_of_made_up_panels():
    """Random walks with known noise and change: the estimates are right on average over many panels."""
    rng, noise, change = np.random.default_rng(3), 0.5, 0.2
    relative = np.repeat([0.5, 1.0], [6, 57])
    found = []
    for _ in range(100):
        walk = rng.normal(0, 1, (63, 1)) + np.cumsum(rng.normal(0, change, (63, 4)), axis=1)
        panel = walk + rng.normal(0, noise, (63, 4)) * np.sqrt(relative)[:, None]
        panel[rng.integers(0, 63, 5), rng.integers(0, 4, 5)] = np.nan
        found.append(precision.noise_and_change(panel, [2021, 2022, 2023, 2024], relative))
    assert np.sqrt(np.mean(found, axis=0)) == pytest.approx([noise, change], abs=0.03)


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


def test_places_gained_since_another_year():
    """Ha Noi went from 48 to 9 across a break and from 9 to 29 after it; no such set excludes standing still."""
    gains = precision.rank_changes(2020, 2021)
    assert gains.loc[1, ["before", "after", "gain"]].to_list() == [48, 9, 39]
    assert gains.loc[places.province("Bắc Ninh").code, ["gain", "lower", "upper"]].isna().all()
    assert not gains.loc[1, "clear"]
    known = gains.dropna()
    assert ((known["lower"] <= known["gain"]) & (known["gain"] <= known["upper"])).all()


def test_given_standard_errors_are_used_instead(tmp_path, monkeypatch):
    estimated = estimates.standing(estimates.from_published(2024, ("total",)), "total").loc[1]
    shutil.copytree(datafiles.folder(), tmp_path / "data")
    monkeypatch.setenv("PAPI_DATA", str(tmp_path / "data"))
    path = tmp_path / "data" / "published" / "standard_errors.csv"
    path.write_text(path.read_text() + "2024,1,total,0.1\n2024,1,8,0.05\n")
    assert precision.standard_error(None, 2024, 1) == 0.1
    assert precision.standard_errors(2024, 1)["basis"].value_counts()["given"] == 2
    assert precision.standard_error(None, 2024) == pytest.approx(precision.standard_error(None, 2024, 2))
    given = estimates.standing(estimates.from_published(2024, ("total",)), "total").loc[1]
    assert given["se"] == 0.1
    assert given["upper"] - given["lower"] < estimated["upper"] - estimated["lower"]
    path.write_text(path.read_text() + "2024,2,inspection_boards,0.1\n")
    with pytest.raises(datafiles.DataError, match="row 7, column 'part': 'inspection_boards' is no part"):
        estimates.from_published(2024)
