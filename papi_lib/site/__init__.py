"""Executed notebooks as a static site: a page a notebook, tables of all places, search.

Pages open from a folder, without network, one shared stylesheet and script beside them. A page is
made from its notebook, the job's record and the run's plan; tables and search from the manifest.
"""

from papi_lib.site.lists import build
from papi_lib.site.pages import render_page

__all__ = ["build", "render_page"]
