"""Map of a survey's communes as dots, without borders: where they lie, how large they are, how they score."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import Normalize
from matplotlib.patches import Circle

from papi_lib import places
from papi_lib.page import pictures
from papi_lib.page.charts import chart, colours
from papi_lib.page.words import Words
from papi_lib.places import Place

#: Kilometres in a degree of latitude.
_DEGREE = 111.2
#: Islands that every map of the country shows, by code.
_ISLANDS = ["20333", "22736"]


@chart
def communes(
    frame: pd.DataFrame, place: Place | str | int, whole: float, *, lang: str = "vi", ax: Axes | None = None, whole_name: str = "",
    palette: Mapping | None = None,
) -> Axes | None:  # fmt: skip
    """Draw the communes of a province since 2025 as dots of their area, coloured by their model estimates.

    Beside them the whole country, so that it is seen where they lie; special zones far out at sea are drawn there only.

    Parameters
    ----------
    frame : pandas.DataFrame
        Indexed by commune, in points: ``score`` (direct estimate) and ``model`` (model estimate).
    place : Place
        Commune to point out.
    whole : float
        Score of all of them together, the middle of the colours.
    lang, ax, whole_name, palette
        As in `papi_lib.page.country.areas`.

    Returns
    -------
    matplotlib.axes.Axes or None
        None for districts and for communes before 2025, whose positions are not in the data, and without model.
    """
    if place.level != "commune" or place.until or frame["model"].isna().all() or not np.isfinite(whole):
        return None
    w, colour = Words(lang, place.year), colours(palette)
    country = _flat(places.communes(place.year))
    own = country[country["province_code"] == place.province_code].join(frame[["score", "model"]])
    inland = own if (own["type"] == "dac-khu").all() else own[own["type"] != "dac-khu"]
    reach = 1.5 * (own["model"] - whole).abs().max() or 1  # no colour is the darkest: differences are small
    shades, norm = mpl.colormaps["PuOr"], Normalize(whole - reach, whole + reach)
    alone = ax is None and pictures.on_page()  # else what stands beside the map finds its room with it
    ax = pictures.axes(w, 7, 5, margins=(0.1, 2.5, 0.1, 0.75)) if ax is None else ax
    face = [shades(norm(model)) if pd.notna(model) else "white" for model in inland["model"]]
    edge = np.where(inland["score"].notna(), colour["line"], colour["text"])
    style = np.where(inland["score"].notna(), "-", ":")
    look = {"facecolors": face, "edgecolors": edge, "linestyles": list(style), "linewidths": 0.8}
    ax.add_collection(PatchCollection([Circle((r.x, r.y), r.radius) for r in inland.itertuples()], **look))
    middle = country.loc[place.code]
    if place.code in inland.index:
        ax.add_patch(Circle((middle.x, middle.y), middle.radius, fill=False, ec=colour["place"], lw=2.5, zorder=5))
        ground = {"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 1}
        look = {"color": colour["place"], "weight": "bold", "fontsize": pictures.size(8.5), "bbox": ground}
        look |= {"textcoords": "offset points", "ha": "center", "va": "bottom"}
        ax.annotate(place.name(lang), (middle.x, middle.y + middle.radius), (0, 3), **look)
    ends = [inland[c] + sign * inland["radius"] for c in ("x", "y") for sign in (-1, 1)]
    ax.set(xlim=(ends[0].min(), ends[1].max()), ylim=(ends[2].min(), ends[3].max()), aspect="equal")
    ax.set_axis_off()
    beside, foot = (0.66, 0.02, 0.33, 0.96), (0.08, 0.085, 0.5, 0.025)
    _overview(ax.figure.add_axes(beside) if alone else ax.inset_axes((1.02, 0, 0.5, 1)), country, own, place, w, colour)
    scale = ax.figure.add_axes(foot) if alone else ax.inset_axes((0.1, -0.08, 0.8, 0.04))
    bar = ax.figure.colorbar(mpl.cm.ScalarMappable(norm, shades), cax=scale, orientation="horizontal")
    bar.set_label(w("model estimate, points; in the middle {whole}", whole=whole_name or w.place(place.province_code)))
    bar.ax.xaxis.set_major_formatter(pictures.Numbers(w))
    alt = w("Map of {n} communes as dots.", n=len(own))
    caption = w("A dot a commune where it lies, as large as its area; no borders are drawn. Colours are model estimates, which hardly rank: communes of like colour cannot be told apart. A dotted rim marks one whose own answers cannot be shown, so that all of its colour is borrowed; white is one without answers.")  # fmt: skip
    if pd.notna(own["model"].get(place.code)):
        claim = w("{place}: {model:2} points; {whole}: {value:2}.", place=place.name(lang), model=own["model"][place.code], whole=whole_name, value=whole)  # fmt: skip
        alt, caption = f"{alt} {claim}", f"{claim} {caption}"
    shown = own.assign(name=own.index.map(w.place)).set_index("name").sort_index(key=lambda names: names.map(places.sort_key))  # fmt: skip
    columns = {"score": (w("direct estimate"), "2"), "model": (w("model estimate"), "2"), "area_km2": (w("area, km²"), "1")}  # fmt: skip
    return pictures.describe(ax, caption, alt, shown, columns=columns, rows=(w("place"), ""))


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    """Return communes with their position and the radius of their dot in kilometres; an unknown area is a small one."""
    scale = np.cos(np.radians(table["latitude"].mean()))
    radius = np.sqrt(table["area_km2"].fillna(table["area_km2"].quantile(0.1)) / np.pi)
    return table.assign(x=_DEGREE * scale * table["longitude"], y=_DEGREE * table["latitude"], radius=radius)


def _overview(small: Axes, country: pd.DataFrame, own: pd.DataFrame, place: Place, w: Words, colour: dict) -> None:
    """Draw all communes of the country small, those of the province darker, with the islands' names."""
    small.scatter(country["x"], country["y"], s=0.6, color=colour["range"], rasterized=True, linewidths=0)
    islands = country.loc[_ISLANDS]
    small.scatter(islands["x"], islands["y"], s=9, color=colour["line"])
    small.scatter(own["x"], own["y"], s=1.5, color=colour["peers"], rasterized=True, linewidths=0)
    small.plot(*country.loc[place.code, ["x", "y"]], "o", ms=5, mfc="none", mec=colour["place"], mew=1.4)
    for code, row in islands.iterrows():
        look = {"fontsize": pictures.size(7.6), "ha": "center", "va": "top", "color": colour["text"]}
        small.text(row["x"], row["y"] - 40, pictures.wrap(w.place(code), 10), **look)
    small.set(xlim=(country["x"].min() - 30, country["x"].max() + 190), ylim=(country["y"].min() - 40, country["y"].max() + 30), aspect="equal")  # fmt: skip
    small.set_axis_off()
