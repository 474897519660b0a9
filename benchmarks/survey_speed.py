"""How fast is design-based estimation, and how does it grow?

A made-up city survey: 30 districts, 29 series, 6,000 respondents in villages that are drawn inside
strata. Means with linearised standard errors are compared with the textbook way, one district and one
series at a time; 1,000 replicates through sub-dimensions, dimensions and the total to ranks with the way
that weighs all respondents anew for each replicate. Then up to a million respondents in 700 districts,
each in a process of its own. Written to ``results/survey_speed.json``; times are also given as multiples.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from papi_lib.survey import domain_covariance, domain_means, replicate, replicate_weights

SERIES = [f"s{i}" for i in range(29)]
#: Which dimension each series counts for.
DIMENSION = np.arange(len(SERIES)) * 8 // len(SERIES)
DESIGN = {"weight": "weight", "strata": "stratum", "cluster": "village"}


def survey(respondents: int, districts: int) -> pd.DataFrame:
    """Return answers with 5% missing, two strata a district, about twenty respondents a village."""
    rng = np.random.default_rng(0)
    stratum = rng.integers(0, 2 * districts, respondents)
    villages = max(2, respondents // (40 * districts))
    village = stratum * villages + rng.integers(0, villages, respondents)
    right = 0.5 + 0.1 * rng.standard_normal((2 * districts * villages, len(SERIES)), dtype=np.float32)
    answers = (rng.random((respondents, len(SERIES)), dtype=np.float32) < right[village]).astype(float)
    answers[rng.random(answers.shape, dtype=np.float32) < 0.05] = np.nan
    frame = pd.DataFrame(answers, columns=SERIES)
    weight = rng.uniform(0.5, 2, respondents)
    return frame.assign(district=stratum // 2, stratum=stratum, village=village, weight=weight)


def textbook_errors(frame: pd.DataFrame) -> np.ndarray:
    """Return standard errors, districts × series, one at a time."""
    clusters = frame.groupby("village", sort=True)["stratum"].first()
    size = clusters.map(clusters.value_counts())
    result = np.empty((frame["district"].nunique(), len(SERIES)))
    for d in range(len(result)):
        for k, name in enumerate(SERIES):
            part = frame[(frame["district"] == d) & frame[name].notna()]
            mean = np.average(part[name], weights=part["weight"])
            value = part["weight"] * (part[name] - mean) / part["weight"].sum()
            total = value.groupby(part["village"]).sum().reindex(clusters.index, fill_value=0)
            centred = total - total.groupby(clusters).transform("mean")
            result[d, k] = np.sqrt((centred**2 * size / (size - 1)).sum())
    return result


def chain(means: np.ndarray) -> np.ndarray:
    """Return dimensions, total and its rank: replicates × districts × 10."""
    dimensions = np.stack([means[..., d == DIMENSION].mean(axis=-1) for d in range(8)], axis=-1)
    total = dimensions.sum(axis=-1, keepdims=True)
    return np.concatenate([dimensions, total, rankdata(-total, axis=1, method="min")], axis=-1)


def respondent_replicates(frame: pd.DataFrame, weights) -> np.ndarray:
    """Return what `replicate` does, weighing every respondent anew for each replicate."""
    district, count = frame["district"].to_numpy(), frame["district"].nunique()
    answered = [frame[name].notna().to_numpy() for name in SERIES]
    values = [frame[name].fillna(0).to_numpy() for name in SERIES]
    result = np.empty((weights.factors.shape[1], count, len(SERIES)))
    for r, factor in enumerate(weights.factors.T):
        weight = weights.weight * factor[weights.cluster]
        for k in range(len(SERIES)):
            total = np.bincount(district, weight * answered[k], count)
            result[r, :, k] = np.bincount(district, weight * values[k], count) / total
    return chain(result)


def fastest(run, repeats: int) -> tuple[float, object]:
    """Return the fewest seconds of some runs, and what came out."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = run()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def one_size(respondents: int) -> dict:
    """Return seconds and memory of one large survey, estimated for one district in 1,429 respondents."""
    districts = respondents * 700 // 1_000_000
    frame = survey(respondents, districts)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    table = domain_means(frame, SERIES, by="district", **DESIGN)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "respondents": respondents,
        "districts": districts,
        "rows": len(table),
        "seconds": seconds,
        "peak_mb": peak,
        "peak_mb_of_the_data": before,
    }


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[125_000, 250_000, 500_000, 1_000_000])
    sizes = parser.parse_args().sizes
    frame = survey(6_000, 30)
    seconds, table = fastest(lambda: domain_means(frame, SERIES, by="district", **DESIGN), 5)
    slow, errors = fastest(lambda: textbook_errors(frame), 1)
    covariance, _ = fastest(lambda: domain_covariance(frame, SERIES, by="district", **DESIGN), 5)
    drawing, weights = fastest(lambda: replicate_weights(frame, **DESIGN), 5)
    through, figures = fastest(lambda: replicate(frame, SERIES, weights, chain, by="district"), 5)
    slow_through, slow_figures = fastest(lambda: respondent_replicates(frame, weights), 1)
    result = {
        "means": {
            "seconds": seconds,
            "textbook_over_ours": slow / seconds,
            "largest_relative_difference": np.abs(table["se"].to_numpy() / errors.ravel() - 1).max(),
        },
        "covariance_870_by_870_seconds": covariance,
        "replicates": {
            "replicates": weights.factors.shape[1],
            "seconds_drawing": drawing,
            "seconds_through_to_ranks": through,
            "respondent_weights_over_ours": slow_through / through,
            "largest_difference": np.abs(figures[1:, :, :9] - slow_figures[:, :, :9]).max(),
        },
    }
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        result["growth"] = pool.map(one_size, sizes, chunksize=1)
    first, last = result["growth"][0], result["growth"][-1]
    result["time_over_size"] = (last["seconds"] / first["seconds"]) / (last["respondents"] / first["respondents"])
    result = json.loads(json.dumps(result, default=float), parse_float=lambda x: float(f"{float(x):.3g}"))
    (Path(__file__).parent / "results" / "survey_speed.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
