"""The conda side with a channel of real packages: locked, built and verified without conda."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from fusebench.environments.building import build
from fusebench.environments.key import environment_key
from fusebench.environments.locking import lock
from fusebench.environments.verifying import verify
from fusebench.errors import EnvironmentFailed

from tests.environments.conda_channel import (
    CondaPackage,
    greeting_package,
    index,
    make_channel,
    python_package,
    write_package,
)
from tests.environments.conftest import THIS_PYTHON
from tests.environments.http_server import served_folder

SITE = f"lib/python{THIS_PYTHON}/site-packages"


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The channel, made once: Python, and greeting 1.2.0, which needs it."""
    folder = tmp_path_factory.mktemp("packed") / "channel"
    make_channel(folder, [python_package(), greeting_package()])
    return folder


@pytest.fixture
def channel(packed: Path, tmp_path: Path) -> Path:
    """A copy of the channel that a test may change; the archives are shared by hard links."""
    for file in packed.rglob("*"):
        if file.is_file():
            target = tmp_path / "channel" / file.relative_to(packed)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, target)
    return tmp_path / "channel"


def define(tmp_path: Path, channel: str) -> Path:
    """Write an environment with conda packages and a pip package."""
    folder = tmp_path / "envs" / "mixed"
    folder.mkdir(parents=True)
    asked = {
        "channels": [channel],
        "dependencies": [f"python={THIS_PYTHON}", "greeting", {"pip": ["alpha"]}],
    }
    (folder / "environment.yml").write_text(
        yaml.safe_dump({"name": "mixed"} | asked), encoding="utf-8"
    )
    return folder


@pytest.fixture
def folder(channel: Path, tmp_path: Path, wheels: Path) -> Path:
    """An environment whose channel a test may change; not locked yet."""
    assert wheels.is_dir()
    return define(tmp_path, channel.as_uri())


@pytest.fixture(scope="module")
def locks() -> dict[str, str]:
    """The locks of the environment with the unchanged channel, by file name, made only once."""
    return {}


@pytest.fixture
def locked(packed: Path, tmp_path: Path, wheels: Path, locks: dict[str, str]) -> Path:
    """An environment that is locked against the unchanged channel."""
    assert wheels.is_dir()
    folder = define(tmp_path, packed.as_uri())
    if not locks:
        locks |= {made.file.name: made.file.read_text() for made in lock(folder)}
    for name, text in locks.items():
        (folder / name).write_text(text)
    return folder


def test_locked_built_and_verified(folder: Path, tmp_path: Path) -> None:
    """Conda's Python runs a conda and a pip package from the final folder; all files verify."""
    changes = [line for made in lock(folder) for line in made.changes]
    assert [line.split()[1] for line in changes] == ["greeting", "python", "alpha", "beta"]
    receipt = build(folder, "cpu", tmp_path / "resources")
    environment = Path(receipt.path)
    code = "import alpha, greeting, sys; print(alpha.VERSION, greeting.greet(), sys.base_prefix)"
    run = subprocess.run(
        [environment / "bin/python", "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout == f"2.0 from conda {environment}\n"
    assert (
        environment / "share/greeting/where.txt"
    ).read_text() == f"{environment}/share/greeting\n"
    assert subprocess.check_output([environment / "bin/alpha"], text=True) == "2.0\n"
    assert receipt.python is not None and receipt.python.origin == "conda"
    assert set(receipt.conda_packages) == {"python", "greeting"}
    assert receipt.packages == {"alpha": "2.0", "beta": "1.5"}
    assert verify(folder, "cpu", tmp_path / "resources") == []
    assert verify(folder, "cpu", tmp_path / "resources", archives=True) == []


def test_tampering_with_conda_files_is_found(locked: Path, tmp_path: Path) -> None:
    """A changed module and a changed file that has the folder's name are named with package."""
    environment = Path(build(locked, "cpu", tmp_path / "resources").path)
    for path in (f"{SITE}/greeting.py", "share/greeting/where.txt"):
        (environment / path).chmod(0o644)
        (environment / path).write_text("changed\n")
    found = verify(locked, "cpu", tmp_path / "resources")
    assert [(one.package, one.path) for one in found] == [
        ("greeting", f"{SITE}/greeting.py"),
        ("greeting", "share/greeting/where.txt"),
    ]


def test_damaged_conda_cache_is_not_passed_on(locked: Path, tmp_path: Path) -> None:
    """Damage that reached the cache by a hard link is found; the package is unpacked again."""
    environment = Path(build(locked, "cpu", tmp_path / "resources").path)
    module = environment / SITE / "greeting.py"
    module.chmod(0o644)
    with module.open("a") as stream:
        stream.write("damaged = True\n")
    damaged = [
        path
        for path in (tmp_path / "rattler-cache").rglob("greeting.py")
        if "damaged" in path.read_text()
    ]
    again = Path(build(locked, "cpu", tmp_path / "elsewhere").path)
    assert damaged, "the cache shares no file with the environment: this test shows nothing"
    assert "damaged" not in (again / SITE / "greeting.py").read_text()
    assert verify(locked, "cpu", tmp_path / "elsewhere") == []


def test_lock_is_deterministic_and_free_of_this_machine(folder: Path) -> None:
    """Locking twice gives the same bytes, without times, users or folders except the channel."""
    lock(folder)
    before = (folder / "conda-lock.yml").read_bytes()
    assert [made.changes for made in lock(folder)] == [(), ()]
    assert (folder / "conda-lock.yml").read_bytes() == before
    assert set(yaml.safe_load(before)["metadata"]) == {
        "content_hash",
        "channels",
        "platforms",
        "sources",
        "custom_metadata",
    }


def test_stock_conda_lock_reads_the_lock(locked: Path) -> None:
    """``conda-lock render`` makes an explicit list of the lock's archives."""
    command = [
        sys.executable,
        "-m",
        "conda_lock",
        "render",
        "--kind",
        "explicit",
        "--platform",
        "linux-64",
        "conda-lock.yml",
    ]
    subprocess.run(command, cwd=locked, check=True, capture_output=True)
    explicit = (locked / "conda-linux-64.lock").read_text()
    assert "@EXPLICIT" in explicit
    assert re.findall(r"/(\w+)-[\d.]+-0\.conda", explicit) == ["python", "greeting"]


def test_files_of_conda_are_held_against_fresh_archives(locked: Path, tmp_path: Path) -> None:
    """A file changed together with all records in the environment is found by its archive."""
    environment = Path(build(locked, "cpu", tmp_path / "resources").path)
    module = environment / SITE / "greeting.py"
    before = hashlib.sha256(module.read_bytes()).hexdigest()
    module.chmod(0o644)
    module.write_text("def greet(): return 'forged'\n")
    after = hashlib.sha256(module.read_bytes()).hexdigest()
    [meta] = (environment / "conda-meta").glob("greeting-*.json")
    forge(environment, meta, before, after)
    assert verify(locked, "cpu", tmp_path / "resources") == []
    [found] = verify(locked, "cpu", tmp_path / "resources", archives=True)
    assert found.path == f"{SITE}/greeting.py" and "the locked archive holds" in found.found


def forge(environment: Path, meta: Path, before: str, after: str) -> None:
    """Write another hash into the conda record, the manifest and the receipt, so that all agree."""
    manifest, receipt = environment / "fusebench-files.json", environment / "fusebench-receipt.json"
    was_meta, was_manifest = (
        hashlib.sha256(file.read_bytes()).hexdigest() for file in (meta, manifest)
    )
    for file in (meta, manifest, receipt):
        file.chmod(0o644)
    meta.write_text(meta.read_text().replace(before, after))
    is_meta = hashlib.sha256(meta.read_bytes()).hexdigest()
    manifest.write_text(manifest.read_text().replace(before, after).replace(was_meta, is_meta))
    is_manifest = hashlib.sha256(manifest.read_bytes()).hexdigest()
    receipt.write_text(receipt.read_text().replace(was_manifest, is_manifest))


def test_conda_packages_alone(channel: Path, tmp_path: Path) -> None:
    """An environment may have no pip packages; it is verified against its archives too."""
    folder = define(tmp_path, channel.as_uri())
    text = (folder / "environment.yml").read_text()
    (folder / "environment.yml").write_text(
        text.replace("- pip:\n  - alpha\n", "").replace("  - alpha\n", "")
    )
    lock(folder)
    assert build(folder, "cpu", tmp_path / "resources").packages == {}
    assert verify(folder, "cpu", tmp_path / "resources", archives=True) == []


def test_unreadable_records_are_told(locked: Path, tmp_path: Path) -> None:
    """A package whose conda record is no longer JSON counts as absent."""
    environment = Path(build(locked, "cpu", tmp_path / "resources").path)
    [meta] = (environment / "conda-meta").glob("greeting-*.json")
    meta.chmod(0o644)
    meta.write_text("junk")
    found = verify(locked, "cpu", tmp_path / "resources")
    assert [one.package for one in found] == ["", "greeting"]
    assert "version None, the lock says 1.2.0" in str(found[1])


def test_mirror_keeps_the_key_and_an_edit_is_refused(locked: Path) -> None:
    """Another address of the same archive keeps the key; another version is an edit by hand."""
    file, key = locked / "conda-lock.yml", environment_key(locked, "cpu")
    text = file.read_text()
    file.write_text(re.sub(r"url: file:\S+/(noarch/)", r"url: file:///mirror/\1", text))
    assert file.read_text() != text
    assert environment_key(locked, "cpu") == key
    file.write_text(text.replace("1.2.0", "1.2.1"))
    with pytest.raises(EnvironmentFailed, match=r"conda-lock.yml was edited by hand"):
        environment_key(locked, "cpu")
    file.write_text(text.replace("manager: conda", "manager: pip", 1))
    with pytest.raises(EnvironmentFailed, match=r"conda-lock.yml was edited by hand"):
        environment_key(locked, "cpu")
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(
        EnvironmentFailed, match=r"is no conda-lock file(.|\n)*fusebench lock mixed"
    ):
        environment_key(locked, "cpu")
    file.write_text(text[: text.index("metadata:")] + text[text.index("package:") :])
    with pytest.raises(
        EnvironmentFailed, match=r"is no conda-lock file(.|\n)*fusebench lock mixed"
    ):
        environment_key(locked, "cpu")
    file.write_text("package: 3\n")
    with pytest.raises(
        EnvironmentFailed, match=r"is no conda-lock file(.|\n)*fusebench lock mixed"
    ):
        environment_key(locked, "cpu")


def test_stale_and_absent_conda_locks_are_refused(folder: Path) -> None:
    """An environment without its conda lock, or with a stale one, has no key."""
    lock(folder)
    definition = folder / "environment.yml"
    definition.write_text(definition.read_text().replace("- greeting", "- greeting>=1"))
    with pytest.raises(EnvironmentFailed, match=r"is stale.*run: fusebench lock mixed"):
        environment_key(folder, "cpu")
    lock(folder)
    (folder / "conda-lock.yml").unlink()
    with pytest.raises(
        EnvironmentFailed, match=r"not locked: no .*conda-lock.yml; run: fusebench lock mixed"
    ):
        environment_key(folder, "cpu")


def test_changed_archive_is_refused(folder: Path, channel: Path, tmp_path: Path) -> None:
    """A local channel's archive that differs from the lock is refused with both hashes."""
    lock(folder)
    (channel / "noarch" / "greeting-1.2.0-0.conda").unlink()
    other = greeting_package()
    other.files["site-packages/greeting.py"] = b"evil = True\n"
    write_package(channel, other)
    with pytest.raises(
        EnvironmentFailed, match=r"mixed: greeting 1.2.0: .* must have sha256 \w{64}, found \w{64}"
    ):
        build(folder, "cpu", tmp_path / "resources")


def test_channel_out_of_reach_is_told(folder: Path, channel: Path, tmp_path: Path) -> None:
    """A channel that no longer exists is named in building and in locking."""
    lock(folder)
    channel.rename(tmp_path / "gone")
    with pytest.raises(
        EnvironmentFailed,
        match=r"mixed: \w+ [\d.]+: .*channel.* must have sha256 \w{64}, found no such file",
    ):
        build(folder, "cpu", tmp_path / "resources")
    with pytest.raises(
        EnvironmentFailed,
        match=r"mixed: the conda packages of (.|\n)* check that its channels(.|\n)*file://",
    ):
        lock(folder)


def test_unreachable_channel_is_told_without_a_traceback(tmp_path: Path, wheels: Path) -> None:
    """The message has the solver's reason, not conda-lock's traceback."""
    assert wheels.is_dir()
    with pytest.raises(
        EnvironmentFailed, match=r"Connection refused(.|\n)*check that its channels"
    ) as error:
        lock(define(tmp_path, "http://127.0.0.1:9/channel"))
    assert "Traceback" not in str(error.value) and "http://127.0.0.1:9/channel" in str(error.value)


@pytest.fixture
def served(channel: Path) -> Iterator[str]:
    """The channel at an ``http://`` address of this machine, like a real channel."""
    with served_folder(channel) as address:
        yield address


def test_channel_behind_http(served: str, channel: Path, tmp_path: Path, wheels: Path) -> None:
    """Locking, building and verifying work over HTTP; a changed archive is refused."""
    assert wheels.is_dir()
    folder = define(tmp_path, served)
    lock(folder)
    assert f"{served}/noarch/greeting-1.2.0-0.conda" in (folder / "conda-lock.yml").read_text()
    receipt = build(folder, "cpu", tmp_path / "resources")
    assert set(receipt.conda_packages) == {"python", "greeting"}
    assert verify(folder, "cpu", tmp_path / "resources", archives=True) == []
    (channel / "noarch" / "greeting-1.2.0-0.conda").unlink()
    other = greeting_package()
    other.files["site-packages/greeting.py"] = b"evil = True\n"
    write_package(channel, other)
    shutil.rmtree(tmp_path / "rattler-cache")
    with pytest.raises(
        EnvironmentFailed, match=r"mixed: .*greeting(.|\n)*hash mismatch(.|\n)*fusebench lock mixed"
    ):
        build(folder, "cpu", tmp_path / "elsewhere")


def test_package_that_no_channel_has_is_told(folder: Path) -> None:
    """The message names a conda package that cannot be resolved."""
    definition = folder / "environment.yml"
    definition.write_text(definition.read_text().replace("- greeting", "- no-such-package"))
    with pytest.raises(EnvironmentFailed, match="no-such-package"):
        lock(folder)


def test_newer_package_is_shown_as_a_change(folder: Path, channel: Path) -> None:
    """The next lock takes a new version of the channel and lists it as a change."""
    lock(folder)
    newer: CondaPackage = greeting_package()
    newer.version = "1.3.0"
    write_package(channel, newer)
    (channel / "noarch" / "repodata.json").unlink()
    index(channel)
    conda, pip = lock(folder)
    assert (conda.changes, pip.changes) == (("  greeting 1.2.0 -> 1.3.0",), ())
