"""What a page is about: a place in a year, by published scores or a survey, and how it stands there."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from papi_lib import estimates, index, places, posterior, published
from papi_lib.page.words import Words, mark
from papi_lib.places import Place
from papi_lib.survey import units

#: What a province can be compared with.
_BESIDE = {
    "peers": mark("the mean of {region}"),
    "region": mark("the mean of {region}"),
    "median": mark("the median of provinces"),
    "cities": mark("the mean of the cities under central government"),
    "best": mark("the best province"),
}


@dataclass(frozen=True)
class View:
    """One page: a place, a year, a language and, on most pages, one dimension; shown by `papi_lib.page.page.Page`.

    Attributes
    ----------
    place : papi_lib.places.Place
        The place.
    year : int
        Year of the survey.
    words : papi_lib.page.words.Words
        The page's language.
    dimension : int or None
        Dimension the page is about; None for the whole index.
    survey : papi_lib.survey.units.Survey or None
        The respondents' records behind the page of a district or commune; None where the page stands on published scores.
    """

    place: Place
    year: int
    words: Words
    dimension: int | None = None
    survey: units.Survey | None = None

    @property
    def lang(self) -> str:
        """The page's language."""
        return self.words.lang

    @property
    def name(self) -> str:
        """The place's name in the page's language."""
        return self.place.name(self.lang)

    @property
    def series(self) -> int | str:
        """What the page is about: its dimension's number, or ``"total"``."""
        return "total" if self.dimension is None else self.dimension

    @property
    def parts(self) -> list:
        """The parts the page compares: a dimension's sub-dimensions, or the dimensions."""
        return index.dimensions(self.year) if self.dimension is None else index.subdimensions(self.year, self.dimension)

    @property
    def in_index(self) -> bool:
        """Whether the index of the year has the page's dimension."""
        return self.dimension is None or self.dimension in index.dimensions(self.year)

    @cached_property
    def measured(self) -> bool:
        """Whether the index of the year has the page's dimension, and of a province any score for the page."""
        if not self.in_index or self.survey:
            return self.in_index
        gaps = published.missing(self.place.code, self.year)
        return self.dimension not in gaps if self.dimension else len(gaps) < len(self.parts)

    @property
    def simulated(self) -> bool:
        """Whether the page shows made-up answers."""
        return self.survey is not None and self.survey.simulated

    @cached_property
    def scores(self) -> pd.DataFrame:
        """The estimates frame of the page's series and parts: all places of the year."""
        parts = (self.series, *self.parts) if self.in_index else ()
        return self.survey.estimates(parts) if self.survey else estimates.from_published(self.year, parts)

    @cached_property
    def standing(self) -> pd.DataFrame:
        """Every place's score in the page's series, with intervals and ranks; of provinces those that are probable.

        Of a survey with the model estimates.
        """
        if self.survey:
            models = self.survey.models.xs(self.series, level="series").rename(columns={"se": "model_se"})
            return self.survey.standing(self.series).join(models)
        return posterior.published_standing(self.year, self.series)

    @cached_property
    def claims(self) -> pd.DataFrame:
        """All differences that the page tells, each with its one verdict: see `papi_lib.estimates.claims`."""
        make = self.survey.claims if self.survey else lambda *about: estimates.claims(about[0], self.year, *about[1:])
        if not self.in_index:
            known = ["part", "kind", "score", "beside", "difference", "se", "margin", "z", "clear"]
            return pd.DataFrame(columns=[*known, *estimates.CHANGES])
        frame = make(self.place.code)
        if self.dimension is not None:
            own = frame[frame["part"] == self.dimension]
            frame = pd.concat([own, make(self.place.code, self.dimension)], ignore_index=True)
        return frame.reindex(columns=frame.columns.union(estimates.CHANGES, sort=False))

    @cached_property
    def profile(self) -> pd.DataFrame:
        """The parts of the page's score, beside the whole, places of its kind, and of provinces the best.

        Indexed by part, in points: ``score``, ``margin`` (of the difference to the whole), ``whole``, ``peers``, of
        provinces ``cities``, ``best`` and ``worst``, ``rank`` and ``of``, ``difference`` (to the whole) and ``clear``.
        """
        code, scores = self.place.code, estimates.intervals(self.scores[self.scores["part"].isin(self.parts)])
        verdicts = self.gaps.reindex(self.parts)
        frame = scores[scores["place"] == code].set_index("part")[["score", "se", "margin", "n"]]
        frame["whole"] = verdicts["beside"]
        for beside in ("peers",) if self.survey else ("peers", "cities", "best"):
            frame[beside] = estimates.gaps(scores, code, beside)["beside"]
        if not self.survey:
            frame["worst"] = scores.groupby("part")["score"].min()
            frame["best_place"] = [own["place"][own["score"].idxmax()] for _, own in scores.groupby("part", sort=False)]
            known = scores.pivot(index="place", columns="part", values="score")
            frame["rank"], frame["of"] = known.rank(ascending=False, method="min").loc[code], known.count()
        frame["margin"] = verdicts["margin"]  # so that a whisker reaches the whole just where the dot is hollow
        return frame.join(verdicts[["difference", "clear"]])

    @cached_property
    def history(self) -> pd.DataFrame:
        """The page's series and its parts year by year: see `papi_lib.estimates.history`."""
        return estimates.history(self.place.code, [self.series, *self.parts], until=self.year)

    @cached_property
    def last_change(self) -> pd.Series | None:
        """The change of the page's series since the last year that compares; None of a survey, and without such a year."""
        return None if self.survey or not self.measured else estimates.since(self.place.code, self.year, self.series)

    @property
    def gaps(self) -> pd.DataFrame:
        """The page's claims on how far the place is from the whole: indexed by part, columns of `estimates.gaps`."""
        return self.claims[self.claims["kind"] == "gap"].set_index("part")

    @property
    def units(self) -> str:
        """What the survey's places are called together: districts or communes, in Vietnamese by their types."""
        return places.types(self.survey.units, self.lang, self.year) if self.survey else ""

    @property
    def whole(self) -> str:
        """What the place is compared with first, in the page's language."""
        return self.survey.whole_name(self.words) if self.survey else self.words("the mean of provinces")

    def choose(self, *keys: str) -> list[str]:
        """Return those of some sub-dimensions of the page's dimension that its year has, in the order given.

        Raises
        ------
        ValueError
            A key is none of the dimension's, in any year; the message names the nearest.
        """
        known = [key for key in index.names() if isinstance(key, str) and index.dimension_of(key) == self.dimension]
        for key in keys:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=2, cutoff=0.5) or known
                raise ValueError(
                    f"no sub-dimension {key!r} in dimension {self.dimension}; did you mean {' or '.join(near)}?"
                )
        return [key for key in keys if key in self.parts]

    def beside(self, what: int | str) -> str:
        """Return the name of what the place is compared with: one of `papi_lib.estimates.BESIDE`, or a place's code."""
        if what == "whole" or (what == "peers" and self.survey):
            return self.whole if what == "whole" else self.words("the {units} of its kind", units=self.units)
        region = places.region_name(self.place.region, self.lang)
        return self.words(_BESIDE[what], region=region) if what in _BESIDE else self.words.place(what)

    def order(self, part: int | str, short: bool = False) -> str:
        """Return where the place stands in a part: its rank and the probable ones; of a survey the possible ones alone.

        It is in words, or `short` for a cell of a table.
        """
        part = index.check_part(part, index.edition(self.year))
        if self.survey:
            frame = estimates.standing(self.scores, part, self.year, only=self.place.code)
        else:
            frame = posterior.published_standing(self.year, part)
        row, n = frame.loc[self.place.code], int(frame["score"].notna().sum())
        if pd.isna(row["lower"]):
            return self.words("not known")
        if self.survey:
            return self.words("{lower}–{upper} of {n}" if short else "place {lower} to {upper} of {n}", n=n, **row[["lower", "upper"]])  # fmt: skip
        return self.words("{rank}/{n} ({lower}–{upper})" if short else "{rank:th} of {n} (probably {lower} to {upper})", n=n, **row[["rank", "lower", "upper"]])  # fmt: skip
