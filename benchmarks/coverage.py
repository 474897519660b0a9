"""Do intervals hold what they promise, and is the model worth it? Surveys drawn from a known population.

A city of 30 districts with all its villages is made once, so that every district's dimension scores are
known: its villages and districts differ as PAPI's own noise between years says (`papi_lib.precision`),
questions are right-or-wrong items that are correlated within persons, and some are not answered or not
asked. Then surveys are drawn from it as a city would: in each district, villages with probability
proportional to size, in each village some people. For each survey the direct estimates of all districts
and dimensions (`papi_lib.survey`) and the model's (`papi_lib.smallarea`) are compared with the truth.
Written to ``results/coverage.json``: the share of 95% intervals that hold the truth, the mean squared
errors, the mean errors of ranks, and how far replicates and linearisation agree.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
from replicates import replicate, replicate_weights
from scipy.stats import norm, rankdata, t

from papi_lib import index, precision
from papi_lib.smallarea import fay_herriot
from papi_lib.survey import domain_means

YEAR, LEVEL, DISTRICTS, VILLAGES, SEED = 2024, 0.95, 30, 90, 20240531
ITEMS = 3  # a sub-dimension
#: Of the variance of a province's score between years that is noise, the share that comes from which
#: three districts were drawn, as the districts differ; the rest comes from villages.
BETWEEN = 0.5


class City:
    """The population: every village's share of right answers, item by item, and what follows from it."""

    def __init__(self, between: float) -> None:
        rng = np.random.default_rng(SEED)
        parts = index.structure(YEAR)
        span = np.repeat((parts["upper"] - parts["lower"]).to_numpy(), ITEMS)
        noise = precision.standard_errors(YEAR)["se"].loc[parts["subdimension"]].to_numpy(dtype=float)
        noise = np.repeat(noise, ITEMS) / span  # as a share of right answers, three districts and twelve villages
        self.lower, self.span = np.repeat(parts["lower"].to_numpy(), ITEMS), span
        self.items = [f"{part}_{i}" for part in parts["subdimension"] for i in range(ITEMS)]
        self.dimension = np.repeat(parts["dimension"].to_numpy(), ITEMS)
        self.size = rng.gamma(4, 300, (DISTRICTS, VILLAGES))
        shape = (DISTRICTS, VILLAGES, len(parts))
        district = np.sqrt(3 * between) * rng.standard_normal((DISTRICTS, 1, len(parts)))
        village = np.sqrt(12 * (1 - between)) * rng.standard_normal(shape)
        apart = np.repeat(district + village, ITEMS, axis=2) * noise
        self.right = np.clip(rng.uniform(0.3, 0.8, len(self.items)) + apart, 0.02, 0.98)
        self.asked = rng.uniform(0.5, 1.0, len(self.items))  # who a question is put to, and who answers it
        weights = self.size / self.size.sum(axis=1, keepdims=True)
        points = self.lower + self.span * np.einsum("dv,dvi->di", weights, self.right)
        self.truth = points @ self.combine().to_numpy()

    def combine(self) -> pd.DataFrame:
        """Return how items add up to dimensions: the mean of a sub-dimension's items, summed."""
        table = {d: (self.dimension == d) / ITEMS for d in np.unique(self.dimension)}
        return pd.DataFrame(table, index=self.items)

    def draw(self, rng: np.random.Generator, villages: int, people: int) -> pd.DataFrame:
        """Return a survey's answers in points, with its design."""
        rows = []
        for d in range(DISTRICTS):
            share = self.size[d] / self.size[d].sum()
            steps = np.cumsum(share[order := rng.permutation(VILLAGES)])
            rows.append(order[np.searchsorted(steps, (np.arange(villages) + rng.random()) / villages)])
        village = np.repeat(np.concatenate(rows), people)
        district = np.repeat(np.arange(DISTRICTS), villages * people)
        person = rng.standard_normal((len(village), 1))
        latent = np.sqrt(0.9) * rng.standard_normal((len(village), len(self.items))) + np.sqrt(0.1) * person
        points = self.lower + self.span * (norm.cdf(latent) < self.right[district, village])
        points[rng.random(points.shape) > self.asked] = np.nan
        weight = self.size.sum(axis=1)[district] / (villages * people) * rng.lognormal(0, 0.3, len(village))
        frame = pd.DataFrame(points, columns=self.items)
        cluster = np.repeat(np.arange(DISTRICTS * villages), people)
        return frame.assign(district=district, village=cluster, weight=weight)


def experiment(between: float, surveys: int, villages: int, people: int) -> dict:
    """Return what came of many surveys of one city."""
    city = City(between)
    combine = city.combine()
    rng = np.random.default_rng(SEED + 1)
    shape = (surveys, DISTRICTS, combine.shape[1])
    direct, model = np.empty((2, *shape))
    held, model_held = np.zeros((2, *shape), dtype=bool)
    rank_errors, adjusted, gamma = {"direct": 0.0, "model": 0.0}, 0, 0.0
    design = {"weight": "weight", "strata": "district", "cluster": "village"}
    for i in range(surveys):
        frame = city.draw(rng, villages, people)
        table = domain_means(frame, city.items, by="district", combine=combine, **design)
        estimate, se, df, n = (table[c].unstack("series") for c in ("estimate", "se", "df", "n"))
        direct[i] = estimate
        held[i] = (np.abs(estimate - city.truth) <= t.ppf((1 + LEVEL) / 2, df) * se).to_numpy()
        for k, dimension in enumerate(combine.columns):
            # a variance from a few clusters is noisy: all districts' mean unit variance over the sample size
            unit = (se[dimension] ** 2 * n[dimension]).dropna()
            variance = np.average(unit, weights=df[dimension][unit.index]) / n[dimension]
            fit = fay_herriot(estimate[dimension], variance)
            model[i, :, k] = fit["eblup"]
            wide = norm.ppf((1 + LEVEL) / 2) * np.sqrt(fit["mse"])
            model_held[i, :, k] = (fit["eblup"] - city.truth[:, k]).abs() <= wide
            adjusted += fit.attrs["adjusted"]
            gamma += fit["gamma"].mean() / (surveys * shape[2])
        true_rank = rankdata(-city.truth.sum(axis=1))
        for way, scores in (("direct", direct[i]), ("model", model[i])):
            rank_errors[way] += np.abs(rankdata(-scores.sum(axis=1)) - true_rank).mean() / surveys
    errors = {"direct": (direct - city.truth) ** 2, "model": (model - city.truth) ** 2}
    gain = 1 - errors["model"].mean(axis=(0, 1)) / errors["direct"].mean(axis=(0, 1))
    return {
        "between": between,
        "respondents": DISTRICTS * villages * people,
        "villages_a_district": villages,
        "coverage_direct": held.mean(),
        "coverage_direct_by_dimension": held.mean(axis=(0, 1)).tolist(),
        "coverage_model": model_held.mean(),
        "coverage_model_by_dimension": model_held.mean(axis=(0, 1)).tolist(),
        "root_mse_direct": np.sqrt(errors["direct"].mean()),
        "root_mse_model": np.sqrt(errors["model"].mean()),
        "mse_gain": 1 - errors["model"].mean() / errors["direct"].mean(),
        "mse_gain_by_dimension": gain.tolist(),
        "mean_gamma": gamma,
        "adjusted_share": adjusted / (surveys * shape[2]),
        "mean_rank_error": rank_errors,
    }


def agreement(replicates: int) -> dict:
    """Return how far standard errors from replicates are from linearised ones: items, dimensions and total."""
    city = City(BETWEEN)
    frame = city.draw(np.random.default_rng(SEED + 2), 6, 16)
    design = {"weight": "weight", "strata": "district", "cluster": "village"}
    weights = replicate_weights(frame, replicates=replicates, **design)
    sums = city.combine().assign(total=lambda x: x.sum(axis=1))
    result = {"replicates": replicates, "expected_spread_from_drawing": 1 / np.sqrt(2 * replicates)}
    for name, combine in (("items", None), ("dimensions_and_total", sums)):
        se = domain_means(frame, city.items, by="district", combine=combine, **design)["se"].to_numpy()
        chain = None if combine is None else (lambda means: means @ sums.to_numpy())
        drawn = replicate(frame, city.items, weights, chain, by="district")
        ratio = np.nanstd(drawn[1:], axis=0).ravel() / se
        result[name] = {
            "mean_ratio": ratio.mean(),
            "spread_of_ratio": ratio.std(),
            "within_2_percent": (np.abs(ratio - 1) < 0.02).mean(),
        }
    return result


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=500)
    surveys = parser.parse_args().surveys
    start = time.perf_counter()
    result = {
        "level": LEVEL,
        "surveys": surveys,
        "cities": [experiment(between, surveys, 6, 16) for between in (0.3, BETWEEN, 0.7)],
        "replicates_over_linearised": [agreement(r) for r in (1000, 10_000)],
    }
    result["seconds"] = time.perf_counter() - start
    result = json.loads(json.dumps(result, default=float), parse_float=lambda x: round(float(x), 4))
    (Path(__file__).parent / "results" / "coverage.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
