"""Weights: fetched once, checked by hash, and requested if only a person can fetch them."""

from __future__ import annotations

import errno
import hashlib
import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from fusebench.contracts.jobs.fusing import WeightRef
from fusebench.contracts.weights import WeightEntry
from fusebench.errors import WeightsMissing
from fusebench.sources.weights import fetch_weights, place_weights

CONTENT = b"\x80\x02}q\x00."
"""An empty dictionary, as pickle writes it."""
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Serve a file of weights on this machine."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "model.pth").write_bytes(CONTENT)
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/model.pth"
        server.shutdown()


def test_weights_are_fetched_and_placed(address: str, tmp_path: Path) -> None:
    """A file with an address is put where the script expects it, with the entry's hash."""
    weights = [WeightEntry(path="ckpt/model.pth", url=address, sha256=SHA256)]
    assert fetch_weights(weights, tmp_path / "fetched").sha256 == {"ckpt/model.pth": SHA256}
    (tmp_path / "tree").mkdir()
    placed = [WeightRef(path="ckpt/model.pth", sha256=SHA256)]
    assert place_weights(placed, tmp_path / "fetched", tmp_path / "tree", []) == {
        "ckpt/model.pth": SHA256
    }
    assert (tmp_path / "tree" / "ckpt" / "model.pth").read_bytes() == CONTENT


def test_another_hash_is_refused(address: str, tmp_path: Path) -> None:
    """A file that is not the pinned one is not used."""
    with pytest.raises(WeightsMissing, match=r"model\.pth"):
        fetch_weights(
            [WeightEntry(path="model.pth", url=address, sha256="0" * 64)], tmp_path / "fetched"
        )


def test_a_folder_is_no_file_of_weights(tmp_path: Path) -> None:
    """An entry that names a folder gives WeightsMissing for its method; others still run."""
    (tmp_path / "tree" / "ckpt").mkdir(parents=True)
    with pytest.raises(
        WeightsMissing, match="ckpt: must be the file of the weights; found a folder"
    ):
        place_weights([WeightRef(path="ckpt")], None, tmp_path / "tree", [])


def test_a_wrong_hash_in_the_repository_says_what_to_do(tmp_path: Path) -> None:
    """The message has both hashes, and the two things that can be corrected."""
    (tmp_path / "model.pth").write_bytes(CONTENT)
    weights = [WeightRef(path="model.pth", sha256="0" * 64)]
    with pytest.raises(
        WeightsMissing, match=f"found {SHA256}; put the right file in its place, or correct"
    ):
        place_weights(weights, None, tmp_path, [])


def test_a_dead_link_says_what_to_do(address: str, tmp_path: Path) -> None:
    """The message has the dead link, its answer, and the command for a file fetched by hand."""
    weights = [WeightEntry(path="model.pth", url=address + "x")]
    told = r"pthx cannot be downloaded: 404 .*by hand from .*; then run `fusebench weights fetched"
    with pytest.raises(WeightsMissing, match=told):
        fetch_weights(weights, tmp_path / "fetched")


def test_a_page_for_people_is_shown_and_a_file_put_by_hand_is_taken(tmp_path: Path) -> None:
    """Weights on a drive are requested with link and code; a file put there by hand is used."""
    weights = [
        WeightEntry(
            path="model.pth", page="https://drive.example.org/x", password="abcd", sha256=SHA256
        )
    ]
    with pytest.raises(WeightsMissing, match=r"https://drive\.example\.org/x \(code abcd\)"):
        fetch_weights(weights, tmp_path / "fetched")
    (tmp_path / "fetched").mkdir(exist_ok=True)
    (tmp_path / "fetched" / "model.pth").write_bytes(CONTENT)
    assert fetch_weights(weights, tmp_path / "fetched").sha256 == {"model.pth": SHA256}


def test_weights_of_the_repository_are_taken_where_they_lie(tmp_path: Path) -> None:
    """Without an address nothing is fetched.

    The file of the repository is checked by its hash.
    """
    (tmp_path / "model.pth").write_bytes(CONTENT)
    assert fetch_weights([WeightEntry(path="model.pth")], tmp_path / "fetched").sha256 == {}
    placed = [WeightRef(path="model.pth", sha256=SHA256)]
    assert place_weights(placed, tmp_path / "fetched", tmp_path, []) == {"model.pth": SHA256}


@pytest.mark.parametrize(
    ("absent", "told"),
    [
        ([], "must be in the repository or have an address in the entry; found neither"),
        (
            ["model.pth"],
            "is part of the commit, but the place it was cloned from lacks its content",
        ),
    ],
)
def test_weights_that_are_nowhere_are_told(absent: list[str], told: str, tmp_path: Path) -> None:
    """The message says whether the weights are nowhere, or only the mirror lacks them."""
    with pytest.raises(WeightsMissing, match=f"model.pth: {told}"):
        place_weights([WeightRef(path="model.pth")], None, tmp_path, absent)


def test_a_pointer_is_no_file_of_weights(tmp_path: Path) -> None:
    """A git-lfs pointer, a text of three lines, is refused as weights."""
    (tmp_path / "model.pth").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"
    )
    with pytest.raises(WeightsMissing, match=r"model\.pth: must be the weights; found a git-lfs"):
        place_weights([WeightRef(path="model.pth")], None, tmp_path, [])


def test_a_file_put_by_hand_wins_over_that_of_the_repository(tmp_path: Path) -> None:
    """A file fetched by hand replaces a git-lfs pointer in the repository."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "model.pth").write_text("version https://git-lfs.github.com/spec/v1\n")
    (tmp_path / "fetched").mkdir()
    (tmp_path / "fetched" / "model.pth").write_bytes(CONTENT)
    placed = [WeightRef(path="model.pth")]
    assert place_weights(placed, tmp_path / "fetched", tmp_path / "tree", []) == {
        "model.pth": SHA256
    }
    assert (tmp_path / "tree" / "model.pth").read_bytes() == CONTENT


def test_a_full_disk_is_a_state_with_its_place(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that cannot be written gives the reason of the system; what arrived is kept."""

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(WeightsMissing, match=r"cannot be written to .*: No space left on device"):
        fetch_weights([WeightEntry(path="model.pth", url=address)], tmp_path / "fetched")
    assert [*(tmp_path / "fetched/.downloads").rglob("model.pth")]


def test_a_file_that_another_folder_has_is_copied(address: str, tmp_path: Path) -> None:
    """The pretrained part of a training may lie among the method's weights; its source is kept."""
    weights = [WeightEntry(path="model.pth", url=address)]
    first = fetch_weights(weights, tmp_path / "m")
    dead = [WeightEntry(path="model.pth", url="http://127.0.0.1:9/model.pth")]
    second = fetch_weights(dead, tmp_path / "m@pretrained", tmp_path / "m")
    assert second.sha256 == first.sha256 == {"model.pth": SHA256}
    assert second.facts["model.pth"].source == address
