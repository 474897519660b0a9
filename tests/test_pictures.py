"""Pictures: what is written on them can be read."""

import re
from itertools import combinations

import pandas as pd
import pytest
from matplotlib.text import Annotation, Text

from papi_lib import charts, charts_country, datafiles, index, precision, published, sections
from papi_lib.naming import spread
from papi_lib.page import Page
from papi_lib.places import province
from papi_lib.wording import Words


def names(picture) -> list:
    """Return the names on a picture, at their places."""
    picture.figure.draw_without_rendering()
    texts = [t for ax in picture.figure.axes for t in ax.texts if isinstance(t, Annotation)]
    assert len(texts) > 4
    return texts


@pytest.mark.parametrize(("name", "dimension"), [("Hà Nội", 4), ("TP. Hồ Chí Minh", 3), ("Bà Rịa - Vũng Tàu", 2)])
def test_names_of_provinces_do_not_lie_over_each_other(name, dimension):
    place, w, (x, y) = province(name), Words("vi"), index.subdimensions(2024, dimension)[:2]
    scores = published.load(2024).pivot(index="province_code", columns="subdimension", values="score")
    boxes = [Text.get_window_extent(t) for t in names(charts_country.scatter(scores, x, y, w, place))]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    turned = names(charts_country.ranks(precision.rank_sets(2024, dimension), w, place))
    feet = sorted(t.xyann[0] if hasattr(t, "xyann") else t.xy[0] for t in turned)
    assert min(b - a for a, b in zip(feet, feet[1:], strict=False)) > 2
    assert all(t.get_window_extent().y1 < t.figure.bbox.y1 for t in turned)


def test_numbers_in_titles_are_not_cut():
    """Coordinates are; what is written stays: it was 0.2 for 0.25."""
    frame = pd.DataFrame({"difference": [0.25], "se": [0.1], "clear": [True]}, index=["air_quality"])
    drawn = charts.gaps(frame, Words("en"), province("Hà Nội"), title="More than 0.25 of 1.0475 <points>").svg()
    assert ">More than 0.25 of 1.0475 &lt;points&gt;<" in drawn
    assert not re.search(r' (?:x|y|d)="[^"]*\d\.\d\d', drawn)


def test_filled_dots_are_those_that_are_said_to_be_clear():
    """Also where several were tested together, so that one beyond its own interval is not clear."""
    frame = pd.DataFrame({"difference": [1.0, 1.0], "se": [0.4, 0.1], "clear": [False, True]}, index=["air_quality", 7])
    picture = charts.gaps(frame, Words("en"), province("Hà Nội"), title="Differences")
    (dots,) = picture.figure.axes[0].collections
    assert [tuple(colour[:3]) == (1, 1, 1) for colour in dots.get_facecolor()] == [True, False]
    assert picture.alt.count("(within noise)") == 1


def test_positions_move_apart_as_little_as_needed():
    assert spread([1, 2, 9, 10], 2, 10) == [1, 3, 8, 10]
    assert spread([5], 2, 4) == [4]
    assert spread([], 2, 4) == []


def marks(axis) -> dict[float, str]:
    """Return what is written at which value of an axis."""
    return dict(zip(axis.get_ticklocs(), (t.get_text() for t in axis.get_ticklabels()), strict=True))


def test_years_are_whole_at_the_foot_of_each_column():
    place, w = province("Hà Nội"), Words("en")
    (one,) = charts.history(published.history(1, [7], 2018), w, place).figure.axes
    assert marks(one.xaxis) == {2018: "2018"}
    three = charts.history(published.history(1, index.subdimensions(2024, 8), 2024), w, place).figure.axes
    years = ["2018", "2020", "2022", "2024"]
    assert [list(marks(ax.xaxis).values()) for ax in three] == [[""] * 4, years, years]


def test_marks_stand_at_what_they_say():
    (ax,) = charts.history(published.history(1, [None]), Words("en"), province("Hà Nội")).figure.axes
    low, high = ax.get_ylim()
    for axis in (ax.xaxis, ax.yaxis):
        assert all(float(text) == pytest.approx(value) for value, text in marks(axis).items())
    assert all(low <= value <= high for value in marks(ax.yaxis))


def test_a_question_looks_at_the_data_files_once(monkeypatch):
    looks, page = [], Page("Hà Nội", 2024, "en", 8)
    monkeypatch.setattr("papi_lib.page.display", lambda *shown, **how: None)
    monkeypatch.setattr(
        datafiles.os, "stat", lambda path, stat=datafiles.os.stat: looks.append(str(path)) or stat(path)
    )
    sections.history(page)
    assert looks.count(str(datafiles.folder() / "published" / "2011.csv")) <= 2
