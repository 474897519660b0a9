"""Every example in the library runs as it stands, and every public function that researchers call has one."""

import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys

import pytest

import papi_lib

#: The modules that people write code against.
API = ("association", "changes", "estimates", "index", "places", "precision", "published", "ranks", "targets", "tidy")  # fmt: skip
MODULES = [m.name for m in pkgutil.walk_packages(papi_lib.__path__, "papi_lib.")]


def public(module):
    """Return the functions and classes that a module defines for others."""
    for name, thing in vars(module).items():
        if not name.startswith("_") and getattr(thing, "__module__", None) == module.__name__ and callable(thing):
            yield name, thing


@pytest.mark.slow
def test_every_example_gives_what_it_shows():
    ran = 0
    for name in ("papi_lib", *MODULES):
        done = doctest.testmod(importlib.import_module(name))
        assert done.failed == 0, name
        ran += done.attempted
    assert ran > 80


@pytest.mark.parametrize("name", API)
def test_every_public_function_has_an_example(name):
    module = importlib.import_module(f"papi_lib.{name}")
    missing = [n for n, thing in public(module) if ">>> " not in (inspect.getdoc(thing) or "")]
    assert not missing


def test_help_names_calls_that_there_are(capsys):
    papi_lib.help()
    shown = capsys.readouterr().out
    calls = re.findall(r"^ *(\w+)\.(\w+)\(", shown, re.M)
    assert len(calls) == 12
    for module, name in calls:
        assert callable(
            getattr(importlib.import_module("papi_lib" if module == "papi_lib" else f"papi_lib.{module}"), name)
        )
    assert all(len(line) <= 120 for line in shown.splitlines())


def test_importing_the_library_loads_nothing_else():
    code = "import sys; before = set(sys.modules); import papi_lib; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["papi_lib"]
