"""The surroundings of a run are always the same: order of files, seeds, no network."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.harness.conftest import Stage

LISTINGS = """
import glob, os, pathlib
print(os.listdir("in"), os.listdir(b"in"))
with os.scandir("in") as entries:
    print([entry.name for entry in entries if entry.is_file()])
print([names for _, _, names in os.walk("in")])
print(glob.glob("in/*"), [path.name for path in pathlib.Path("in").iterdir()])
print([path.name for path in pathlib.Path("in").glob("*.png")])
"""


def test_listings_come_in_the_order_of_names(any_stage: Stage) -> None:
    """This holds for every way of listing, and for any order in which the files were made."""
    for name in ("b", "d", "a", "c"):
        any_stage.write(f"in/{name}.png", "")
    any_stage.write("script.py", LISTINGS)
    run = any_stage.launch()
    for line in run.stdout.splitlines():
        assert re.findall(r"([a-d])\.png", line) in (list("abcd"), list("abcdabcd")), run.stdout
    assert len(run.stdout.splitlines()) == 5, run.stderr


def test_folders_can_still_be_removed_and_walked(any_stage: Stage) -> None:
    """``shutil.rmtree`` and a scan through a file descriptor work on sorted listings."""
    any_stage.write("in/deep/a", "")
    any_stage.write(
        "script.py",
        "import os, shutil\nprint([names for _, _, names, _ in os.fwalk('in')])\n"
        "shutil.rmtree('in')\n"
        "print(os.path.exists('in'))\n",
    )
    run = any_stage.launch()
    assert run.stdout == "[[], ['a']]\nFalse\n", run.stderr


def test_random_numbers_are_those_of_the_seed(stage: Stage) -> None:
    """``random`` and ``numpy.random`` give the same numbers in every run.

    Another seed gives other numbers.
    """
    stage.write("script.py", "import random, numpy\nprint(random.random(), numpy.random.rand())\n")
    first, again, other = (stage.launch(seed=seed).stdout for seed in (1, 1, 2))
    assert first == again != other


def test_an_unset_hash_seed_is_noted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of sets depends on it, and only the caller can set it."""
    stage.environ["PYTHONHASHSEED"] = ""
    stage.write("script.py", "")
    assert stage.launch().report["notes"] == []
    environment = stage.environment
    del stage.environ["PYTHONHASHSEED"]
    monkeypatch.setattr(
        stage,
        "environment",
        lambda: {k: v for k, v in environment().items() if k != "PYTHONHASHSEED"},
    )
    assert any("PYTHONHASHSEED" in note for note in stage.launch().report["notes"])


def test_the_network_is_refused_by_name(any_stage: Stage) -> None:
    """A download fails at once; the message names the host, and the attempt is counted."""
    any_stage.write(
        "script.py",
        "import socket, urllib.request\n"
        "for ask in (lambda: urllib.request.urlopen('http://weights.example.org/x.pth'),\n"
        "            lambda: socket.create_connection(('192.0.2.1', 80)),\n"
        "            lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "                .sendto(b'x', ('192.0.2.1', 53))):\n"
        "    try:\n        ask()\n    except OSError as error:\n        print(error)\n",
    )
    run = any_stage.launch()
    assert run.stdout.count("a run has no network") == 3, run.stdout + run.stderr
    assert "weights.example.org" in run.stdout
    assert run.report["shims"] == {
        "network-refused:weights.example.org": 1,
        "network-refused:192.0.2.1": 2,
    }


def test_this_machine_is_reached(any_stage: Stage) -> None:
    """Loopback and local sockets work: libraries use them between their own processes."""
    any_stage.write(
        "script.py",
        "import socket, threading\nserver = socket.socket()\nserver.bind(('127.0.0.1', 0))\n"
        "server.listen(1)\n"
        "client = socket.create_connection(('localhost', server.getsockname()[1]))\n"
        "client.sendall(b'x')\nprint(server.accept()[0].recv(1))\na, b = socket.socketpair()\n"
        "a.sendall(b'y')\n"
        "print(b.recv(1))\n",
    )
    assert any_stage.launch().stdout == "b'x'\nb'y'\n"


def test_listings_are_sorted_for_modules_that_were_imported_before(
    any_stage: Stage, tmp_path: Path
) -> None:
    """An environment may import ``pathlib`` and ``glob`` at start-up, by sitecustomize."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text("import glob, pathlib\n")
    any_stage.environ["PYTHONPATH"] = str(tmp_path / "site")
    test_listings_come_in_the_order_of_names(any_stage)
