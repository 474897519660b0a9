"""Commands on the pages of a run: ``papi site``, ``papi export``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from papi_lib.cli.base import FOUND, NEW, RUN, main
from papi_lib.cli.language import echo


@main.command()
@click.argument("out", type=FOUND, default=RUN)
@click.option("--verify", is_flag=True, help="Only check that every page belongs to its notebook; exit code 1 if not.")
@click.option("--against", type=FOUND, metavar="OLDER_RUN", help="List the figures that changed since an earlier run.")
@click.option("--pdf", is_flag=True, help="Print each place's summary and a booklet as PDFs; needs Chromium.")
def site(out: Path, verify: bool, against: Path | None, pdf: bool) -> None:
    """Make the lists and the search of a run folder again; check, compare or print its pages.

    \b
    Examples:
      papi site output/report
      papi site output/report --verify
      papi site output/report --against output/last-year --pdf
    """
    from papi_lib import site as pages

    if verify and (against or pdf):
        raise ValueError("--verify only checks; give it without --against and --pdf")
    if against and against.samefile(out):
        raise ValueError(f"--against {against}: is the run itself; give an earlier one")
    if verify:
        problems = pages.verify(out)
        for problem in problems:
            echo(problem, err=True)
        echo(f"{len(problems)} problems" if problems else "Every page belongs to its notebook.")
        sys.exit(1 if problems else 0)
    echo(f"Open {pages.build(out)}")
    if against:
        echo(f"Changed figures: {pages.compare(out, against)}")
    if pdf:
        for path in pages.booklets(out):
            echo(f"Printed {path}")


@main.command()
@click.argument("out", type=FOUND, default=RUN)
@click.option("--docx", is_flag=True, help="Of each place a brief of two pages for Word.")
@click.option("--xlsx", is_flag=True, help="Of each place a workbook with its tables, and one of all places.")
@click.option("--single", is_flag=True, help="Of each place one page that opens alone, with all its pages in it.")
@click.option("--zip", "packed", type=NEW, metavar="NEW.zip", help="Pack pages and documents to hand over, without notebooks and records.")  # fmt: skip
def export(out: Path, docx: bool, xlsx: bool, single: bool, packed: Path | None) -> None:
    """Make documents of a run's pages: briefs, workbooks, a zip.

    They lie in the run's folder 'documents', as documents/2024/vi/ha-noi.docx. Without options there are
    briefs and workbooks. Nothing is computed again: they say what the pages say.

    \b
    Examples:
      papi export
      papi export output/report --docx --zip papi-2024.zip
    """
    from papi_lib.site import documents

    if packed and packed.suffix.lower() != ".zip":
        raise ValueError(f"{packed}: what is packed ends in .zip; give it that name")
    chosen = {"docx": docx, "xlsx": xlsx, "html": single}
    kinds = tuple(kind for kind, asked in chosen.items() if asked) or documents.KINDS[:2]
    for path in documents.export(out, kinds):
        echo(f"Written: {path}")
    if packed:
        echo(f"Packed: {packed}, {documents.hand_over(out, packed)} files")
