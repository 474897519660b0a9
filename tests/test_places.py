"""Names of places in and out: the right place or an error, never another place."""

import re
import shutil
import unicodedata
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from papi_lib import datafiles, places, published
from papi_lib.datafiles import DataError

ALL_DISTRICTS = places.districts()
#: What may stand in front of or behind a name, by type of place; the first is the official word.
WORDS = {
    "city": ["Thành phố", "TP", "TP.", "T.P.", "Tp"],
    "province": ["Tỉnh", "T.", "tinh"],
    "quan": ["Quận", "Q.", "Q", "quan"],
    "huyen": ["Huyện", "H.", "H", "huyen"],
    "thi-xa": ["Thị xã", "TX.", "T.X.", "thi xa"],
    "thanh-pho": ["Thành phố", "TP.", "Tp", "thanh pho"],
}


def bare(place):
    return place.name_vi.removeprefix(f"{WORDS[place.type][0]} ") if place.level == "district" else place.name_vi


EVERY = [places.province(int(c)) for c in places.provinces().index] + [places.district(c) for c in ALL_DISTRICTS.index]


# --- codes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1, 1.0, "1", "01", "1.0", " 1 ", "1\u00a0", np.int8(1), np.uint64(1), np.float32(1), np.str_("01")])  # fmt: skip
def test_a_code_is_a_code_in_every_type_that_tables_have(code):
    assert places.province(code).code == 1
    assert places.district(code).code == "001"


@pytest.mark.parametrize(
    "code",
    [True, False, np.True_, 1.5, "1.5", "1,0", "+1", "-1", -1, 0, 3, "1e0", "0x1", "²", "①", "१", "１", float("inf"), Decimal(1), b"1", [1], (1,), "1 1", "1/", 10**40],
)  # fmt: skip
def test_what_is_not_nothing_but_a_codes_digits_is_no_place(code):
    with pytest.raises(ValueError, match="no province named"):
        places.province(code)


@pytest.mark.parametrize("value", [None, float("nan"), np.nan, pd.NA, pd.NaT])
def test_a_missing_value_is_told_as_that(value):
    with pytest.raises(ValueError, match="no province is named: the value is missing"):
        places.province(value)


def test_codes_keep_to_the_width_of_their_level():
    for code in ("001", "00001", "0001"):
        with pytest.raises(ValueError, match="at most 2 digits"):
            places.province(code)
    for commune in ("00001", "00004", "0001"):
        with pytest.raises(ValueError, match="at most 3 digits"):
            places.district(commune)
    assert places.district("271").code == places.district(271.0).code == "271"


def test_one_code_does_not_change_what_another_type_of_it_means():
    for order in ([1, 1.0, True], [True, 1.0, 1], [1.0, True, 1]):
        for code in order:
            if code is True:
                with pytest.raises(ValueError, match="True"):
                    places.province(code)
            else:
                assert places.province(code).name_vi == "Hà Nội"
    assert published.load(2024.0, 1.0).equals(published.load(2024, "Hà Nội"))


# --- names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Hà Nội", "Ha Noi", "hanoi", "HÀ NỘI", " hà  nội ", unicodedata.normalize("NFD", "Hà Nội"), "Thành phố Hà Nội", "TP. Hà Nội", "Hanoi City", "Hà\u00a0Nội", "Hà\u200bNội", "\ufeffHà Nội", "Hà Nội (TP)"])  # fmt: skip
def test_spellings_of_ha_noi(name):
    assert places.province(name).code == 1


@pytest.mark.parametrize(
    ("name", "code"),
    [("Đắk Lắk", 66), ("dak lak", 66), ("Đắc Lắc", 66), ("Đăk Lăk", 66), ("Daklak", 66), ("Tỉnh Điện Biên", 11),
     ("BA RIA VUNG TAU", 77), ("Bà Rịa-Vũng Tàu", 77), ("BR-VT", 77), ("TP HCM", 79), ("TP.HCM", 79), ("TPHCM", 79),
     ("Tp. Hồ Chí Minh", 79), ("HCMC", 79), ("Ho Chi Minh City", 79), ("TP. Sài Gòn", 79), ("Huế", 46), ("TP. Huế", 46),
     ("Tỉnh Thừa Thiên Huế", 46), ("Hoà Bình", 17), ("Thanh Hoá", 38), ("Bắc Cạn", 6), ("Tp.Cần Thơ", 92),
     ("T.P. Cần Thơ", 92), ("T. Bắc Ninh", 27), ("Hải Phòng, TP", 31), ("Ðà Nẵng", 48), ("ðà nẵng", 48), ("Ðồng Nai", 75)],
)  # fmt: skip
def test_names_of_provinces_in_use(name, code):
    assert places.province(name).code == code


@pytest.mark.parametrize(
    ("name", "code"),
    [("Ba Đình", "001"), ("ba dinh", "001"), ("Ba Dinh District", "001"), ("q ba dinh", "001"), ("Q.Tây Hồ", "003"),
     ("Quận 1", "760"), ("Q1", "760"), ("Q. 01", "760"), ("District 1", "760"), ("Mĩ Đức", "282"), ("H.Mỹ Đức", "282"),
     ("Sơn Tây (thị xã)", "269"), ("TX. Sơn Tây", "269"), ("Son Tay Town", "269"), ("TP Thủ Đức", "769"),
     ("Thanh Trì", "020"), ("Thạnh Trị", "949"), ("Phú Ninh", "518"), ("Huyện Phù Ninh", "233"), ("Quan Hóa", "385"),
     ("Ea H'leo", "645"), ("Huyện đảo Lý Sơn", "536"), ("Huyện Phú Quí", "602"), ("Huyện Phú Quý", "602")],
)  # fmt: skip
def test_names_of_districts_in_use(name, code):
    assert places.district(name).code == code


@pytest.mark.parametrize(
    ("name", "near"),
    [("Hanoii", "Hà Nội"), ("Quảng Nim", "Quảng Nam"), ("Dienbien Phu", "Điện Biên"), ("TP Bắc Ninh", "Bắc Ninh"), ("Tỉnh Hà Nội", "Hà Nội"), ("Hà Nổi", "Hà Nội")],
)  # fmt: skip
def test_an_unknown_province_names_the_nearest(name, near):
    with pytest.raises(ValueError, match=f"no province named '{name}'; did you mean {near}"):
        places.province(name)


@pytest.mark.parametrize(
    "name",
    ["", "99", "<script>", "xyzzy", "tan giang", "Hà Nội 1", "Hà Nội Hà Nội", "Huyện Hà Nội", "Hà Nội ☺", "\x1b[2J"],
)
def test_what_spells_no_province_is_none(name):
    with pytest.raises(ValueError, match="no province named") as told:
        places.province(name)
    assert str(told.value).isprintable()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Huyện Ba Đình", "did you mean Quận Ba Đình"),
        ("Quận 2", "no district named 'Quận 2'"),
        ("Quận 1-2", "no district named 'Quận 1-2'"),
        ("Phường Ba Đình", "no district named"),
        ("Hoan Kem", "Quận Hoàn Kiếm"),
        ("Thanh Tri", "fits Huyện Thanh Trì (Hà Nội) and Huyện Thạnh Trị (Sóc Trăng); say of which province"),
        ("Sơn Tây", "fits Thị xã Sơn Tây (Hà Nội) and Huyện Sơn Tây (Quảng Ngãi)"),
        ("Cai Lậy", "fits Thị xã Cai Lậy (Tiền Giang) and Huyện Cai Lậy (Tiền Giang); write the whole name"),
        ("Huyện Châu Thành", "Huyện Châu Thành (Long An) and 8 more; say of which province"),
    ],
)
def test_no_district_or_several_are_told(name, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        places.district(name)


def test_the_province_tells_equal_names_apart():
    found = {place.code for home in (72, 82, "An Giang") for place in [places.district("Huyện Châu Thành", home)]}
    assert len(found) == 3
    assert places.district("Sơn Tây", places.province("Hà Nội")).code == "269"
    for name in ("Quận 1", 760, "760"):
        with pytest.raises(ValueError, match=r"is not in Hà Nội; it is Quận 1 \(Hồ Chí Minh\)"):
            places.district(name, "Hà Nội")
    with pytest.raises(ValueError, match=r"'1' is not in Hồ Chí Minh; it is Quận Ba Đình"):
        places.district("1", "TP.HCM")


def test_districts_are_all_there_and_have_paths_of_their_own():
    assert ALL_DISTRICTS["type"].value_counts().to_dict() == {"quan": 49, "huyen": 508, "thi-xa": 52, "thanh-pho": 87}
    spots = [place for place in EVERY if place.level == "district"]
    assert len({(p.province_code, p.slug) for p in spots}) == 696
    assert all(p.slug.isascii() and p.name("en").isascii() for p in EVERY)
    town, city = places.district("Thị xã Sơn Tây"), places.district("Vinh")
    assert (town.type, town.province_code, town.name("en")) == ("thi-xa", 1, "Son Tay Town")
    assert (city.type, city.name_vi, city.name("en")) == ("thanh-pho", "Thành phố Vinh", "Vinh City")
    assert places.district("Quận 1").name("en") == "District 1"
    assert len({places.province(c).slug for c in places.provinces().index}) == 63


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("412,40,Thành phố Vinh,thanh-pho", "row 698, column 'district_code': repeats row 292 (412)"),
        ("413,40,Thành phố Cửa Lò,thi-xa", "'Thành phố Cửa Lò' does not begin with 'Thị xã'"),
        ("999,40,Thành phố Vinh,thanh-pho", "'Thành phố Vinh' is another district of the province already"),
    ],
)
def test_a_district_that_is_there_already_is_told(tmp_path, monkeypatch, row, says):
    shutil.copytree(datafiles.folder(), tmp_path / "data")
    monkeypatch.setenv("PAPI_DATA", str(tmp_path / "data"))
    with (tmp_path / "data" / "places" / "districts.csv").open("a", encoding="utf-8") as file:
        file.write(f"{row}\n")
    with pytest.raises(DataError, match=re.escape(says)):
        places.district("Vinh")


# --- all places in all spellings ---------------------------------------------------------------------


def find(place, value, home=None):
    return places.province(value) if place.level == "province" else places.district(value, home)


@datafiles.held()
def test_every_place_is_found_by_its_code_and_its_whole_name_in_every_type():
    for place in EVERY:
        digits = int(place.code)
        width = 2 if place.level == "province" else 3
        whole = place.name_vi if place.level == "district" else f"{WORDS[place.type][0]} {place.name_vi}"
        spelled = [whole, whole.upper(), unicodedata.normalize("NFD", whole), places.plain(whole), place.name("en")]
        coded = [digits, float(digits), str(digits), f"{digits:0{width}}", f"{digits}.0", np.int64(digits), np.float64(digits)]  # fmt: skip
        for value in (*coded, *spelled):
            assert find(place, value, place.province_code) == place, value
        for value in coded:
            assert find(place, value) == place


def test_only_names_that_differ_in_marks_alone_are_one_when_marks_are_dropped():
    """y for i and letters without marks make no two places of a province equal."""
    keys = {}
    for place in EVERY:
        key = re.sub("[^a-z0-9]", "", places.plain(place.name_vi)).replace("y", "i")
        keys.setdefault((place.level, place.province_code if place.level == "district" else None, key), []).append(
            place
        )
    assert {len(found) for found in keys.values()} == {1}


@st.composite
def spellings(draw):
    """Draw a place, a way to write it, and the type that this names, if one.

    It is a code of some type and width, or the name as people and programs write it, also with a type word, which may
    be that of another type.
    """
    place = draw(st.sampled_from(EVERY))
    digits = int(place.code)
    if draw(st.booleans()):
        width = draw(st.integers(1, 7))
        kind = draw(st.sampled_from([int, float, np.int16, np.uint32, np.float32, np.float64, str, np.str_]))
        padded = f"{digits:0{width}}" + draw(st.sampled_from(["", ".0", ".00"]))
        return place, kind(padded) if kind in (str, np.str_) else kind(digits), None
    name, said = bare(place), None
    if name.isdigit() or draw(st.booleans()):
        said = draw(st.sampled_from([place.type, *WORDS]))
        word = draw(st.sampled_from(WORDS[said]))
        sign = draw(st.sampled_from([" ", ""] if word.endswith(".") else [" "]))
        name = draw(st.sampled_from([f"{word}{sign}{name}", f"{name}, {word}", f"{name} ({word})"]))
    change = draw(st.sampled_from(["", "marks", "some marks", "eth", "i", "y"]))
    if change == "marks":
        name = places.plain(name)
    elif change == "some marks":
        letters = unicodedata.normalize("NFD", name)
        keep = draw(st.lists(st.booleans(), min_size=len(letters), max_size=len(letters)))
        name = "".join(c for c, k in zip(letters, keep, strict=True) if k or not unicodedata.combining(c))
    elif change == "eth":
        name = name.replace("Đ", "Ð").replace("đ", "ð")
    elif change in ("i", "y"):
        name = name.replace("iy".replace(change, ""), change)
    name = unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"])), name)
    name = draw(st.sampled_from([str, str.upper, str.lower, str.title]))(name)
    return place, name.replace(" ", draw(st.sampled_from([" ", "  ", "\u00a0", "\u200b ", "-", ""]))), said


def spells(text, place):
    """Tell whether a text has the letters of a place's name, beside words for types and signs between words."""
    known = places.provinces().index
    others = [] if place.level == "district" else ["Huế", "TT Huế", "TPHCM", "HCM", "HCMC", "Sài Gòn", "Bắc Cạn", "Đắc Lắc", "Đắc Nông", "BRVT", "Vũng Tàu"]  # fmt: skip
    own = [bare(place), place.name_en] + [o for o in others if places.province(o).code == place.code]
    assert len(known) == 63
    words = ["", *(w for words in WORDS.values() for w in words), "District", "Town", "City", "Province", "Province of", "Huyện đảo"]  # fmt: skip
    letters = {w: re.sub(r"[^a-z0-9]|\b0+(?=\d)", "", places.plain(w)).replace("y", "i") for w in (*own, *words, text)}
    return any(letters[text] in (letters[w] + letters[n], letters[n] + letters[w]) for n in own for w in words)


@settings(max_examples=400, deadline=None)
@given(spellings(), st.booleans())
def test_a_spelling_of_a_place_is_that_place_or_an_error(drawn, told):
    place, value, said = drawn
    try:
        found = find(place, value, place.province_code if told else None)
    except ValueError:
        return
    if said is None or WORDS[said][0] == WORDS[place.type][0]:
        assert found == place
    else:  # Thành phố Hồng Ngự is not Huyện Hồng Ngự
        assert WORDS[found.type][0] == WORDS[said][0]


LETTERS = st.text("abcdđeghiklmnopqrstuvxyăâêôơưáàảãạÐ 0123456789.,-'()TPQH\u0301\u0323\u200b\u00a0", max_size=12)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=12), LETTERS), st.sampled_from(EVERY), st.integers(0, 12), st.integers(0, 3))
@example("q", EVERY[0], 0, 0)
def test_text_that_spells_no_place_is_none(text, near, at, cut):
    """Arbitrary text, and names into which some was put and from which some was taken."""
    for value in (text, near.name_vi[:at] + text + near.name_vi[at + cut :]):
        for look in (places.province, places.district):
            try:
                with datafiles.held():
                    found = look(value)
            except ValueError:
                continue
            digits = re.sub(r"[^\d.]", "", value) if not re.search(r"[^\W\d]", value) else ""
            assert spells(value, found) or float(digits) == int(found.code), (value, found)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.integers(-10, 1100), st.integers(), st.floats(), st.floats(0, 1000), st.booleans(), st.decimals()))
def test_a_number_is_the_code_that_it_counts_or_none(number):
    for look in (places.province, places.district):
        try:
            found = look(number)
        except ValueError:
            continue
        assert not isinstance(number, bool)
        assert int(found.code) == number


# --- whole columns -----------------------------------------------------------------------------------


def test_a_column_of_names_and_codes_becomes_codes_with_what_did_not_match():
    column = pd.Series(["Hà Nội", 31.0, "48", "TP.HCM", "Hanoii", None, True, 1], index=range(2, 10), dtype=object)
    found, problems = places.codes(column)
    assert found.dtype == "Int64"
    assert found.dropna().to_dict() == {2: 1, 3: 31, 4: 48, 5: 79, 9: 1}
    assert list(problems.columns) == ["row", "value", "problem"]
    assert problems["row"].to_list() == [6, 7, 8]
    assert problems["problem"].str.split(",").str[0].to_list()[:2] == ["is not known; did you mean Hà Nội", "is empty; fill it in"]  # fmt: skip


@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64", "int16", "str", "category"])
def test_a_column_of_codes_may_have_any_type(dtype):
    found, problems = places.codes(pd.Series([1, 31, 1]).astype(dtype))
    assert found.to_list() == [1, 31, 1]
    assert problems.empty


def test_a_code_beside_another_places_name_is_told_with_both():
    codes, names = pd.Series([1, 15, 15, None, 31]), pd.Series(["Hà Nội", "Lào Cai", "Yên Bái", "Huế", None])
    for column, beside in ((codes, names), (names, codes)):
        found, problems = places.codes(column, names=beside)
        assert found.to_list() == [1, pd.NA, 15, 46, 31]
        assert problems.attrs["conflicts"] == [1]
        for word in ("Yên Bái", "Lào Cai", "15", "since 1 July 2025"):
            assert word in problems.loc[0, "problem"]
    found, problems = places.codes(
        pd.Series(["821", "001"]), level="district", names=pd.Series(["Châu Thành", "Tây Hồ"])
    )
    assert found.fillna("").to_list() == ["821", ""]
    assert "is Quận Ba Đình (Hà Nội), but 'Tây Hồ' beside it is Quận Tây Hồ" in problems.loc[0, "problem"]


def test_names_of_several_provinces_are_of_the_one_that_the_column_or_another_names():
    districts = pd.Series(["Huyện Châu Thành", "Cái Bè", "Gò Công Tây"])
    assert places.codes(districts, level="district")[0].to_list() == ["821", "819", "823"]
    alone = pd.Series(["Châu Thành", "Sơn Tây"])
    found, problems = places.codes(alone, level="district")
    assert found.isna().all()
    assert problems["problem"].str.contains("say of which province").all()
    found, problems = places.codes(alone, pd.Series(["An Giang", "Hà Nội"]), "district")
    assert found.to_list() == ["892", "269"]
    assert places.codes(alone, "An Giang", "district")[0].fillna("").to_list() == ["892", ""]
    table = pd.DataFrame({"Tên huyện": alone, "Tỉnh/thành": [89, 1], "code": ["892", "003"]})
    found, problems = places.in_table(table, "code", "district")
    assert found.fillna("").to_list() == ["892", ""]
    assert problems["row"].to_list() == [1]


def test_the_34_provinces_of_2025_are_not_taken_for_the_63():
    new = places.provinces(2025)
    assert len(new) == 34
    for column in (pd.Series(new.index), pd.Series(new.index[:31].astype(str)), pd.Series(new["name_vi"].to_list())):
        with pytest.raises(ValueError, match="these are the 34 provinces since 1 July 2025"):
            places.codes(column, year=2024)
    assert places.codes(pd.Series(new.index[:20]))[1].empty
    assert places.codes(pd.Series([*new.index, 2]))[1].empty
    assert places.codes(pd.Series(new.index), year=2025)[1].empty
    with pytest.raises(ValueError, match=r"code 2 \(Hà Giang\) is of no province since 1 July 2025"):
        places.check_set([1, 2], 2025)


@pytest.mark.parametrize("header", ["Tỉnh/thành", "Tỉnh/Thành phố", "Tinh, TP", "tỉnh", "Mã tỉnh", "ma_tinh", "Tên tỉnh", "province_code", "Province Name", "ProvinceCode", "Địa phương", "Tỉnh/Thành phố trực thuộc trung ương"])  # fmt: skip
def test_headers_that_say_provinces_are_known(header):
    assert places.key_columns(["x", header, "tính cách", "province_serious"]) == [header]
    assert places.key_columns(["Quận/huyện", "ma_huyen", "district", "districts"], "district") == ["Quận/huyện", "ma_huyen", "district"]  # fmt: skip


# --- order, tiles, peers -----------------------------------------------------------------------------


def test_vietnamese_sort_order():
    expected = ["An", "Ăn", "Ân", "dao", "Dân", "Đà Nẵng", "em", "êm", "ma", "mà", "mả", "mã", "má", "mạ", "On", "Ôn", "Ơn", "Ung", "Ưng"]  # fmt: skip
    words = sorted(expected, key=len)[::-1]
    assert sorted(words, key=places.sort_key) == expected
    assert sorted((unicodedata.normalize("NFD", t) for t in words), key=places.sort_key) == [
        unicodedata.normalize("NFD", t) for t in expected
    ]
    assert sorted(["E", "Ðà", "Da"], key=places.sort_key) == ["Da", "Ðà", "E"]


def test_text_without_marks_has_no_invisible_signs_and_takes_eth_for_d():
    assert places.plain("Ðà\u200b  Nẵng\u00a0ðo") == "da nang do"
    assert places.slug("Ðắk Lắk") == "dak-lak"


def test_tile_map_has_every_province_once():
    tiles = places.tiles()
    assert len(tiles) == 63
    assert not tiles.duplicated(["row", "column"]).any()
    north, south = tiles.loc[places.province("Hà Giang").code], tiles.loc[places.province("Cà Mau").code]
    assert north["row"] == tiles["row"].min()
    assert south["row"] == tiles["row"].max()


def test_five_cities_under_central_government():
    cities = {places.province(c).name_vi for c in places.peers(places.province(1), "cities")}
    assert cities == {"Hà Nội", "Hải Phòng", "Đà Nẵng", "Hồ Chí Minh", "Cần Thơ"}
