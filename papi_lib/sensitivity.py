"""Would the order of provinces stand if the index were built otherwise, and what moves it most?

The index is rebuilt from its published sub-dimension scores with other normalisations, aggregations,
weights or without a dimension, and with the scores' noise drawn anew. The structure is data
(`papi_lib.index.structure`), so every variant is the same few lines. The steps are those of the
OECD/JRC Handbook on Constructing Composite Indicators (2008), steps 4 to 7, and of A. Saltelli et
al., Global Sensitivity Analysis: The Primer (2008). Ranges of ranks from here are *spread*, no
confidence sets: those are in `papi_lib.ranks`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from SALib.analyze import sobol as sobol_indices
from SALib.sample import sobol as sobol_design
from scipy.stats import rankdata

from papi_lib import association, datafiles, estimates, index, places, precision, published

#: Published points, as 1-10; the observed minimum to maximum as 1-10; standard scores with mean 100 and
#: standard deviation 10, which cannot reach zero with fewer than 100 provinces; the share of provinces
#: that are not better.
NORMALISATIONS = ("published", "minmax", "zscore", "percentile")
#: Within dimensions and across them: sums, or products, where a low part weighs more.
AGGREGATIONS = ("arithmetic", "geometric")
#: Of dimensions: all equal, as published; by their number of sub-dimensions; by their squared
#: loadings on the first principal component; drawn from the flat Dirichlet distribution.
WEIGHTS = ("published", "subdimensions", "pca", "dirichlet")
#: What a set of runs may vary.
SOURCES = ("normalisation", "aggregation", "weights", "left_out", "sampling")
#: What varies in each scenario: one choice of method alone, all of them, the noise alone, everything.
SCENARIOS = {source: (source,) for source in SOURCES[:-1]} | {
    "methods": SOURCES[:-1],
    "sampling": ("sampling",),
    "all": SOURCES,
}

_SOBOL_SOURCES = ("sampling", "weights", "aggregation", "normalisation")
_SOBOL_FIGURES = (("first", "S1"), ("total", "ST"), ("margin", "S1_conf"))
_CHUNK = 500


@dataclass(frozen=True)
class Runs:
    """Many rebuilt rankings and how each was made.

    Attributes
    ----------
    settings : pandas.DataFrame
        A row a run: ``normalisation``, ``aggregation``, ``weights``, ``left_out`` (dimension, 0 for
        none), ``sampling`` (number of the noise draw, missing without noise), and the weight of
        every dimension in ``weight_1``, ….
    ranks : pandas.DataFrame
        Runs × ``province_code`` of the provinces with a published total; 1 = highest.
    """

    settings: pd.DataFrame
    ranks: pd.DataFrame

    def group_shares(self) -> pd.DataFrame:
        """Return by province the share of runs in each of the four groups, 1 = highest."""
        group = published.groups(self.ranks.to_numpy(), self.ranks.shape[1])
        return pd.DataFrame({g: (group == g).mean(axis=0) for g in (1, 2, 3, 4)}, index=self.ranks.columns)

    def spread(self, level: float = 0.9) -> pd.DataFrame:
        """Return by province the middle `level` of its ranks: ``lower``, ``middle``, ``upper``, whole ranks."""
        ends = self.ranks.quantile([(1 - level) / 2, 0.5, (1 + level) / 2], interpolation="nearest").T
        return ends.set_axis(["lower", "middle", "upper"], axis="columns").astype(int)


def rebuild(
    year: int,
    *,
    normalisation: str = "published",
    aggregation: str = "arithmetic",
    weights: str = "published",
    left_out: int | None = None,
) -> pd.Series:
    """Rebuild the index once, without noise.

    Parameters
    ----------
    year : int
        Year of the survey.
    normalisation, aggregation, weights : str
        One of `NORMALISATIONS`, `AGGREGATIONS` and `WEIGHTS` but ``"dirichlet"``.
    left_out : int or None
        Dimension to leave out.

    Returns
    -------
    pandas.Series
        Score by ``province_code`` of the provinces with a published total; with everything as
        published, the mean of the dimensions, 1-10.

    Raises
    ------
    ValueError
        No such method or dimension.

    Examples
    --------
    >>> int(rebuild(2024).rank(ascending=False)[1])
    29
    """
    for value, known in ((normalisation, NORMALISATIONS), (aggregation, AGGREGATIONS), (weights, WEIGHTS[:-1])):
        if value not in known:
            raise ValueError(f"no method {value!r}; choose from {', '.join(known)}")
    if left_out is not None and left_out not in index.dimensions(year):
        raise ValueError(f"no dimension {left_out!r} in {year}; choose from {index.dimensions(year)}")
    scores = _scores(year)
    weight = _without(fixed_weights(year)[weights].to_numpy()[None], [left_out or 0], index.dimensions(year))
    score = _aggregate(_normalise(scores.to_numpy()[None], normalisation), _members(year), aggregation, weight)
    return pd.Series(score[0], scores.index, name="score")


def variants(year: int) -> pd.DataFrame:
    """Return ranks with one step done otherwise and the rest as published, without noise.

    Returns
    -------
    pandas.DataFrame
        By ``province_code``; the columns are pairs of ``step`` (of `SOURCES`) and ``choice``, the method
        or the dimension left out; the first, ``("published", "published")``, has nothing changed.
    """
    steps = {"normalisation": NORMALISATIONS, "aggregation": AGGREGATIONS, "weights": WEIGHTS[:-1]}
    choices = [(step, choice) for step, known in steps.items() for choice in known[1:]]
    choices += [("left_out", dimension) for dimension in index.dimensions(year)]
    scores = {("published", "published"): rebuild(year)} | {
        (step, choice): rebuild(year, **{step: choice}) for step, choice in choices
    }
    ranks = pd.DataFrame(scores).rank(ascending=False, method="min").astype(int)
    return ranks.rename_axis(columns=["step", "choice"])


@datafiles.cached
def fixed_weights(year: int) -> pd.DataFrame:
    """Return the dimensions' weights of each way that is not random, adding up to 1: dimensions × ways."""
    parts = index.structure(year)["dimension"].value_counts()[index.dimensions(year)]
    ways = {"published": parts**0, "subdimensions": parts, "pca": association.loadings(year)[1] ** 2}
    frame = pd.DataFrame(ways).rename_axis("dimension")
    return frame / frame.sum()


@datafiles.cached
def scenarios(year: int, n: int = 10_000, *, seed: int = 0) -> dict[str, Runs]:
    """Return `n` runs for each of `SCENARIOS`, by its name; parameters as for `runs`."""
    return {name: runs(year, n, vary=vary, seed=seed) for name, vary in SCENARIOS.items()}


def runs(year: int, n: int = 10_000, *, vary: Iterable[str] = SOURCES, seed: int = 0) -> Runs:
    """Rebuild the index many times, with what varies drawn at random.

    Parameters
    ----------
    year : int
        Year of the survey.
    n : int
        Runs.
    vary : iterable of str
        Which of `SOURCES` vary, each method as likely as the others; the rest stays as published.
        The noise is normal with the standard errors of `papi_lib.precision`; sub-dimensions are as
        much alike in it, any two of them, as makes the total as noisy as it is.
    seed : int
        Seed of the draws.

    Raises
    ------
    ValueError
        `vary` names something else.
    """
    vary = set(vary)
    if unknown := vary - set(SOURCES):
        raise ValueError(f"cannot vary {min(unknown)!r}; choose from {', '.join(SOURCES)}")
    rng, dimensions = np.random.default_rng(seed), index.dimensions(year)

    def drawn(source: str, choices: tuple) -> np.ndarray:
        return rng.choice(choices, n) if source in vary else np.full(n, choices[0])

    settings = pd.DataFrame({
        "normalisation": drawn("normalisation", NORMALISATIONS),
        "aggregation": drawn("aggregation", AGGREGATIONS),
        "weights": drawn("weights", WEIGHTS),
        "left_out": drawn("left_out", (0, *dimensions)),
        "sampling": pd.array(np.arange(n), "Int64") if "sampling" in vary else pd.array([pd.NA] * n, "Int64"),
    })  # fmt: skip
    weight = _drawn_weights(year, settings["weights"].to_numpy(), seed)
    settings[_columns(year)] = _without(weight, settings["left_out"], dimensions)
    return Runs(settings, rank_again(year, settings, seed))


def rank_again(year: int, settings: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Rank provinces by given settings: one run again, or with one method changed.

    Parameters
    ----------
    year : int
        Year of the survey.
    settings : pandas.DataFrame
        Rows and columns as in `Runs.settings`; weights count as the weight columns have them.
    seed : int
        Seed that the settings were drawn with.

    Returns
    -------
    pandas.DataFrame
        Rows of `settings` × ``province_code``; 1 = highest.
    """
    weight, members = settings[_columns(year)].to_numpy(float), _members(year)
    ranks = np.empty((len(settings), len(_scores(year))), dtype=int)
    ways = settings[["normalisation", "aggregation"]].assign(noisy=settings["sampling"].notna())
    for (how, combine, noisy), rows in ways.reset_index(drop=True).groupby([*ways]).indices.items():
        for some in np.array_split(rows, -(-len(rows) // _CHUNK)):
            # Without noise, one table of scores stands for all runs.
            drawn = (
                _with_noise(year, settings["sampling"].iloc[some], seed) if noisy else _scores(year).to_numpy()[None]
            )
            score = _aggregate(_normalise(drawn, how), members, combine, weight[some])
            ranks[some] = rankdata(-score, method="min", axis=1)
    return pd.DataFrame(ranks, settings.index, _scores(year).index)


@datafiles.cached
def variance_shares(year: int, province: str | int | None = None, *, n: int = 1024, seed: int = 0) -> pd.DataFrame:
    """Split the variance of ranks into sampling, weights, aggregation and normalisation.

    Parameters
    ----------
    year : int
        Year of the survey.
    province : str, int or None
        Name or code; None for the mean over provinces, weighted by their variance.
    n : int
        Base runs, a power of two; six times as many are made.
    seed : int
        Seed of the draws.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``source``: ``first``, the share that the source explains by itself, and
        ``total``, that with its interactions (Sobol's indices; estimates, so small ones may be
        negative); ``margin``, half the 95% interval of ``first`` (at most so, for the mean over
        provinces); in ``.attrs`` the ``variance`` of the rank, in places², and the ``runs``.

    Raises
    ------
    ValueError
        The province has no published total.
    """
    ranks, problem = _sobol_runs(year, n, seed)
    if province is not None:
        place = places.province(province)
        if place.code not in ranks:
            raise ValueError(f"no published total of {place.name_vi} in {year}")
        ranks = ranks[[place.code]]
    variance = ranks.var(ddof=0).to_numpy()
    fixed = seed + 1  # SALib takes a seed of zero for none
    found = [
        sobol_indices.analyze(
            problem, ranks[code].to_numpy(float), calc_second_order=False, num_resamples=50, seed=fixed
        )
        for code in ranks
    ]
    frame = pd.DataFrame(
        {name: np.average([f[key] for f in found], axis=0, weights=variance) for name, key in _SOBOL_FIGURES},
        index=pd.Index(_SOBOL_SOURCES, name="source"),
    )  # fmt: skip
    frame.attrs |= {"variance": float(variance.mean()), "runs": len(ranks)}
    return frame


def _wide(year: int, column: str) -> pd.DataFrame:
    """Return a column of the sub-dimensions' estimates, of the provinces with a published total, all as 1-10."""
    parts = tuple(index.subdimensions(year))
    wide = estimates.from_published(year, parts).pivot(index="place", columns="part", values=column)[list(parts)]
    return wide[published.totals(year)["total"].notna()].rename_axis("province_code") * _parts(year)


@datafiles.cached
def _scores(year: int) -> pd.DataFrame:
    return _wide(year, "score")


def _members(year: int) -> list[np.ndarray]:
    """Return by dimension the positions of its sub-dimensions."""
    dimension = index.structure(year)["dimension"].to_numpy()
    return [np.flatnonzero(dimension == d) for d in index.dimensions(year)]


def _parts(year: int) -> np.ndarray:
    """Return by sub-dimension how many its dimension has: times this, its points run from 1 to 10."""
    dimension = index.structure(year)["dimension"]
    return dimension.map(dimension.value_counts()).to_numpy(float)


def _without(weight: np.ndarray, left_out: Iterable[int], dimensions: list[int]) -> np.ndarray:
    """Return weights (runs × dimensions) without the dimension that each run leaves out (0: none)."""
    kept = np.asarray(left_out)[:, None] != np.asarray(dimensions)
    return weight * kept / (weight * kept).sum(axis=1, keepdims=True)


def _normalise(x: np.ndarray, how: str) -> np.ndarray:
    """Return scores (runs × provinces × sub-dimensions) on one scale, all above zero."""
    if how == "published":
        return x
    if how == "minmax":
        low, high = x.min(axis=1, keepdims=True), x.max(axis=1, keepdims=True)
        return 1 + 9 * (x - low) / (high - low)
    if how == "zscore":
        return 100 + 10 * (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    return rankdata(x, axis=1) / x.shape[1]


def _aggregate(x: np.ndarray, members: list[np.ndarray], how: str, weight: np.ndarray) -> np.ndarray:
    """Return scores (runs × provinces): equal weights inside dimensions, given ones (runs × dimensions) across."""
    x = np.log(x) if how == "geometric" else x
    inside = np.stack([x[:, :, m].mean(axis=2) for m in members], axis=2)
    across = np.einsum("rpd,rd->rp", inside, weight)
    return np.exp(across) if how == "geometric" else across


@datafiles.cached
def _noise(year: int) -> tuple[np.ndarray, float]:
    """Return standard errors (provinces × sub-dimensions), and how errors of two sub-dimensions correlate.

    The one correlation for all pairs is what the noise of the total asks for.
    """
    usual = precision.standard_errors(year)["se"]
    total, usual = usual["total"] ** 2, usual[index.subdimensions(year)]
    alone, together = (usual**2).sum(), usual.sum() ** 2
    return _wide(year, "se").to_numpy(), float(np.clip((total - alone) / (together - alone), 0.0, 1.0))


def _with_noise(year: int, numbers: pd.Series, seed: int) -> np.ndarray:
    """Return scores with noise (runs × provinces × sub-dimensions), each draw the same whenever its number comes again."""
    scores, (se, alike) = _scores(year).to_numpy(), _noise(year)
    normal = np.empty((len(numbers), len(scores), scores.shape[1] + 1))
    for row, number in zip(normal, numbers, strict=True):
        np.random.default_rng([seed, int(number)]).standard_normal(out=row)
    noise = se * (np.sqrt(1 - alike) * normal[:, :, 1:] + np.sqrt(alike) * normal[:, :, :1])
    return np.maximum(scores + noise, index.DIMENSION_RANGE[0])


@datafiles.cached
def _sobol_runs(year: int, n: int, seed: int) -> tuple[pd.DataFrame, dict]:
    """Return ranks of Saltelli's design over the four sources, and the design's description.

    A source is one number between 0 and 1: for sampling and weights it names a draw.
    """
    problem = {"num_vars": 4, "names": list(_SOBOL_SOURCES), "bounds": [[0.0, 1.0]] * 4}
    design = pd.DataFrame(sobol_design.sample(problem, n, calc_second_order=False, seed=seed), columns=_SOBOL_SOURCES)
    chosen = (design * [n, n, len(AGGREGATIONS), len(NORMALISATIONS)]).astype(int)
    weight = _drawn_weights(year, np.random.default_rng(seed).choice(WEIGHTS, n), seed)
    settings = pd.DataFrame({
        "normalisation": np.take(NORMALISATIONS, chosen["normalisation"]),
        "aggregation": np.take(AGGREGATIONS, chosen["aggregation"]),
        "sampling": chosen["sampling"],
    })  # fmt: skip
    settings[_columns(year)] = weight[chosen["weights"]]
    return rank_again(year, settings, seed), problem


def _drawn_weights(year: int, ways: np.ndarray, seed: int) -> np.ndarray:
    """Return the dimensions' weights (runs × dimensions) for each run's way of weighting."""
    weight = np.random.default_rng(seed).dirichlet(np.ones(len(index.dimensions(year))), len(ways))
    for way, values in fixed_weights(year).items():
        weight[ways == way] = values
    return weight


def _columns(year: int) -> list[str]:
    return [f"weight_{d}" for d in index.dimensions(year)]
