"""Does what is told so often come so often? Chances of a true rise on panels from the model, written to ``results/chances.json``.

Panels of 61 provinces at two times, with reliabilities, correlations and sizes of the errors drawn as the method takes
them to be before it sees the scores: by tenths, the chance told of a true rise by at least five places and how often
one came. Beside it what is told of Ha Noi's rise of 2021 with each margin, and with errors half as large again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from papi_lib import posterior, precision, published

PANELS, DF, PLACES = 1000, 20, 5
RELATIVE = np.repeat([0.5, 1.0], [6, 55])
EDGES = [0, 0.1, 0.3, 0.5, 0.7, 0.85, 1]


def panel(rng: np.random.Generator, seed: int) -> pd.DataFrame:
    """Return the chances told of one panel, and what was true."""
    real, rho = rng.uniform(0.2, 0.9), rng.uniform(0, 1)
    truth = rng.multivariate_normal([0, 0], real * np.array([[1, rho], [rho, 1]]), len(RELATIVE))
    size = DF / rng.chisquare(DF)  # what the errors truly are, of what they are known to be
    scores = truth + rng.normal(0, np.sqrt((1 - real) * size), truth.shape) * np.sqrt(RELATIVE)[:, None]
    noise = (1 - real) * RELATIVE[:, None, None] * np.eye(2)
    ranks, true = (
        np.argsort(np.argsort(-drawn, axis=1), axis=1)
        for drawn in (posterior.true_values(scores, noise, DF, seed), truth[None])
    )
    gains, gained = ranks[..., 0] - ranks[..., 1], true[0, :, 0] - true[0, :, 1]
    return pd.DataFrame({"told": (gains >= PLACES).mean(axis=0), "came": gained >= PLACES})


def ha_noi() -> dict:
    """Return the chance that Ha Noi truly rose by five places in 2021, by margin and by size of the errors."""
    scores = published.series()[[2020, 2021]].dropna()
    found = {
        margin: posterior.rises(2020, 2021, margin=margin, places=PLACES).loc[1, "rose"]
        for margin in ("passing", "level")
    }
    for times in (1, 1.35, 2):
        noise = np.zeros((len(scores), 2, 2))
        for at, year in enumerate(scores):
            noise[:, at, at] = (
                times * precision.standard_errors_by_province("total", year, "passing")[scores.index]
            ) ** 2
        order = np.argsort(np.argsort(-posterior.true_values(scores.to_numpy(), noise), axis=1), axis=1)
        found[f"passing, {times} times"] = (
            (order[..., 0] - order[..., 1])[:, scores.index.get_loc(1)] >= PLACES
        ).mean()
    return {name: round(float(chance), 3) for name, chance in found.items()}


def main() -> None:
    """Measure, print and save."""
    rng = np.random.default_rng(0)
    cases = pd.concat([panel(rng, seed) for seed in range(PANELS)])
    bins = cases.groupby(pd.cut(cases["told"], EDGES)).agg(
        told=("told", "mean"), came=("came", "mean"), n=("came", "size")
    )
    result = {
        "panels": PANELS,
        "bias": float(cases["told"].mean() - cases["came"].mean()),
        "by_chance": bins.round(3).rename(index=str).to_dict("index"),
        "ha_noi_2021": ha_noi(),
    }
    print(json.dumps(result, indent=1))
    path = Path(__file__).parent / "results" / "chances.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
