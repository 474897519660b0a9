"""A question looks at the data files no more often than it must."""

from papi_lib import datafiles
from papi_lib.page import moves
from papi_lib.page.page import Page


def test_a_question_looks_at_the_data_files_once(monkeypatch):
    looks, page = [], Page.open("Hà Nội", 2024, "en", dimension=8)
    monkeypatch.setattr("papi_lib.page.page.display", lambda *shown, **how: None)
    stat = datafiles.os.stat
    monkeypatch.setattr(datafiles.os, "stat", lambda path, **how: looks.append(str(path)) or stat(path, **how))
    moves.history(page)
    assert looks.count(str(datafiles.folder() / "published" / "2011.csv")) <= 2
