"""The noise of published scores, estimated from the panel."""

import shutil

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.tsa.statespace.structural import UnobservedComponents

from papi_lib import datafiles, index, intervals, places, precision, published


def test_noise_of_the_total_is_about_what_the_design_suggests():
    """A first estimate from the panel gave about 0.84 points for 2021-2024 and 0.97 for 2011-2017."""
    assert precision.standard_error(None, 2024) == pytest.approx(0.84, abs=0.1)
    assert precision.standard_error(None, 2013) == pytest.approx(0.97, abs=0.2)


def test_ha_nois_rank_of_2024_could_be_almost_any():
    """With the noise of a province of three districts it could be 2 to 60; Ha Noi has six."""
    row = precision.rank_sets(2024).loc[1]
    assert row["rank"] == 29
    assert 2 <= row["lower"] <= 6
    assert 56 <= row["upper"] <= 60


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
    assert precision.rank_sets(2024).loc[[1, 2], "se"].to_list() == pytest.approx([ha_noi, usual])


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
    assert moved["se"] == pytest.approx(np.sqrt(2) * precision.standard_error(8, 2024, 1))
    assert moved["relative_change"] == pytest.approx(moved["change"] - (wide[2024] - wide[2023]).mean())


def test_places_gained_since_another_year():
    """Ha Noi went from 48 to 9 across a break and from 9 to 29 after it; no such set excludes standing still."""
    gains = precision.rank_changes(2020, 2021)
    assert gains.loc[1, ["before", "after", "gain"]].to_list() == [48, 9, 39]
    assert gains.loc[places.province("Bắc Ninh").code, ["gain", "lower", "upper"]].isna().all()
    assert not gains.loc[1, "clear"]
    known = gains.dropna()
    assert ((known["lower"] <= known["gain"]) & (known["gain"] <= known["upper"])).all()


def test_given_standard_errors_are_used_instead(tmp_path, monkeypatch):
    estimated = precision.rank_sets(2024).loc[1]
    shutil.copytree(datafiles.folder(), tmp_path / "data")
    monkeypatch.setenv("PAPI_DATA", str(tmp_path / "data"))
    path = tmp_path / "data" / "published" / "standard_errors.csv"
    path.write_text(path.read_text() + "2024,1,total,0.1\n2024,1,8,0.05\n")
    assert precision.standard_error(None, 2024, 1) == 0.1
    assert precision.standard_errors(2024, 1)["basis"].value_counts()["given"] == 2
    assert precision.standard_error(None, 2024) == pytest.approx(precision.standard_error(None, 2024, 2))
    given = precision.rank_sets(2024).loc[1]
    assert given["se"] == 0.1
    assert given["upper"] - given["lower"] < estimated["upper"] - estimated["lower"]
    path.write_text(path.read_text() + "2024,2,inspection_boards,0.1\n")
    with pytest.raises(datafiles.DataError, match="row 4, column 'part': 'inspection_boards' is no part"):
        precision.rank_sets(2024)


def test_a_standard_error_of_a_part_that_does_not_exist_is_told_by_the_check(tmp_path, monkeypatch, papi):
    """Also of a year that nobody asks for: dimension 8 is measured since 2018."""
    shutil.copytree(datafiles.folder(), tmp_path / "data")
    monkeypatch.setenv("PAPI_DATA", str(tmp_path / "data"))
    path = tmp_path / "data" / "published" / "standard_errors.csv"
    path.write_text(path.read_text() + "2024,1,total,0.1\n2015,1,8,0.05\n")
    with pytest.raises(datafiles.DataError, match=r"row 3, column 'part': '8' is no part of the index in 2015"):
        precision.standard_error(None, 2024, 1)
    done = papi("check")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "standard_errors.csv, row 3, column 'part': '8' is no part of the index in 2015; correct it" in done.stderr


def test_missing_provinces_stay_missing():
    sets = precision.rank_sets(2024)
    assert len(sets) == 63
    assert sets.loc[places.province("Vĩnh Phúc").code, ["score", "rank", "lower", "upper", "group"]].isna().all()


def test_many_looks_are_told_apart_with_care():
    """Holm: of ten differences at z = 2 none is clear, one at z = 4 is."""
    frame = pd.DataFrame({"difference": [2.0] * 9 + [4.0], "se": 1.0, "part": range(10)})
    told = intervals.tell_apart(frame)
    assert told["clear"].to_list() == [True] + [False] * 9
    assert told["part"].iloc[0] == 9


@pytest.mark.parametrize("se", [0.0, np.nan, np.inf, -1.0])
def test_nothing_is_clear_without_a_margin(se):
    """A difference of five points without an error is not told apart, and takes nothing from the others."""
    frame = pd.DataFrame({"difference": [5.0, 5.0, 2.1], "se": [se, 1.0, 1.0]})
    told = intervals.tell_apart(frame)
    assert told["clear"].to_dict() == {1: True, 2: True, 0: False}
    assert np.isnan(told["z"][0])
    assert intervals.clear(frame["difference"], frame["se"]).tolist() == [False, True, True]
    few = intervals.tell_apart(frame.assign(se=1.0, df=[0, 9, 9]))
    assert few["clear"].to_dict() == {1: True, 2: False, 0: False}


def test_a_change_beside_the_country_knows_both_sides():
    """Its error is that of the contrast: simulated noise of all provinces has the same spread."""
    moved, both = precision.change("Hà Giang", 2024, 8), published.series(8)[[2023, 2024]].dropna()
    se = np.hypot(*(precision.standard_errors_by_province(8, y)[both.index] for y in both))
    noise = pd.DataFrame(np.random.default_rng(2).normal(size=(len(se), 20_000)) * se.to_numpy()[:, None], se.index)
    assert moved["relative_se"] == pytest.approx((noise.loc[2] - noise.mean()).std(), rel=0.03)
    assert moved["relative_se"] != pytest.approx(moved["se"], rel=1e-3)


def test_quantiles_and_intervals_are_those_of_scipy():
    """They come from scipy.special, because scipy.stats is slow to import."""
    x, y = published.dimension_scores(2024)[[2, 6]].dropna().to_numpy().T
    found = stats.pearsonr(x, y)
    ours = intervals.of_correlation(found.statistic, 1 / (len(x) - 3))
    np.testing.assert_allclose(ours, found.confidence_interval())
    apart = pd.DataFrame({"difference": [2.4, 2.0, 2.3], "se": 1.0, "df": [4, 30, 200]})
    smallest = np.sort(2 * stats.t.sf(apart["difference"], apart["df"]))[0]
    assert intervals.tell_apart(apart, 1 - 3 * smallest * 1.001)["clear"].sum() == 1
    assert intervals.tell_apart(apart, 1 - 3 * smallest * 0.999)["clear"].sum() == 0
