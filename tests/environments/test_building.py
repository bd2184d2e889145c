"""Building: what a built environment contains, also after concurrency, kills and a full disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fusebench.contracts.files import FORMAT
from fusebench.environments.building import build
from fusebench.environments.installed_files import MANIFEST, RECEIPT, installed_digest
from fusebench.environments.locking import lock
from fusebench.errors import EnvironmentFailed
from fusebench.folders import remove_folder

from tests.environments.conftest import MakeEnvironment
from tests.environments.wheelhouse import make_wheel

BUILD = "import sys; from pathlib import Path; from fusebench.environments.building import build\n"
BUILD += "print(build(Path(sys.argv[1]), 'cpu', Path(sys.argv[2])).path)"


@pytest.fixture
def locked(make_locked: MakeEnvironment) -> Path:
    """The folder of a locked environment with alpha 2.0 and beta 1.5."""
    return make_locked()


def built(folder: Path, resources: Path) -> Path:
    """Build and return the environment's folder."""
    return Path(build(folder, "cpu", resources).path)


def start_builder(
    folder: Path, resources: Path, prefix: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    """Start a builder in a process group of its own."""
    command = [*prefix, sys.executable, "-c", BUILD, str(folder), str(resources)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def test_what_is_installed_has_one_hash_wherever_it_lies(locked: Path, tmp_path: Path) -> None:
    """Two builds of one lock agree; another file of a package, as of another build, does not."""
    first, second = (build(locked, "cpu", tmp_path / name) for name in ("one", "two"))
    assert first.installed == second.installed
    files = json.loads((Path(first.path) / MANIFEST).read_text())
    assert installed_digest(files) == first.installed
    module = next(path for path in files if path.endswith("/alpha/__init__.py"))
    assert installed_digest({**files, module: "0" * 64}) != first.installed


def test_what_is_locked_is_installed(locked: Path, tmp_path: Path) -> None:
    """Modules and console scripts of the locked packages run from the final folder."""
    environment = built(locked, tmp_path / "resources")
    code = "import alpha, beta, sys; print(alpha.VERSION, beta.VERSION, sys.prefix)"
    assert subprocess.check_output(
        [environment / "bin" / "python", "-c", code], text=True
    ).split() == [
        "2.0",
        "1.5",
        str(environment),
    ]
    assert subprocess.check_output([environment / "bin" / "alpha"], text=True) == "2.0\n"


def test_receipt_says_what_was_built(locked: Path, tmp_path: Path) -> None:
    """The receipt names packages, interpreter and origin; a build with nothing to do returns it."""
    receipt = build(locked, "cpu", tmp_path / "resources")
    assert receipt.packages == {"alpha": "2.0", "beta": "1.5"}
    assert receipt.python is not None
    assert receipt.python.version.startswith(f"{sys.version_info.major}.{sys.version_info.minor}")
    assert receipt.python.origin in ("PATH", "pyenv", "uv")
    assert receipt.cuda_architectures is None
    assert build(locked, "cpu", tmp_path / "resources") == receipt


def test_files_are_read_only_and_compiled(locked: Path, tmp_path: Path) -> None:
    """Files are read-only, modules have bytecode, and a plain ``rm -r`` still removes folders."""
    environment = built(locked, tmp_path / "resources")
    files = [path for path in environment.rglob("*") if path.is_file() and not path.is_symlink()]
    inside = [path for path in files if "site-packages" in path.parts]
    assert not [path for path in inside if stat.S_IMODE(path.stat().st_mode) & 0o222]
    assert [path.name for path in inside if path.suffix == ".pyc" and "alpha" in path.parts]
    shutil.rmtree(environment)


def test_a_built_environment_is_left_alone(locked: Path, tmp_path: Path) -> None:
    """A second build of a built environment changes nothing."""
    receipt = built(locked, tmp_path / "resources") / RECEIPT
    before = receipt.stat()
    built(locked, tmp_path / "resources")
    assert receipt.stat() == before


def test_environments_share_their_bytes(
    make_environment: MakeEnvironment, locked: Path, tmp_path: Path, wheels: Path
) -> None:
    """Two environments with one package share its files by hard links, bytecode included."""
    make_wheel(wheels, "gamma", "1.0")
    other = make_environment("other", pip="[alpha, gamma]")
    lock(other)
    first, second = built(locked, tmp_path / "resources"), built(other, tmp_path / "resources")
    assert first != second
    modules = [next(root.rglob("alpha/__init__.py")) for root in (first, second)]
    assert modules[0].samefile(modules[1])
    compiled = [next(root.rglob("alpha/__pycache__/*.pyc")) for root in (first, second)]
    assert compiled[0].samefile(compiled[1])


def test_a_shared_file_that_was_touched_is_read_again(
    make_environment: MakeEnvironment, locked: Path, tmp_path: Path, wheels: Path
) -> None:
    """The next build finds damage to a shared file, even if size and time are unchanged."""
    make_wheel(wheels, "gamma", "1.0")
    other = make_environment("other", pip="[alpha, gamma]")
    lock(other)
    module = next(built(locked, tmp_path / "resources").rglob("alpha/__init__.py"))
    whole, times = module.read_bytes(), module.stat()
    module.chmod(0o644)
    module.write_bytes(b"#" * len(whole))
    os.utime(module, ns=(times.st_atime_ns, times.st_mtime_ns))
    second = built(other, tmp_path / "resources")
    assert next(second.rglob("alpha/__init__.py")).read_bytes() == whole
    assert "damaged cache: alpha" in (second / RECEIPT).read_text()


def test_concurrent_builders_make_one_environment(locked: Path, tmp_path: Path) -> None:
    """Four builders of the same environment all succeed, with one folder and nothing left over."""
    resources = tmp_path / "resources"
    builders = [start_builder(locked, resources) for _ in range(4)]
    answers = [builder.communicate()[0].strip() for builder in builders]
    assert [builder.returncode for builder in builders] == [0] * 4
    assert {Path(answer) for answer in answers} == {built(locked, resources)}
    assert not [path for path in (resources / "envs" / ".staging").iterdir() if path.is_dir()]


def test_kills_leave_nothing_half_made(locked: Path, tmp_path: Path) -> None:
    """A builder killed at any moment leaves the environment whole or absent.

    The next build removes its staging folder.
    """
    resources = tmp_path / "resources"
    start = time.perf_counter()
    environment = built(locked, resources)
    whole = time.perf_counter() - start
    for moment in range(12):
        shutil.rmtree(environment, ignore_errors=True)
        builder = start_builder(locked, resources)
        time.sleep(0.15 + whole * moment / 8)
        os.killpg(builder.pid, signal.SIGKILL)
        builder.communicate()
        if environment.exists():
            assert subprocess.check_output([environment / "bin" / "alpha"], text=True) == "2.0\n"
    assert built(locked, resources) == environment
    assert subprocess.check_output([environment / "bin" / "alpha"], text=True) == "2.0\n"
    assert not [path for path in (resources / "envs" / ".staging").iterdir() if path.is_dir()]


def test_built_without_a_network(locked: Path, tmp_path: Path) -> None:
    """An environment whose packages are in the cache can be built without a network."""
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode:
        pytest.skip("unshare -rn is not allowed on this machine")
    built(locked, tmp_path / "first")
    builder = start_builder(locked, tmp_path / "second", ("unshare", "-rn"))
    told = builder.communicate()
    assert builder.returncode == 0, told


def test_full_disk_is_told_and_leaves_nothing(
    make_environment: MakeEnvironment, tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk that is too small the message says so, and the space is freed."""
    make_wheel(wheels, "big", "1.0", files={"big/__init__.py": "#" * 8_000_000})
    folder = make_environment("large", pip="[big]")
    lock(folder)
    disk = tmp_path / "disk"
    disk.mkdir()
    monkeypatch.setenv("UV_LINK_MODE", "copy")
    script = f'mount -t tmpfs -o size=4m none {disk} && "$@"; '
    script += f'echo left: $(find {disk} -type d -name "*.*.*" | wc -l)'
    builder = start_builder(folder, disk, ("unshare", "-rm", "sh", "-c", script, "sh"))
    out, told = builder.communicate()
    if "unshare" in told or "mount" in told:
        pytest.skip("mounting in a namespace is not allowed on this machine")
    assert "EnvironmentFailed: large: " in told
    assert "space" in told.lower()
    assert "left: 0" in out


def test_wrong_archive_is_refused(
    locked: Path, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An archive with another hash than the lock's is refused; the message has both hashes."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty-cache"))
    make_wheel(wheels, "beta", "1.5", files={"beta/__init__.py": "other\n"})
    with pytest.raises(EnvironmentFailed) as error:
        built(locked, tmp_path / "resources")
    assert str(error.value).startswith("small: ")
    assert "beta" in str(error.value)
    assert str(error.value).count("sha256:") >= 2
    assert "not the one that was locked; if that is meant, run: fusebench lock small" in str(
        error.value
    )
    assert not [
        path for path in (tmp_path / "resources" / "envs" / ".staging").iterdir() if path.is_dir()
    ]


def test_local_version_is_no_substitute(
    make_environment: MakeEnvironment, wheels: Path, tmp_path: Path
) -> None:
    """A folder's 2.0+cpu does not replace the locked 2.0, neither in locking nor in building."""
    make_wheel(wheels, "alpha", "2.0+cpu")
    folder = make_environment(pip="[alpha===2.0]")
    [made] = lock(folder)
    assert "alpha==2.0 " in made.file.read_text()
    assert build(folder, "cpu", tmp_path / "resources").packages["alpha"] == "2.0"


def test_withdrawn_package_is_told(locked: Path, wheels: Path, tmp_path: Path) -> None:
    """The message names a package that the registry no longer has, and what to do."""
    (wheels / "beta-1.5-py3-none-any.whl").unlink()
    with pytest.raises(
        EnvironmentFailed,
        match=r"small: (.|\n)*beta(.|\n)*withdrawn from the registry(.|\n)*fusebench lock small",
    ):
        built(locked, tmp_path / "resources")


def test_lock_for_another_platform_is_refused(locked: Path, tmp_path: Path) -> None:
    """For a lock of another platform the message names both platforms and says where to lock."""
    file = locked / "requirements.lock"
    file.write_text(file.read_text().replace("# platform: linux-", "# platform: win-"))
    with pytest.raises(
        EnvironmentFailed,
        match=r"a lock for win-\S+, this machine is linux-\S+; lock it on a machine",
    ):
        built(locked, tmp_path / "resources")


def test_vanished_interpreter_is_told(locked: Path, tmp_path: Path) -> None:
    """An environment whose interpreter is not on this machine is reported, not built again."""
    environment = built(locked, tmp_path / "resources")
    (environment / "bin" / "python").unlink()
    with pytest.raises(
        EnvironmentFailed, match=r"was built with .*, which is not on .*; make it available"
    ):
        built(locked, tmp_path / "resources")


def test_folder_without_a_receipt_is_replaced(locked: Path, tmp_path: Path) -> None:
    """A folder that is not a whole environment is replaced by one."""
    environment = built(locked, tmp_path / "resources")
    remove_folder(environment)
    environment.mkdir()
    (environment / "junk").touch()
    assert build(locked, "cpu", tmp_path / "resources").key == environment.name
    assert not (environment / "junk").exists()
    assert (
        json.loads((environment / "fusebench-receipt.json").read_text())["key"] == environment.name
    )


@pytest.mark.parametrize("junk", ["", "{}", "[]", "null", '{"key": 1}'])
def test_folder_with_a_damaged_receipt_is_replaced(locked: Path, tmp_path: Path, junk: str) -> None:
    """A receipt that no build wrote counts as absent."""
    environment = built(locked, tmp_path / "resources")
    (environment / RECEIPT).chmod(0o644)
    (environment / RECEIPT).write_text(junk)
    assert build(locked, "cpu", tmp_path / "resources").packages == {
        "alpha": "2.0",
        "beta": "1.5",
    }


def test_an_environment_of_an_older_fusebench_is_kept(locked: Path, tmp_path: Path) -> None:
    """A receipt without version and state is accepted, to avoid building gigabytes again."""
    environment = built(locked, tmp_path / "resources")
    receipt = environment / RECEIPT
    known = json.loads(receipt.read_text())
    receipt.chmod(0o644)
    older = {key: known[key] for key in known if key not in ("version", "state", "reason")}
    receipt.write_text(json.dumps(older))
    before = receipt.stat()
    again = build(locked, "cpu", tmp_path / "resources")
    assert receipt.stat() == before and again.packages == {"alpha": "2.0", "beta": "1.5"}
    assert (again.path, again.is_ok, again.version) == (str(environment), True, FORMAT)
