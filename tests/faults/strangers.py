"""Faults of strangers' folders and text, of records on their way, and attempts on respondents, for the harness.

Each takes a folder of its own, random numbers and how often to try, and yields a line for each harm that was done.
"""

import contextlib
import csv
import http.server
import io
import re
import threading
import time

import numpy as np
import openpyxl
import pandas as pd
from click.testing import CliRunner
from conftest import ROOT
from playwright.sync_api import sync_playwright
from site_runs import job, notebook, run
from test_districts import told_by_subtraction

from papi_lib import atomic, index, site, tablefiles, tidy
from papi_lib.cli import main
from papi_lib.datafiles import DataError
from papi_lib.site import booklet
from papi_lib.survey import disclosure, records

UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")


def links(folder, rng, tries):
    outside = folder / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    for number in range(tries):
        out = folder / f"run{number}"
        place = out / rng.choice(["site", "notebooks/2024/vi", "manifest.json", ".lock", "site/assets", "site/a.html"])
        place.parent.mkdir(parents=True)
        place.symlink_to(rng.choice([outside, outside / "kept", outside / "new", "/dev/null"]))
        acts = (["--verify"], ["--pdf"], ["--against", str(folder)], [])
        said = CliRunner().invoke(main, ["site", str(out), *rng.choice(acts)])
        if not said.exit_code or not isinstance(said.exception, SystemExit) or said.output.count("\n") > 1:
            yield f"{place.relative_to(out)}: not refused ({said.exception!r}): {said.output}"
        try:
            rng.choice([site.build, site.verify, site.booklets, atomic.check_no_links])(out)
            yield f"{place.relative_to(out)}: was followed"
        except ValueError:
            pass
        if [path.read_text() for path in outside.iterdir()] != ["kept"]:
            yield f"{place.relative_to(out)}: something outside changed"


ACTIVE = [
    "<script>@</script>", "<img src=x onerror=@>", "<meta http-equiv=refresh content='0;url=#'>", "<base href=#>",
    "<link rel=stylesheet href=#>", "<a href='javascript:@'>x</a>", "<iframe src=#></iframe>", "<svg onload=@></svg>",
    "<object data=#></object>", "<form action=#><button>x</button></form>", "<style>@import '#'</style>",
    "<details ontoggle=@ open>x</details>", "<svg><a xlink:href='javascript:@'><text y=9>x</text></a></svg>",
    "<img src='#.png'>", "<p style='background:url(#)'>x</p>", "<embed src=#>", "<video src=# autoplay></video>",
]  # fmt: skip


def active_text(folder, rng, tries):
    """In a real browser: nothing runs, nothing is asked of a server, and the page stays where it is."""
    asked = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            with contextlib.suppress(OSError):
                self.send_error(404)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server, sync_playwright() as driver:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        chromium = driver.chromium.launch(executable_path=booklet.browser(), args=["--no-sandbox"])
        bare, page = folder / "bare.html", chromium.new_page()
        bare.write_text("".join(ACTIVE).replace("#", f"http://127.0.0.1:{server.server_port}/bare"))
        page.goto(f"file://{bare}", wait_until="commit")  # so this can find what it looks for
        page.wait_for_timeout(500)
        page.close()
        for number in range(tries):
            out, address = folder / f"{number}", f"http://127.0.0.1:{server.server_port}/{number}"
            record = job("Hà Nội", "ha-noi", labels={"title": rng.choice(ACTIVE)})
            pieces = [rng.choice(ACTIVE) for _ in range(3)]
            at = rng.randrange(len(pieces[0]))
            pieces[0] = pieces[0][:at] + rng.choice("\f\n\t<>\"'/\\ ") + pieces[0][at:]  # and badly formed
            pieces = [one.replace("@", f'document.title=7;fetch("{address}")').replace("#", address) for one in pieces]
            run(out, (record, notebook(record, *pieces)))
            page = chromium.new_page()
            page.goto(f"file://{out}/site/{record['path']}.html")
            page.evaluate("document.querySelectorAll('[*|href^=javascript], form button').forEach(e => e.click?.())")
            page.wait_for_timeout(100)
            if page.title() == "7" or not page.url.startswith(f"file://{out}"):
                yield f"{pieces}: ran or led away to {page.url}"
            page.close()
        chromium.close()
        server.shutdown()
    yield from (f"{path} was asked for" for path in asked if path.strip("/").split("/")[0].isdigit())
    if "/bare" not in asked:
        yield "this could not find what it looks for"


def formulas(folder, rng, tries):
    path = folder / "a.csv"
    for _ in range(tries):
        start = "".join(rng.choice([" ", "\u200b", "\t", ";", '"', "\r", "\n", ",", ""]) for _ in range(3))
        value = start + rng.choice("=+-@＝＋－＠−") + rng.choice(["1+1", "cmd|' /C x'!A0", "SUM(A1)", "HYPERLINK(1)"])
        tidy.write(pd.DataFrame({"a": [value], value: ["x"]}), path)
        for between in ",;\t":  # however a spreadsheet parts the cells
            with path.open(encoding="utf-8", newline="") as file:
                cells = [cell for row in csv.reader(file, delimiter=between) for cell in row]
            run_ = [cell for cell in cells if re.match(r"[\s\u200b]*[=+\-@＝＋－＠−]", cell)]
            yield from (f"{value!r}: parted by {between!r} a spreadsheet would run {cell!r}" for cell in run_)


def damaged_records(folder, rng, tries):
    whole = records.read(ROOT / "data" / "survey" / "hanoi-2024-simulated.parquet").head(60).drop(columns="note")
    text, book = whole.to_csv(index=False), io.BytesIO()
    whole.to_excel(book, index=False)
    for number in range(tries):
        path, content = folder / f"{number}.csv", text.encode()
        at, lines = rng.randrange(len(content)), text.splitlines()
        row = rng.randrange(1, len(lines))
        kind = number % 5
        if kind == 0:  # any bytes anywhere
            content = content[:at] + rng.randbytes(rng.randrange(1, 9)) + content[at + rng.randrange(9) :]
        elif kind == 1:  # a line break in a number
            cells = lines[row].split(",")
            cells[whole.columns.get_loc("weight")] = '"8\n8"'
            content = "\n".join([*lines[:row], ",".join(cells), *lines[row + 1 :]]).encode()
        elif kind == 2:  # wide
            content = (
                ("," * rng.choice([5_000, 16_384, 200_000]) + "\n").join([*lines[:row], "", *lines[row:]]).encode()
            )
        else:  # a workbook with any bytes, or one far cell
            path, content = folder / f"{number}.xlsx", book.getvalue()
            at = rng.randrange(len(content))
            content = content[:at] + rng.randbytes(rng.randrange(1, 9)) + content[at + rng.randrange(9) :]
            if kind == 4:
                made = openpyxl.load_workbook(io.BytesIO(book.getvalue()))
                made.active.cell(rng.choice([1, 70, 1_048_576]), rng.choice([300, 16_384])).value = "x"
                far = io.BytesIO()
                made.save(far)
                content = far.getvalue()
        path.write_bytes(content)
        begun = time.process_time()
        said = CliRunner().invoke(main, ["check", str(path)])
        if said.exception and not isinstance(said.exception, SystemExit):
            yield f"{path.name} ({kind}): {said.exception!r}"
        if kind in (1, 2) and not said.exit_code:
            yield f"{path.name} ({kind}): taken without a word"
        if (seconds := time.process_time() - begun) > 20:
            yield f"{path.name} ({kind}): {seconds:.0f} seconds"
        yield from (f"{path.name} ({kind}): {found[0]!r} on the terminal" for found in [UNSEEN.search(said.output)] if found)  # fmt: skip
        path.unlink()


def flipped_bits(folder, rng, tries):
    frame = pd.DataFrame({"a": np.arange(300) % 7, "b": [f"thôn {i % 9}" for i in range(300)]})
    path, content = folder / "a.parquet", tablefiles.sealed(frame)
    for _ in range(tries):
        at, bit = rng.randrange(len(content)), 1 << rng.randrange(8)
        path.write_bytes(content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :])
        try:
            if not tablefiles.read(path).reset_index(drop=True).astype(str).equals(frame.astype(str)):
                yield f"bit {bit} of byte {at}: read as other records"
        except DataError:
            pass


def heavy_respondents(_folder, rng, tries):
    for _ in range(tries):
        numbers = np.random.default_rng(rng.randrange(1 << 30))
        rows = [(d, d, f"{d}{v}") for d in "pqrs" for v in range(4) for _ in range(12)]
        frame = pd.DataFrame(rows, columns=["domain", "stratum", "cluster"])
        frame["weight"] = numbers.uniform(500, 1500, len(frame))
        frame.loc[rng.randrange(len(frame)), "weight"] = 10 ** rng.uniform(5, 9)
        items = ["a", "b", "c"]
        frame[items] = numbers.integers(0, 2, (len(frame), 3)).astype(float)
        both = pd.concat([frame, frame.assign(domain="city")], ignore_index=True)
        combination = pd.DataFrame({"part": [1.0, 1, 0], "other": [0.0, 0, 1], 1: [1.0, 1, 1]}, index=items)
        why = disclosure.reasons(both, both[items].notna(), combination, {1: ["part", "other"]}, pd.Series("city", list("pqrs")))  # fmt: skip
        largest = both.groupby("domain")["weight"].max() / both.groupby("domain")["weight"].sum()
        shown = why.index[(why == "").any(axis=1)]
        yield from (f"one holds most of {domain}, which is shown" for domain in shown if largest[domain] > 0.5)


def subtraction(_folder, rng, tries):
    """An attacker knows all shown figures, all sums and all shares of the city, and solves for the hidden ones."""
    sums = {d: index.subdimensions(2024, d) for d in index.dimensions(2024)} | {"total": list(index.dimensions(2024))}
    series, areas = [*index.subdimensions(2024), *sums], [f"a{i}" for i in range(12)]
    for _ in range(tries):
        numbers = np.random.default_rng(rng.randrange(1 << 30))
        n = pd.DataFrame(numbers.integers(25, 90, (12, len(series))), index=areas, columns=series)
        n = n.mask(numbers.random(n.shape) < 10 ** rng.uniform(-2.5, -1), 5)
        groups = pd.Series(numbers.choice(["urban", "rural"], 12), n.index)
        groups.iloc[:4] = ["urban", "urban", "rural", "rural"]
        try:
            hide = disclosure.hidden(n, n, sums, groups)
        except ValueError:  # nothing is shown that cannot be protected
            continue
        yield from (f"{cell} is few and shown" for cell in (n < 10).stack().index[((n < 10) & ~hide).stack()])
        yield from (f"{cell} follows from what is shown" for cell in told_by_subtraction(hide, sums, groups))


KINDS = {
    "a link stands in a run folder": (40, links),
    "a notebook shows what would run or load on a page": (40, active_text),
    "a table has a cell that a spreadsheet would run": (60, formulas),
    "a file of records is damaged, wide, or has a far cell": (100, damaged_records),
    "a bit of records that we wrote flips": (200, flipped_bits),
    "one respondent holds most of a figure's weight": (40, heavy_respondents),
    "hidden figures are sought from all that is shown": (60, subtraction),
}
