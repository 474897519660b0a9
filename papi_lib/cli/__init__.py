"""The command ``papi``: run notebooks for many places and years, and make the pages.

A module a group of commands; what a command needs is imported when it is called.
"""

from papi_lib.cli import runs, tables  # noqa: F401  they add their commands
from papi_lib.cli.base import main

__all__ = ["main"]
