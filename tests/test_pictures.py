"""A question looks at the data files no more often than it must."""

from papi_lib import datafiles, sections
from papi_lib.page import Page


def test_a_question_looks_at_the_data_files_once(monkeypatch):
    looks, page = [], Page("Hà Nội", 2024, "en", 8)
    monkeypatch.setattr("papi_lib.page.display", lambda *shown, **how: None)
    monkeypatch.setattr(
        datafiles.os, "stat", lambda path, stat=datafiles.os.stat: looks.append(str(path)) or stat(path)
    )
    sections.history(page)
    assert looks.count(str(datafiles.folder() / "published" / "2011.csv")) <= 2
