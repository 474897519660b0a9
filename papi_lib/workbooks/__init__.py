"""PAPI's own yearly workbooks, in all their layouts: read, proved by their sums, taken into the data package.

Labels change their language and have slips, so numbers are read and not words: `layout` finds provinces by code and
name and lines by the number in their label; `figures` takes a year's scores by that number, and what has none by what
it adds up to; `imports` holds that against the stored figures and writes what is new. What does not add up is refused,
and what is not known is told.
"""

from papi_lib.workbooks.figures import Figures, figures
from papi_lib.workbooks.imports import bring
from papi_lib.workbooks.layout import Sheet, read, year_in

__all__ = ["Figures", "Sheet", "bring", "figures", "read", "year_in"]
