"""What applies together on the command line: options that would do nothing are refused, in one line, before anything runs."""

import pandas as pd
import pytest
from click.testing import CliRunner
from conftest import ROOT

from papi_lib.cli import main

SURVEY = str(ROOT / "data/survey/hanoi-2024-simulated.parquet")

#: Options of ``papi report``, and what is said of them; nothing: they apply together.
REPORT = {
    "-n methods": "",
    "-n methods -l en --force": "",
    "-n methods -n 3 -p hue": "",
    "-n methods.ipynb -p hue": "--province does not apply to methods",
    "-n methods -d all": "--district does not apply to methods",
    "-n methods -y 2023": "--year does not apply to methods",
    f"-n methods --records {SURVEY}": "--records does not apply to methods",
    f"-p hue --records {SURVEY}": "is a survey of Hà Nội, not of Thừa Thiên Huế; give --records of a survey there",
    f"-p all -n 3 --records {SURVEY}": "",
    f"-d all -n 3 --records {SURVEY}": "",
    f"-n target --records {SURVEY}": "records are for pages about districts",
    f"-n 3 --records {SURVEY}": "",
    "-p hue -n 20": "20_district_plan is made for pages on a district or a commune only",
    "-p hue -n 3 -n 20": "20_district_plan is made for pages on a district or a commune only",
    "-p all -n 20": "20_district_plan is made for pages on a district or a commune only",
    "-d 001 -n target": "10_target is made for pages on a province only",
    "-p 1 -d 001 -n 20": "no page about Hà Nội: none of the notebooks is made for a province",
    "-p 1 -d 001 -n target": "no page about Quận Ba Đình: none of the notebooks is made for a district",
    "-p 1 -d 001 -n 20 -n target": "",
    "-n 20": "",
    "-p 1 -p 01 -p all -n 3": "",
    "-p hue -y 2023 -y 2024 -y 2023 -n 3": "",
    "-p hue -y all -y 2023 -n 3": "",
    "-p hue -l en -l vi -l en -n 3 -n 03_accountability": "",
    "-d 001 -y 2023": "the simulated surveys are of 2024 and 2026, not 2023",
    "-d 001 -y 2024 -y 2023": "the survey behind districts' pages is of 2024, not 2023",
    "-p 1 -d all -y 2023 -y 2024": "the survey behind districts' pages is of 2024, not 2023",
    "-d 001 -y all -n 3": "",
    "-p hue -n 3 -j 2 --scheduler tcp://h:1": "--jobs does not apply with --scheduler",
    "-p hue -n 3 -j 2 --dask local": "",
    "-p hue -n 3 -j 2 --timeout 5 --memory 600 --force": "",
    "-p hue -n 3 --memory 600 --dask local": "",
}
#: The same of ``papi data`` and ``papi site``; OUT is a folder, NEW and OWN are files.
OTHERS = {
    "data -w NEW --by a": "--by names a column of the file that --with gives",
    "data -w OWN --with OWN": "would be written over by what is joined to it",
    "data -w NEW --with OWN --by province -y 2024 -l en": "",
    "data -w NEW -y 2024 -y 2010": "no PAPI scores for the year",
    "site OUT --verify --pdf": "--verify only checks; give it without --against and --pdf",
    "site OUT --verify --against OUT": "--verify only checks",
    "site OUT --against OUT": "is the run itself; give an earlier one",
}


@pytest.mark.parametrize("given", REPORT)
def test_options_of_a_report_apply_or_are_refused(tmp_path, given):
    told = CliRunner().invoke(main, ["report", *given.split(), "--explain", "-o", str(tmp_path / "run")])
    lines = told.stderr.splitlines()
    assert told.exit_code == (2 if REPORT[given] else 0), (told.stderr, told.exception)
    assert len(lines) == bool(REPORT[given])
    assert REPORT[given] in "".join(lines)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("given", OTHERS)
def test_options_of_other_commands_apply_or_are_refused(tmp_path, given):
    own = tmp_path / "own.csv"
    own.write_text("province,visits\nHuế,3\n", encoding="utf-8")
    names = {"OUT": str(tmp_path), "NEW": str(tmp_path / "new.csv"), "OWN": str(own)}
    told = CliRunner().invoke(main, [names.get(word, word) for word in given.split()])
    assert told.exit_code == (2 if OTHERS[given] else 0), (told.stderr, told.exception)
    assert OTHERS[given] in told.stderr
    assert own.read_text(encoding="utf-8") == "province,visits\nHuế,3\n"


def test_data_of_several_years_are_written(tmp_path):
    for options, years in ((["-y", "2024", "-y", "2022", "-y", "2024"], [2022, 2024]), (["-y", "2023"], [2023])):
        told = CliRunner().invoke(main, ["data", *options, "-w", str(tmp_path / "new.csv")])
        assert told.exit_code == 0, told.stderr
        table = pd.read_csv(tmp_path / "new.csv")
        assert sorted(table["year"].unique()) == years
        assert not table.duplicated(["year", "province_code", "part"]).any()
    whole = pd.read_csv(tmp_path / "new.csv")
    assert CliRunner().invoke(main, ["data", "-w", str(tmp_path / "all.csv")]).exit_code == 0
    everything = pd.read_csv(tmp_path / "all.csv")
    keys = ["year", "province_code", "part"]
    of_year = everything[everything["year"] == 2023].sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(of_year, whole.sort_values(keys, ignore_index=True))
