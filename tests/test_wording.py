"""Words and numbers as Vietnamese and English readers write them."""

import re
import unicodedata
from datetime import datetime

import pytest
from babel.messages.pofile import read_po
from notebook_runs import run

from papi_lib.page.words import LOCALE, Words

#: Wordings that no reader is to meet, by language.
FORBIDDEN = {
    "vi": r"\bnhiễu\b|tập (thứ )?hạng|hạng \S+ hoặc cao hơn|điểm thay đổi|thay đổi [+−]|thay đổi \{\w+:\+|notebook|jackknife|hồi quy|\.csv|data/",
    "en": r"\bnois[ey]\b|\bnoisier\b|set of ranks|score moved by|That is the|\.csv|data/",
}
#: What only the page on methods may say, whose readers ask for it.
_OF_METHODS = re.compile(r"`|jackknife|Fay|Wilson|Kish|brier|\bREML\b")


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


def test_changes_and_distances_are_said_with_a_verb():
    vi, en = Words("vi"), Words("en")
    assert vi("{x:move}", x=-0.19) == "giảm 0,19 điểm"
    assert en("{x:move}", x=0.2) == "rose by 0.20 points"
    assert vi("{x:move}", x=0.004) == "không thay đổi"
    assert vi("{x:apart} mức chung", x=0.34) == "cao hơn 0,34 điểm so với mức chung"
    assert en("{x:apart} the mean", x=-0.34) == "0.34 points below the mean"
    assert [en("{x:th}", x=x) for x in (1, 11, 22, 63)] == ["1st", "11th", "22nd", "63rd"]
    assert vi("{x:th}", x=22) == "22"
    assert vi.value(2, "full") == "Công khai, minh bạch trong việc ra quyết định ở địa phương"
    assert en.value(4, "full") == "Control of corruption in the public sector"


def test_a_count_of_none_is_said_in_words():
    vi, en = Words("vi"), Words("en")
    assert [vi("{n:places}", n=n) for n in (0, 1, 1234.0)] == ["không nơi nào", "1 nơi", "1234 nơi"]
    assert [en("{n:cases}", n=n) for n in (0, 1, 2)] == ["no case", "1 case", "2 cases"]
    assert [vi("{x:share}", x=x) for x in (0.0, 0.001, 1)] == ["không nơi nào", "1% số nơi", "mọi nơi"]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_no_sentence_has_a_forbidden_wording(lang):
    with (LOCALE / "vi" / "LC_MESSAGES" / "papi.po").open("rb") as file:
        told = [message.string if lang == "vi" else message.id for message in read_po(file, locale="vi") if message.id]
    texts = [re.sub(r"\{\w+:0\}|\{noise", "{", text) for text in told if not _OF_METHODS.search(text)]
    assert [text for text in texts if re.search(FORBIDDEN[lang], text)] == []


@pytest.mark.slow
@pytest.mark.parametrize("notebook", ["00_overview", "10_target"])
def test_sentences_of_a_province_are_its_own(notebook):
    """Fewer than a quarter are another province's too, captions with them; none has a forbidden wording."""
    told = {}
    for province in ("Hà Nội", "An Giang", "Lào Cai"):
        shown = " ".join(run(notebook, province=province, lang="vi").shown)
        found = re.findall(
            r'<(?:p class="(?:lead|finding|note)"|li|figcaption)>(.*?)</(?:p|li|figcaption)>', shown, re.S
        )
        told[province] = [sentence for text in found for sentence in re.split(r"(?<=[.!?])\s+(?=[A-ZĐ])", text)]
        assert not re.search(FORBIDDEN["vi"], " ".join(found))
    for province, own in told.items():
        others = {sentence for other, of in told.items() if other != province for sentence in of}
        assert len(own) > 10
        assert sum(sentence in others for sentence in own) < len(own) / 4
