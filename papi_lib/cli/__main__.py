"""The command line as ``python -m papi_lib.cli``."""

from papi_lib.cli import main

if __name__ == "__main__":
    main(prog_name="papi")
