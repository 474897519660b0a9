"""Git's filter for notebooks, set by `make install`: what running one changes, but for checked figures, is no change.

Outputs go but those of cells tagged `keep_output`, which count as run once; so do times, counts and the kernel's version.
"""

import sys

import nbformat
from nbstripout import strip_output

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LEFT_OUT = ["metadata.widgets", "metadata.papermill", "cell.metadata.execution", "cell.metadata.papermill"]


def clean(text: str) -> str:
    """Return a notebook as it is stored."""
    notebook = nbformat.reads(text, 4)
    strip_output(notebook, keep_output=False, keep_count=False, keep_id=True, extra_keys=LEFT_OUT)
    notebook.metadata |= {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    for kept in (cell for cell in notebook.cells if cell.get("outputs")):
        for counted in (kept, *kept.outputs):
            if "execution_count" in counted:
                counted["execution_count"] = 1
    return nbformat.writes(notebook) + "\n"


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    sys.stdout.write(clean(sys.stdin.read()))
