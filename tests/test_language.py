"""Vietnamese at the command line: help is whole, errors and results are told in it, and English stays English."""

import re
import unicodedata

import pytest
from click.testing import CliRunner

from papi_lib.cli import base, main


def papi(*words, **environment):
    return CliRunner(env={"PAPI_UI": ""} | environment).invoke(main, words, prog_name="papi")


def test_all_help_is_translated(monkeypatch):
    monkeypatch.setenv("PAPI_UI", "vi")
    missing = []
    for command in (main, *main.commands.values()):
        paragraphs = [" ".join(part.split()) for part in command.help.split("\n\n") if "\b" not in part]
        helps = [option.help for option in command.params if getattr(option, "help", None)]
        told = [part for text in helps for part in re.split(r"  \[|\]|; (?=default)", text) if part]
        missing += [text for text in paragraphs + told if base.told(text) == text]
    assert not missing


def test_each_message_keeps_its_values_and_its_letters_composed():
    for english, vietnamese in base.messages().items():
        names = [sorted(set(re.findall(r"\{(\w+)\}", text))) for text in (english, vietnamese)]
        assert set(names[1]) <= set(names[0]), english
        assert unicodedata.is_normalized("NFC", vietnamese)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("report -p Hano", "papi: không có tỉnh, thành phố nào tên 'Hano'; ý bạn là Hà Nội"),
        ("report -n 77", "papi: không có sổ tính '77'; có 00_overview"),
        ("report --bad", "papi: không có tùy chọn '--bad'"),
        ("nothing", "papi: không có lệnh 'nothing'; gõ papi --help"),
        ("check nowhere.csv", "papi: nowhere.csv: không có tệp này; hãy sửa tên"),
        ("site -h", "Cách dùng: papi site"),
        ("-h", "Chạy các sổ tính và làm các trang kết quả."),
    ],
)
def test_commands_speak_vietnamese(words, told):
    assert told in papi("--ui", "vi", *words.split()).output


def test_the_language_is_the_systems_unless_one_is_named():
    assert "Cách dùng" in papi("-h", LC_ALL="vi_VN.UTF-8").output
    assert "Usage" in papi("-h", LC_ALL="vi_VN.UTF-8", PAPI_UI="en").output
    assert "Usage" in papi("-h", LC_ALL="fr_FR.UTF-8").output
    assert "Usage" in papi("--ui", "en", "-h", LC_ALL="vi_VN.UTF-8").output


def test_what_has_no_translation_keeps_its_words_and_its_place_is_translated(monkeypatch):
    monkeypatch.setenv("PAPI_UI", "vi")
    line = "papi: a.csv, rows 3, 4, column 'x': something: unheard of"
    assert base.told(line) == "papi: a.csv, dòng 3, 4, cột 'x': something: unheard of"
