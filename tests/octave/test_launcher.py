"""The launcher on MATLAB code: what it starts, what it reads back, how failures are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.harness.conftest import Run, Stage
from tests.octave.conftest import needs_octave


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A clone with a function ``run_X`` in ``methods/X`` and the pairs p1 and p2."""
    stage = Stage(tmp_path / "clone")
    stage.write("methods/X/run_X.m", AVERAGE)
    return stage


AVERAGE = """
function img = run_X(imgVI, imgIR, visualization)
  figure; imshow(imread(imgIR.img));
  disp(['fusing ' imgVI.name '.' imgVI.ext]);
  img = uint8((double(imread(imgVI.img)) + double(imread(imgIR.img))) / 2);
end
"""


def launched(stage: Stage, names: tuple[str, ...] = ("p1", "p2"), **matlab: Any) -> Run:
    """Launch the function on these pairs; source images that are not there are made as texts."""
    pairs = []
    for name in names:
        paths = [stage.root / side / f"{name}.png" for side in ("a", "b", "out")]
        for path in paths:
            path.parent.mkdir(exist_ok=True)
        for path in paths[:2]:
            if not path.exists():
                path.write_text(path.parent.name + name)
        pairs.append([str(path) for path in paths])
    call = {
        "interpreter": "octave",
        "packages": [],
        "package_list": "",
        "mex": [],
        "function": True,
        "pairs": pairs,
    }
    return stage.launch(
        "run_X.m",
        cwd=str(stage.root / "methods" / "X"),
        outputs={result: name for (_, _, result), name in zip(pairs, names, strict=True)},
        inputs={path: name for (*own, _), name in zip(pairs, names, strict=True) for path in own},
        warmup=1,
        compat=matlab.pop("compat", []),
        matlab={**call, **matlab},
    )


def test_every_pair_is_fused_and_timed(stage: Stage, octave: Path) -> None:
    """Times of each pair, the warm-up, shims and the version are in the report."""
    done = launched(stage, compat=["octave-freqspace"])
    assert (done.returncode, done.report["state"]) == (0, "exit")
    assert (stage.root / "out" / "p2.png").read_text() == "bp2"
    images = done.report["images"]
    assert [images[name]["warmup"] for name in ("p1", "p2")] == [True, False]
    assert all(image["seconds"] is not None for image in images.values())
    assert all(image["model_seconds"] is None for image in images.values())
    assert done.report["versions"]["octave"] == "7.3.0"
    assert done.report["shims"] == {"octave-freqspace": 2}
    assert done.report["notes"] == [] and done.report["startup_seconds"] is not None


def test_what_the_code_prints_is_passed_on_without_the_marks(stage: Stage, octave: Path) -> None:
    """The log is what a person would see."""
    out = stage.root / "out"
    assert launched(stage).stdout.split() == ["fusing", f"{out}/p1.png", "fusing", f"{out}/p2.png"]


def test_an_error_of_the_code_is_the_last_line(stage: Stage, octave: Path) -> None:
    """The exit status is Octave's, and no pair after the error is fused."""
    stage.write("methods/X/run_X.m", "error")
    done = launched(stage)
    assert done.returncode == 1 and done.report["exit_status"] == 1
    assert done.stdout.splitlines()[-1] == "error: 'ftrans2' undefined"
    assert done.report["images"] == {}


def test_a_missing_interpreter_is_told(stage: Stage, tmp_path: Path) -> None:
    """MATLAB is not here: the message names the program."""
    stage.environ["PATH"] = str(tmp_path)
    done = launched(stage, interpreter="matlab")
    assert done.returncode == 1 and "matlab cannot be started" in done.stderr


def test_an_unknown_shim_is_refused(stage: Stage, octave: Path) -> None:
    """Shims for Python are no shims for MATLAB code; the message lists those that there are."""
    done = launched(stage, compat=["numpy-aliases"])
    assert done.returncode == 2 and "octave-blockproc, octave-freqspace" in done.stderr


def test_mex_files_are_compiled_beside_their_sources(stage: Stage, octave: Path) -> None:
    """``mkoctfile --mex`` gets the sources of each, in the folder of the first one."""
    compiler = octave.with_name("mkoctfile")
    compiler.write_text('#!/bin/sh\necho "$@" >> "compiled"\n')
    compiler.chmod(0o755)
    sources = [str(stage.write(f"methods/X/{name}", "")) for name in ("private/a.c", "lib/b.c")]
    assert launched(stage, mex=[sources]).returncode == 0
    assert (stage.root / "methods/X/private/compiled").read_text() == "--mex a.c ../lib/b.c\n"


def test_a_mex_file_that_does_not_compile_ends_the_run(stage: Stage, octave: Path) -> None:
    """Without it the code would fail later, with a message that says less."""
    compiler = octave.with_name("mkoctfile")
    compiler.write_text("#!/bin/sh\necho a.c:1: error >&2\nexit 1\n")
    compiler.chmod(0o755)
    done = launched(stage, mex=[[str(stage.write("a.c", ""))]])
    assert done.returncode == 1 and "a.c:1: error" in done.stderr
    assert done.report["images"] == {}


def test_a_missing_compiler_is_told(stage: Stage, octave: Path) -> None:
    """The message says what to install."""
    stage.environ["PATH"] = str(octave.parent)
    done = launched(stage, mex=[[str(stage.write("a.c", ""))]])
    assert done.returncode == 1 and "install it (apt install octave-dev)" in done.stderr


def lines(stage: Stage, **matlab: Any) -> list[str]:
    """Return the start file that the launcher writes."""
    launched(stage, **matlab)
    return (stage.root.parent / "fusebench_start.m").read_text().splitlines()


def test_a_script_is_run_as_it_is(stage: Stage, octave: Path) -> None:
    """It runs in the workspace of the start file, after packages, seed and folder are set."""
    written = lines(stage, function=False, packages=["image"])
    silent = f"'{stage.root.parent}/fusebench_silent'"
    folder = f"'{stage.root}/methods/X'"
    assert written[2] == f"fusebench_prepare(0, {{'image'}}, {{{silent}}}, {folder});"
    assert written[3] == f"run('{stage.root}/methods/X/run_X.m');"


def test_names_with_quotes_stay_names(stage: Stage, octave: Path) -> None:
    """A quote is doubled, as MATLAB writes it."""
    assert "/it''s.png'" in lines(stage, pairs=[["a", "b", "/it's.png"]])[3]


@needs_octave
def test_octave_fuses_a_pair(stage: Stage) -> None:
    """With Octave itself: fields of the arguments, hidden figures, the written image."""
    import numpy as np
    from fusebench.images import read_image, write_png

    a, b = (np.full((6, 8), value, np.uint8) for value in (10, 30))
    (stage.root / "a").mkdir()
    (stage.root / "b").mkdir()
    write_png(stage.root / "a" / "p1.png", a)
    write_png(stage.root / "b" / "p1.png", b)
    done = launched(stage, ("p1",), compat=["octave-freqspace"])
    assert done.returncode == 0 and "fusing p1.png" in done.stdout
    written, _ = read_image(stage.root / "out" / "p1.png")
    assert (written == 20).all()


SHIMS = """
[u, v] = freqspace([3 4]);
b = [0.05 -0.1 0.3 0.5 0.3 -0.1 0.05];
h = ftrans2(b);
[x, y] = meshgrid(-3:3, -3:3);
two = sum(sum(h .* cos(0.7 * x + 1.9 * y)));
w = acos((cos(0.7) + cos(1.9) + cos(0.7) * cos(1.9) - 1) / 2);
one = sum(b .* cos((-3:3) * w));
sums = blockproc(magic(5), [2 2], @(s) sum(s.data(:)));
printf('%g ', u, v, abs(round(1e9 * (two - one))), sums); printf('\\n');
figure; imshow(zeros(4)); title('silent');
clear all
first = rand; rand('twister', 5); printf('%d\\n', first == rand);
"""


@needs_octave
def test_shims_do_what_their_functions_do(stage: Stage) -> None:
    """freqspace and blockproc by hand; ftrans2 by its definition, in the frequency domain."""
    stage.write("methods/X/run_X.m", SHIMS)
    names = ["octave-blockproc", "octave-freqspace", "octave-ftrans2"]
    done = launched(stage, function=False, packages=["image"], compat=names)
    assert done.returncode == 0, done.stdout
    numbers, same = done.stdout.splitlines()[-2:]
    assert numbers.split() == (
        [
            "-1",
            "-0.5",
            "0",
            "0.5",
            "-0.666667",
            "0",
            "0.666667",
            "0",
            "69",
            "32",
            "29",
            "30",
            "73",
            "27",
            "31",
            "25",
            "9",
        ]
    )
    assert same == "0"
    assert done.report["shims"] == dict.fromkeys(names, 1)


def test_the_words_that_start_matlab(stage: Stage, tmp_path: Path) -> None:
    """MATLAB is started in batch mode on the same start file; here a program stands in for it."""
    matlab = tmp_path / "programs" / "matlab"
    matlab.parent.mkdir()
    matlab.write_text('#!/bin/sh\necho "$@"\n')
    matlab.chmod(0o755)
    stage.environ["PATH"] = str(matlab.parent)
    done = launched(stage, interpreter="matlab")
    assert done.stdout == f"-batch run('{tmp_path}/fusebench_start.m')\n"
