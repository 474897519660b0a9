"""The noise of published scores, estimated from the panel."""

import shutil

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.statespace.structural import UnobservedComponents

from papi_lib import datafiles, estimates, index, places, precision, published


def test_noise_of_the_total_is_about_what_the_design_suggests():
    """A first estimate from the panel gave about 0.84 points for 2021-2024 and 0.97 for 2011-2017."""
    assert precision.standard_errors(2024, margin="passing").loc["total", "se"] == pytest.approx(0.84, abs=0.1)
    assert precision.standard_errors(2013, margin="passing").loc["total", "se"] == pytest.approx(0.97, abs=0.2)


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
    usual = precision.standard_errors(2024).loc["total", "se"]
    errors = precision.standard_errors_by_province(None, 2024)
    assert errors[[1, 2]].to_list() == pytest.approx([usual * np.sqrt(0.5), usual])


def test_the_estimator_finds_the_noise_of_made_up_panels():
    """Random walks with known noise and change: the estimates are right on average over many panels."""
    rng, noise, change = np.random.default_rng(3), 0.5, 0.2
    relative = np.repeat([0.5, 1.0], [6, 57])
    found = []
    for _ in range(100):
        walk = rng.normal(0, 1, (63, 1)) + np.cumsum(rng.normal(0, change, (63, 4)), axis=1)
        panel = walk + rng.normal(0, noise, (63, 4)) * np.sqrt(relative)[:, None]
        panel[rng.integers(0, 63, 5), rng.integers(0, 4, 5)] = np.nan
        found.append(np.ravel(precision.noise_and_change(panel, [2021, 2022, 2023, 2024], relative)))
    assert np.sqrt(np.mean(found, axis=0)) == pytest.approx([noise, change], abs=0.03)


@pytest.mark.slow
def test_the_estimate_agrees_with_a_local_level_model():
    """statsmodels' maximum likelihood, pooled over provinces, gives the same noise within a quarter."""
    wide = published.series(6)[[2011, 2012, 2013, 2014]].dropna()  # 2015 went partly to other places
    wide = wide - wide.mean()
    models = [UnobservedComponents(row, "llevel", use_exact_diffuse=True) for row in wide.to_numpy()]
    grid = np.linspace(0.02, 0.6, 15) ** 2
    likelihood = {(r, q): sum(m.loglike([r, q]) for m in models) for r in grid for q in grid}
    noise, _ = max(likelihood, key=likelihood.get)
    assert precision.standard_errors(2013, margin="passing").loc[6, "se"] == pytest.approx(np.sqrt(noise), rel=0.25)


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


def test_the_error_of_a_level_holds_the_drawing_of_districts_and_villages():
    """Some 1.5 to 1.7 points in place of 0.84; Ha Noi, with twice the districts, 1.0 to 1.2."""
    assert precision.standard_errors(2024).loc["total", "se"] == pytest.approx(1.65, abs=0.15)
    assert precision.standard_errors_by_province(None, 2024)[1] == pytest.approx(1.15, abs=0.12)
    level, passing, redraw = (precision.standard_errors(2024, margin=m)["se"] for m in ("level", "passing", "redraw"))
    np.testing.assert_allclose(level**2, passing**2 + redraw**2)
    share = redraw**2 / (redraw**2 + precision.standard_errors(2024)["signal_sd"] ** 2)
    assert (
        share["water_quality"] < 0.1 < 0.5 < share["corruption_limits_government"]
    )  # orders that outlasted 2021 or not


def test_errors_know_how_sure_they_are():
    """About 15% for the passing error of the total, about a half for that of water quality."""
    df = precision.standard_errors(2024, margin="passing")["df"]
    assert (1 / np.sqrt(2 * df[["total", "water_quality"]])).to_list() == pytest.approx([0.16, 0.45], abs=0.03)


def test_a_drawing_of_other_places_is_found_in_made_up_panels(monkeypatch):
    """Half of what lasts comes from the places that were asked, in a panel in which all were drawn anew in 2021."""
    rng, provinces, found = np.random.default_rng(4), places.provinces().index, []
    monkeypatch.setattr(precision, "_relative_noise", lambda _new: pd.Series(1.0, provinces))
    for name in ("_spread", "_passing_share", "_outlasting", "_correlation_kept"):
        plain = getattr(precision, name)
        monkeypatch.setattr(precision, name, getattr(plain, "__wrapped__", plain))
    for _ in range(20):
        lasting, asked = rng.normal(0, 1, 63), {True: rng.normal(0, 1, 63), False: rng.normal(0, 1, 63)}
        years = {y: lasting + asked[y >= 2021] + rng.normal(0, 0.7, 63) for y in range(2018, 2025)}
        wide = pd.DataFrame(years, provinces)
        monkeypatch.setattr(precision, "_deviations", dict.fromkeys(["total"], wide - wide.mean()).get)
        row = precision._variance("total", 2024)
        found.append([row["passing"], row["redraw"]])
    assert np.mean(found, axis=0) == pytest.approx([0.49, 1.0], abs=0.2)


def test_published_standard_errors_are_used_when_all_provinces_have_them(tmp_path, monkeypatch):
    shutil.copytree(datafiles.folder(), tmp_path / "data")
    monkeypatch.setenv("PAPI_DATA", str(tmp_path / "data"))
    path = tmp_path / "data" / "published" / "standard_errors.csv"
    known = published.series()[2024].dropna().index
    header = path.read_text().splitlines()[0]
    path.write_text("\n".join([header, *(f"2024,{code},total,0.4" for code in known[1:])]) + "\n")
    assert precision.standard_errors(2024, margin="sampling")["se"].isna().all()
    path.write_text("\n".join([header, *(f"2024,{code},total,0.4" for code in known)]) + "\n")
    sampling = precision.standard_errors(2024, margin="sampling")
    assert sampling.loc["total", "basis"] == "published"
    assert 0.3 < sampling.loc["total", "se"] < 0.5
    level, passing = (precision.standard_errors(2024, m).loc["total", "se"] for m in ("level", "passing"))
    assert level**2 == pytest.approx(passing**2 + sampling.loc["total", "se"] ** 2)
    path.write_text(path.read_text() + "2024,2,inspection_boards,0.1\n")
    with pytest.raises(
        datafiles.DataError, match=f"row {len(known) + 2}, column 'part': 'inspection_boards' is no part"
    ):
        estimates.from_published(2024)
