"""The notebooks of the collection: copies are none, names mean one, titles are their own, what cannot be read is named."""

import re

import nbformat
import pytest
from click.testing import CliRunner
from conftest import ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from papi_lib import cli, collection, index, report
from papi_lib.page.words import Words

COPIES = (
    "03_accountability-Copy1", "03_accountability-Copy1-Copy2", "03_accountability - Copy", "03_accountability - Copy (2)",
    "03_accountability copy", "03_accountability copy 2", "03_accountability (1)", "03_accountability (copy)",
    "03_accountability - Bản sao", "03_accountability - Sao chép", "03_accountability (bản sao)", "Copy of 03_accountability",
    "Bản sao của 03_accountability", "03_accountability (Lan's conflicted copy 2024-11-24)",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """Return a way to write a notebook of the collection: its name, its text and its metadata; the folder is `.at`."""

    def write(name, *texts, cells=("province, year, lang = 'Hà Nội', 2024, 'vi'",), **papi):
        own = [new_code_cell(cells[0], metadata={"tags": ["parameters"]}), *map(new_code_cell, cells[1:])]
        metadata = {"papi": papi} if papi else {}
        path = tmp_path / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(new_notebook(cells=[*map(new_markdown_cell, texts), *own], metadata=metadata), path)
        return path

    write.at = tmp_path / "notebooks"
    return write


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_is_told_and_is_never_what_a_number_or_name_means(folder, copy):
    folder("03_accountability", dimension=3)
    folder(copy, dimension=3)
    assert [n.stem for n in collection.notebooks(folder.at)] == ["03_accountability"]
    assert [collection.choose(folder.at, name).stem for name in ("3", "03", "accountability", "03_accountability.ipynb")] == ["03_accountability"] * 4  # fmt: skip
    (told,) = collection.remarks(folder.at)
    assert told.startswith(f"{copy}.ipynb: a copy")
    with pytest.raises(ValueError, match="a copy, so no notebook"):
        collection.choose(folder.at, copy)


def test_names_that_only_look_like_copies_are_notebooks(folder):
    for name in ("30_copyright", "31_photocopy", "32_copy_of_plans", "33_my-own"):
        folder(name)
    assert len(collection.notebooks(folder.at)) == 4
    assert collection.remarks(folder.at) == []


def test_a_number_or_name_that_fits_two_is_refused_with_both_and_a_whole_name_is_one(folder):
    for name in ("03_accountability", "03_courts", "50_courts", "51_03_courts"):
        folder(name)
    for name, both in (("3", "03_accountability and 03_courts"), ("courts", "03_courts and 50_courts")):
        with pytest.raises(ValueError, match=f"'{name}' is {both}; name the one that is meant"):
            collection.choose(folder.at, name)
    assert [collection.choose(folder.at, name).stem for name in ("03_courts", "50", "51")] == ["03_courts", "50_courts", "51_03_courts"]  # fmt: skip
    with pytest.raises(ValueError, match="no notebook '4'; there are 03_accountability, 03_courts"):
        collection.choose(folder.at, "4")


def test_a_title_is_the_notebooks_own_or_its_dimensions_or_its_heading_or_its_name(folder):
    made = {
        "30_a": folder("30_a", "# Heading", title={"vi": "Của tôi", "en": "Mine"}, dimension=3),
        "31_b": folder("31_b", "# Heading", title={"vi": "Chỉ một"}),
        "32_c": folder("32_c", "# Heading", dimension=4),
        "33_d": folder("33_d", "Text, then\n\n## A *heading* ##\n\n# Another"),
        "34_my_e": folder("34_my_e"),
        "35_f": folder("35_f", "# Of no dimension", dimension=99, title=7),
    }
    assert list(made) == list(collection.titles(folder.at, "vi"))
    assert list(collection.titles(folder.at, "vi").values()) == ["Của tôi", "Chỉ một", "4. Kiểm soát tham nhũng trong khu vực công", "A *heading*", "My e", "Of no dimension"]  # fmt: skip
    assert list(collection.titles(folder.at, "en").values())[:3] == ["Mine", "Chỉ một", "4. Control of corruption"]


def test_two_notebooks_of_one_title_are_told_apart(folder):
    folder("03_accountability", dimension=3)
    folder("50_mine", dimension=3)
    title = "3. Trách nhiệm giải trình với người dân"
    assert list(collection.titles(folder.at, "vi").values()) == [title, f"{title} (50_mine)"]


@pytest.mark.parametrize("notebook", collection.notebooks(ROOT / "notebooks"), ids=lambda n: n.stem)
def test_a_shipped_notebook_has_the_title_that_its_page_has(notebook):
    source = "\n".join(c.source for c in nbformat.read(notebook.path, 4).cells if c.cell_type == "code")
    named = re.search(r'page\.title\((?:"(.*)")?\)', source)[1]
    if named:
        assert (notebook.title("en"), notebook.title("vi")) == (named, Words("vi")(named))
    else:
        number = re.search(r"dimension=(\d)", source)[1]
        assert notebook.title("vi") == f"{number}. {index.name(int(number), 'vi')}"
        assert number == notebook.stem[1]


BROKEN = {
    "": "is empty",
    " \n\n": "is empty",
    '<<<<<<< HEAD\n{"cells": []}\n=======\n{"cells": []}\n>>>>>>> b\n': "row 1: has the marks of a merge conflict",
    '{"cells": [\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> b\n]}': "row 2: has the marks of a merge conflict",
    '{"cells": [\n{': "row 2: is not JSON",
    "[]": "is no notebook",
    "3": "is no notebook",
    "[" * 50_000: "is no notebook",
    '{"a": ' + "9" * 5000 + "}": "is no notebook",
    '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 3}': "is no notebook",
    '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code"}]}': "is no notebook",
    '{"nbformat": 99, "nbformat_minor": 5, "metadata": {}, "cells": []}': "is no notebook",
    '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}': "has no cells",
    '{"nbformat": 4, "nbformat_minor": 5, "metadata": {"papi": {"levels": "district"}}, "cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "a"}]}': "papi.levels is 'district'; list some of province, district",
}  # fmt: skip


@pytest.mark.parametrize("content", BROKEN, ids=range(len(BROKEN)))
def test_a_notebook_that_cannot_be_read_is_named_and_the_others_are_there(folder, monkeypatch, content):
    folder("03_accountability", dimension=3)
    (folder.at / "52_broken.ipynb").write_text(content)
    fault = next(n for n in collection.notebooks(folder.at) if n.stem == "52_broken").fault
    assert fault.startswith("52_broken.ipynb")
    assert BROKEN[content] in fault
    assert "\n" not in fault
    monkeypatch.setattr(cli.base, "NOTEBOOKS", folder.at)
    told = CliRunner().invoke(cli.main, ["list"])
    assert told.exit_code == 0, told.exception
    assert f"papi: {fault}" in told.stderr.splitlines()
    assert "03_accountability" in told.stdout
    assert "52_broken" in told.stdout


def test_a_report_runs_its_notebooks_beside_broken_ones_and_tells_each_once(folder, monkeypatch, tmp_path):
    """Also a notebook of one's own, whose page no title names; the page shows what it printed."""
    folder("50_mine", cells=("province, year, lang = 'Hà Nội', 2024, 'vi'", "print(province, year)"))
    (folder.at / "52_broken.ipynb").write_text("<<<<<<< HEAD")
    folder("methods")
    folder("glossary")
    monkeypatch.setattr(cli.base, "NOTEBOOKS", folder.at)
    monkeypatch.setattr(cli.runs, "_early", len)  # these need none of what pages show
    monkeypatch.setattr(report, "prepare", len)
    out = tmp_path / "out"
    told = CliRunner().invoke(cli.main, ["report", "-p", "hue", "-o", str(out)])
    assert told.exit_code == 1, told.exception
    assert told.stdout.startswith("3 done, 1 failed. Open ")
    failed = "failed: 2024/vi/thua-thien-hue/52_broken: 52_broken.ipynb, row 1: has the marks of a merge conflict; mend it, or take it out of the folder"
    assert failed in told.stderr.splitlines()
    assert "50_mine.ipynb: does not tell which place it is about" in told.stderr
    page = (out / "site/2024/vi/thua-thien-hue/50_mine.html").read_text(encoding="utf-8")
    assert "<pre>Thừa Thiên Huế 2024" in page
    assert "<h1>Mine: Thừa Thiên Huế, 2024</h1>" in page
    assert CliRunner().invoke(cli.main, ["site", str(out), "--verify"]).exit_code == 0
    told = CliRunner().invoke(cli.main, ["report", "-p", "hue", "-o", str(out), "--explain"])
    assert told.stdout.splitlines()[2:] == [
        "2024/vi/thua-thien-hue/50_mine: unchanged",
        "2024/vi/thua-thien-hue/52_broken: cannot run: 52_broken.ipynb, row 1: has the marks of a merge conflict; mend it, or take it out of the folder",
    ]
