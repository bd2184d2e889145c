"""``fusebench weights``: what is missing, and the files that a person downloaded."""

from __future__ import annotations

import hashlib
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fusebench.command import main
from fusebench.contracts.weights import BY_HAND
from fusebench.registry.loading import load_registry
from fusebench.sources.weights import fetch_weights, read_kept

from tests.registry.small import METHOD, SmallProject
from tests.train.scripts import train_entry

PAGE = "https://pan.example.org/s/1"
MODEL, OTHER = (pickle.dumps({"layer": [number]}, protocol=2) for number in (1, 2))
SHA256 = hashlib.sha256(MODEL).hexdigest()

Printed = pytest.CaptureFixture[str]


class Project(SmallProject):
    """A project whose methods have weights that a person must download."""

    def give(self, **weights: list[dict[str, Any]]) -> None:
        """Write a method for each name, with its weights."""
        for index, (name, items) in enumerate(weights.items()):
            self.methods[name] = {
                **METHOD,
                "commit": f"{index + 1:x}".ljust(40, "0"),
                "weights": [{"page": PAGE, **item} for item in items],
            }
        self.write()

    def weights(self, *arguments: str | Path) -> int:
        """Run the command on the project as it is on disk."""
        return main(["weights", *map(str, arguments), "--project", str(self.root)])

    def download(self, name: str, content: bytes = MODEL) -> Path:
        """Return a file as a person's browser leaves it."""
        path = self.root / "downloads" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without weights so far."""
    return Project(tmp_path)


def test_the_table_names_everything_that_is_missing(project: Project, capsys: Printed) -> None:
    """Where each file goes, its size, its page with the code, its name there, and a remark."""
    item = {"path": "m/a.pth", "password": "abcd", "size": 4_500_000, "note": "folder IVF"}
    automatic = {"path": "b.pth", "url": "https://example.org/b.pth"}
    project.give(one=[item], two=[automatic])
    assert project.weights("one") == 0
    told = capsys.readouterr().out
    for part in (
        "resources/weights/one/m/a.pth",
        "4.5 MB",
        "by hand",
        f"{PAGE} (code abcd)",
        "a.pth",
        "folder IVF",
        "`fusebench weights METHOD FILE...`",
    ):
        assert part in told
    assert project.weights("two") == 0
    assert "`fusebench fetch` downloads what has an address" in capsys.readouterr().out


def test_a_method_whose_entry_cannot_be_run_shows_its_links(
    project: Project, capsys: Printed
) -> None:
    """Its weights are named by nobody yet, but a reader finds where they are."""
    project.methods["far"] = {
        **{key: METHOD[key] for key in ("title", "tasks", "code", "commit")},
        **{"status": "weights-external", "reason": "needs CUDA", "links": [PAGE]},
    }
    project.write()
    assert project.weights("far") == 0
    told = capsys.readouterr().out
    assert PAGE in told and "its entry cannot be run: needs CUDA" in told


def test_a_file_is_checked_placed_and_pinned(project: Project, capsys: Printed) -> None:
    """The only missing file may have any name; the entry gets its hash, and who brought it."""
    project.give(one=[{"path": "m/a.pth"}])
    file = project.download("best (1).pth")
    assert project.weights("one", file) == 0
    told = capsys.readouterr().out
    assert f"sha256 {SHA256} (pinned in methods.yaml, origin: by hand)" in told
    assert "no weights are missing of one" in told
    (item,) = load_registry(project.root).methods["one"].weights
    assert (item.sha256, item.origin) == (SHA256, BY_HAND)
    assert file.exists()
    folder = project.root / "resources/weights/one"
    facts = fetch_weights([item], folder).facts["m/a.pth"]
    assert (facts.origin, facts.source, facts.pinned) == (BY_HAND, BY_HAND, True)


def test_a_known_hash_makes_a_file_the_authors(project: Project, capsys: Printed) -> None:
    """A file that a person brought is the authors' where the entry had its sha256 before."""
    project.give(one=[{"path": "a.pth", "sha256": SHA256}])
    assert project.weights("one", project.download("x")) == 0
    assert "(the sha256 of its entry)" in capsys.readouterr().out
    (item,) = load_registry(project.root).methods["one"].weights
    marker = fetch_weights([item], project.root / "resources/weights/one")
    assert marker.facts["a.pth"].origin == "authors"


def test_a_wrong_file_is_refused_and_the_right_ones_are_kept(
    project: Project, capsys: Printed
) -> None:
    """One file of three is a web page, one has another hash: nothing that is right is lost."""
    wanted = {"path": "c.pth", "sha256": "0" * 64}
    project.give(one=[{"path": "a.pth"}, {"path": "b.pth"}, wanted])
    files = [
        project.download("a.pth"),
        project.download("b.pth", b"<html>Sign in</html>"),
        project.download("c.pth"),
    ]
    assert project.weights("one", *files) == 1
    told = capsys.readouterr()
    assert "b.pth as b.pth of one: must be a file of weights; found a web page that" in told.err
    assert f"must have the sha256 {'0' * 64}; found {SHA256}" in told.err
    assert sorted(read_kept(project.root / "resources/weights/one")) == ["a.pth"]


def test_a_file_that_may_be_any_of_several_is_asked_about(
    project: Project, capsys: Printed
) -> None:
    """With two files missing the name must say which one it is."""
    project.give(one=[{"path": "a.pth"}, {"path": "b.pth"}])
    assert project.weights("one", project.download("x.pth")) == 1
    assert "must be weights of one: a.pth, b.pth; give the file the name" in capsys.readouterr().err


def test_an_archive_gives_all_its_files(project: Project, capsys: Printed) -> None:
    """A person gives the archive as it was downloaded, under whatever name."""
    items = [{"path": f"m/{name}", "archive": "w.zip", "member": f"top/{name}"} for name in "ab"]
    project.give(one=items)
    archive = project.download("w (2).zip", b"")
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("top/a", MODEL)
        content.writestr("top/b", OTHER)
    assert project.weights("one", archive) == 0
    assert "no weights are missing of one" in capsys.readouterr().out
    assert (project.root / "resources/weights/one/m/b").read_bytes() == OTHER


def test_a_folder_of_downloads_is_matched_by_hash_and_name(
    project: Project, capsys: Printed
) -> None:
    """A known hash needs no name; a name of two methods needs the folder of its method."""
    project.give(
        one=[{"path": "x.pth", "sha256": SHA256}],
        two=[{"path": "model.pth"}],
        three=[{"path": "model.pth"}],
    )
    project.download("some name.bin")
    project.download("model.pth", OTHER)
    project.download("two/model.pth", OTHER)
    project.download("holiday.jpg", b"\xff\xd8")
    assert project.weights("--from", project.root / "downloads") == 0
    told = capsys.readouterr().out
    assert "2 of 4 files are weights that were missing" in told
    assert "model.pth: may be of two, three; run `fusebench weights METHOD" in told
    folder = project.root / "resources/weights"
    assert (folder / "one/x.pth").read_bytes() == MODEL
    assert (folder / "two/model.pth").read_bytes() == OTHER
    assert not (folder / "three").exists()


def test_files_and_folders_that_do_not_exist_are_told(project: Project, capsys: Printed) -> None:
    """A mistyped path is no reason for a table."""
    project.give(one=[{"path": "a.pth"}])
    assert project.weights("one", "nowhere.pth") == 1
    assert "found no nowhere.pth" in capsys.readouterr().err
    assert project.weights("--from", "nowhere") == 1
    assert "--from must name a folder; found no nowhere" in capsys.readouterr().err


def test_pretrained_parts_of_a_training_are_brought(project: Project, capsys: Printed) -> None:
    """They have a folder of their own, and are pinned where the entry names them."""
    project.give(mini=[{"path": "m/a.pth"}])
    part = {"path": "vgg.pth", "page": PAGE}
    train = train_entry("pairs", weights=[part])
    train["checkpoint"]["files"] = {"m/a.pth": "ckpt/*.pth"}
    project.methods["mini"] |= {"train": train}
    suite = {"methods": ["mini@retrained"], "datasets": ["pairs"]}
    project.config["suites"] = {"s": suite}
    project.write()
    assert project.weights() == 0
    told = capsys.readouterr().out
    assert "mini@pretrained" in told and "vgg.pth" in told and "m/a.pth" not in told
    file = project.download("vgg.pth")
    assert project.weights("mini@pretrained", file) == 0
    assert (project.root / "resources/weights/mini@pretrained/vgg.pth").read_bytes() == MODEL
    entry = load_registry(project.root).methods["mini"].entry
    assert entry.train and entry.train.weights
    assert entry.train.weights[0].sha256 == SHA256
    assert not project.methods["mini"]["weights"][0].get("sha256")
