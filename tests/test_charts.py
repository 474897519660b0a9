"""Charts: what is drawn, told and tabled comes from the same columns, and can be read."""

from itertools import combinations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Annotation

from papi_lib import estimates, index, places, posterior, published
from papi_lib.page import charts, colours, country, pictures
from papi_lib.page.country import spread
from papi_lib.page.words import Words
from papi_lib.places import district, province

HANOI = province("Hà Nội")


def hollow(ax) -> list[bool]:
    """Return which dots of a chart are hollow, in the frame's order."""
    (dots,) = [drawn for drawn in ax.collections if len(drawn.get_offsets()) and len(drawn.get_facecolors()) > 1]
    return [to_hex(face) == "#ffffff" for face in dots.get_facecolors()]


def inside(ax) -> None:
    """Assert that all that is drawn in data units lies inside the axes."""
    ax.figure.draw_without_rendering()
    (left, right), (bottom, top) = sorted(ax.get_xlim()), sorted(ax.get_ylim())
    points = [line.get_xydata() for line in ax.lines if line.get_transform() == ax.transData and line.get_clip_on()]
    points += [drawn.get_offsets() for drawn in ax.collections if drawn.get_offset_transform() == ax.transData]
    for x, y in np.vstack(points).astype(float):
        assert np.isnan(x) or left <= x <= right
        assert np.isnan(y) or bottom <= y <= top


def read(ax, lang: str) -> str:
    """Return a chart as a page shows it."""
    return pictures.html(ax.figure, ax.figure.description, Words(lang))


@pytest.fixture(autouse=True)
def look():
    """Draw as pages do."""
    with mpl.rc_context():
        pictures.theme()
        yield


@pytest.fixture
def parts() -> pd.DataFrame:
    """A profile with a clear difference, one that is large but not clear, and one that is not known."""
    known = {"score": [6.25, 7.5, np.nan], "difference": [1.25, 2.5, np.nan], "rank": [9, 2, np.nan], "of": 61}
    clear = pd.Series([True, False, np.nan], [1, 2, 3], dtype=object)
    return pd.DataFrame(known | {"margin": 0.2, "whole": 5.0, "peers": 5.25, "clear": clear}, index=[1, 2, 3])


def test_profile_sorts_differences_and_draws_tells_and_tables_the_same(parts):
    ax = charts.profile(parts.assign(cities=4.5, best=8.0, worst=2.0, best_place=22), HANOI, lang="vi")
    about, shown = ax.figure.description, read(ax, "vi")
    assert [t.get_text() for t in ax.get_yticklabels()] == [pictures.wrap(Words("vi").part(p), 30) for p in (2, 1)]
    assert [t.get_text() for t in ax.texts if t.get_text()] == ["2/61", "9/61", "hạng"]
    assert (
        about.alt
        == "Hà Nội: Công khai, minh bạch +2,50 (trong biên độ sai số); Tham gia của người dân ở cấp cơ sở +1,25"
    )
    assert all(f">{text}<" in shown for text in ("6,25", "7,50", "5,25", "8,00", "Quảng Ninh"))
    assert hollow(ax) == [True, False]
    inside(ax)


def test_profile_of_a_district_names_its_whole(parts):
    names = {"whole": "Thành phố", "peers": "quận"}
    ax = charts.profile(parts.drop(columns=["rank", "of"]), district("Ba Đình"), lang="vi", names=names)
    (legend,) = ax.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["Thành phố", "quận", "Quận Ba Đình"]
    assert "tỉnh cao nhất" not in read(ax, "vi")
    assert charts.profile(parts.tail(1), HANOI) is None


def test_a_picture_is_drawn_for_phones_as_well_and_stays_as_it_was(parts):
    """Labels are broken, panels and names of the legend stand below each other, no type is under 11 px of 328."""
    frame = pd.concat([years_of(part, np.linspace(4, 6, 8)) for part in (1, 2, 3)])
    for ax in (charts.profile(parts, HANOI, lang="vi"), charts.history(frame, HANOI, lang="vi")):
        figure = ax.figure
        was = pictures.svg(figure, "x"), tuple(figure.get_size_inches())
        with pictures.narrow(figure):
            figure.draw_without_rendering()
            texts = [text for text in figure.findobj(pictures.Text) if text.get_text() and text.get_visible()]
            assert min(text.get_fontsize() for text in texts) * 328 / (72 * figure.get_figwidth()) >= 11
            boxes = [text.get_window_extent() for text in ax.get_yticklabels() + [figure.legends[-1]]]
            assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
            lefts = {round(panel.get_position().x0, 2) for panel in figure.axes}
            assert len(lefts) == 1
        assert (pictures.svg(figure, "x"), tuple(figure.get_size_inches())) == was
    assert read(ax, "vi").count("<svg") == 2


def test_colours_keep_a_contrast_of_three_on_light_and_dark_pages():
    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.05 + np.dot(linear, [0.2126, 0.7152, 0.0722])

    for colour, dark in colours.DARK.items():
        assert colour == colours.PAPER or light(colours.PAPER) / light(colour) >= 3
        assert colour == colours.PAPER or light(dark) / light(colours.DARK_PAPER) >= 3
    for group, colour in colours.GROUPS.items():
        low, high = sorted([light(colour), light(colours.INKS[group])])
        assert high / low >= 4.5


def years_of(part, score) -> pd.DataFrame:
    """A history of eight years with a break before the fifth and another before the last, alone in its segment."""
    frame = pd.DataFrame({"part": part, "year": range(2015, 2023), "score": score})
    frame["segment"] = [2015] * 4 + [2019] * 3 + [2022]
    frame = frame.assign(score_se=0.1, df=np.inf, beside=5.0, lower_quartile=4.5, upper_quartile=5.5, se=0.15)
    return frame.assign(difference=frame["score"] - 5)


def test_no_line_of_a_history_crosses_a_break():
    ax = charts.history(years_of(1, [5.5, 5.6, np.nan, 5.8, 4.1, 4.2, 4.3, 6.0]), HANOI, lang="en")
    lines = [line.get_xydata().astype(float) for line in ax.lines if line.get_marker() in ("o", "_")]
    assert len(lines) == 4  # the whole and the place, before the years that compare with the latest and in them
    assert [to_hex(line.get_color()) == colours.LINE for line in ax.lines[:4]] == [True, True, False, False]
    for line in lines:
        joined = {(a[0], b[0]) for a, b in zip(line, line[1:], strict=False) if np.isfinite([*a, *b]).all()}
        assert not joined & {(2018, 2019), (2021, 2022)}
    assert [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == ":"] == [2018.5, 2021.5]
    alt = ax.figure.description.alt
    assert "5.50 in 2015 → 5.80 in 2018 | 4.10 in 2019 → 4.30 in 2021 | 6.00 in 2022" in alt
    assert ax.get_ylim()[0] < 4.5 < 6 < ax.get_ylim()[1] < 7


def test_a_history_has_a_panel_a_part_with_whole_years_at_the_foot():
    frame = pd.concat([years_of(part, np.linspace(4, 6, 8)) for part in (1, 2, 3)])
    figure = charts.history(frame, HANOI, lang="vi", beside_name="trung bình vùng").figure
    figure.draw_without_rendering()
    assert [ax.get_title("left") for ax in figure.axes] == [Words("vi").part(part) for part in (1, 2, 3)]
    written = [[t.get_text() for t in ax.get_xticklabels() if t.get_visible()] for ax in figure.axes]
    assert not written[0]
    assert written[1] == written[2]
    assert {"2016", "2018"} <= set(written[1])
    assert "trung bình vùng" in [t.get_text() for t in figure.legends[0].get_texts()]
    table = figure.description.data
    assert (table["high"] - table["score"]).to_numpy() == pytest.approx(1.96 * 0.1, abs=1e-4)
    assert (table["gap_se"] == 0.15).all()


def test_a_published_history_is_drawn_over_all_editions():
    ax = charts.history(estimates.history(1, ["total"], until=2024), HANOI, lang="vi")
    assert "43,77" in ax.figure.description.alt
    assert 2017 < ax.get_xlim()[0] < 2018  # totals of six dimensions lie off the scale
    assert charts.history(estimates.history(1, ["total"], until=2024).head(0), HANOI) is None


def names(ax) -> list:
    """Return the names on a chart, at their places."""
    ax.figure.draw_without_rendering()
    return [text for text in ax.texts if isinstance(text, Annotation) and text.get_text() and text.get_visible()]


@pytest.mark.parametrize("name", ["Hà Nội", "TP. Hồ Chí Minh", "Bà Rịa - Vũng Tàu"])
@pytest.mark.parametrize("n", [63, 34, 5])
def test_names_over_scores_keep_apart_inside_the_figure(name, n):
    place = province(name)
    codes = [place.code, *(code for code in [1, 31, 48, 79, 92] if code != place.code)]  # neighbours in the middle
    others = [code for code in places.provinces().index if code not in codes]
    before = max(n // 2 - 3, 0)
    order = [*others[:before], *codes, *others[before:]][:n]
    rank = np.arange(1.0, n + 1)
    frame = pd.DataFrame(
        {"score": 50 - rank, "rank": rank, "lower": np.maximum(rank - 9, 1), "upper": np.minimum(rank + 9, n)}, order
    ).assign(low=49 - rank, high=51 - rank, group=published.groups(rank, n))
    ax = country.strip(frame, place, lang="vi")
    turned = names(ax)
    feet = sorted(ax.transData.transform([(text.xy[0], 0) for text in turned])[:, 0] * 72 / ax.figure.dpi)
    assert min(np.diff(feet)) > 9  # points: a turned line of 7.5 points
    assert all(text.get_window_extent().y1 <= ax.figure.bbox.y1 + 1 for text in turned)
    assert place.name_vi in [text.get_text() for text in turned]
    inside(ax)


def test_scores_on_a_strip_tell_the_place_and_table_all():
    frame = posterior.published_standing(2024, 8)
    ax = country.strip(frame, HANOI, lang="en", before=3.9)
    assert "The hollow dot is Ha Noi the year before." in ax.figure.description.caption
    assert "Ha Noi: 4.05 points, rank 2, probably 1 to 5." in ax.figure.description.alt
    assert len(ax.figure.description.data) == frame["rank"].notna().sum()
    assert country.strip(frame.assign(rank=np.nan), HANOI) is None


def test_ranks_of_the_provinces_of_2025_carry_their_names_and_say_how_they_were_made():
    known = {"rank": [1.0, 2.0], "group": [1, 4], "lower": 1.0, "upper": 2.0}
    frame = pd.DataFrame({"score": [3.0, 2.0], "low": 1.0, "high": 4.0} | known, [1, 33])
    ax = country.strip(frame, places.province(1, 2025), lang="en", reconstructed=True)
    assert [text.get_text() for text in names(ax)] == ["Hung Yen", "Ha Noi"]
    assert "reconstructed" in ax.figure.description.caption


def test_districts_stand_in_the_order_of_their_names_and_hidden_ones_have_no_figures():
    frame = pd.DataFrame(
        {
            "score": [7.0, 6.0, np.nan],
            "low": [6.4, 5.5, np.nan],
            "high": [7.5, 6.5, np.nan],
            "model": [6.9, 6.1, np.nan],
        },
        ["005", "001", "002"],
    )
    ax = country.areas(frame, district("001"), 6.5, lang="vi", whole_name="Cả thành phố")
    about = ax.figure.description
    assert list(about.data.index) == ["Quận Ba Đình", "Quận Cầu Giấy", "Quận Hoàn Kiếm"]
    assert "6,00 điểm, khoảng tin cậy 95% từ 5,50 đến 6,50; Cả thành phố: 6,50" in about.alt
    assert "Điểm của 2 quận" in about.alt
    assert read(ax, "vi").count(">–<") == 4
    inside(ax)
    without = read(country.areas(frame.drop(columns="model"), district("001"), 6.5, lang="vi"), "vi")
    assert Words("vi")("model estimate") not in without
    assert country.areas(frame.assign(score=np.nan), district("001"), 6.5) is None


def test_tiles_colour_groups_and_outline_the_place():
    groups = pd.Series(np.arange(63) % 4 + 1, places.provinces().index).astype(float)
    groups[1] = np.nan
    ax = country.tiles(groups, HANOI, lang="en", palette={2: "#ff00ff"})
    faces = [to_hex(tile.get_facecolor()) for tile in ax.patches[:63]]
    assert faces.count("#ff00ff") == (groups == 2).sum()
    assert [tile.get_fill() for tile in ax.patches[63:]] == [False]
    alt = ax.figure.description.alt
    assert "not published 1" in alt
    assert "is in group" not in alt
    assert "Ho Chi Minh City is in group" in country.tiles(groups, province(79), lang="en").figure.description.alt
    assert country.tiles(groups * np.nan) is None


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_names_on_tiles_fit_them(lang):
    ax = country.tiles(pd.Series(1, places.provinces().index), lang=lang)
    ax.figure.draw_without_rendering()
    tile = ax.patches[0].get_window_extent()
    named = [text.get_window_extent() for text in ax.texts if text.get_text().endswith(("\n1", " 1"))]
    assert len(named) == 63
    assert all(box.width < tile.width + 2 and box.height < tile.height for box in named)


@pytest.mark.parametrize(("name", "dimension"), [("Hà Nội", 4), ("TP. Hồ Chí Minh", 3), ("Bà Rịa - Vũng Tàu", 2)])
def test_names_beside_dots_do_not_lie_over_each_other_or_the_legend(name, dimension):
    place, (x, y) = province(name), index.subdimensions(2024, dimension)[:2]
    frame = estimates.from_published(2024, (x, y)).pivot(index="place", columns="part", values="score")
    ax = pictures.axes(Words("vi"), 7, 4.6)
    ax.scatter(frame[x], frame[y], label="tỉnh, thành phố")
    legend = ax.legend(loc="center")
    assert country.point_out(ax, frame, x, y, place, lang="vi") is ax
    boxes = [text.get_window_extent() for text in names(ax)] + [legend.get_window_extent()]
    assert len(boxes) > 5
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    assert ax.get_xlabel().startswith(Words("vi").part(x))
    score = Words("vi").number(frame.loc[place.code, x])
    assert f"{place.name_vi}: {score}" in ax.figure.description.alt


def test_positions_move_apart_as_little_as_needed():
    assert spread([1, 2, 9, 10], 2, 10).tolist() == [1, 3, 8, 10]
    assert spread([5], 2, 4).tolist() == [4]
    assert spread([], 2, 4).tolist() == []


def test_colours_are_replaced_by_name_and_unknown_ones_refused(parts):
    ax = charts.profile(parts, HANOI, palette={"place": "navy"})
    assert to_hex(ax.texts[0].get_color()) == to_hex("navy")
    with pytest.raises(ValueError, match="'plase'.*'place'"):
        charts.profile(parts, HANOI, palette={"plase": "navy"})


def test_a_chart_is_drawn_where_it_is_told(parts):
    left, right = pictures.axes(Words("en"), 9, 3, 1, 2)
    assert charts.profile(parts, HANOI, lang="en", ax=right) is right
    assert not left.has_data()


def test_outside_of_a_page_a_chart_is_an_ordinary_one_of_matplotlib(parts):
    """It keeps to the settings, takes names for places, stands among other axes, and is one of pyplot's figures."""
    with mpl.rc_context({"text.color": "#ffffff", "axes.facecolor": "#000000", "font.size": 18}):
        known = len(plt.get_fignums())
        ax = charts.profile(parts, "da nang", lang="en")
        assert len(plt.get_fignums()) == known + 1
        assert ax.figure.get_figwidth() == 14
        assert to_hex(ax.collections[-1].get_facecolors()[0]) == "#000000"  # a hollow dot
        beside, _ = plt.subplots(1, 2)[1]
        assert charts.profile(parts, 48, lang="en", ax=beside) is beside
        assert beside.get_legend().get_texts()[-1].get_text() == "Da Nang"
        assert not beside.figure.legends
        country.tiles(posterior.published_standing(2024, 8), "Đà Nẵng", lang="en", palette={"text": "navy"})
        plt.close("all")


def test_a_name_is_that_of_a_place_of_the_frame_s_year():
    before, since = (pd.DataFrame(index=places.provinces(year).index) for year in (2024, 2025))
    communes = pd.DataFrame(index=places.communes(2025).index)
    assert [charts.resolve("Yên Bái", before).code, charts.resolve("Lào Cai", since).code] == [15, 15]
    assert charts.resolve("Lào Cai", before).code == 10
    assert charts.resolve("Côn Đảo", communes).name_vi == "Đặc khu Côn Đảo"
    assert charts.resolve("Ba Đình", pd.DataFrame(index=["001", "002"])).level == "district"
    with pytest.raises(ValueError, match="Đà Nẵng"):
        charts.resolve("Đà Nẵmg", before)


def test_a_picture_is_the_same_when_it_is_shown_again(parts):
    ax = charts.profile(parts, HANOI, lang="vi")
    assert read(ax, "vi") == read(ax, "vi")


@pytest.mark.parametrize(("high", "text"), [(1e8, "20.000.000"), (0.004, "0,0005"), (4e-6, "0,0000005")])
def test_marks_on_axes_stand_at_what_they_say(high, text):
    ax = pictures.axes(Words("vi"))
    ax.set_xlim(0, high)
    ax.figure.draw_without_rendering()
    assert ax.get_xticklabels()[1].get_text() == text
    assert not ax.xaxis.get_offset_text().get_text()
