"""Does the slope of convergence come out right, and does its interval hold? Made-up panels, true slope known.

Scores of 63 provinces over four years with the survey's design: real differences of variance 1, real
yearly change, noise. Written to ``results/convergence.json``: the mean of the published slope, the median
of the one without noise, and how often its 95% interval has the true slope; how often the interval of the
slope is below zero (``behind_gain``), and how often that of the ratio of spreads is below one as well
(``catching_up``). In ``constant_spread`` provinces change places while the gap stays as wide as it was:
whoever calls a slope below zero catching up is wrong there.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from papi_lib import changes, datafiles, precision

YEARS = [2021, 2022, 2023, 2024]
YEARLY_CHANGE = 0.05
PANELS = 200
SAMPLE = datafiles.read("sample").set_index("province_code")
RELATIVE = SAMPLE["districts"].mode()[0] / SAMPLE["districts"]


def made_up(slope: float, change: float, noise: float, rng: np.random.Generator) -> pd.DataFrame:
    """Return scores whose true gap closes by the slope over all years, beside a yearly change of some variance."""
    step, truth = (1 + slope) ** (1 / (len(YEARS) - 1)), [rng.normal(0, 1, len(SAMPLE))]
    while len(truth) < len(YEARS):
        truth.append(step * truth[-1] + rng.normal(0, np.sqrt(change), len(SAMPLE)))
    scores = (
        np.array(truth).T + rng.normal(0, 1, (len(SAMPLE), len(YEARS))) * np.sqrt(noise * RELATIVE.to_numpy())[:, None]
    )
    return pd.DataFrame(scores, SAMPLE.index, YEARS)


def judge(slope: float, noise: float, change: float = YEARLY_CHANGE) -> dict:
    """Return how one slope and noise come out."""
    rng, found = np.random.default_rng(0), []
    for _ in range(PANELS):
        scores = made_up(slope, change, noise, rng)
        usual = precision.noise_and_change((scores - scores.mean()).to_numpy(), YEARS, RELATIVE.to_numpy())[0]
        variance = pd.DataFrame(dict.fromkeys((YEARS[0], YEARS[-1]), usual * RELATIVE))
        gap = changes.convergence_of(scores, variance, draws=300)
        closing = gap.loc["beta", "upper"] < 0
        both = closing and gap.loc["sd_ratio", "upper"] < 1
        found.append(gap.loc["beta"].to_dict() | {"behind_gain": closing, "catching_up": both})
    found = pd.DataFrame(found)
    return {
        "true_slope": slope,
        "noise_variance": noise,
        "published": found["published"].mean(),
        "real": found["real"].median(),
        "coverage": found["lower"].lt(slope).mul(found["upper"].gt(slope)).mean(),
        "not_told": found["lower"].isna().mean(),
        "behind_gain": found["behind_gain"].mean(),
        "catching_up": found["catching_up"].mean(),
    }


def constant_spread(kept: float, noise: float) -> dict:
    """Return how a gap comes out that stays as wide, while of each province's distance a share is kept in a year."""
    return judge(kept ** (len(YEARS) - 1) - 1, noise, 1 - kept**2)


def main() -> None:
    result = {
        "panels": PANELS,
        "cases": [judge(slope, noise) for noise in (0.2, 0.5) for slope in (0.0, -0.4)],
        "constant_spread": [constant_spread(kept, noise) for noise in (0.2, 0.5) for kept in (0.95, 0.9, 0.8)],
    }
    result = json.loads(json.dumps(result, default=np.float64), parse_float=lambda x: round(float(x), 3))
    path = Path(__file__).parent / "results" / "convergence.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
