"""Names of places in and out."""

import unicodedata

import pytest

from papi_lib import places


@pytest.mark.parametrize("name", ["Hà Nội", "Ha Noi", "hanoi", 1, "1", "HÀ NỘI", " hà  nội ", unicodedata.normalize("NFD", "Hà Nội"), "Thành phố Hà Nội", "TP. Hà Nội", "Hanoi City"])  # fmt: skip
def test_spellings_of_ha_noi(name):
    assert places.province(name).code == 1


@pytest.mark.parametrize(("name", "code"), [("Đắk Lắk", 66), ("dak lak", 66), ("Tỉnh Điện Biên", 11), ("BA RIA VUNG TAU", 77), ("Bà Rịa-Vũng Tàu", 77), ("TP HCM", 79), ("Ho Chi Minh City", 79), ("Huế", 46), ("Hoà Bình", 17)])  # fmt: skip
def test_other_provinces(name, code):
    assert places.province(name).code == code


def test_every_province_is_found_by_all_its_names():
    for code, row in places.provinces().iterrows():
        assert {
            places.province(n).code for n in (code, row["name_vi"], row["name_en"], places.plain(row["name_vi"]))
        } == {code}


def test_slugs_are_distinct_ascii():
    slugs = {places.province(c).slug for c in places.provinces().index}
    assert len(slugs) == 63
    assert all(s.isascii() for s in slugs)


@pytest.mark.parametrize(
    ("name", "near"), [("Hanoii", "Hà Nội"), ("Quảng Nim", "Quảng Nam"), ("Dienbien Phu", "Điện Biên")]
)
def test_unknown_province_names_the_nearest(name, near):
    with pytest.raises(ValueError, match=near):
        places.province(name)


@pytest.mark.parametrize("name", ["", "99", 3, "<script>", "xyzzy"])
def test_unknown_province_without_near_names(name):
    with pytest.raises(ValueError, match="no province named"):
        places.province(name)


@pytest.mark.parametrize("name", ["Ba Đình", "001", 1, "ba dinh", "Quận Ba Đình", "Ba Dinh District"])
def test_spellings_of_a_district(name):
    assert places.district(name).code == "001"


def test_districts_know_type_and_province():
    town = places.district("Thị xã Sơn Tây")
    assert (town.type, town.province_code, town.name("en")) == ("thi-xa", 1, "Son Tay Town")


def test_unknown_district_names_the_nearest():
    with pytest.raises(ValueError, match="Quận Hoàn Kiếm"):
        places.district("Hoan Kem")


def test_vietnamese_sort_order():
    words = [
        "Đà Nẵng",
        "Dân",
        "An",
        "Ăn",
        "Ân",
        "ma",
        "mạ",
        "mã",
        "mả",
        "má",
        "mà",
        "Ơn",
        "On",
        "Ôn",
        "Ưng",
        "Ung",
        "em",
        "êm",
        "dao",
    ]
    expected = [
        "An",
        "Ăn",
        "Ân",
        "dao",
        "Dân",
        "Đà Nẵng",
        "em",
        "êm",
        "ma",
        "mà",
        "mả",
        "mã",
        "má",
        "mạ",
        "On",
        "Ôn",
        "Ơn",
        "Ung",
        "Ưng",
    ]
    assert sorted(words, key=places.sort_key) == expected
    assert sorted((unicodedata.normalize("NFD", t) for t in words), key=places.sort_key) == [
        unicodedata.normalize("NFD", t) for t in expected
    ]


def test_tile_map_has_every_province_once():
    tiles = places.tiles()
    assert len(tiles) == 63
    assert not tiles.duplicated(["row", "column"]).any()
    north, south = tiles.loc[places.province("Hà Giang").code], tiles.loc[places.province("Cà Mau").code]
    assert north["row"] == tiles["row"].min()
    assert south["row"] == tiles["row"].max()


def test_five_cities_under_central_government():
    assert {places.province(c).name_vi for c in places.peers(places.province(1), "cities")} == {
        "Hà Nội",
        "Hải Phòng",
        "Đà Nẵng",
        "Hồ Chí Minh",
        "Cần Thơ",
    }
