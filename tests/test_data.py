"""The data package: its schemas, its known gaps, and what a faulty file says."""

import pickle
import shutil

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from frictionless import Package

from papi_lib import changes, datafiles, index, places, plans, posterior, published, targets
from papi_lib.cli import main
from papi_lib.survey import codebook


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A copy of the data folder that a test may damage."""
    folder = tmp_path / "data"
    shutil.copytree(datafiles.folder(), folder)
    monkeypatch.setenv("PAPI_DATA", str(folder))
    return folder


def test_package_is_valid_frictionless():
    report = Package(str(datafiles.folder() / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "rowNumber", "fieldName", "note"])[:5]


def test_every_table_on_disk_is_in_the_package():
    listed = {r["path"] for r in datafiles.package()["resources"] if r["format"] == "csv"}
    found = {p.relative_to(datafiles.folder()).as_posix() for p in datafiles.folder().rglob("*.csv")}
    assert found == listed


def test_every_year_has_a_file_and_every_file_a_year():
    assert datafiles.resource_names("scores-") == [f"scores-{y}" for y in index.years()]


def test_counts_of_the_source():
    assert len(published.load()) == 21_891
    assert len(datafiles.read("provinces")) == 63
    assert datafiles.read("provinces")["merged_2025"].nunique() == 34
    assert len(datafiles.read("districts")) == 696
    pci = datafiles.read("pci").set_index("year").drop(columns="province_code")
    assert pci.groupby("year").size().to_dict() == dict.fromkeys((2011, 2012, 2014, 2015, 2016), 63)
    late = pci.loc[2014:].drop(columns=["unweighted", "weighted"]).mul(0.5)  # each weighs one half, but:
    late[["transparency", "support", "labor"]] *= 4
    late["informal"] *= 2
    np.testing.assert_allclose(late.sum(axis=1), pci.loc[2014:, "weighted"], atol=0.001)


def test_scores_of_the_34_provinces_of_2025_are_told_as_that(data):
    """Their codes are codes of the 63 too, seven of them of other provinces."""
    path = data / "published" / "2024.csv"
    rows, new = path.read_text(encoding="utf-8").splitlines(), set(map(str, places.provinces(2025).index))
    path.write_text("\n".join([rows[0], *(row for row in rows if row.split(",")[1] in new)]) + "\n", encoding="utf-8")
    with pytest.raises(datafiles.DataError, match=r"2024\.csv.*these are the 34 provinces since 1 July 2025"):
        published.load(2024)


def test_vietnamese_text_is_nfc():
    for name in ("provinces", "districts", "regions", "dimensions", "subdimensions", "breaks"):
        for column in datafiles.read(name).select_dtypes(["object", "string"]):
            text = datafiles.read(name)[column].dropna()
            assert text.str.normalize("NFC").equals(text), (name, column)


def test_breaks_inside_editions_are_the_jumps_in_the_figures():
    """A shift of the provinces' mean by two of their standard deviations is a break, and listed."""
    found = set()
    for edition in datafiles.read("years")["edition"].unique():
        years = index.edition_years(edition)
        for part in index.subdimensions(edition):
            wide = published.series(part)
            for before, year in zip(years, years[1:], strict=False):
                both = wide[[before, year]].dropna()
                shift = both[year].mean() - both[before].mean()
                if abs(shift) > 2 * both.std().mean():
                    found.add((year, part))
    listed = set(datafiles.read("breaks").dropna()[["year", "subdimension"]].itertuples(index=False, name=None))
    assert found == listed


def edit(path, change):
    path.write_bytes(change(path.read_bytes()))


FAULTS = {
    "missing file": (lambda p: p.unlink(), "the file is missing"),
    "missing column": (lambda p: edit(p, lambda b: b.replace(b"subdimension,score", b"subdimension", 1)), "row 1, column 'score': the column is missing"),
    "text in a score": (lambda p: edit(p, lambda b: b.replace(b"1.425716", b"n/a", 1)), "row 2, column 'score': 'n/a' is not a number"),
    "decimal comma": (lambda p: edit(p, lambda b: b.replace(b"1.425716", b"1,425716", 1)), "row 2, column 'score': 6 values"),
    "score outside the scale": (lambda p: edit(p, lambda b: b.replace(b"1.425716", b"14.25716", 1)), "row 2, column 'score': '14.25716' is outside"),
    "score outside its range": (lambda p: edit(p, lambda b: b.replace(b"1.425716", b"2.6", 1)), "row 2, column 'score': '2.6' is outside the range of civic_knowledge, 0.25 to 2.50"),
    "duplicate row": (lambda p: edit(p, lambda b: b + b"2024,1,1,civic_knowledge,1.425716\n"), "column 'subdimension': repeats row 2"),
    "lost row": (lambda p: edit(p, lambda b: b.replace(b"2024,1,1,civic_knowledge,1.425716\n", b"", 1)), "no score of civic_knowledge for province 1"),
    "not UTF-8": (lambda p: edit(p, lambda b: b.replace(b"civic", b"civ\xefc", 1)), "row 2, column 4: not UTF-8"),
    "empty file": (lambda p: p.write_bytes(b""), "row 1, column 'year': the column is missing"),
    "unknown province": (lambda p: edit(p, lambda b: b.replace(b"2024,1,1,civic", b"2024,3,1,civic", 1)), "row 2, column 'province_code': '3' is not a province_code"),
    "unknown sub-dimension": (lambda p: edit(p, lambda b: b.replace(b"civic_knowledge", b"civic", 1)), "row 2, column 'subdimension': 'civic' is not"),
    "sub-dimension of another edition": (lambda p: edit(p, lambda b: b.replace(b"civic_knowledge", b"construction_permits", 1)), "row 2, column 'subdimension': 'construction_permits' is not a sub-dimension of the 2021 edition"),
    "another year": (lambda p: edit(p, lambda b: b.replace(b"2024,1,1", b"2023,1,1", 1)), "row 2, column 'year': '2023' in the file of 2024"),
    "infinite score": (lambda p: edit(p, lambda b: b.replace(b"1.425716", b"inf", 1)), "row 2, column 'score': 'inf' is not a number"),
    "broken quotes": (lambda p: edit(p, lambda b: b.replace(b"civic_knowledge", b'"civic"x', 1)), "row 2"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_file_is_one_line_naming_file_row_and_column(data, fault):
    damage, message = FAULTS[fault]
    damage(data / "published" / "2024.csv")
    with pytest.raises(datafiles.DataError) as error:
        published.load(2024)
    text = str(error.value)
    assert message in text
    assert "2024.csv" in text
    assert "\n" not in text


def test_what_a_spreadsheet_saved_is_read_and_rewritten(data):
    scores, districts = data / "published" / "2024.csv", data / "places" / "districts.csv"
    before, kept = published.load(2024), {path: path.read_bytes() for path in (scores, districts)}
    edit(scores, lambda b: b"\xef\xbb\xbf" + b.replace(b",", b";").replace(b".", b",").replace(b"\n", b"\r\n"))
    pd.testing.assert_frame_equal(published.load(2024), before)
    edit(districts, lambda b: b.replace(b"\n001,", b"\r\n1,").replace(b"\n002,", b"\r\n2,"))
    assert CliRunner().invoke(main, ["check", str(districts)]).exit_code == 2  # a code without its zeros is a fault
    told = CliRunner().invoke(main, ["check", "--repair"])
    assert told.exit_code == 0, told.output
    assert "districts.csv: rewritten, 2 codes with their zeros again" in told.output
    assert {path: path.read_bytes() for path in kept} == kept
    assert "rewritten" not in CliRunner().invoke(main, ["check", "--repair"]).output


def test_a_mended_file_is_read_again(data):
    path = data / "published" / "2024.csv"
    good = path.read_bytes()
    path.write_bytes(good.replace(b"1.425716", b"x", 1))
    with pytest.raises(datafiles.DataError):
        published.load(2024)
    path.write_bytes(good)
    assert published.load(2024, 1)["score"].iloc[0] == 1.425716


def test_the_fingerprint_follows_the_contents(data):
    before = datafiles.fingerprint()
    (data / "published" / "2024.csv").touch()
    assert datafiles.fingerprint() == before
    edit(data / "published" / "2024.csv", lambda b: b.replace(b"1.425716", b"1.425717", 1))
    assert datafiles.fingerprint() != before


# --- what caches keep --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "change"),
    [
        (lambda: published.totals(2024), lambda frame: frame.loc.__setitem__((1, "total"), 99)),
        (lambda: places.provinces(), lambda frame: frame["name_vi"].array.__setitem__(0, "x")),
        (lambda: posterior.published_standing(2024, 8), lambda frame: frame["rank"].array.__setitem__(0, 99)),
        (lambda: codebook.items(2024), lambda frame: frame["values"].iloc[0].update({1: 99})),
        (lambda: plans.tasks(1), lambda frame: frame["subdimensions"].iloc[0].append("x")),
        (lambda: targets.climb("Hà Nội", 2023, places=5).gaps, lambda frame: frame.iloc.__setitem__((0, 0), 99)),
        (lambda: changes.kept(2024).attrs, lambda attrs: attrs.update(years=[1])),
        (lambda: index.dimensions(2024), lambda dimensions: dimensions.append(9)),
        (lambda: datafiles.package(), lambda package: package["resources"].clear()),
        (lambda: datafiles.read("provinces"), lambda frame: frame.iloc.__setitem__((0, 1), "x")),
    ],
)  # fmt: skip
def test_what_a_caller_changes_changes_no_later_answer(asked, change):
    before = asked()
    kept = pickle.loads(pickle.dumps(before))  # copies of frames share what is in their cells
    change(before)
    assert not _same(before, kept)
    assert _same(asked(), kept)


def _same(one, other):
    return one.equals(other) if isinstance(one, pd.DataFrame) else one == other


def test_arguments_that_are_equal_but_of_other_types_are_other_questions():
    asked = []

    @datafiles.cached
    def name(value, more=None):
        asked.append((value, more))
        return type(value).__name__, type(more).__name__

    for _ in range(2):
        assert [name(v)[0] for v in (1, 1.0, True, np.int64(1))] == ["int", "float", "bool", "int64"]
        assert [name(0, more=v)[1] for v in ((1,), (True,))] == ["tuple", "tuple"]
        assert name([1])[0] == "list"
    assert len(asked) == 6 + 2  # what has no hash is not kept
