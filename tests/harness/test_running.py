"""A script runs as with ``python script.py``, and every kind of end is reported."""

from __future__ import annotations

import json
import signal
import subprocess

import pytest

from tests.harness.conftest import Stage

FACTS = """
import json, os, sys
import helper
facts = {"argv": sys.argv, "path0": sys.path[0], "cwd": os.getcwd(), "name": __name__,
         "file": __file__, "main": sys.modules["__main__"].__dict__ is globals(), "spec": __spec__,
         "package": __package__, "helper": helper.__file__, "flags": list(sys.flags)}
print(json.dumps(facts))
"""


def test_the_script_sees_what_python_would_show_it(any_stage: Stage) -> None:
    """Arguments, paths, folder, names of ``__main__`` and flags are those of a bare run."""
    any_stage.write("helper.py", "")
    any_stage.write("script.py", FACTS)
    run = any_stage.launch(args=["--data", "a b", 3])
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == json.loads(any_stage.bare("--data", "a b", "3").stdout)


def test_weights_that_were_asked_for(any_stage: Stage) -> None:
    """Files of weights that the script opens are reported, even if they do not exist.

    Other files are not reported.
    """
    any_stage.write("a/model.pth", "x")
    any_stage.write("script.py", "open('a/model.pth').close()\nopen('b/model.pth')\n")
    paths = [str(any_stage.root / name) for name in ("a/model.pth", "b/model.pth", "never.pth")]
    run = any_stage.launch(weights=paths)
    assert run.returncode == 1
    assert run.report["weights_read"] == ["a/model.pth", "b/model.pth"]


def test_inputs_that_were_opened(any_stage: Stage) -> None:
    """Staged inputs that the script opens are reported, also after its first result."""
    for name in ("in/1.png", "in/2.png", "in/3.png", "other.png"):
        any_stage.write(name, "x")
    any_stage.write(
        "script.py",
        "open('in/2.png').close()\nopen('other.png').close()\n"
        "with open('f.png', 'w') as file:\n    file.write('x')\nopen('in/1.png').close()\n",
    )
    inputs = {str(any_stage.root / f"in/{number}.png"): str(number) for number in (1, 2, 3)}
    run = any_stage.launch(inputs=inputs, outputs={str(any_stage.root / "f.png"): "1"})
    assert run.report["inputs_read"] == ["in/1.png", "in/2.png"]


def test_a_script_in_a_subfolder_and_an_absolute_one(stage: Stage) -> None:
    """``sys.path[0]`` is the script's folder, the working folder is the job's."""
    stage.write("sub/helper.py", "VALUE = 7")
    script = stage.write("sub/go.py", "import os, helper\nprint(helper.VALUE, os.getcwd())")
    for name in ("sub/go.py", str(script)):
        assert stage.launch(name).stdout.split() == ["7", str(stage.root)]


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("", 0),
        ("import sys; sys.exit()", 0),
        ("import sys; sys.exit(5)", 5),
        ("import sys; sys.exit('words')", 1),
        ("import os; os._exit(6)", 6),
        ("raise ValueError('broken')", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -15),
    ],
)
def test_every_end_is_reported(stage: Stage, end: str, status: int) -> None:
    """The exit status is that of the script, also in the report.

    Results before the end are kept.
    """
    stage.write("script.py", f"open('1.txt', 'w').close()\n{end}\n")
    run = stage.launch(outputs=["1.txt"])
    assert run.returncode == status == run.report["exit_status"]
    assert list(run.report["images"]) == ["1"]


def test_an_exception_names_the_line_of_the_authors(any_stage: Stage) -> None:
    """The traceback is Python's own, without the launcher's frames.

    The report names the last line of the clone.
    """
    any_stage.write("net.py", "import json\n\ndef load():\n    return json.loads('{')\n")
    any_stage.write("script.py", "import net\nnet.load()\n")
    run = any_stage.launch()
    assert run.returncode == 1
    assert run.report["exception"]["type"] == "JSONDecodeError"
    assert run.report["exception"]["where"] == "net.py:4: return json.loads('{')"
    assert "workflow/harness" not in run.stderr
    assert run.stderr.splitlines()[0] == "Traceback (most recent call last):"


def test_sigterm_in_the_middle_leaves_the_report(stage: Stage) -> None:
    """A cancelled job leaves the images that it had done, and dies of the signal."""
    stage.write(
        "script.py",
        "import time\nopen('1.txt', 'w').close()\nprint('ready', flush=True)\ntime.sleep(60)\n",
    )
    command = stage.command(stage.job(outputs=["1.txt", "2.txt"]))
    with subprocess.Popen(
        command, env=stage.environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == -signal.SIGTERM
    report = stage.read_report()
    assert report["state"] == "SIGTERM"
    assert list(report["images"]) == ["1"]


def test_a_killed_run_leaves_a_report_that_says_running(stage: Stage) -> None:
    """The report is also written during the run, so that SIGKILL does not lose everything."""
    wait = (
        "import time\nfor i in (1, 2):\n"
        "    open(f'{i}.txt', 'w').close()\n    print(i, flush=True)\n"
    )
    stage.write("script.py", wait + "    time.sleep(5.2 if i == 1 else 60)\n")
    command = stage.command(stage.job(outputs=["1.txt", "2.txt"]))
    with subprocess.Popen(
        command, env=stage.environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["1\n", "2\n"]
        process.kill()
    report = stage.read_report()
    assert (report["state"], report["exit_status"]) == ("running", None)
    assert list(report["images"]) == ["1", "2"]


def test_a_crash_of_the_interpreter_leaves_a_report(stage: Stage) -> None:
    """If the process dies at once, there is a report, and it is not that of an earlier run."""
    stage.write("script.py", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    (stage.root.parent / "launch.json").write_text('{"state": "exit"}')
    run = stage.launch()
    assert run.returncode == -signal.SIGSEGV
    assert (run.report["state"], run.report["exit_status"], run.report["images"]) == (
        "running",
        None,
        {},
    )


def test_edits_change_what_is_compiled_and_no_file(any_stage: Stage) -> None:
    """Script and imported module are compiled with their edits.

    The clone stays as it was, without bytecode.
    """
    any_stage.write("net/__init__.py", "")
    any_stage.write("net/paths.py", "ROOT = ' '\nOTHER = ' '\n")
    any_stage.write(
        "script.py",
        "from net import paths\ncount = 0\nprint(count, paths.ROOT, repr(paths.OTHER))\n",
    )
    before = {path: path.read_bytes() for path in any_stage.root.rglob("*.py")}
    edits = {
        "net/paths.py": [["ROOT = ' '", "ROOT = 'in'"]],
        "script.py": [["count = 0", "count = 4"]],
    }
    run = any_stage.launch(edits=edits)
    assert run.stdout == "4 in ' '\n", run.stderr
    assert {path: path.read_bytes() for path in any_stage.root.rglob("*.*")} == before
    assert {edit["file"]: edit["count"] for edit in run.report["edits_applied"]} == dict.fromkeys(
        edits, 1
    )


def test_stale_bytecode_of_the_repository_is_not_used(stage: Stage) -> None:
    """Committed bytecode is not run, even if it seems to match its source."""
    stage.write("net.py", "VALUE = 1\n")
    compile_it = "import py_compile, os\nt = os.stat('net.py')\npy_compile.compile('net.py')\n"
    change = (
        "open('net.py', 'w').write('VALUE = 2\\n')\n"
        "os.utime('net.py', ns=(t.st_atime_ns, t.st_mtime_ns))\n"
    )
    subprocess.run([stage.python, "-c", compile_it + change], cwd=stage.root, check=True)
    stage.write("script.py", "import net\nprint(net.VALUE)\n")
    assert stage.bare().stdout == "1\n"
    assert stage.launch().stdout == "2\n"


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ({"script.py": [["cuda = 1", "cuda = 0"]]}, ["script.py", "'cuda = 1'", "not in the file"]),
        ({"args.py": [["a", "b"]]}, ["args.py", "no file"]),
        ({"conf.yml": [["a", "b"]]}, ["conf.yml", ".py"]),
    ],
)
def test_an_edit_that_does_not_fit_starts_nothing(
    stage: Stage, edits: dict[str, list[str]], words: list[str]
) -> None:
    """File and text that were not found are named, and the script does not run."""
    stage.write("script.py", "print('ran')\n")
    stage.write("conf.yml", "a")
    run = stage.launch(edits=edits)
    assert (run.returncode, run.stdout) == (2, "")
    assert all(word in run.stderr for word in words), run.stderr


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ({"scrip": "x"}, ["keys unknown: ['scrip']"]),
        ({"device": "gpu"}, ["cpu or cuda", "'gpu'"]),
        ({"compat": ["numpy-alias"]}, ["'numpy-alias'", "numpy-aliases"]),
        ({"compat": ["module-alias:x"]}, ["package.old=package.new"]),
        ({"script": "none.py"}, ["'none.py'"]),
        ({"model_functions": {"script.py": ["fuse"]}}, ["script.py", "'fuse'"]),
    ],
)
def test_a_wrong_job_is_refused_with_the_reason(
    stage: Stage, job: dict[str, object], words: list[str]
) -> None:
    """Unknown keys, values, shims, files and functions end with status 2 and are named."""
    stage.write("script.py", "print('ran')\n")
    run = stage.launch(**job)  # type: ignore[arg-type]
    assert (run.returncode, run.stdout) == (2, "")
    assert all(word in run.stderr for word in words), run.stderr


def test_edits_of_a_file_that_was_never_used_are_noted(stage: Stage) -> None:
    """An edit that had no effect is reported."""
    stage.write("unused.py", "a = 1\n")
    stage.write("script.py", "")
    assert "unused.py" in stage.launch(edits={"unused.py": [["1", "2"]]}).report["notes"][0]


def test_a_module_beside_the_script_goes_before_the_standard_library(any_stage: Stage) -> None:
    """Modules that the launcher needs (json, glob, signal) do not hide those of the authors."""
    for name in ("json", "glob", "ast", "clock", "run", "report"):
        any_stage.write(f"{name}.py", f"NAME = 'own {name}'\n")
    any_stage.write(
        "script.py",
        "import json, glob, ast, clock, run, report\nprint(json.NAME, clock.NAME, run.NAME)\n",
    )
    run = any_stage.launch()
    assert run.stdout == "own json own clock own run\n", run.stderr
    assert run.report["exit_status"] == 0


CHILDREN = """
import multiprocessing, os, sys
import helper

def work(number):
    assert sys.modules["__main__"].__name__ in ("__main__", "__mp_main__")
    return number * helper.FACTOR + SHIFT, os.listdir("files")

SHIFT = 0

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(2) as pool:
        print(pool.map(work, [1, 2]))
        pool.close()
        pool.join()
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_are_hooked_too(any_stage: Stage, method: str) -> None:
    """Children have the edits of the script and its modules, and sorted listings.

    This holds for every start method.
    """
    any_stage.write("helper.py", "FACTOR = 1\n")
    any_stage.write("script.py", CHILDREN)
    for name in "cab":
        any_stage.write(f"files/{name}", "")
    edits = {
        "helper.py": [["FACTOR = 1", "FACTOR = 10"]],
        "script.py": [["SHIFT = 0", "SHIFT = 5"]],
    }
    run = any_stage.launch(args=[method], edits=edits)
    assert run.stdout == "[(15, ['a', 'b', 'c']), (25, ['a', 'b', 'c'])]\n", run.stderr
    assert run.returncode == 0


def test_what_fired_in_a_child_is_counted(any_stage: Stage) -> None:
    """Counts of child processes are in the report, and no other file is left beside it."""
    any_stage.write(
        "script.py", CHILDREN.replace("SHIFT = 0", "SHIFT = 0\nos.path.isdir('a' + chr(92) + 'b')")
    )
    any_stage.write("helper.py", "FACTOR = 1\n")
    any_stage.write("files/a", "")
    run = any_stage.launch(args=["spawn"], compat=["windows-paths"])
    assert run.returncode == 0, run.stderr
    # Once in the script itself, once in each child that imported it; a pool starts two, and may
    # start more.
    assert run.report["shims"]["windows-paths:isdir"] >= 3
    assert [path.name for path in any_stage.root.parent.iterdir() if ".child" in path.name] == []


def test_threads_and_exit_functions_still_count(stage: Stage) -> None:
    """Results of a thread or an exit function after the script's last line are reported."""
    stage.write(
        "script.py",
        "import atexit, threading, time\n"
        "def save(name, seconds):\n    time.sleep(seconds)\n    open(name, 'w').close()\n"
        "threading.Thread(target=save, args=('1.txt', 0.2)).start()\n"
        "atexit.register(save, '2.txt', 0)\n",
    )
    assert list(stage.launch(outputs=["1.txt", "2.txt"]).report["images"]) == ["1", "2"]


def test_programs_that_the_script_starts_are_noted(stage: Stage) -> None:
    """Another program runs without hooks; the report says so."""
    stage.write("script.py", "import subprocess\nsubprocess.run(['echo', 'x'])\n")
    assert any("without hooks: echo" in note for note in stage.launch().report["notes"])


def test_a_pickle_written_by_the_script_names_its_main(stage: Stage) -> None:
    """Classes of the script pickle as ``__main__.<name>``, and come back."""
    stage.write(
        "script.py",
        "import pickle\nclass Net:\n    pass\ndata = pickle.dumps(Net())\n"
        "assert b'__main__' in data\nprint(type(pickle.loads(data)) is Net)\n",
    )
    assert stage.launch().stdout == "True\n"


def test_starting_imports_no_library(stage: Stage) -> None:
    """The launcher starts an empty script without importing numpy, torch or any other library."""
    libraries = ("numpy", "torch", "cv2", "PIL", "scipy")
    stage.write("script.py", f"import sys\nprint([n for n in {libraries} if n in sys.modules])\n")
    assert stage.launch().stdout == "[]\n"


def test_comments_in_another_encoding_are_imported(any_stage: Stage) -> None:
    """Python imports a module whose comments are GBK and declare nothing, and so does a run.

    Edits of the file apply.
    """
    any_stage.write("script.py", "import network\nprint(network.SIZE)\n")
    (any_stage.root / "network.py").write_bytes(b"# \xb0\xfc\xba\xac\r\nSIZE = 1\r\nTWO = 2\r\n")
    edit = {"network.py": [["SIZE = 1\nTWO", "SIZE = 3\nTWO"]]}
    run = any_stage.launch(edits=edit)
    assert run.stdout == "3\n", run.stderr


def test_text_in_another_encoding_is_refused(any_stage: Stage) -> None:
    """Outside of comments such bytes are an error, as in Python itself."""
    any_stage.write("script.py", "import network\n")
    (any_stage.root / "network.py").write_bytes(b"NAME = '\xb0\xfc'\n")
    run = any_stage.launch()
    assert run.returncode == 1
    assert "SyntaxError" in run.stderr


def test_where_a_script_looked_and_wrote(stage: Stage) -> None:
    """The report names files that were not found, written files and listed folders of the run.

    What lies outside the scratch folder is not among them.
    """
    (stage.root / "data").mkdir()
    (stage.root / "data" / "1.png").write_text("x")
    stage.write(
        "script.py",
        "import os, glob\n"
        "for path in ('data/1.png', 'ir/1.png', '/etc/no-such-file'):\n"
        "    try: open(path)\n"
        "    except OSError: pass\n"
        "os.listdir('data'); glob.glob('data/*.png')\n"
        "try: os.listdir('test/ir')\n"
        "except OSError: pass\n"
        "open('out.png', 'w').close()\n",
    )
    report = stage.launch().report
    assert report["files_missing"] == ["ir/1.png", "test/ir"]
    assert report["files_written"] == ["out.png"]
    assert report["folders_listed"][-1] == "data"
