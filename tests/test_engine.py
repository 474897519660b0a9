"""papermill's engine ``papi``: notebooks come out as an ordinary kernel makes them, or say why not."""

import ast
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from contextlib import closing
from pathlib import Path

import nbformat
import papermill
import psutil
import pytest
from conftest import ROOT

from papi_lib import collection
from papi_lib.batch import engine
from papi_lib.batch.jobs import Job, Settings
from papi_lib.batch.pool import Pool
from papi_lib.batch.run import run

#: What notebooks may do, a cell each; the last fails.
CELLS = (
    "import sys\nfrom IPython.display import HTML, Image, clear_output, display\nprint('a', flush=True); print('b', file=sys.stderr); display(HTML('<b>x</b>')); print('c')",
    "shown = display('first', display_id='d')",
    "shown.update('second'); 5",
    "for i in range(3):\n    clear_output(wait=True); print(i)",
    "import pandas as pd\npd.DataFrame({'a': [1.5]})",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
    "import io\npicture = io.BytesIO(); plt.figure().savefig(picture); plt.close('all'); Image(picture.getvalue())",
    "!echo from the shell",
    "import asyncio\nawait asyncio.sleep(0)\ntype(_).__name__",
    "import warnings, logging\nwarnings.warn('careful'); logging.warning('logged')",
    "import os; os.getcwd(), __name__, In[1][:6], sorted(Out)",
    "%%capture kept\nprint('kept'); display(1)",
    "display({'text/plain': 'x', 'application/x+json': {'a': None, 'b': (1, 2)}}, raw=True, metadata={'m': 1})",
    "%matplotlib inline\nplt.plot([1])",
    "%%bash\necho from bash",
    "def f():\n    return 1 / 0\nf()",
)


@pytest.fixture(scope="module")
def pool():
    with closing(Pool()) as pool:
        yield pool


@pytest.fixture
def execute(tmp_path, make_notebook, pool):
    """Run cells as the batch does; return the record and the notebook as far as it came."""

    def executed(*cells, **metadata):
        path = make_notebook("n.ipynb", *cells)
        notebook = nbformat.read(path, 4)
        notebook.cells[1].metadata |= metadata
        nbformat.write(notebook, path)
        (record,) = run([Job(path, {"province": "Đà Nẵng"}, "x/n")], tmp_path / "out", Settings(workers=1), pool=pool)
        ending = ".failed.ipynb" if record["status"] == "failed" else ".ipynb"
        return record, nbformat.read(tmp_path / f"out/notebooks/x/n{ending}", 4)

    return executed


def shown(notebook):
    """Return a notebook's outputs without what differs between processes: paths, pieces of a stream."""
    cells = []
    for cell in notebook.cells:
        found = [cell.get("execution_count")]
        for output in cell.get("outputs", []):
            text = re.sub(r"/[^\" ]*ipykernel_\d+/\d+\.py|<ipython-input-[^>]*>", "INPUT", json.dumps(output))
            output = json.loads(re.sub(r"0x[0-9a-f]+|\\u001b\[[0-9;]*m", "", text))
            if output.get("name") and output["name"] == (found[-1] if len(found) > 1 else {}).get("name"):
                found[-1]["text"] += output["text"]
            else:
                found.append(output)
        cells.append(found)
    return cells


def told(notebook):
    """Return what papermill tells of a run, without moments and durations."""
    found = [notebook.metadata.papermill, *(cell.metadata.papermill for cell in notebook.cells if "outputs" in cell)]
    return [{k: v for k, v in one.items() if not re.search("time|duration|path", k)} for one in found]


@pytest.mark.slow
def test_a_notebook_shows_what_it_shows_in_an_ordinary_kernel(tmp_path, make_notebook, execute):
    """Streams, displays and their updates, results, figures, programs, errors and magics; forked and started afresh."""
    record, forked = execute(*CELLS)
    assert record["error"] == "ZeroDivisionError: division by zero"
    notebooks = {"forked": forked}
    for name in ("papi", None):
        with pytest.raises(papermill.PapermillExecutionError, match="division by zero"):
            papermill.execute_notebook(
                tmp_path / "n.ipynb", tmp_path / f"{name}.ipynb", {"province": "Đà Nẵng"}, engine_name=name,
                kernel_name="python3", progress_bar=False, cwd=tmp_path,
            )  # fmt: skip
        notebooks[name] = nbformat.read(tmp_path / f"{name}.ipynb", 4)
    kernel = notebooks.pop(None)
    for way, own in notebooks.items():
        for cell, ours, theirs in zip(kernel.cells, shown(own), shown(kernel), strict=True):
            assert ours == theirs, (way, cell.source)
        assert told(own) == told(kernel)


def test_parameters_read_as_a_person_would_write_them(execute):
    record, notebook = execute("print(province)")
    assert record["error"] is None
    assert notebook.cells[1].source == '# Parameters\nprovince = "Đà Nẵng"\n'
    assert notebook.cells[2].outputs[0].text == "Đà Nẵng\n"


def test_parameters_come_out_as_they_went_in():
    translate = engine._ReadableTranslator.translate
    every = "".join(map(chr, range(0x11000)))
    for value in ("\"'\\", "a\nb\r\u2028\x00", "{x} %s $y", "Đắk Lắk", every, ["ừ", {"ắ": None}], -1.5, True):
        assert ast.literal_eval(translate(value)) == value
    assert translate("Thừa Thiên – Huế 🌾") == '"Thừa Thiên – Huế 🌾"'


@pytest.mark.parametrize(
    ("ending", "error"),
    [
        ("import sys; sys.exit()", None),
        ("import sys; sys.exit(0)", None),
        ("exit()", None),
        ("quit()", None),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("import sys; sys.exit('no figures')", "SystemExit: no figures"),
        ("import os; os._exit(0)", "ChildProcessError: the notebook's process died (exit code 0: killed, or a crash in a library)"),
    ],
)  # fmt: skip
def test_a_notebook_may_end_early(execute, ending, error):
    record, notebook = execute("print('before')", ending, "print('after')")
    assert (record["status"], record["error"]) == ("failed" if error else "done", error)
    printed = [o.text for cell in notebook.cells for o in cell.get("outputs", []) if o.get("name") == "stdout"]
    assert printed == ["before\n"]


def test_a_cell_with_the_tag_skip_execution_is_passed_over(execute):
    record, notebook = execute("1 / 0", "print('on')", tags=["skip-execution"])
    assert record["error"] is None
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, None, 3]


def test_numbers_that_json_has_not_are_texts_and_the_notebook_stays_json(execute, tmp_path):
    data = "{'application/x+json': {'nan': float('nan'), 'inf': [float('inf'), -float('inf')], 'n': np.int64(3), 'when': dt.date(2024, 1, 2)}}"
    record, notebook = execute(f"import datetime as dt, numpy as np\ndisplay({data}, raw=True)")
    assert record["error"] is None

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    json.loads((tmp_path / "out/notebooks/x/n.ipynb").read_text(), parse_constant=refuse)
    expected = {"nan": "nan", "inf": ["inf", "-inf"], "n": 3, "when": "2024-01-02"}
    assert notebook.cells[2].outputs[0].data["application/x+json"] == expected


def test_what_programs_and_c_libraries_write_stands_where_it_was_written(execute):
    record, notebook = execute(
        "import os, subprocess, sys\nprint(1); subprocess.run(['echo', '2']); print(3); os.write(1, b'4\\n'); os.system('echo 5 > /dev/stdout')\nprint(6)",
        "import ctypes\nctypes.CDLL(None).puts(b'from C')",
        "subprocess.run([sys.executable, '-c', 'print(\"ừ\" * 200_000)']); subprocess.run(['ls', 'missing'], stdout=sys.stdout);",
        "import warnings; warnings.simplefilter('ignore')  # from 3.12 on a copy is warned of\nif not (pid := os.fork()):\n    print('from a copy', flush=True); os._exit(0)\nos.waitpid(pid, 0);",
    )
    assert record["error"] is None
    first, second, third, fourth = ([o.get("text") for o in cell.outputs] for cell in notebook.cells[2:])
    assert first == ["1\n2\n3\n4\n5\n6\n"]
    assert second[0] == "from C\n"
    assert third[0] == "ừ" * 200_000 + "\n"
    assert "missing" in third[1]
    assert fourth == ["from a copy\n"]


def test_many_lines_are_printed_in_seconds(execute):
    record, notebook = execute("for i in range(40_000): print(i)")
    assert notebook.cells[2].outputs == [
        nbformat.v4.new_output("stream", name="stdout", text="".join(f"{i}\n" for i in range(40_000)))
    ]
    assert record["seconds"] < 60  # it took minutes


def test_what_a_notebook_started_ends_with_it(execute, tmp_path):
    pids = tmp_path / "pids"
    start = f"p = subprocess.Popen(['sleep', '300']); print(p.pid, file=open({str(pids)!r}, 'a'))"
    execute(f"import os, signal, subprocess\n{start}")
    execute(f"import os, signal, subprocess\n{start}", "os.kill(os.getpid(), signal.SIGKILL)")
    started = [int(pid) for pid in pids.read_text().split()]
    assert len(started) == 2
    ended = time.monotonic() + 60
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in started):
        assert time.monotonic() < ended
        time.sleep(0.05)


@pytest.mark.slow
def test_anybody_may_use_the_engine_on_the_command_line(tmp_path, make_notebook):
    """By its entry point, from a script without a guard, with nothing left at home or among temporary files."""
    entries = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["papermill.engine"]
    installed = tmp_path / "installed/papi_lib-0.dist-info"
    installed.mkdir(parents=True)
    (installed / "entry_points.txt").write_text(
        "[papermill.engine]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items())
    )
    for name in ("home", "temporary"):
        (tmp_path / name).mkdir()
    path = os.pathsep.join([str(ROOT), str(installed.parent), os.environ.get("PYTHONPATH", "")])
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "MPL", "IPYTHON", "XDG_"))}
    environment = kept | {"PYTHONPATH": path, "HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "temporary")}
    notebook = make_notebook("n.ipynb", "import matplotlib.pyplot as plt\nplt.plot([1]); print(province)")
    command = [Path(sys.executable).with_name("papermill"), "--engine", "papi", "-p", "province", "Đà Nẵng", "--stdout-file", "out.txt", notebook, "out.ipynb"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.txt").read_text() == "Đà Nẵng\n"
    kinds = [o.output_type for o in nbformat.read(tmp_path / "out.ipynb", 4).cells[2].outputs]
    assert kinds == ["stream", "display_data"]
    script = tmp_path / "script.py"
    script.write_text(
        "import papermill\nprint('once')\npapermill.execute_notebook('n.ipynb', None, engine_name='papi')"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stdout) == (0, "once\n"), done.stderr
    assert [path for name in ("home", "temporary") for path in (tmp_path / name).iterdir()] == []


def test_a_parameter_that_the_notebook_does_not_set_is_refused(tmp_path, make_notebook):
    path, out = make_notebook("n.ipynb", "1"), tmp_path / "out.ipynb"
    with pytest.raises(ValueError, match=r"does not set provnce \(did you mean province\?\)"):
        papermill.execute_notebook(path, out, {"provnce": "X"}, engine_name="papi", progress_bar=False)
    assert not out.exists()


@pytest.mark.parametrize(("lang", "heading"), [("vi", "## Kiểm tra"), ("en", "## Check")])
def test_headings_are_in_the_language_that_the_parameters_name(tmp_path, make_notebook, lang, heading):
    path = make_notebook("n.ipynb", "lang")
    notebook = nbformat.read(path, 4)
    notebook.cells[0].source += "; lang = 'vi'"
    notebook.cells.append(nbformat.v4.new_markdown_cell("## Check\n\nA figure {of mine}.\n\n# Mine {x}"))
    nbformat.write(notebook, path)
    how = {"engine_name": "papi", "progress_bar": False, "edit": collection.translate}
    papermill.execute_notebook(path, tmp_path / "out.ipynb", {"lang": lang}, **how)
    text = nbformat.read(tmp_path / "out.ipynb", 4).cells[-1].source
    assert text == f"{heading}\n\nA figure {{of mine}}.\n\n# Mine {{x}}"
