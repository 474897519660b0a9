"""Words and numbers as Vietnamese and English readers write them."""

import unicodedata
from datetime import datetime

import pytest

from papi_lib.page.words import Words


@pytest.mark.parametrize(("value", "decimals", "vi", "en"), [(41.629, 2, "41,63", "41.63"), (1234.5, 1, "1.234,5", "1,234.5"), (-0.004, 2, "0,00", "0.00"), (-1.5, 1, "−1,5", "−1.5"), (float("nan"), 2, "–", "–"), (None, 2, "–", "–"), (0.125, 2, "0,12", "0.12")])  # fmt: skip
def test_numbers(value, decimals, vi, en):
    assert Words("vi").number(value, decimals) == vi
    assert Words("en").number(value, decimals) == en


@pytest.mark.parametrize(("value", "text"), [(0.5, "+0,50"), (-0.5, "−0,50"), (0.001, "0,00"), (float("nan"), "–")])
def test_differences_have_a_sign(value, text):
    assert Words("vi").signed(value) == text


def test_percentages_lists_years_and_dates():
    w = Words("vi")
    assert w.percent(0.344) == "34%"
    assert w.join(["Hà Nội", "Huế", "Cần Thơ"]) == "Hà Nội, Huế và Cần Thơ"
    assert w.years([2021, 2024]) == "2021–2024"
    assert w.years([2018]) == "2018"
    assert w.date(datetime(2024, 3, 9, 8, 5)) == "08:05, 9/3/2024"


def test_sentences_are_translated_and_composed():
    text = Words("vi")("Where does {place} stand?", place=unicodedata.normalize("NFD", "Hà Nội"))
    assert text == "Hà Nội đang đứng ở đâu?"
    assert unicodedata.is_normalized("NFC", text)
    assert Words("en")("Where does {place} stand?", place="Ha Noi") == "Where does Ha Noi stand?"


def test_values_with_braces_stay_text():
    assert Words("en")("Where does {place} stand?", place="{year} {{x}}") == "Where does {year} {{x}} stand?"


def test_unknown_language():
    with pytest.raises(ValueError, match="vi, en"):
        Words("fr")
