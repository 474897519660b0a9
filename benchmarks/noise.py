"""Is the estimated noise of the published scores believable? Four checks, written to ``results/noise.json``.

1. The closed-form estimate against the maximum likelihood of a local level model, pooled over
   provinces (statsmodels), and its own uncertainty by a bootstrap over provinces.
2. The survey's design: provinces with six districts in the sample should have half the noise of those with
   three. The ratio is estimated without using it.
3. The survey's design: how many interviews drawn one by one would be as noisy, and which likeness of
   neighbours (intraclass correlation in a village) would explain it. None does where the design effect is more than a
   village has interviews: then villages of one mind each would not be noisy enough, the questions are not as independent
   as is taken, or the noise holds what passes between years as well.
4. When a province rises by five places, how often is that a true rise of five?
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from statsmodels.tsa.statespace.structural import UnobservedComponents

from papi_lib import datafiles, index, places, precision, published

LONG_EDITIONS = (2011, 2021)
SAMPLE = datafiles.read("sample").set_index("province_code")
RELATIVE = (SAMPLE["districts"].mode()[0] / SAMPLE["districts"]).to_numpy()


def panel(part: int | str | None, years: list[int]) -> np.ndarray:
    """Return differences to the year's mean."""
    wide = published.series(part)[years]
    return (wide - wide.mean()).to_numpy()


def local_level(scores: np.ndarray) -> float:
    """Return the standard error by pooled maximum likelihood."""
    models = [UnobservedComponents(row, "llevel", use_exact_diffuse=True) for row in scores]
    start = np.log(np.nanvar(scores) * np.array([0.3, 0.1]))

    def loss(log_variance: np.ndarray) -> float:
        noise, change = np.exp(log_variance)
        return -sum(m.loglike([noise * v, change]) for m, v in zip(models, RELATIVE, strict=True))

    return float(np.exp(minimize(loss, start, method="Nelder-Mead", options={"xatol": 0.02, "fatol": 0.01}).x[0] / 2))


def estimators() -> list[dict]:
    """Check 1, for the total and every dimension."""
    rows, rng = [], np.random.default_rng(0)
    for edition in LONG_EDITIONS:
        for part in (None, *index.dimensions(edition)):
            years = index.edition_years(edition)
            scores = panel(part, years)
            again = (rng.integers(0, len(scores), len(scores)) for _ in range(300))
            spread = [np.sqrt(precision.noise_and_change(scores[i], years, RELATIVE[i])[0].item()) for i in again]
            rows.append({
                "edition": edition,
                "part": "total" if part is None else part,
                "se": np.sqrt(precision.noise_and_change(scores, years, RELATIVE)[0].item()),
                "bootstrap_sd_of_se": np.std(spread),
                "maximum_likelihood": local_level(scores),
            })  # fmt: skip
    return rows


def districts() -> dict:
    """Check 2: noise of provinces with six districts over that of the others, all sub-dimensions of long segments."""
    six = (SAMPLE["districts"] == 6).to_numpy()
    found, moves = {True: [], False: []}, []
    for edition in LONG_EDITIONS:
        for part in index.subdimensions(edition):
            years = max((index.segment(y, part) for y in index.edition_years(edition)), key=len)
            scores = panel(part, years)
            scores = scores / np.sqrt(np.nanmean(np.diff(scores, axis=1) ** 2))
            moves.append(pd.DataFrame(np.diff(scores, axis=1) ** 2, SAMPLE.index).mean(axis=1))
            for group, noises in found.items():
                chosen = scores[six == group]
                noises.append(precision.noise_and_change(chosen, years, np.ones(len(chosen)))[0])
    steadiest = pd.concat(moves, axis=1).mean(axis=1).sort_values()
    return {
        "noise_ratio": np.mean(found[True]) / np.mean(found[False]),
        "by_design": 0.5,
        "steadiest": {places.province(c).name_en: value for c, value in steadiest.head(8).items()},
        "with_six_districts": [places.province(c).name_en for c in SAMPLE.index[six]],
    }


def design(year: int = 2024) -> list[dict]:
    """Check 3, for every dimension; a sub-dimension is taken as `items` independent yes-or-no questions."""
    rows, structure = [], index.structure(year).set_index("subdimension")
    interviews, per_village = 192, 16
    for dimension in index.dimensions(year):
        means = pd.Series(
            {part: published.series(part, year)[year].mean() for part in index.subdimensions(year, dimension)}
        )
        spans = structure.loc[means.index]
        share = (means - spans["lower"]) / (spans["upper"] - spans["lower"])
        variance = ((spans["upper"] - spans["lower"]) ** 2 * share * (1 - share)).sum()
        for items in (3, 6):
            effect = interviews * precision.standard_errors(year).loc[dimension, "se"] ** 2 / (variance / items)
            rows.append({
                "dimension": dimension,
                "items": items,
                "interviews_drawn_one_by_one": interviews / effect,
                "design_effect": effect,
                "intraclass_correlation": np.clip((effect - 1) / (per_village - 1), 0, 1),
                "share_that_villages_explain": min(1, per_village / effect),
            })  # fmt: skip
    return rows


def rises(year: int = 2024, places_up: int = 5, draws: int = 4000) -> dict:
    """Check 4, by drawing true scores, their change in a year, and noise."""
    rng, years = np.random.default_rng(0), index.edition_years(year)
    noise, change = precision.noise_and_change(panel(None, years), years, RELATIVE)
    before = rng.normal(0, precision.standard_errors(year).loc["total", "signal_sd"], (draws, 63))
    after = before + rng.normal(0, np.sqrt(change), before.shape)
    noisy = [x + rng.normal(0, np.sqrt(noise * RELATIVE), x.shape) for x in (before, after)]
    true, seen = (
        (x.argsort(axis=1).argsort(axis=1) - y.argsort(axis=1).argsort(axis=1)) >= places_up
        for x, y in ((after, before), noisy[::-1])
    )
    return {"seen": seen.mean(), "true": true.mean(), "true_given_seen": true[seen].mean()}


def main() -> None:
    """Run the checks, print and save them."""
    result = {"estimators": estimators(), "districts": districts(), "design": design(), "rises_of_five": rises()}
    result = json.loads(json.dumps(result, default=float), parse_float=lambda x: round(float(x), 3))
    (Path(__file__).parent / "results" / "noise.json").write_text(
        json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    )
    for name, rows in result.items():
        print(name, pd.DataFrame(rows).to_string() if isinstance(rows, list) else json.dumps(rows, ensure_ascii=False))


if __name__ == "__main__":
    main()
