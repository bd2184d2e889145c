"""Weights come from an address, Google Drive, Hugging Face or a release; the network is local."""

from __future__ import annotations

import hashlib
import io
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fusebench.contracts.weights import (
    AUTHORS,
    DriveSource,
    HubSource,
    ReleaseSource,
    WeightEntry,
)
from fusebench.errors import WeightsMissing
from fusebench.sources import downloads
from fusebench.sources.weights import fetch_weights

from tests.sources.internet import WARNING, Internet, redirect_libraries, serving

MODEL = pickle.dumps({"layer": list(range(5000))}, protocol=2)
LARGE = pickle.dumps(b"parameters" * 200_000, protocol=2)
"""More than gdown keeps in memory before it writes."""
OTHER = pickle.dumps({"layer": [1]}, protocol=2)
SHA256 = hashlib.sha256(MODEL).hexdigest()
FILE, FOLDER, BELOW = "1" * 33, "2" * 33, "3" * 33
REVISION = "a" * 40


@pytest.fixture
def internet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    """Serve Google Drive, Hugging Face, GitHub and plain addresses on this machine."""
    with serving(Internet()) as made:
        redirect_libraries(made, monkeypatch, str(tmp_path / "cookies.txt"))
        monkeypatch.setattr(downloads, "RETRIES", 0)
        downloads._drive_files.cache_clear()
        yield made


def _drive(path: str = "a.pth", **fields: Any) -> WeightEntry:
    return WeightEntry(path=path, drive=DriveSource(id=FILE), **fields)


def test_the_warning_of_drive_before_large_files_is_confirmed(
    internet: Internet, tmp_path: Path
) -> None:
    """Google asks to confirm that a file was not scanned for viruses; the file itself is kept."""
    internet.drive[FILE] = MODEL
    marker = fetch_weights([_drive()], tmp_path / "one")
    assert (tmp_path / "one/a.pth").read_bytes() == MODEL
    assert marker.sha256 == {"a.pth": SHA256}
    facts = marker.facts["a.pth"]
    assert (facts.origin, facts.pinned) == (AUTHORS, False)
    assert facts.source == f"https://drive.google.com/file/d/{FILE}"


def test_a_quota_of_drive_says_when_to_try_again_and_what_to_do(
    internet: Internet, tmp_path: Path
) -> None:
    """Google's own words are quoted, then come the advice, the page with its code, the command."""
    internet.refused.add(FILE)
    weights = [_drive(page="https://pan.example.org/s/1", password="abcd", size=4_500_000)]
    with pytest.raises(WeightsMissing) as told:
        fetch_weights(weights, tmp_path / "one")
    for part in (
        'Google answers "Too many users have viewed or downloaded this file recently.',
        "try again tomorrow",
        "downloaded by hand from https://pan.example.org/s/1 (code abcd), 4.5 MB",
        "then run `fusebench weights one a.pth`",
    ):
        assert part in str(told.value)
    assert not (tmp_path / "one/a.pth").exists()


def test_a_file_that_is_not_shared_is_no_quota(internet: Internet, tmp_path: Path) -> None:
    """A login page says that the file is gone or private, and a person may open its page."""
    internet.private.add(FILE)
    with pytest.raises(
        WeightsMissing, match=r"not shared with everyone.*drive.google.com/file/d/1111"
    ):
        fetch_weights([_drive()], tmp_path / "one")


def test_a_file_in_a_shared_folder_is_found_by_its_path(internet: Internet, tmp_path: Path) -> None:
    """A folder is listed with its folders; only the file that the entry names is downloaded."""
    internet.folders = {FOLDER: [(BELOW, "IVF", True)], BELOW: [(FILE, "best.pth", False)]}
    internet.drive[FILE] = MODEL
    item = WeightEntry(path="a.pth", drive=DriveSource(folder=FOLDER, file="IVF/best.pth"))
    assert fetch_weights([item], tmp_path / "one").sha256 == {"a.pth": SHA256}


def test_a_folder_without_the_file_says_what_it_holds(internet: Internet, tmp_path: Path) -> None:
    """A mistyped name in `drive` is corrected by what the folder holds."""
    internet.folders = {FOLDER: [(FILE, "best.pth", False)]}
    item = WeightEntry(path="a.pth", drive=DriveSource(folder=FOLDER, file="last.pth"))
    with pytest.raises(
        WeightsMissing, match=r"must hold one file last\.pth; found best\.pth; correct"
    ):
        fetch_weights([item], tmp_path / "one")


def test_a_folder_without_a_path_gives_the_file_of_that_name(
    internet: Internet, tmp_path: Path
) -> None:
    """Authors often share a folder only: the name of the file finds it, if it is there once."""
    internet.folders = {FOLDER: [(BELOW, "IVF", True)], BELOW: [(FILE, "a.pth", False)]}
    internet.drive[FILE] = MODEL
    item = WeightEntry(path="m/a.pth", drive=DriveSource(folder=FOLDER))
    assert fetch_weights([item], tmp_path / "one").sha256 == {"m/a.pth": SHA256}
    downloads._drive_files.cache_clear()
    internet.folders[FOLDER].append(("4" * 33, "a.pth", False))
    with pytest.raises(
        WeightsMissing, match=r"must hold one file a\.pth; found IVF/a\.pth, a\.pth"
    ):
        fetch_weights([item], tmp_path / "two")


def test_a_redirected_address_is_followed(internet: Internet, tmp_path: Path) -> None:
    """A plain address may lead to another one."""
    internet.files["/a.pth"] = MODEL
    item = WeightEntry(path="a.pth", url=f"{internet.address}/moved/a.pth", sha256=SHA256)
    marker = fetch_weights([item], tmp_path / "one")
    assert marker.sha256 == {"a.pth": SHA256} and marker.facts["a.pth"].pinned


def test_a_page_is_not_kept_as_weights(internet: Internet, tmp_path: Path) -> None:
    """An address that answers with a page is refused with the words of the page, every time."""
    internet.files["/a.pth"] = WARNING.encode()
    weights = [WeightEntry(path="a.pth", url=f"{internet.address}/a.pth")]
    for _ in range(2):
        with pytest.raises(WeightsMissing, match=r"a web page that says: .*scan this file for vir"):
            fetch_weights(weights, tmp_path / "one")
        assert not (tmp_path / "one/a.pth").exists()
    internet.files["/a.pth"] = MODEL
    assert fetch_weights(weights, tmp_path / "one").sha256 == {"a.pth": SHA256}


def test_a_download_that_was_cut_off_goes_on(internet: Internet, tmp_path: Path) -> None:
    """The first run keeps what arrived, and the next run asks only for the rest."""
    internet.files["/a.pth"], internet.cut["/a.pth"] = LARGE, 700_000
    weights = [WeightEntry(path="a.pth", url=f"{internet.address}/a.pth")]
    with pytest.raises(WeightsMissing, match=r"Download is incomplete: received 524288"):
        fetch_weights(weights, tmp_path / "one")
    fetch_weights(weights, tmp_path / "one")
    assert (tmp_path / "one/a.pth").read_bytes() == LARGE
    assert any(asked.endswith("bytes=524288-") for asked in internet.asked)
    assert not (tmp_path / "one/.downloads").exists()


def test_a_server_that_fails_is_told_and_asked_again(internet: Internet, tmp_path: Path) -> None:
    """An answer of 500 never becomes a file; the next run fetches it."""
    internet.files["/a.pth"], internet.failing = MODEL, 100
    weights = [WeightEntry(path="a.pth", url=f"{internet.address}/a.pth")]
    with pytest.raises(WeightsMissing, match="500"):
        fetch_weights(weights, tmp_path / "one")
    assert not (tmp_path / "one/a.pth").exists()
    internet.failing = 0
    fetch_weights(weights, tmp_path / "one")
    assert (tmp_path / "one/a.pth").read_bytes() == MODEL


def test_a_server_that_cannot_go_on_starts_again(internet: Internet, tmp_path: Path) -> None:
    """Where ranges are not served, what arrived is thrown away instead of being refused forever."""
    internet.files["/a.pth"], internet.cut["/a.pth"] = LARGE, 700_000
    internet.ranges = False
    weights = [WeightEntry(path="a.pth", url=f"{internet.address}/a.pth")]
    with pytest.raises(WeightsMissing):
        fetch_weights(weights, tmp_path / "one")
    fetch_weights(weights, tmp_path / "one")
    assert (tmp_path / "one/a.pth").read_bytes() == LARGE


def _hub(**fields: Any) -> WeightEntry:
    source = HubSource(repo="owner/name", revision=REVISION, file="sub/a.pth")
    return WeightEntry(path="m/a.pth", huggingface=source, **fields)


def test_a_file_of_hugging_face_is_fetched_at_its_revision(
    internet: Internet, tmp_path: Path
) -> None:
    """The library downloads the file of exactly that commit."""
    internet.hub["owner/name/sub/a.pth"] = MODEL
    assert fetch_weights([_hub()], tmp_path / "one").sha256 == {"m/a.pth": SHA256}
    assert all(f"/resolve/{REVISION}/" in asked for asked in internet.asked if "owner" in asked)


def test_another_file_on_hugging_face_is_refused_before_it_is_fetched(
    internet: Internet, tmp_path: Path
) -> None:
    """The hub tells the sha256 of a file: a wrong one costs no download."""
    internet.hub["owner/name/sub/a.pth"] = MODEL
    with pytest.raises(WeightsMissing, match=f"with the sha256 {SHA256}; must be 00000"):
        fetch_weights([_hub(sha256="0" * 64)], tmp_path / "one")
    assert {asked.partition(" ")[0] for asked in internet.asked} == {"HEAD"}


def test_a_file_that_the_hub_lacks_is_told(internet: Internet, tmp_path: Path) -> None:
    """A mistyped repository or file gives the answer of the hub, and the page of the file."""
    with pytest.raises(WeightsMissing, match=r"huggingface\.co/owner/name/blob/a+/sub/a\.pth.*404"):
        fetch_weights([_hub()], tmp_path / "one")


@pytest.mark.parametrize(
    ("tag", "path"),
    [
        ("v1", "/owner/name/releases/download/v1/a.pth"),
        (None, "/owner/name/releases/latest/download/a.pth"),
    ],
)
def test_an_asset_of_a_release_is_fetched(
    internet: Internet, tmp_path: Path, tag: str | None, path: str
) -> None:
    """By its tag, or that of the newest release."""
    internet.files[path] = MODEL
    fields = {"tag": tag} if tag else {}
    item = WeightEntry(path="a.pth", release=ReleaseSource(repo="owner/name", **fields))
    assert fetch_weights([item], tmp_path / "one").sha256 == {"a.pth": SHA256}
    assert f"GET github.com{path}" in internet.asked


def test_the_next_source_is_tried(internet: Internet, tmp_path: Path) -> None:
    """Where Google refuses, the file of Hugging Face is taken; the record says which it was."""
    internet.refused.add(FILE)
    internet.hub["owner/name/sub/a.pth"] = MODEL
    source = HubSource(repo="owner/name", revision=REVISION, file="sub/a.pth")
    item = WeightEntry(path="a.pth", drive=DriveSource(id=FILE), huggingface=source)
    marker = fetch_weights([item], tmp_path / "one")
    assert marker.facts["a.pth"].source.startswith("https://huggingface.co/owner/name/blob/")


def test_an_archive_is_fetched_once_for_all_its_files(internet: Internet, tmp_path: Path) -> None:
    """Two files of one archive cost one download; each is taken from its place in the archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("top/a.pth", MODEL)
        archive.writestr("top/b.pth", OTHER)
    internet.files["/w.zip"] = content.getvalue()
    weights = [
        WeightEntry(
            path=f"m/{name}.pth",
            url=f"{internet.address}/w.zip",
            archive="w.zip",
            member=f"top/{name}.pth",
        )
        for name in "ab"
    ]
    fetch_weights(weights, tmp_path / "one")
    assert (tmp_path / "one/m/b.pth").read_bytes() == OTHER
    assert len([asked for asked in internet.asked if asked.startswith("GET")]) <= 2
    assert not (tmp_path / "one/.downloads").exists()


def test_all_missing_files_are_named_in_one_message(internet: Internet, tmp_path: Path) -> None:
    """Files of one page are named together, and what could be fetched is kept."""
    internet.drive[FILE] = MODEL
    page = "https://pan.example.org/s/1"
    weights = [
        WeightEntry(path="m/a.pth", page=page, password="abcd"),
        _drive("m/b.pth"),
        WeightEntry(path="m/c.pth", page=page, password="abcd"),
    ]
    with pytest.raises(WeightsMissing) as told:
        fetch_weights(weights, tmp_path / "one")
    assert str(told.value) == (
        f"m/a.pth, m/c.pth: must be downloaded by hand from {page} (code abcd); then run"
        " `fusebench weights one a.pth c.pth` and run again"
    )
    assert (tmp_path / "one/m/b.pth").read_bytes() == MODEL
