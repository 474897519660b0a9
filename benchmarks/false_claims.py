"""How many pages claim something where nothing differs? Made-up panels of provinces that are all alike.

In each panel all provinces have the same true values in every part and year, and the country's mean is the published
one. Scores differ by what passes within a year alone (``passing``), or also by which districts and villages each
sample went to (``redraw``), with the covariances between parts that the published scores show. The library estimates
its errors from the made-up panel itself, as it does from the published one, and every page of some provinces is
asked for its claims. Written to ``results/false_claims.json``: by kind of page the share that claims anything.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

from papi_lib import datafiles, estimates, index, places, posterior, precision, published

YEAR, PROVINCES, SURE = 2024, (1, 4, 48, 79, 66, 91), 0.95
REAL = published.series
RELATIVE = np.sqrt(precision._relative_noise(False).to_numpy())[:, None]


def covariance(margin: str) -> np.ndarray:
    """Return covariances between the parts of the last edition: the errors' sizes, the correlations of yearly moves."""
    parts = index.subdimensions(YEAR)
    moves = pd.concat({p: REAL(p)[2024] - REAL(p)[2023] for p in parts}, axis=1).corr().fillna(0).to_numpy()
    size = precision.standard_errors(YEAR, margin=margin).loc[parts, "se"].to_numpy()
    return moves * np.outer(size, size)


def panel(rng: np.random.Generator, errors: dict[str, np.ndarray]) -> dict:
    """Return made-up scores by part: provinces × years, with the published gaps."""
    parts = index.subdimensions(YEAR)
    scores, samples = {}, {}
    for year in index.years():
        noise = RELATIVE * rng.multivariate_normal(np.zeros(len(parts)), errors["passing"], len(RELATIVE))
        sample = index.sample_years(year)[0]
        if "redraw" in errors:
            if sample not in samples:
                samples[sample] = RELATIVE * rng.multivariate_normal(
                    np.zeros(len(parts)), errors["redraw"], len(RELATIVE)
                )
            noise = noise + samples[sample]
        for at, part in enumerate(parts):
            real = REAL(part)
            if year in real:
                scores.setdefault(part, {})[year] = (real[year].mean() + pd.Series(noise[:, at], real.index)).where(
                    real[year].notna()
                )
    made = {part: pd.DataFrame(own) for part, own in scores.items()}
    for dimension in index.dimensions(YEAR):
        own = index.subdimensions(YEAR, dimension)
        made[dimension] = sum(made[part].reindex(columns=REAL(dimension).columns) for part in own)
        for year in made[dimension]:  # older editions have other parts: what is there stands for all
            there = [part for part in own if year in made[part]]
            made[dimension][year] = sum(made[part][year] for part in there)
    made[None] = sum(made[d].reindex(columns=index.years()).fillna(0) for d in index.dimensions(YEAR)).where(
        REAL().notna()
    )
    return made


def claims(place: int) -> dict[str, bool]:
    """Return for each kind of page of a province whether it claims anything."""
    every = estimates.claims(place, YEAR)
    found = {"overview": every["clear"].any()}
    for dimension in index.dimensions(YEAR):
        own = every[every["part"] == dimension]["clear"].any() | estimates.claims(place, YEAR, dimension)["clear"].any()
        if dimension == 6:
            scores = estimates.from_published(YEAR, tuple(index.subdimensions(YEAR, 6)))
            own |= estimates.together(estimates.gaps(scores, place, "cities"), level=0.99)["clear"].any()
        found[f"dimension {dimension}"] = own
    moved = (
        posterior.rises(2021, YEAR).loc[place] if place in posterior.rises(2021, YEAR).index else {"rose": 0, "fell": 0}
    )
    return found | {"a rise or fall that is told as 95% sure": max(moved["rose"], moved["fell"]) > SURE}


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=200)
    count, rng, result = parser.parse_args().panels, np.random.default_rng(0), {}
    errors = {margin: covariance(margin) for margin in ("passing", "redraw")}
    for kind in ("passing", "redraw"):
        rows = []
        for _ in range(count):
            made = panel(rng, errors if kind == "redraw" else {"passing": errors["passing"]})
            for memory in datafiles._memories.values():
                memory.clear()
            published.series = lambda part=None, until=None, made=made: made.get(
                None if part == "total" else part, REAL(part)
            ).loc[:, lambda t: t.columns <= (until or 9999)]
            rows += [claims(place) for place in PROVINCES]
            published.series = REAL
        shares = pd.DataFrame(rows).mean()
        dimensions = shares.filter(like="dimension").mean()
        result[kind] = shares.round(3).to_dict() | {"all dimension pages": round(float(dimensions), 3)}
    result |= {
        "panels": count,
        "pages": count * len(PROVINCES),
        "provinces": [places.province(p).name_en for p in PROVINCES],
    }
    print(json.dumps(result, indent=1))
    path = Path(__file__).parent / "results" / "false_claims.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
