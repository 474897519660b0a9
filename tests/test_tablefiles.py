"""Reading the tables that people have: what is read, what is told, what is refused, in every format alike."""

import contextlib
import datetime
import io
import struct
import time
import unicodedata
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest
from pyarrow import parquet

from papi_lib import published, tablefiles, tidy
from papi_lib.cells import TWO_WAYS, numbers
from papi_lib.datafiles import DataError
from papi_lib.survey import records

FORMATS = ["a.csv", "a.xlsx", "a.parquet", "a.dta", "a.sav"]


def write(frame, path):
    """Write a frame in the format that the name tells."""
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".dta":
        pyreadstat.write_dta(frame, str(path))
    else:
        pyreadstat.write_sav(frame, str(path))
    return path


def text(path, content, encoding="utf-8"):
    path.write_bytes(content.encode(encoding))
    return path


def book(path, sheets, active=0):
    """Write a workbook: rows by the sheet's name."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.active = active
    made.save(path)
    return made


def notes(frame):
    return "\n".join(frame.attrs["notes"])


def refused(path, *args):
    with pytest.raises(DataError) as error:
        tablefiles.read(path, *args)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)
    return str(error.value)


# --- all formats alike -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_words_for_a_missing_value_are_empty_and_counted_and_errors_stay_in_every_format(tmp_path, name):
    written = ["x", "NA", "#N/A", "", " . ", "#REF!", "na"]
    frame = tablefiles.read(write(pd.DataFrame({"a": written, "n": [1.0] * 7}), tmp_path / name))
    assert frame["a"].isna().to_list() == [False, True, True, True, True, False, False]
    assert frame["a"].dropna().to_list() == ["x", "#REF!", "na"]
    assert "'#N/A', '.', 'NA' taken as empty: 3 cells in column 'a'" in notes(frame)
    assert frame.index.to_list() == list(range(2, 9) if name[2:] in ("csv", "xlsx") else range(1, 8))


@pytest.mark.parametrize("name", FORMATS)
def test_text_and_names_are_composed_and_stripped_in_every_format(tmp_path, name):
    loose = unicodedata.normalize("NFD", "Đắk Lắk")
    frame = tablefiles.read(write(pd.DataFrame({"tinh": [f" {loose} ", "Huế"]}), tmp_path / name))
    assert frame["tinh"].to_list() == ["Đắk Lắk", "Huế"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_without_rows_is_refused_in_every_format(tmp_path, name):
    assert "the file has no rows" in refused(write(pd.DataFrame({"a": pd.Series(dtype="float64")}), tmp_path / name))


def test_two_columns_of_one_name_are_refused_whatever_the_case_and_blanks(tmp_path):
    assert "row 1, column 'x': two columns have this name, the 1. and the 3." in refused(
        text(tmp_path / "a.csv", "x,y, x \n1,2,3\n")
    )
    book(tmp_path / "a.xlsx", {"s": [["Weight", "weight"], [1, 2]]})
    assert "row 1, column 'weight': two columns" in refused(tmp_path / "a.xlsx")
    assert "column 'W': two columns" in refused(write(pd.DataFrame({"w": [1.0], "W": [2.0]}), tmp_path / "a.dta"))
    parquet.write_table(pa.table([[1], [2]], ["w", "w"]), tmp_path / "a.parquet")
    assert "column 'w': two columns" in refused(tmp_path / "a.parquet")


def test_a_file_that_is_another_format_by_what_is_in_it_says_so(tmp_path):
    write(pd.DataFrame({"a": [1.0]}), tmp_path / "a.sav").rename(tmp_path / "a.csv")
    assert "this is a .sav file; give it that name" in refused(tmp_path / "a.csv")
    ole = struct.pack("<Q", 0xE11AB1A1E011CFD0) + bytes(100)
    (tmp_path / "a.xlsx").write_bytes(ole)
    assert "protected by a password, or an old .xls workbook" in refused(tmp_path / "a.xlsx")
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 cut short")
    assert "cannot be read" in refused(tmp_path / "a.xlsx")
    assert "the file is missing" in refused(tmp_path / "b.csv")
    assert "save it as one of .csv" in refused(tmp_path / "b.ods")


def test_escape_sequences_never_reach_a_terminal(tmp_path):
    told = refused(text(tmp_path / "a.csv", "\x1b[2Ja,b\n1\n"))
    assert "\x1b" not in told
    assert r"column '\x1b[2Ja'" in told


# --- CSV ---------------------------------------------------------------------------------------------


def test_only_line_ends_end_a_row_and_line_breaks_in_a_cell_stay(tmp_path):
    odd = "a\u2028b\u2029c\x0bd\x0ce\x85f\x1cg"
    file = text(tmp_path / "a.csv", f'note,x\r\n{odd},1\r\n"8\n8",2\r\nz,"1\r\n0"\r\n')
    frame = tablefiles.read(file)
    assert frame["note"].to_list() == [odd, "8\n8", "z"]
    assert numbers(frame["x"]).to_list()[:2] == [1, 2]
    assert np.isnan(numbers(frame["x"]).iloc[2])


def test_empty_rows_are_counted_and_do_not_shift_row_numbers(tmp_path):
    frame = tablefiles.read(text(tmp_path / "a.csv", "a;b\n1;2\n;\n\n3;4\n ; \n\n"))
    assert frame.index.to_list() == [2, 5]
    assert frame.index.name == "row"
    assert "4 empty rows passed over" in notes(frame)
    assert tablefiles.read(text(tmp_path / "a.csv", "a,b\r1,2\r3,4")).index.to_list() == [2, 3]
    assert tablefiles.read(text(tmp_path / "a.csv", "a,b\n1,2\n")).attrs["notes"] == []


def test_text_is_utf_8_with_a_mark_or_without_and_nothing_else(tmp_path):
    for encoding in ("utf-8", "utf-8-sig"):
        frame = tablefiles.read(text(tmp_path / "a.csv", "tỉnh\tx\nĐà Nẵng\t1,5\n", encoding))
        assert (frame.columns[0], *frame.iloc[0]) == ("tỉnh", "Đà Nẵng", "1,5")
    for encoding, row in (("utf-16", 1), ("latin-1", 2)):
        told = refused(text(tmp_path / "a.csv", "tinh,x\nCà Mau,1\n", encoding))
        assert f"row {row}: the text is not UTF-8; save the file as UTF-8" in told


def test_a_broken_byte_in_utf_8_is_refused_with_its_row_not_read_as_another_encoding(tmp_path):
    (tmp_path / "a.csv").write_bytes("tỉnh,x\nHuế,1\nĐà Nẵ".encode()[:-1] + b",2\n")
    assert "row 3: the text is not UTF-8" in refused(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b\n1,2,3\n", "row 2, column 'b': 3 values where 2 belong"),
        ("a,b\n1,2\n\n1\n", "row 4, column 'a': 1 values where 2 belong"),
        ('a,b\n1,2\n"1,2\n3,4\n', "row 3: no row of a CSV file"),
        ('a,b\n"Khu "A"",2\n', "row 2: no row of a CSV file"),
        (",".join(f"c{i}" for i in range(200_000)) + "\n1\n", "row 1: 200,000 columns; at most 4,096 are read"),
    ],
)
def test_rows_that_do_not_fit_are_refused(tmp_path, content, says):
    assert says in refused(text(tmp_path / "a.csv", content))


def test_titles_above_the_header_are_passed_over_and_the_decimal_comma_parts_no_columns(tmp_path):
    file = text(tmp_path / "a.csv", "Khảo sát, năm 2024\n\nTỉnh;a;b\nHuế;1,5;2,5\n")
    frame = tablefiles.read(file, ["tinh"])
    assert frame.index.to_list() == [4]
    assert frame.columns.to_list() == ["Tỉnh", "a", "b"]
    assert "the header was taken from row 3" in notes(frame)


def test_columns_without_a_name_are_told_if_they_hold_something(tmp_path):
    frame = tablefiles.read(text(tmp_path / "a.csv", ",a,,b,\n1,2,,3,\n2,2,,3,x\n"))
    assert frame.columns.to_list() == ["a", "b"]
    assert "3 cells in columns without a name passed over, the first in row 2" in notes(frame)


def test_dashes_are_empty_only_where_all_else_is_numbers(tmp_path):
    frame = tablefiles.read(text(tmp_path / "a.csv", "x,y,z\n1.5,a,-\n-,-,-\n…,b,-\n"))
    assert frame["x"].isna().to_list() == [False, True, True]
    assert frame["y"].to_list() == ["a", "-", "b"]
    assert frame["z"].to_list() == ["-", "-", "-"]


def test_names_that_stand_once_are_filled_down_in_key_columns_only(tmp_path):
    file = text(tmp_path / "a.csv", "district,item\nBa Đình,1\n,\n,2\nTây Hồ,\n,3\n")
    frame = tablefiles.read(file, ["district", "item"], ["district"])
    assert frame.index.to_list() == [2, 4, 5, 6]
    assert frame["district"].to_list() == ["Ba Đình", "Ba Đình", "Tây Hồ", "Tây Hồ"]
    assert frame["item"].isna().sum() == 1
    assert "column 'district': 2 empty cells filled down with the name above" in notes(frame)
    for lacking in ("1,a\n1,b\n,c\n2,d\n", "1,a\n,b\n2,c\n3,d\n", ",a\n1,b\n,c\n"):  # one forgotten, or none above
        frame = tablefiles.read(text(tmp_path / "a.csv", f"district,x\n{lacking}"), ["district"], ["district"])
        assert frame["district"].isna().any()


def test_a_large_survey_is_read_in_pieces_column_by_column(tmp_path):
    row = ",".join(["001", "1", "88", "", "NA"] * 30)
    file = text(tmp_path / "a.csv", ",".join(f"c{i}" for i in range(150)) + f"\n{row}" * 20_001 + "\n")
    began = time.process_time()
    frame = tablefiles.read(file)
    assert time.process_time() - began < 6  # cell by cell in Python takes several times that
    assert frame.shape == (20_001, 150)
    assert frame.index[-1] == 20_002
    assert frame["c0"].unique().tolist() == ["001"]
    assert frame["c4"].isna().all()


# --- workbooks ---------------------------------------------------------------------------------------

DATA = [["district", "weight"], ["001", 1.5], ["002", 2]]


def test_the_sheet_with_the_data_is_found_and_told(tmp_path):
    book(tmp_path / "a.xlsx", {"Ghi chú": [["Đọc trước"]], "Dữ liệu": [["Khảo sát"], [], *DATA]})
    frame = tablefiles.read(tmp_path / "a.xlsx", ["district", "weight"])
    assert frame.index.to_list() == [4, 5]
    assert "sheet 'Dữ liệu' was read, with its header in row 3; not read: 'Ghi chú'" in notes(frame)


def test_of_two_sheets_with_data_the_one_that_opens_is_read(tmp_path):
    sheets = {"cũ": DATA[:2], "mới": DATA, "khác": [["x"]]}
    for active, rows in ((0, 1), (1, 2), (2, 1)):
        book(tmp_path / "a.xlsx", sheets, active)
        frame = tablefiles.read(tmp_path / "a.xlsx", ["district", "weight"])
        assert len(frame) == rows
        assert "(has such columns too)" in notes(frame)
    book(tmp_path / "a.xlsx", {"s": DATA})
    assert tablefiles.read(tmp_path / "a.xlsx", ["district"]).attrs["notes"] == []


def test_merged_cells_are_told_and_filled_down_in_key_columns(tmp_path):
    made = book(tmp_path / "a.xlsx", {"s": [["Khảo sát 2024"], ["tỉnh", "x", "y"], ["Huế", 1, 2], [None, 3, 4], ["Hà Nội", 5, 6], [None, 7, 8]]})  # fmt: skip
    for cells in ("A1:C1", "A3:A4", "A5:A6", "B5:C5"):
        made.active.merge_cells(cells)
    made.save(tmp_path / "a.xlsx")
    frame = tablefiles.read(tmp_path / "a.xlsx", ["tinh"], ["tinh"])
    assert frame["tỉnh"].to_list() == ["Huế", "Huế", "Hà Nội", "Hà Nội"]
    assert frame["y"].isna().to_list() == [False, False, True, False]
    assert "column 'tỉnh': 2 empty cells filled down" in notes(frame)
    assert "3 merged cells below the header; only the first of what was merged has the value" in notes(frame)


def test_cells_keep_what_they_are(tmp_path):
    when = datetime.datetime(2024, 1, 2)
    book(tmp_path / "a.xlsx", {"s": [["cluster", "a", "b", "c"], [when, "=B3*2", True, "12"], ["1-3", 5, False, 12]]})
    frame = tablefiles.read(tmp_path / "a.xlsx", ["cluster"])
    assert "1 formula without a value, the first in row 2" in notes(frame)
    assert "column 'cluster': 1 cell with a date, the first in row 2" in notes(frame)
    assert frame["a"].to_list() == ["=B3*2", 5]
    assert numbers(frame["b"]).isna().all()
    assert numbers(frame["c"]).to_list() == [12, 12]


def test_a_far_cell_and_styled_empty_rows_cost_nothing(tmp_path):
    made = book(tmp_path / "a.xlsx", {"s": [["a", "b"], [1, 2]]})
    made.active.cell(4, 1).fill = openpyxl.styles.PatternFill("solid", "FFFF00")
    made.active.cell(1_048_576, 16_384).value = "x"
    made.save(tmp_path / "a.xlsx")
    frame = tablefiles.read(tmp_path / "a.xlsx")
    assert frame.shape == (1, 2)
    assert "1 cell in columns without a name passed over, the first in row 1048576" in notes(frame)
    assert "1,048,574 empty rows" in notes(frame)


def test_a_far_cell_in_the_header_makes_no_wide_table(tmp_path):
    made = book(tmp_path / "a.xlsx", {"s": [["a", None, "b"], [1, "?", 2]]})
    made.active.cell(1, 16_384).value = "x"
    made.save(tmp_path / "a.xlsx")
    frame = tablefiles.read(tmp_path / "a.xlsx")
    assert frame.columns.to_list() == ["a", "b", "x"]
    assert "1 cell in columns without a name passed over, the first in row 2" in notes(frame)


# --- Stata, SPSS, Parquet ----------------------------------------------------------------------------


def test_extended_missing_codes_of_stata_are_counted_as_lost(tmp_path):
    frame = pd.DataFrame({"x": [1, "a", "b", "a", 2], "y": [1.0, np.nan, 2, 3, 4]})
    labels = {"x": {1: "Có", 2: "Không", "a": "Không biết"}}
    pyreadstat.write_dta(frame, str(tmp_path / "a.dta"), missing_user_values={"x": ["a", "b"]}, variable_value_labels=labels)  # fmt: skip
    read = tablefiles.read(tmp_path / "a.dta")
    assert read["x"].isna().to_list() == [False, True, True, True, False]
    assert read["x"].dtype == "float64"
    assert read.attrs["lost"] == {"x": {".a": 2, ".b": 1}}
    assert read.attrs["labels"] == {"x": {1: "Có", 2: "Không", ".a": "Không biết"}}


def test_missing_codes_of_spss_are_kept_with_the_labels(tmp_path):
    frame = pd.DataFrame({"x": [1.0, 88, 99, np.nan]})
    pyreadstat.write_sav(frame, str(tmp_path / "a.sav"), missing_ranges={"x": [88, 99]}, variable_value_labels={"x": {1: "Có", 88: "Không biết"}})  # fmt: skip
    read = tablefiles.read(tmp_path / "a.sav")
    assert read["x"].to_list()[:3] == [1, 88, 99]
    assert read.attrs["labels"] == {"x": {1: "Có", 88: "Không biết"}}
    assert read.attrs["lost"] == {}


def test_stata_and_spss_files_with_text_that_is_not_utf_8_are_refused(tmp_path):
    """Of Windows-1258 the reader would lose the last letter of each text without a word."""
    frame = pd.DataFrame({"x": ["Huế", "Cà Mau"]})
    pyreadstat.write_dta(frame, str(tmp_path / "a.dta"), version=12)
    assert tablefiles.read(tmp_path / "a.dta")["x"].to_list() == ["Huế", "Cà Mau"]
    pyreadstat.write_sav(frame, str(tmp_path / "a.sav"))
    for path in (tmp_path / "a.dta", tmp_path / "a.sav"):
        raw = path.read_bytes().replace("Huế".encode(), b"Hu\xea\xec ").replace("Cà Mau".encode(), b"C\xe0 Mau ")
        path.write_bytes(raw.replace(b"\x05\0\0\0UTF-8", b"\x0c\0\0\0windows-1258"))
        refused(path)


def test_parquet_with_text_that_is_not_utf_8_names_the_column_and_an_index_is_a_column(tmp_path):
    bad = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(struct.pack("<ii", 0, 2)), pa.py_buffer(b"\xff\xfe")]
    )
    parquet.write_table(pa.table({"a": [1], "note": bad}), tmp_path / "a.parquet")
    assert "column 'note': holds text that is not UTF-8" in refused(tmp_path / "a.parquet")
    pd.DataFrame({"x": [1]}, index=pd.Index(["Huế"], name="tỉnh")).to_parquet(tmp_path / "b.parquet")
    assert tablefiles.read(tmp_path / "b.parquet")["tỉnh"].to_list() == ["Huế"]


# --- numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["1.005", "0.998", "12.345"], [1.005, 0.998, 12.345]),  # a number under one
        (["949.33", "1.165"], [949.33, 1.165]),
        (["1,165", "2,5"], [1.165, 2.5]),
        (["9.500.000", "8.600", "0,3", "12"], [9_500_000, 8_600, 0.3, 12]),
        (["1,234,567.5", "1,234"], [1_234_567.5, 1_234]),
        (["1.165,20", "949,10"], [1165.2, 949.1]),
        (["1234.567", "1.165"], [1234.567, 1.165]),
        (["1.234e2", "1.165"], [123.4, 1.165]),
        (["9 500 000", "8\u00a0600,5", "−3"], [9_500_000, 8_600.5, -3]),
        (["007", "+1", ".5", "-0.250"], [7, 1, 0.5, -0.25]),
    ],
)
def test_numbers_are_read_as_the_column_shows(written, read):
    found = numbers(pd.Series(written))
    assert found.to_list() == pytest.approx(read)
    assert found.attrs["faults"] == {}


@pytest.mark.parametrize(
    ("written", "doubtful"),
    [
        (["949", "1.165"], [1]),
        (["949", "1,165", "1,200"], [1, 2]),
        (["1.5", "1,165"], [1]),  # thousands, or another clerk's decimals
        (["9.500.000", "1,165"], [1]),
        (["9.500.000", "1.165", "1200"], [1]),  # thousands stand there without points, too
        (["1.5", "9.500.000", "7"], [0, 1]),
        (["1.5", "2,5", "7"], [0, 1]),
        (["-1.165"], [0]),
    ],
)
def test_numbers_that_may_be_read_in_two_ways_are_none(written, doubtful):
    found = numbers(pd.Series(written))
    assert found.attrs["faults"] == dict.fromkeys(doubtful, TWO_WAYS)
    assert np.flatnonzero(found.isna()).tolist() == doubtful


def test_what_is_no_number_is_missing_and_what_cannot_be_is_a_fault():
    column = pd.Series(["1", "x", "²", "１", "8\n8", "1 2", "#DIV/0!", "inf", "1e400", "1e308", "", None], index=range(2, 14))  # fmt: skip
    found = numbers(column)
    assert found.dropna().to_dict() == {2: 1, 11: 1e308}
    assert sorted(found.attrs["faults"]) == [8, 9, 10]
    assert numbers(pd.Series([1.005, np.inf, 949])).attrs["faults"] == {1: "is beyond all numbers; correct it"}
    assert numbers(pd.Series([True, False])).isna().all()
    assert numbers(pd.Series([1.165, True, "949", None, datetime.date(2024, 1, 1)], dtype=object)).dropna().to_list() == [1.165, 949]  # fmt: skip
    assert numbers(pd.Series(pd.to_datetime(["2024-01-01"]))).isna().all()
    assert numbers(pd.Series([1, None], dtype="Int16")).to_list()[0] == 1


# --- own figures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_own_figures_of_any_format_are_joined(tmp_path, name):
    write(pd.DataFrame({"province": ["Huế", "Hà Nội"], "x": [1.5, 2.5]}), tmp_path / name)
    joined, _ = tidy.join(published.totals(2024), tmp_path / name)
    assert joined.loc[[46, 1], "x"].to_list() == [1.5, 2.5]


def test_errors_and_endless_numbers_are_told_and_left_out(tmp_path):
    file = text(tmp_path / "my.csv", "\nTỉnh/Thành phố,x,y\nHuế,1,#REF!\nHà Nội,#DIV/0!,a\n\nCà Mau,1e999,NA\n")
    joined, unmatched = tidy.join(published.totals(2024), file)
    assert joined["x"].dropna().to_dict() == {46: 1}
    assert joined["y"].dropna().to_dict() == {1: "a"}
    lines = tidy.report(unmatched, file)
    assert f"{file}: the header was taken from row 2" in lines
    told = "\n".join(lines)
    assert f"{file}, row 3, column 'y': '#REF!' is an error of a spreadsheet" in told
    assert f"{file}, row 4, column 'x': '#DIV/0!' is an error of a spreadsheet" in told
    assert f"{file}, row 6, column 'x': '1e999' is beyond all numbers" in told
    assert "'NA' taken as empty" in told


def test_nothing_that_is_written_runs_in_a_spreadsheet(tmp_path):
    text_cells = ["=1", "a;=1", " +1", "＝1", "\u200b@x", "a\n-1", ';"-1', "Bà Rịa - Vũng Tàu", "a@b"]
    tidy.write(pd.DataFrame({"x": text_cells}), tmp_path / "a.csv")
    assert pd.read_csv(tmp_path / "a.csv")["x"].to_list() == [
        "'=1", "a;'=1", " +1", "'＝1", "'\u200b@x", "a\n'-1", ";'\"-1", "Bà Rịa - Vũng Tàu", "a@b",
    ]  # fmt: skip


# --- bounds and seals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("<row/>" * 2_000_000, "unpacks to"),
        ("<row>" + "<c/>" * 60_000 + "</row>", "more than 16,384 cells"),
        (
            "<row>" + "<c><v>1</v></c>" * 5_000 + "</row><row><c><v>1</v></c></row>",
            "names 5,000 columns, at most 4,096",
        ),
    ],
)
def test_a_small_workbook_takes_little_whatever_it_unpacks_to(tmp_path, rows, says):
    path, plain = tmp_path / "a.xlsx", io.BytesIO()
    openpyxl.Workbook().save(plain)
    sheet = "<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData>"
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            whole = f"{sheet}{rows}</sheetData></worksheet>" if "sheet1" in name else old.read(name)
            new.writestr(name, whole)
    begun = time.process_time()
    with pytest.raises(DataError, match=says):
        tablefiles.read(path)
    assert time.process_time() - begun < 5


def test_a_bit_that_flips_in_sealed_records_is_told_wherever_it_is(tmp_path):
    """59 of 400 passed: in columns' values, in the file's foot."""
    frame = pd.DataFrame({"a": np.arange(300) % 7, "b": [f"thôn {i % 9}" for i in range(300)]})
    path, content = tmp_path / "a.parquet", tablefiles.sealed(frame)
    path.write_bytes(content)
    pd.testing.assert_frame_equal(tablefiles.read(path).reset_index(drop=True), frame, check_dtype=False)
    rng, passed = np.random.default_rng(0), 0
    for at in rng.choice(len(content), 400, replace=False):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1 << rng.integers(8)]) + content[at + 1 :])
        with contextlib.suppress(DataError):
            passed += not tablefiles.read(path).reset_index(drop=True).astype(str).equals(frame.astype(str))
    assert passed == 0


def test_written_records_are_for_those_who_may_read_their_source(tmp_path):
    source, (left, written) = tmp_path / "a.csv", (tmp_path / f".papi-{'0' * 16}.part", tmp_path / "b.parquet")
    source.write_text("x")
    left.write_text("an answer")
    frame = pd.DataFrame({"a": [1]})
    frame.attrs = {"level": "district", "year": 2024}
    for mode, source_mode in ((0o600, None), (0o640, 0o640)):
        source.chmod(source_mode or 0o644)
        records.write(frame, written, source if source_mode else None)
        assert written.stat().st_mode & 0o777 == mode
    assert sorted(tmp_path.iterdir()) == [source, written]
