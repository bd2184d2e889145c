"""What runs between fusebench and a program, where it can be tested without a sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from fusebench.contracts.base import SandboxLevel, choices_of
from fusebench.sandbox import levels
from fusebench.sandbox.inside import namespaces
from fusebench.sandbox.inside.plan import Plan
from fusebench.sandbox.inside.rights import KEPT
from fusebench.sandbox.levels import RIGHTS_OF_ROOT
from fusebench.sandbox.plan import LEVELS, Level, Limits
from fusebench.sandbox.starting import Policy

from tests.sandbox.attacked import run

SLOW = {"typing", "signal", "socket", "json", "pathlib", "contextlib", "dataclasses", "re", "enum"}


def test_contracts_and_sandbox_know_the_same_levels() -> None:
    """The contract cannot import the sandbox, nor the other way round."""
    assert choices_of(SandboxLevel) == LEVELS == get_args(Level)


def test_root_keeps_the_same_rights_at_each_level() -> None:
    """bubblewrap has names for them, the kernel numbers."""
    numbers = {"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_FOWNER": 3, "CAP_FSETID": 4}
    assert {numbers[name] for name in RIGHTS_OF_ROOT} == KEPT


def test_nothing_slow_is_imported() -> None:
    """It is started for each process of a script."""
    code = (
        f"import sys; sys.path.insert(0, {str(levels.PACKAGES)!r})\n"
        "import fusebench.sandbox.inside.main\nprint(*sys.modules)"
    )
    words = [sys.executable, "-I", "-S", "-c", code]
    printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert not SLOW & set(printed.split())


def test_a_plan_passes_as_source() -> None:
    """Whatever the paths hold: other alphabets, quotes, bytes that are no text."""
    steps = [("/a '\"\\\n", "read", "/ü/数据"), ("/x", "link", os.fsdecode(b"/\xff"))]
    plan = Plan(
        level="userns",
        parent=1,
        command=["x"],
        cwd="/",
        steps=steps,
        file_mb=None,
        shared_mb=3,
        landlock=False,
    )
    source = plan.source()
    assert source.isascii() and vars(Plan(**eval(source))) == vars(plan)


def test_a_path_of_the_table_of_mounts_is_read() -> None:
    """Spaces, line ends and backslashes stand there as octal codes."""
    assert namespaces._unescaped(b"/a\\040b\\011c\\134d/\xc3\xbc") == "/a b\tc\\d/ü"


@pytest.mark.parametrize("level", ["userns"])
def test_an_older_kernel_has_each_mount_restricted(
    tmp_path: Path, level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before Linux 5.12 there is no call for a mount with all below it."""
    policy = Policy(level, "env-only")
    if run(tmp_path, policy, ["-c", "pass"])[0].sandbox.level != level:
        pytest.skip("no namespaces here")
    inside = levels._INSIDE.replace(
        "import main;",
        "import main; from fusebench.sandbox.inside import namespaces;"
        " namespaces.MOUNT_SETATTR = 99999;",
    )
    monkeypatch.setattr(levels, "_INSIDE", inside)
    code = "print([line.split()[3].split(',')[0] for line in open('/proc/mounts')\n"
    code += "if line.split()[1].startswith(('/usr', '/sys', '/etc'))])"
    ended, printed = run(tmp_path, policy, ["-c", code])
    assert (ended.status, set(eval(printed))) == (0, {"ro"})


def test_a_limit_of_the_scratch_folder_holds_for_all_files_together(tmp_path: Path) -> None:
    """A script that passes it is ended, and told so."""
    text = (
        "import time\nfor n in range(9): open(f'{n}', 'wb').write(b'0' * 900_000)\ntime.sleep(60)"
    )
    ended, _ = run(tmp_path, Policy(limits=Limits(scratch_mb=5)), ["-c", text])
    assert ended.excess.startswith("the script had 8 MB in its scratch folder; its limit is 5 MB")
    fits = Policy(limits=Limits(scratch_mb=50))
    assert run(tmp_path, fits, ["-c", "import time; time.sleep(1)"])[0].excess == ""


def test_a_limit_of_files_holds_for_each_of_them(tmp_path: Path) -> None:
    """A script that does not expect it ends with the error of the system."""
    text = "open('small', 'wb').write(b'0' * 900_000)\nopen('large', 'wb').write(b'0' * 2_000_000)"
    ended, printed = run(tmp_path, Policy(limits=Limits(file_mb=1)), ["-c", text])
    assert ended.status == 1 and "File too large" in printed
