"""The questions of the sensitivity page: does the rank depend on how the index is put together, and on noise?

Like `papi_lib.sections`, each function shows one question with its answer and returns what is behind
it. Where the province has no published total there is no rank of it to test: the page says so and
shows the other provinces. Ranges of ranks here are *spread* of runs, no confidence sets.
"""

from __future__ import annotations

import pandas as pd

from papi_lib import association, charts_sensitivity, sensitivity, tables
from papi_lib.labels import choice_name, group_name, part_name, step_name
from papi_lib.page import Page
from papi_lib.sensitivity import Runs
from papi_lib.wording import mark

_LEVEL = 0.9
_COMPARED = ("methods", "sampling", "all")


def group_shares(page: Page, scenarios: dict[str, Runs]) -> pd.DataFrame | None:
    """Ask how often the province falls in each group.

    Parameters
    ----------
    page : Page
        The page.
    scenarios : dict of Runs
        From `papi_lib.sensitivity.scenarios`.

    Returns
    -------
    pandas.DataFrame or None
        Indexed by scenario, a column a group (1 = highest), shares of 1.
    """
    w, row, code = page.w, page.standing, page.place.code
    page.ask("How often does {place} fall in each group?")
    if row is None:
        page.say(
            "PAPI published no total of {place} in {year}, so there is no rank of it to test; the page shows the other provinces.",
            place=page.name, year=page.year,
        )  # fmt: skip
        return None
    group = int(row["group"])
    shares = pd.DataFrame({name: runs.group_shares().loc[code] for name, runs in scenarios.items()}).T
    page.say(
        "By the published scores, {place} is in the {group} of four groups and has rank {rank} in our ordering; noise leaves any rank from {lower} to {upper} possible (95%).",
        place=page.name, group=group_name(group, w), rank=int(row["rank"]), lower=int(row["lower"]), upper=int(row["upper"]),
    )  # fmt: skip
    page.say(
        "It stays in this group in {methods} of the runs where choices of method vary, in {noise} where the noise is drawn anew, and in {both} where both do.",
        methods=w.percent(shares.loc["methods", group]), noise=w.percent(shares.loc["sampling", group]), both=w.percent(shares.loc["all", group]),
    )  # fmt: skip
    usual = int(shares.loc["all"].idxmax())
    if usual != group:
        page.say(
            "With both, it falls more often in the {group} group ({share}).",
            group=group_name(usual, w), share=w.percent(shares.loc["all", usual]),
        )  # fmt: skip
    page.show(charts_sensitivity.group_shares(shares, group, w, page.place))
    return shares


def rank_shares(page: Page, scenarios: dict[str, Runs]) -> pd.DataFrame | None:
    """Ask which ranks come up, by choices of method alone against noise alone.

    Returns
    -------
    pandas.DataFrame or None
        Ranks × scenarios (methods, noise, both), shares of 1.
    """
    if page.standing is None:
        return None
    code = page.place.code
    page.ask("Which ranks come up, and how often?")
    spread = pd.DataFrame({name: scenarios[name].spread(_LEVEL).loc[code] for name in _COMPARED}).T.round().astype(int)
    page.say(
        "In the middle 90% of runs, choices of method alone give ranks {a} to {b}, noise alone gives {c} to {d}, both together give {e} to {f}.",
        **dict(zip("abcdef", spread[["lower", "upper"]].to_numpy().ravel(), strict=True)),
    )  # fmt: skip
    page.note(
        "Such a range says what came up in the runs. It is no confidence set: the published score that the noise is added to has noise in it already."
    )
    n = scenarios["all"].ranks.shape[1]
    shares = pd.DataFrame({
        name: scenarios[name].ranks[code].value_counts(normalize=True).reindex(range(1, n + 1), fill_value=0.0)
        for name in _COMPARED
    })  # fmt: skip
    page.show(charts_sensitivity.rank_shares(shares, spread, int(page.standing["rank"]), page.w, page.place))
    return shares


def variants(page: Page, scenarios: dict[str, Runs]) -> pd.DataFrame | None:
    """Ask what one step done otherwise does to the rank, everything else as published.

    Returns
    -------
    pandas.DataFrame or None
        Indexed by ``step`` and ``choice``, as published first: the province's ``rank`` and ``group``, and
        ``moved``, the places that provinces move on average.
    """
    if page.standing is None:
        return None
    w, code = page.w, page.place.code
    ranks = sensitivity.variants(page.year)
    published = ranks["published", "published"]
    frame = pd.DataFrame({
        "rank": ranks.loc[code],
        "group": sensitivity.groups(ranks.T.to_numpy())[:, ranks.index.get_loc(code)],
        "moved": ranks.sub(published, axis=0).abs().mean(),
    })  # fmt: skip
    frame.attrs["provinces"] = len(ranks)
    others = frame.iloc[1:]
    low, high = scenarios["sampling"].spread(_LEVEL).loc[code, ["lower", "upper"]].round().astype(int)
    page.ask("What if one step is done otherwise?")
    page.say(
        "{kept} of {n} ways that change a single step leave {place} in its group; {inside} leave it among the ranks that noise alone gives in the middle 90% of runs.",
        kept=int((others["group"] == frame["group"].iloc[0]).sum()), n=len(others), place=page.name,
        inside=int(others["rank"].between(low, high).sum()),
    )  # fmt: skip
    gain = published[code] - others["rank"]
    farthest = gain.abs().idxmax()
    if gain[farthest]:
        sentences = {
            True: mark("The largest move is {places} places up: {step}, {choice}."),
            False: mark("The largest move is {places} places down: {step}, {choice}."),
        }
        page.say(
            sentences[bool(gain[farthest] > 0)],
            places=abs(int(gain[farthest])), step=step_name(farthest[0], w), choice=choice_name(farthest[1], w),
        )  # fmt: skip
    else:
        page.say("None of them moves {place} by a place.", place=page.name)
    page.show(charts_sensitivity.variants(frame, (low, high), w, page.place))
    return frame


def variance(page: Page, seed: int) -> pd.DataFrame:
    """Ask whether noise or choices of method move ranks more: the variance split by Sobol's indices.

    Returns
    -------
    pandas.DataFrame
        A row for the province, if it has a rank, and one for the mean over provinces, named in the page's
        language; columns sampling, weights, aggregation, normalisation and ``together``, shares of 1.
    """
    w = page.w
    page.ask("Does noise or the choice of method move ranks more?", "how-noisy-are-published-scores")
    mean = sensitivity.variance_shares(page.year, seed=seed)
    found = {w("mean over provinces"): mean}
    if page.standing is not None:
        own = sensitivity.variance_shares(page.year, page.place.code, seed=seed)
        found = {page.name: own} | found
    parts = pd.DataFrame({name: frame["first"].clip(lower=0) for name, frame in found.items()}).T
    parts["together"] = (1 - parts.sum(axis=1)).clip(lower=0)
    if page.name in found:
        _say_which(page, own)
        page.say("Parts of the variance of its rank: {split}.", split=_split(page, parts.iloc[0]))
    page.say("On average over provinces: {split}.", split=_split(page, parts.iloc[-1]))
    page.show(charts_sensitivity.variance(parts, w))
    page.note(
        "Sobol's first indices from {runs} runs in Saltelli's design; each may be off by up to {margin} (95%).",
        runs=w.number(mean.attrs["runs"], 0), margin=w.percent(max(frame["margin"].max() for frame in found.values())),
    )  # fmt: skip
    page.note(
        "How much method counts depends on what is tried: one of the ways of weighting draws the weights at random and may let one dimension decide almost alone."
    )
    return parts


def everyone(page: Page, scenarios: dict[str, Runs]) -> pd.DataFrame:
    """Ask how the ranks of all provinces move.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``province_code``; columns are pairs: ``rank`` and ``stays`` under ``published``, ``lower``
        and ``upper`` under ``methods`` and ``sampling``.
    """
    standing = page.rank_sets.loc[scenarios["all"].ranks.columns].astype({"rank": int, "group": int})
    shares = scenarios["all"].group_shares()
    stays = pd.Series([shares.loc[code, group] for code, group in standing["group"].items()], standing.index)
    spread = {name: scenarios[name].spread(_LEVEL)[["lower", "upper"]].round().astype(int) for name in _COMPARED[:2]}
    frame = pd.concat({"published": pd.DataFrame({"rank": standing["rank"], "stays": stays})} | spread, axis=1)
    page.ask("How do the ranks of all provinces move?")
    page.say(
        "{firm} of {n} provinces stay in their published group in at least nine of ten runs where method and noise vary.",
        firm=int((stays >= _LEVEL).sum()), n=len(frame),
    )  # fmt: skip
    width = {name: (ends["upper"] - ends["lower"]).mean() for name, ends in spread.items()}
    page.say(
        "The middle 90% of a province's ranks span {methods} places on average by choices of method alone, {noise} by noise alone.",
        methods=page.w.number(width["methods"], 0), noise=page.w.number(width["sampling"], 0),
    )  # fmt: skip
    page.show(charts_sensitivity.everyone(frame, page.w, page.place))
    return frame


def tried(page: Page, runs: int, seed: int) -> pd.DataFrame:
    """Ask what was tried: the methods of each step, the dimensions' weights, number of runs and seed.

    Returns
    -------
    pandas.DataFrame
        Weights by ``dimension`` and way, adding up to 1, with ``alpha`` of the dimension's parts.
    """
    w = page.w
    page.ask("What was tried?")
    tried = {
        w("points"): sensitivity.NORMALISATIONS[1:],
        w("arithmetic mean"): sensitivity.AGGREGATIONS[1:],
        w("each dimension the same"): sensitivity.WEIGHTS[1:],
    }
    other = ["; ".join(choice_name(choice, w) for choice in choices) for choices in tried.values()]
    shown = pd.DataFrame({
        w("as published"): [*tried, w("none"), w("published scores")],
        w("tried besides"): [*other, w("each dimension in turn"), w("scores with noise of the size of their standard errors")],
    }, index=pd.Index([step_name(step, w) for step in sensitivity.SOURCES], name=w("step")))  # fmt: skip
    page.show(tables.Table(shown, w("Steps of building the index, and what was tried"), w))
    frame = sensitivity.fixed_weights(page.year)
    alpha = association.alpha(page.year)["alpha"].reindex(frame.index)
    named = (
        (100 * frame).set_axis([choice_name(way, w) for way in frame], axis=1).assign(**{w("Cronbach's alpha"): alpha})
    )
    named.index = pd.Index([part_name(d, w) for d in frame.index], name=w("part"))
    decimals = dict.fromkeys(named, 1) | {w("Cronbach's alpha"): 2}
    page.show(
        tables.Table(
            named, w("Weights of the dimensions (%), and how far the parts of each measure one thing"), w, decimals
        )
    )
    page.note(
        "{n} runs for each scenario; each method of a step is as likely as the others. Seed {seed} makes the same runs again, and the notebook keeps every run's settings.",
        n=w.number(runs, 0), seed=seed,
    )  # fmt: skip
    return frame.assign(alpha=alpha)


def _say_which(page: Page, shares: pd.DataFrame) -> None:
    """Say whether noise or the choices of method move the province's rank more, if the runs can tell."""
    first, margin = shares["first"], shares["margin"]
    more = first["sampling"] - first.drop("sampling").sum()
    if abs(more) <= (margin**2).sum() ** 0.5:
        page.say("Noise and the choice of method move the rank of {place} about as much.", place=page.name)
    elif more > 0:
        page.say("Noise moves the rank of {place} more than all choices of method.", place=page.name)
    else:
        page.say("The choice of method moves the rank of {place} more than noise does.", place=page.name)


def _split(page: Page, shares: pd.Series) -> str:
    """Return the sources' shares as a list in the page's language."""
    w = page.w
    names = {source: w("acting together") if source == "together" else step_name(source, w) for source in shares.index}
    return w.join(f"{name} {w.percent(share)}" for name, share in zip(names.values(), shares, strict=True))
