"""Pictures of pages: the code of each draws it again; a question looks at the data files no more often than it must."""

import re
from html import unescape

import pytest

from papi_lib import datafiles
from papi_lib.page import charts, moves, story
from papi_lib.page.page import Page


def test_a_question_looks_at_the_data_files_once(monkeypatch):
    looks, page = [], Page.open("Hà Nội", 2024, "en", dimension=8)
    monkeypatch.setattr("papi_lib.page.page.display", lambda *shown, **how: None)
    stat = datafiles.os.stat
    monkeypatch.setattr(datafiles.os, "stat", lambda path, **how: looks.append(str(path)) or stat(path, **how))
    moves.history(page)
    assert looks.count(str(datafiles.folder() / "published" / "2011.csv")) <= 2


@pytest.mark.parametrize(
    ("about", "drawn"), [({"year": 2024, "dimension": 8}, 5), ({"district": "Ba Đình", "lang": "en"}, 2)]
)
def test_the_code_of_each_picture_draws_the_same_by_itself(monkeypatch, about, drawn):
    shown, page = [], Page.open("Hà Nội", **about)
    monkeypatch.setattr(Page, "_html", staticmethod(lambda fragment, more=None: shown.append(fragment)))
    for ask in (story.standing, story.parts, story.groups, moves.history):
        ask(page)
    pictures = [fragment for fragment in shown if "<figure" in fragment]
    assert len(pictures) == drawn
    for picture in pictures:
        (code,) = re.findall(r"<pre>(.*?)</pre>", picture, re.S)
        shown.clear()
        exec(compile(unescape(code), "cell", "exec"), {})
        assert shown == [picture]
    mine = page.profile.copy()  # a notebook's own frame: its cell has the code
    assert charts.code(page, charts.profile(page.profile, page.place).figure)
    assert not charts.code(page, charts.profile(mine, page.place).figure)
