"""The summary for a province's leaders, two pages to print, and a booklet of chosen pages; both as PDFs by Chromium.

The summary is made of what the executed pages tell: facts, findings, pictures.
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path

from papi_lib.atomic import write
from papi_lib.page.colours import style_sheet
from papi_lib.page.words import Words, mark
from papi_lib.site import files

#: Nothing is fetched, since every address is behind a proxy that is not there; and no script runs.
_CLOSED = ("--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>")
_SCRIPTLESS = '{"profile": {"default_content_setting_values": {"javascript": 2}}}'
#: Set to 1, it lets root, for whom Chromium does not start otherwise, print without the browser's sandbox.
UNBOXED = "PAPI_NO_SANDBOX"
#: The questions of pages on the whole index whose answers make a summary, in its order, and the kinds of pieces taken.
PARTS = (
    (mark("Where does {place} stand?"), "picture"),
    (mark("How does {place} stand in each dimension?"), "table"),
    (mark("Which are the priorities?"), "finding"),
    (mark("Which parts make it so?"), "finding picture"),
    (mark("How did it move?"), "finding"),
    (mark("What was asked, and what came?"), "finding"),
    (mark("What does the plan ask districts to do?"), "table"),
    (mark("What does the plan ask communes to do?"), "table"),
    (mark("How was this made?"), "note"),
)
_PIECES = {
    "opening": r'<p class="simulated">.*?</p>|<ul class="findings">.*?</ul>', "finding": r'<p class="finding">.*?</p>',
    "note": r'<p class="note">.*?</p>', "table": r'<div class="drawing" tabindex="0"><table.*?</table></div>',
    "picture": r'<figure class="picture">.*?</figure>',
}  # fmt: skip
_FOLDED = re.compile(r"<details>.*?</details>", re.S)
#: So many dimensions of the upper two groups are told as strengths, and of the lower two as weaknesses.
ENDS = 2
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def briefs(out: Path, run: dict) -> Iterator[tuple[str, bytes]]:
    """Yield the summary of each province, year and language of a run whose total is known, by name."""
    jobs = [job for job in files.of_places(run["jobs"]) if job["status"] != "failed" and "parent" not in job["labels"]]
    for (folder, place), own in groupby(jobs, key=lambda job: files.split_path(job["path"])[:2]):
        pages = list(own)
        for main in [job for job in pages if job["facts"].get("dimension", 0) is None and job["facts"].get("rank")][:1]:
            w, labels, path = Words(main["labels"]["lang"]), main["labels"], f"{folder}/{place}/brief"
            styles, parts = summary(out, pages, w)
            yield f"{path}.html", files.filled(
                "brief", w, [main], labels=labels, facts=main["facts"], styles=styles, parts=parts, place=labels["name"],
                title=title(labels, w), **files.of_notebook(main, b"", w),
            )  # fmt: skip


def title(labels: dict, w: Words) -> str:
    """Return the title of a place's summary."""
    return w("Summary for leaders: {place}, {year}", place=files.full_name(labels), year=labels["year"])


def summary(out: Path, jobs: list[dict], w: Words) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return a place's summary: the style rules of its pictures, by class, and its parts, each a title and its markup.

    It is what the place's pages say: the opening of the first on the whole index, the answers to the questions of
    `PARTS` and, of provinces, what the pages on the dimensions where they are strong and weak say of themselves.

    Parameters
    ----------
    out : pathlib.Path
        The run folder, with its pages.
    jobs : list of dict
        The records of the place's pages.
    w : Words
        Their language.
    """
    whole, labels = [job for job in jobs if job["facts"].get("dimension", 0) is None] or jobs[:1], jobs[0]["labels"]
    styles, answers = dict[str, str](), {"": ""}
    for page in [path for job in whole if (path := out / "site" / f"{job['path']}.html").is_file()]:
        text = files.read_file(page).decode()
        found = re.search(r'<main id="main">(.*)<details class="code">', text, flags=re.S)
        first, *more = re.split(r'<h2 id="[^"]*">(.*?)</h2>', _FOLDED.sub("", found[1] if found else ""))
        answers = {**dict(zip(more[::2], more[1::2], strict=True)), **answers, "": answers[""] or first}
        styles |= dict(re.findall(r"\.(\w+)\{([^{}]*)\}", files.own_style(text)))
    told = {"place": labels["name"], "year": labels["year"]}
    parts = [(w("In short"), _taken(answers[""], "opening"))]
    for question, kinds in PARTS:
        asked = w(question, **told)
        parts.append((asked, "".join(_taken(answers.get(escape(asked), ""), kind) for kind in kinds.split())))
    order, facts = by_rank(jobs), whole[0]["facts"]
    strong = [job for job in order if job["facts"].get("group") in (1, 2)][:ENDS]
    weak = [job for job in order[::-1] if job["facts"].get("group") in (3, 4)][:ENDS]
    ends = [(w(name), "".join(map(_of_dimension, own))) for name, own in ((mark("Strengths"), strong), (mark("Weaknesses"), weak))]  # fmt: skip
    if facts.get("rank"):
        sure = w("Scores come from a sample survey. The chances are nine in ten that {place} truly stands between ranks {lower} and {upper}.", lower=facts["rank_lower"], upper=facts["rank_upper"], **told)  # fmt: skip
        if facts.get("change"):
            sure += " " + w("A change of the total of less than {noise:2} points since {since} may be no change at all.", **facts["change"])  # fmt: skip
        sure += " " + w("Ranks and groups are our ordering of the published scores.")
        ends.append((w("How sure is it?"), f'<p class="finding">{escape(sure)}</p>'))
    return styles, parts[:1] + [part for part in [*parts[1:4], *ends[:2], *parts[4:], *ends[2:]] if part[1]]


def _taken(markup: str, kind: str) -> str:
    """Return the pieces of a kind in an answer, of pictures the first."""
    return " ".join(re.findall(_PIECES[kind], markup, flags=re.S)[: 1 if kind == "picture" else None])


def _of_dimension(job: dict) -> str:
    """Return what a dimension's page says of itself: what it is first and last in before how it moved."""
    _, *told = job["facts"].get("findings") or [""]
    told = told[1:] + told[:1] if job["facts"].get("change") else told
    return f'<p class="finding"><strong>{escape(job["labels"]["title"])}.</strong> {escape(" ".join(told))}</p>'


def by_rank(jobs: list[dict]) -> list[dict]:
    """Return the jobs about dimensions that have a rank, the best first."""
    known = [job for job in jobs if job["facts"].get("dimension") and job["facts"].get("rank")]
    return sorted(known, key=lambda job: job["facts"]["rank"])


def browser() -> str:
    """Return the Chromium to print with.

    Raises
    ------
    ValueError
        There is none on the PATH.
    """
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        raise ValueError("no Chromium found to print with; install chromium, or print a page from any browser")
    return found


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def booklets(out: Path) -> list[Path]:
    """Print each place's summary for leaders, two pages of A4, and a booklet: the summary and chosen pages.

    Chosen are the first two pages on the whole index, overview and target, and those on the weakest dimensions; of
    places without a summary, as districts, all.

    Parameters
    ----------
    out : pathlib.Path
        The run folder, with its ``manifest.json`` and its pages.

    Returns
    -------
    list of pathlib.Path
        The PDFs: ``site/2024/vi/ha-noi/brief.pdf`` and, beside the place's folder, ``site/2024/vi/ha-noi.pdf``.

    Raises
    ------
    ValueError
        There is no Chromium, it would have to print without its sandbox, or it did not print; there is no finished run, or it is damaged.
    """
    program, site, run = browser(), out / "site", files.read_run(out)
    if _is_root() and os.environ.get(UNBOXED) != "1":
        raise ValueError(f"Chromium does not print as root with its sandbox; run papi as another user, or in a container of its own set {UNBOXED}=1")  # fmt: skip
    made = []
    jobs = [job for job in files.of_places(run["jobs"]) if job["status"] != "failed"]
    for folder, pages in groupby(jobs, key=lambda job: posixpath.dirname(job["path"])):
        own, brief = list(pages), site / folder / "brief.html"
        if brief.exists():
            whole = [job for job in own if job["facts"].get("dimension", 0) is None]
            own = whole[:2] + sorted(by_rank(own)[-ENDS:], key=lambda job: job["path"])
            made.append(_printed(program, bound([brief], own[0]["labels"]), brief.with_suffix(".pdf")))
        parts = [brief] * brief.exists() + [site / f"{job['path']}.html" for job in own]
        made.append(_printed(program, bound(parts, own[0]["labels"]), site / f"{folder}.pdf"))
    return made


def bound(pages: list[Path], labels: dict) -> str:
    """Return one page with the contents of several; it carries its own style sheet, and tells its making once."""
    w, sections = Words(labels["lang"]), list[str]()
    style = (files.HERE / "assets" / "papi.css").read_text(encoding="utf-8") + style_sheet()
    for page in pages:
        text = files.read_file(page).decode()
        style += files.own_style(text)
        found = re.search(r'<main id="main"[^>]*>(.*)</main>', text, flags=re.S)
        if not found:
            raise ValueError(f"{page}: is no page of this run; papi site --verify tells more")
        made = re.escape(escape(w("How was this made?")))
        body = re.sub(rf'<h2 id="[^"]*">{made}</h2>.*?(?=<h2|<details class="code"|$)', "", found[1], flags=re.S)
        # Their own addresses, so that those of one page do not lead into another.
        sections.append(re.sub(r'<h2 id="', f'<h2 id="p{len(sections)}-', files.without_leading(body)))
    return files.templates().get_template("booklet.html.j2").render(
        w=w, lang=labels["lang"], title=f"PAPI {labels['year']}: {files.full_name(labels)}", style=style,
        brief=pages[0].name == "brief.html", sections=list(zip(pages, sections, strict=True)),
    )  # fmt: skip


def _printed(program: str, text: str, target: Path) -> Path:
    quiet = "headless disable-gpu no-first-run disable-background-networking disable-component-update disable-sync"
    command = [program, *(f"--{option}" for option in quiet.split()), "--no-pdf-header-footer"]
    command += [*_CLOSED, *["--no-sandbox"] * _is_root()]
    with tempfile.TemporaryDirectory() as scratch:
        html, part, profile = (Path(scratch, name) for name in ("booklet.html", "booklet.pdf", "profile"))
        html.write_text(text, encoding="utf-8")
        write(profile / "Default" / "Preferences", _SCRIPTLESS.encode())
        command += [f"--user-data-dir={profile}", f"--print-to-pdf={part}", html.as_uri()]
        try:
            subprocess.run(command, capture_output=True, timeout=120, check=True)
            write(target, part.read_bytes())
        except (OSError, subprocess.SubprocessError) as error:
            raise ValueError(f"{target}: {program} did not print it ({error})") from None
    return target
