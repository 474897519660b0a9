"""Do sets for ranks hold what they promise where neighbours are close? And how fast are they?

63 units whose true values lie 0.09 standard errors apart, as PAPI's totals do, are drawn with noise
again and again. The confidence sets of `papi_lib.ranks` are compared with the naive way: add noise
to the estimates once more and take the middle 95% of the ranks. Written to
``results/rank_coverage.json``; times are multiples of the naive way's.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from papi_lib.ranks import rank_confidence_sets

UNITS, GAP, LEVEL = 63, 0.09, 0.95


def naive(x: pd.Series, draws: int, seed: int) -> pd.DataFrame:
    """Return the middle 95% of the ranks when noise is added to the estimates."""
    noisy = x.to_numpy() + np.random.default_rng(seed).standard_normal((draws, len(x)))
    ranks = rankdata(-noisy, axis=1)
    lower, upper = np.quantile(ranks, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return pd.DataFrame({"lower": np.floor(lower), "upper": np.ceil(upper)}, index=x.index)


WAYS = {
    "naive": naive,
    "marginal": lambda x, n, s: rank_confidence_sets(x, 1.0, level=LEVEL, simultaneous=False, draws=n, seed=s),
    "simultaneous": lambda x, n, s: rank_confidence_sets(x, 1.0, level=LEVEL, draws=n, seed=s),
}


def coverage(repeats: int, draws: int = 2000) -> dict:
    """Return by way the share of sets that hold the true rank, and of league tables without a miss."""
    truth, rng = np.arange(UNITS)[::-1] * GAP, np.random.default_rng(1)
    rank = np.arange(1, UNITS + 1)
    held = {way: np.zeros((repeats, UNITS), dtype=bool) for way in WAYS}
    width = dict.fromkeys(WAYS, 0.0)
    for i in range(repeats):
        x = pd.Series(truth + rng.standard_normal(UNITS))
        for way, sets_of in WAYS.items():
            sets = sets_of(x, draws, i)
            held[way][i] = (sets["lower"] <= rank) & (rank <= sets["upper"])
            width[way] += (sets["upper"] - sets["lower"]).mean() / repeats
    return {
        way: {
            "mean": hit.mean(),
            "worst_unit": hit.mean(axis=0).min(),
            "all_units": hit.all(axis=1).mean(),
            "mean_width": width[way],
        }
        for way, hit in held.items()
    }


def speed(draws: int = 10_000, repeats: int = 5) -> dict:
    """Return the fastest of some runs of each way, in seconds and as a multiple of the naive way."""
    x = pd.Series(np.random.default_rng(2).normal(0, 1.6, UNITS))
    seconds = dict.fromkeys(WAYS, np.inf)
    for _ in range(repeats):
        for way, sets_of in WAYS.items():
            start = time.perf_counter()
            sets_of(x, draws, 0)
            seconds[way] = min(seconds[way], time.perf_counter() - start)
    return {way: {"seconds": s, "over_naive": s / seconds["naive"]} for way, s in seconds.items()}


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=400)
    result = {"level": LEVEL, "speed": speed(), "coverage": coverage(parser.parse_args().repeats)}
    result = json.loads(json.dumps(result, default=float), parse_float=lambda x: round(float(x), 3))
    (Path(__file__).parent / "results" / "rank_coverage.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
