"""Folders and text of strangers: nothing is read or written through links, nothing runs, nothing waits without end."""

import json
import os
import re
import subprocess
import sys
import time

import nbformat
import pytest
from click.testing import CliRunner

from papi_lib import atomic, site
from papi_lib.cli import main
from papi_lib.site import booklet
from papi_lib.site.files import as_page
from papi_lib.site.pages import address
from tests.site_runs import job, notebook, run


@pytest.fixture
def elsewhere(tmp_path):
    """A file outside the run folder that nobody may change."""
    path = tmp_path / "elsewhere" / "kept.txt"
    path.parent.mkdir()
    path.write_text("kept")
    return path


# --- links and parts -------------------------------------------------------------------------------------


def test_links_and_devices_in_a_run_folder_are_refused_whatever_they_are(tmp_path, elsewhere):
    out = tmp_path / "out"
    for name in ("site", "notebooks/2024", "manifest.jsonl", ".lock", "site/assets/papi.js"):
        place = out / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(elsewhere.parent if "." not in name else elsewhere)
        with pytest.raises(ValueError, match=f"{re.escape(str(place))}: is a link"):
            site.build(out)
        place.unlink()
    os.mkfifo(out / "site/assets/papi.js")
    with pytest.raises(ValueError, match="is a device"):
        site.verify(out)
    assert elsewhere.read_text() == "kept"
    assert list(elsewhere.parent.iterdir()) == [elsewhere]


def test_a_part_has_a_name_that_nobody_can_take_before(tmp_path, elsewhere, monkeypatch):
    (tmp_path / ".a.html.part").symlink_to(elsewhere)  # where parts were until now
    seen, real = [], os.replace
    monkeypatch.setattr(os, "replace", lambda part, path: (seen.append(os.path.basename(part)), real(part, path)))
    for text in (b"one", b"two"):
        atomic.write(tmp_path / "a.html", text)
    assert elsewhere.read_text() == "kept"
    assert len(set(seen)) == 2


def test_only_our_own_parts_that_nobody_writes_are_cleared(tmp_path, elsewhere):
    folder = tmp_path / "run"
    (folder / "deep").mkdir(parents=True)
    ours, theirs = folder / f"deep/.papi-{'0' * 16}.part", [folder / ".draft.part", folder / "deep/.papi-notes.part"]
    far = elsewhere.parent / ours.name
    for path in (ours, far, *theirs):
        path.write_text("x")
    (folder / "link").symlink_to(elsewhere.parent)
    code = "import sys, time; from papi_lib import atomic; f = open(sys.argv[1], 'rb'); atomic._held(f); print(1, flush=True); time.sleep(60)"  # fmt: skip
    with subprocess.Popen([sys.executable, "-c", code, str(ours)], stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        atomic.clear_parts(folder)
        assert ours.exists()
        writer.kill()
        writer.wait()
    atomic.clear_parts(folder)
    assert not ours.exists()
    assert far.exists()
    assert all(path.exists() for path in theirs)


# --- what a notebook shows ---------------------------------------------------------------------------------

HOSTILE = [
    '<meta http-equiv="refresh" content="0;url=file:///etc/passwd">',
    "<MeTa\fhttp-equiv=refresh content='0;url=http://example.com/'>",
    '<base href="http://example.com/"><link rel="stylesheet" href="file://example.com/share/a.css">',
    '<script src="file:///tmp/evil.js"></script><script nonce="@nonce@">document.title = "RUN"</script>',
    "<img src=x onerror=\"document.title = 'RUN'\">",
    '<svg><g style="fill: red&lt;/style&gt;&lt;script nonce=@nonce@ src=evil.js&gt;&lt;/script&gt;"></g></svg>',
]


def test_nothing_that_a_notebook_shows_runs_or_leads_away(tmp_path):
    record = job("Hà Nội", "ha-noi", labels={"title": '<script nonce="@nonce@">'})
    run(tmp_path, (record, notebook(record, *HOSTILE)))
    page = (tmp_path / "site" / f"{record['path']}.html").read_text(encoding="utf-8")
    head, _, body = page.partition("<body>")
    (nonce,) = set(re.findall(r"nonce[-=]\"?([0-9a-f]{32})", head))
    assert nonce not in body
    assert head.count("<script") == len(re.findall(f'<script nonce="{nonce}" src="[./]*assets/', head)) == 2
    assert not re.search(r"<(meta|base|link)\b", body, re.I)
    policy = re.search(r'Security-Policy" content="([^"]*)"', head)[1]
    assert "file:" not in policy
    assert f"script-src 'nonce-{nonce}'" in policy


@pytest.mark.parametrize(
    "part",
    [
        "<table",
        '<table class="figures">',
        "<h2>",
        "<svg>",
        "<svg",
        "<tr ",
        "=/",
        "(/a",
        '"/',
        "<",
        "</h2",
        "<g ",
        "&quot;/",
    ],
)
def test_markup_without_end_takes_no_longer_than_it_is_long(part):
    """380 kB of `<table` took 23 seconds: a search that begins anew, and reads to the end, at each of them."""
    text = 'class="dataframe"' + part * (380_000 // len(part))
    record = job("Hà Nội", "ha-noi")
    content = json.dumps(nbformat.from_dict(notebook(record, text))).encode()
    begun = time.process_time()
    site.render_page(content, record, {})
    as_page(f"<body>{text}")
    address(text)
    assert time.process_time() - begun < 10


def test_a_booklet_is_printed_without_scripts_network_and_by_root_only_if_it_says_so(tmp_path, monkeypatch):
    record = job("Hà Nội", "ha-noi")
    run(tmp_path, (record, notebook(record, *HOSTILE)))
    asked = []

    def chromium(command, **how):
        asked.append((command, (tmp_path / "x").joinpath(command[-1].removeprefix("file://")).read_text()))
        raise subprocess.SubprocessError("stopped")

    monkeypatch.setattr(booklet.subprocess, "run", chromium)
    monkeypatch.setattr(booklet, "browser", lambda: "chromium")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.delenv(booklet.UNBOXED, raising=False)
    with pytest.raises(ValueError, match="does not print as root"):
        site.booklets(tmp_path)
    for root in (False, True):
        monkeypatch.setattr(os, "geteuid", lambda root=root: 0 if root else 1000)
        monkeypatch.setenv(booklet.UNBOXED, "1")
        with pytest.raises(ValueError, match="did not print"):
            site.booklets(tmp_path)
        command, html = asked[-1]
        assert ("--no-sandbox" in command) == root
        assert "--proxy-server=127.0.0.1:9" in command
        assert not re.search(r"<(base|link)\b|<meta\b[^>]*refresh", html, re.I)


def test_control_characters_of_files_and_options_never_reach_the_terminal(tmp_path):
    record = job("Hà Nội", "ha-noi")
    run(tmp_path, (record, notebook(record)))
    (tmp_path / "site" / "a\x1b]0;b\x07\u202ec\x9b2J.html").write_text("")
    for arguments in (["site", str(tmp_path), "--verify"], ["site", "--x\x1b[2J"], ["data", "--by", "\x9b2J"]):
        said = CliRunner().invoke(main, arguments)
        assert said.exit_code != 0
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said.output), arguments
    assert "a\\x1b]0;b\\x07\\u202ec\\x9b2J.html" in CliRunner().invoke(main, ["site", str(tmp_path), "--verify"]).output
