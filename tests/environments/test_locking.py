"""Locks: what they contain, when they are refused, and which changes do not affect them."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.command import main
from fusebench.environments.definition import read_environment
from fusebench.environments.key import choose_variant, environment_key
from fusebench.environments.locking import lock
from fusebench.environments.pip_lock import parse_packages
from fusebench.environments.uv import exclude_newer
from fusebench.errors import EnvironmentFailed

from tests.environments.conftest import MakeEnvironment
from tests.environments.wheelhouse import make_wheel


def test_lock_pins_everything_with_hashes(make_environment: MakeEnvironment, wheels: Path) -> None:
    """Every package, dependencies included, has one version and hashes, but no address."""
    [made] = lock(make_environment())
    text = made.file.read_text()
    assert [(package.name, package.version) for package in parse_packages(text)] == [
        ("alpha", "2.0"),
        ("beta", "1.5"),
    ]
    assert all(package.hashes for package in parse_packages(text))
    assert str(wheels) not in text
    assert "://" not in text


def test_lock_is_deterministic(make_environment: MakeEnvironment) -> None:
    """The same request to the same registry gives the same bytes and no changes."""
    [first] = lock(make_environment())
    before = first.file.read_bytes()
    [second] = lock(make_environment())
    assert (second.file.read_bytes(), second.changes) == (before, ())


def test_lock_shows_what_changed(make_environment: MakeEnvironment, wheels: Path) -> None:
    """Changed, new and dropped packages are listed; the old lock does not affect the new one."""
    lock(make_environment())
    make_wheel(wheels, "alpha", "3.0", requires=("gamma",))
    make_wheel(wheels, "gamma", "0.1")
    [made] = lock(make_environment())
    assert made.changes == ("  alpha 2.0 -> 3.0", "- beta 1.5", "+ gamma 0.1")


def test_universal_lock_serves_any_newer_python(make_environment: MakeEnvironment) -> None:
    """``python>=X`` gives a lock for every platform and every Python from X on."""
    [made] = lock(make_environment(python=">=3.11"))
    assert "# python: >=3.11\n# platform: any\n" in made.file.read_text()


def test_command_prints_changes(
    make_environment: MakeEnvironment, capsys: pytest.CaptureFixture[str]
) -> None:
    """``fusebench lock ENV`` names the lock and each change."""
    folder = make_environment()
    assert main(["lock", "small", "--envs", str(folder.parent)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["  + alpha 2.0", "  + beta 1.5"]
    assert main(["lock", "--envs", str(folder.parent)]) == 0
    assert capsys.readouterr().out.endswith("requirements.lock: unchanged\n")


def test_unlocked_is_refused_with_the_command(make_environment: MakeEnvironment) -> None:
    """Without a lock there is no key, and the message names the command."""
    with pytest.raises(
        EnvironmentFailed, match=r"small: not locked: no .*; run: fusebench lock small"
    ):
        environment_key(make_environment(), "cpu")


def test_stale_lock_is_refused_with_the_command(make_environment: MakeEnvironment) -> None:
    """A lock made for another ``environment.yml`` is refused."""
    lock(make_environment())
    with pytest.raises(EnvironmentFailed, match=r"is stale: .*; run: fusebench lock small"):
        environment_key(make_environment(pip="[alpha<2]"), "cpu")


OTHER = f"--hash=sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("alpha==2.0", "alpha==1.0", "the entry of alpha is another"),
        ("alpha==2.0", "gamma==2.0", "alpha is missing, gamma was added"),
        ("--hash=", f"{OTHER} \\\n    --hash=", "the entry of alpha is another"),
        ("--hash=sha256:", "--hash=sha256:0", "not a pinned package with hashes"),
        ("--hash=", f"--hash=sha512:{'0' * 128} --hash=", "not a pinned package with hashes"),
        ("beta==1.5", "beta", "not a pinned package with hashes"),
        (
            "alpha==2.0",
            f"--extra-index-url https://x.y/simple {OTHER}\nalpha==2.0",
            "--extra-index-url",
        ),
        ("alpha==2.0", f"evil==1.0 {OTHER}\nalpha==2.0", "evil==1.0"),
        ("# python: ", "# python: 9", "its header"),
        ("# platform: linux-x86_64", "# platform: any", "its header"),
    ],
)
def test_lock_edited_by_hand_is_refused(
    make_environment: MakeEnvironment, old: str, new: str, told: str
) -> None:
    """Any change by hand is found, and the message names the changed package."""
    [made] = lock(make_environment())
    text = made.file.read_text()
    assert old in text
    made.file.write_text(text.replace(old, new, 1))
    with pytest.raises(
        EnvironmentFailed, match=r"requirements.lock was edited by hand: .*fusebench lock small"
    ) as error:
        environment_key(make_environment(), "cpu")
    assert told in str(error.value)


def test_lock_that_is_no_text_is_told(make_environment: MakeEnvironment) -> None:
    """A damaged lock is an error of its environment only."""
    [made] = lock(make_environment())
    made.file.write_bytes(b"\xff\xfe")
    with pytest.raises(EnvironmentFailed, match=r"small: .*requirements.lock was edited by hand"):
        environment_key(made.file.parent, "cpu")


def test_settings_of_a_user_do_not_change_a_lock(
    make_environment: MakeEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine's uv settings decide where packages come from, but not which ones are locked."""
    [made] = lock(make_environment())
    before = made.file.read_text()
    monkeypatch.setenv("UV_RESOLUTION", "lowest")
    monkeypatch.setenv("UV_EXCLUDE_NEWER", "2001-01-01")
    monkeypatch.setenv("UV_PRERELEASE", "allow")
    lock(made.file.parent)
    assert made.file.read_text() == before


def test_the_day_of_the_registry_ends_at_the_same_moment_everywhere(
    make_environment: MakeEnvironment,
) -> None:
    """uv gets ``exclude-newer`` as a moment, not as a day of the machine's time zone."""
    folder = make_environment(more="x-fusebench: {exclude-newer: 2026-10-31}\n")
    assert exclude_newer(read_environment(folder, "cpu")) == [
        "--exclude-newer",
        "2026-11-01T00:00:00Z",
    ]


def test_key_depends_on_locked_content_only(
    make_environment: MakeEnvironment, wheels: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A comment, a name or the registry's address does not change the key; an archive does."""
    folder = make_environment()
    [made] = lock(folder)
    key = environment_key(folder, "cpu")
    made.file.write_text(made.file.read_text().replace("beta==", "# note\nbeta=="))
    assert environment_key(folder, "cpu") == key
    wheels.rename(tmp_path / "mirror")
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "mirror"))
    lock(folder)
    assert environment_key(folder, "cpu") == key
    make_wheel(tmp_path / "mirror", "beta", "1.5", files={"beta/__init__.py": "another\n"})
    lock(folder)
    assert environment_key(folder, "cpu") != key


def test_package_that_is_not_there_is_told(make_environment: MakeEnvironment) -> None:
    """The message names a package that the registry lacks, and the source of local versions."""
    with pytest.raises(
        EnvironmentFailed, match=r"small: .*environment.yml cannot be resolved(.|\n)*no-such"
    ):
        lock(make_environment(pip="[no-such]"))
    with pytest.raises(EnvironmentFailed, match=r"alpha==2.0\+cpu(.|\n)*set UV_FIND_LINKS"):
        lock(make_environment(pip='["alpha==2.0+cpu"]'))


def test_missing_interpreter_is_told(
    make_environment: MakeEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names a Python that the machine lacks, where it was sought, and how to get it."""
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    with pytest.raises(
        EnvironmentFailed,
        match=r"small: needs Python 3.2, found none on PATH, in .*pyenv install 3.2",
    ):
        lock(make_environment(python="=3.2"))


def test_variant_follows_the_gpu(
    make_environment: MakeEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``cuda`` is chosen if a GPU is visible and that lock exists, otherwise ``cpu``."""
    folder = make_environment(
        more='x-fusebench: {variants: {cpu: {pip: ["alpha<2"]}, cuda: {pip: ["alpha==2.0"]}}}\n'
    )
    monkeypatch.setattr("fusebench.environments.key.gpu_visible", lambda: True)
    assert choose_variant(folder) == "cpu"
    assert len(lock(folder)) == 2
    assert choose_variant(folder) == "cuda"
    assert choose_variant(folder, "cpu") == "cpu"
    assert environment_key(folder, "cuda") != environment_key(folder, "cpu")
    monkeypatch.setattr("fusebench.environments.key.gpu_visible", lambda: False)
    assert choose_variant(folder) == "cpu"
    assert choose_variant(folder, "cuda") == "cuda"
