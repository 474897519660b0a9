"""The command line as ``python -m papi_lib.cli``."""

from papi_lib.cli import main

main(prog_name="papi")
