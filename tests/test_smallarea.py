"""The area-level model: R's digits, what it does at its edges, and that its errors are what it says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from papi_lib.smallarea import fay_herriot

#: Expenditure on milk in 43 areas (Arora and Lahiri 1997; You and Chapman 2006), with the estimates and mean
#: squared errors that R's sae 1.3 prints for the model with major areas (`eblupFH`, `mseFH`, REML).
MILK = pd.read_csv(Path(__file__).parent / "reference" / "milk.csv", index_col="area")
MAJOR = pd.get_dummies(MILK["major"], drop_first=True, dtype=float)


def draw(refvar, variance, areas=30, seed=0):
    """True values and direct estimates about a mean of five."""
    rng = np.random.default_rng(seed)
    truth = 5 + np.sqrt(refvar) * rng.standard_normal(areas)
    return pd.Series(truth), pd.Series(truth + np.sqrt(variance) * rng.standard_normal(areas))


def test_milk_equals_r():
    """R stops where the variance changes by less than a ten-thousandth, hence its last digit."""
    result = fay_herriot(MILK["direct"], MILK["sd"] ** 2, MAJOR)
    assert np.abs(result["eblup"] - MILK["eblup"]).max() < 1e-6
    assert np.abs(result["mse"] - MILK["mse"]).max() < 1e-6
    assert result.attrs["refvar"] == pytest.approx(0.0185502, abs=2e-7)
    coefficients = list(result.attrs["coefficients"].values())
    assert coefficients == pytest.approx([0.9681890, 0.1327801, 0.2269462, -0.2413011], abs=1e-6)
    assert not result.attrs["adjusted"]


def test_the_estimate_lies_between_the_two_it_is_made_of():
    result = fay_herriot(MILK["direct"], MILK["sd"] ** 2, MAJOR)
    mixed = result["gamma"] * MILK["direct"] + (1 - result["gamma"]) * result["synthetic"]
    assert result["eblup"].to_numpy() == pytest.approx(mixed.to_numpy())
    order = MILK["sd"].sort_values().index
    assert result.loc[order, "gamma"].is_monotonic_decreasing
    assert (result["mse"] > 0).all()


def test_the_likelihood_is_highest_at_the_variance():
    direct, variance = MILK["direct"].to_numpy(), MILK["sd"].to_numpy() ** 2
    x = np.column_stack([np.ones(43), MAJOR])

    def likelihood(a):
        v = np.diag(a + variance)
        information = x.T @ np.linalg.solve(v, x)
        rest = direct - x @ np.linalg.solve(information, x.T @ np.linalg.solve(v, direct))
        terms = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1] + rest @ np.linalg.solve(v, rest)
        return -terms / 2

    best = fay_herriot(MILK["direct"], MILK["sd"] ** 2, MAJOR).attrs["refvar"]
    assert all(likelihood(best) > likelihood(best * step) for step in (0.01, 0.9, 0.999, 1.001, 1.1, 100))


def test_a_variance_of_zero_is_adjusted():
    """Areas that differ less than their errors: restricted likelihood says no difference, Li and Lahiri some."""
    direct = pd.Series([4.9, 5.0, 5.1, 5.0, 5.05, 4.95])
    result = fay_herriot(direct, pd.Series(1.0, index=direct.index))
    assert result.attrs["adjusted"]
    assert 0 < result.attrs["refvar"] < 1
    assert result["gamma"].between(0.01, 0.99).all()
    # equal variances: the slope of the likelihood, -(m - 1) / 2v + S / 2v² + 1 / a, is zero at the estimate
    v, s = 1 + result.attrs["refvar"], ((direct - direct.mean()) ** 2).sum()
    assert -5 / (2 * v) + s / (2 * v**2) + 1 / (v - 1) == pytest.approx(0, abs=1e-9)


def test_balanced_areas_have_the_textbook_variance():
    """Equal variances: restricted likelihood gives the sample variance less the errors'."""
    _, direct = draw(2.0, 0.5)
    result = fay_herriot(direct, pd.Series(0.5, index=direct.index))
    assert result.attrs["refvar"] == pytest.approx(direct.var() - 0.5, rel=1e-9)


def test_areas_without_sample_or_without_variance():
    _, direct = draw(1.0, 0.5)
    variance = pd.Series(0.5, index=direct.index)
    direct[3], variance[3] = np.nan, np.nan  # no sample
    variance[4] = np.nan  # a single respondent
    variance[5] = 0.0  # all answers alike
    result = fay_herriot(direct, variance)
    assert result.loc[[3, 4], "eblup"].to_list() == result.loc[[3, 4], "synthetic"].to_list()
    assert result.loc[[3, 4], "gamma"].to_list() == [0, 0]
    assert (result.loc[[3, 4], "mse"] > result.loc[0, "mse"]).all()
    assert result.loc[5, ["eblup", "mse", "gamma"]].to_list() == [direct[5], 0, 1]
    others = [i for i in direct.index if i not in (3, 4, 5)]
    alone = fay_herriot(direct[others], variance[others])
    assert alone.attrs["refvar"] == result.attrs["refvar"]
    assert alone["eblup"].to_list() == pytest.approx(result.loc[others, "eblup"].to_list())


def test_benchmarked_estimates_add_up():
    truth, direct = draw(1.0, 0.5)
    variance = pd.Series(np.linspace(0.1, 2, 30))
    variance[0] = 0.0
    people = pd.Series(np.linspace(100, 500, 30))
    city = np.average(truth, weights=people)
    result = fay_herriot(direct, variance, benchmark=(people, city))
    assert np.average(result["benchmarked"], weights=people) == pytest.approx(city)
    moved = (result["benchmarked"] - result["eblup"]).abs()
    assert moved[0] == 0
    assert moved[1:].is_monotonic_increasing  # larger share and error
    plain = fay_herriot(direct, variance)
    assert plain["eblup"].equals(result["eblup"])


def test_units_do_not_matter():
    small = fay_herriot(MILK["direct"], MILK["sd"] ** 2, MAJOR)
    large = fay_herriot(MILK["direct"] * 1e4, (MILK["sd"] * 1e4) ** 2, MAJOR * 7)
    assert large["eblup"].to_numpy() / 1e4 == pytest.approx(small["eblup"].to_numpy())
    assert large["mse"].to_numpy() / 1e8 == pytest.approx(small["mse"].to_numpy())


def test_every_sample_has_an_answer():
    """Equal and very unequal variances, areas all alike, hardly or very different, few and many, in any unit."""
    rng = np.random.default_rng(5)
    for spread in [0, 1e-6, 0.1, 1, 50] * 60:
        areas, unit = rng.integers(4, 40), 10 ** rng.uniform(-4, 4)
        variance = pd.Series(np.exp(rng.normal(0, rng.choice([0, 0.3, 2]), areas)))
        noise = np.sqrt(variance) * rng.standard_normal(areas) if rng.random() < 0.9 else 0
        direct = 3 + pd.Series(np.sqrt(spread) * rng.standard_normal(areas)) + noise
        result = fay_herriot(direct * unit, variance * unit**2)
        assert np.isfinite(result.to_numpy()).all()
        assert (result["mse"] > 0).all()
        assert result.attrs["refvar"] > 0


@pytest.mark.parametrize("refvar", [0.5, 1.0, 3.0])
def test_mean_squared_error_and_intervals_are_what_they_say(refvar):
    """In repeated samples with unequal variances; direct estimates are worse by more than a quarter of it."""
    variance = pd.Series(np.linspace(0.5, 2, 30))
    errors, claimed, direct_errors = [], [], []
    for seed in range(300):
        truth, direct = draw(refvar, variance, seed=seed)
        result = fay_herriot(direct, variance)
        errors.append((result["eblup"] - truth) ** 2)
        claimed.append(result["mse"])
        direct_errors.append((direct - truth) ** 2)
    errors, claimed = np.array(errors), np.array(claimed)
    assert claimed.mean() == pytest.approx(errors.mean(), rel=0.15)
    assert 0.92 < (errors < 1.96**2 * claimed).mean() < 0.97
    assert errors.mean() < np.mean(direct_errors) * (0.9 if refvar > 2 else 0.75)


@pytest.mark.parametrize("refvar", [0.01, 0.1])
def test_the_adjusted_variance_claims_no_multiple_of_the_error(refvar):
    """Where restricted likelihood says zero: without the term for the bias the error told is 2.5 to 4.5 times the true one."""
    variance, found = pd.Series(np.linspace(0.5, 2, 30)), []
    for seed in range(400):
        truth, direct = draw(refvar, variance, seed=seed)
        result = fay_herriot(direct, variance)
        if result.attrs["adjusted"]:
            found.append([((result["eblup"] - truth) ** 2).mean(), result["mse"].mean()])
    true, told = np.mean(found, axis=0)
    assert len(found) > 120
    assert true < told < 2.2 * true


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"variance": MILK["sd"].iloc[::-1]}, "variances are not indexed like the areas"),
        ({"variance": -MILK["sd"]}, "variance of 1 is negative"),
        ({"covariates": MAJOR.assign(again=MAJOR[2])}, "covariates depend on each other"),
        ({"covariates": MAJOR.drop(index=7).reindex(MAJOR.index)}, "covariate 2 is missing for 7"),
        ({"covariates": MAJOR.iloc[1:]}, "covariates are not indexed like the areas"),
        ({"variance": MILK["sd"].where(MILK.index < 6)}, "5 areas have a variance; 4 coefficients need 7"),
        ({"benchmark": (MILK["n"] * 0, 1.0)}, "shares must be numbers, zero or more, not all zero"),
    ],
)
def test_bad_input_is_named(change, message):
    arguments = {"direct": MILK["direct"], "variance": MILK["sd"] ** 2, "covariates": MAJOR} | change
    with pytest.raises(ValueError, match=message):
        fay_herriot(**arguments)


def test_one_area_too_few_is_told():
    """With two areas more than coefficients the adjusted likelihood has no peak; with three it has."""
    alike = pd.Series([5.0, 5.1, 4.9])
    with pytest.raises(ValueError, match="3 areas have a variance; 1 coefficients need 4 or more"):
        fay_herriot(alike, alike * 0 + 1)
    four = pd.Series([5.0, 5.1, 4.9, 5.05])
    assert fay_herriot(four, four * 0 + 1)["eblup"].between(4.9, 5.1).all()
