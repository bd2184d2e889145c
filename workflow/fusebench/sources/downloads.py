"""Downloads from where authors keep weights: an address, Google Drive, Hugging Face, a release.

A download that was cut off goes on from where it ended, also in the next run. The libraries are
imported only when something is downloaded.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from fusebench.contracts.weights import DriveSource, HubSource, ReleaseSource, WeightEntry
from fusebench.errors import WeightsMissing
from fusebench.hashes import sha256_of_json
from fusebench.texts import first_of, plain

RETRIES = 3
TIMEOUT = 60.0
"""Seconds to wait for a server that sends nothing."""

MOST_NAMED = 5
SHA256_DIGITS = 64

QUOTA_WORDS = ("too many users", "quota", "exceeded")
QUOTA = (
    "Google refuses downloads of this file for some hours once many people have fetched it; try"
    " again tomorrow, sign in (`gdown --cookies-from-browser firefox URL` keeps the cookies, and"
    " fusebench uses them), or download it in a browser"
)


def download(item: WeightEntry, field: str, folder: Path) -> Path:
    """Download what one source of an entry offers, and return the file.

    Args:
        item: the file of weights.
        field: the source: one of ``WeightEntry.SOURCES`` that the item has.
        folder: where downloads lie. One that is whole is not fetched again; one that was cut off
            is continued.

    Raises:
        WeightsMissing: nothing answers there, it is refused, or it ends too early.
    """
    source = getattr(item, field)
    place = folder / place_of(item, field)
    place.mkdir(parents=True, exist_ok=True)
    try:
        return FETCHERS[field](source, place, item)
    except WeightsMissing:
        raise
    except Exception as error:  # three libraries, with the errors of their own libraries
        raise WeightsMissing(f"cannot be downloaded: {_words(error)}") from error


def place_of(item: WeightEntry, field: str) -> str:
    """Return the name of the folder that holds the download of a source."""
    return sha256_of_json([field, _as_json(getattr(item, field))])[:16]


def _fetch_url(source: str, place: Path, item: WeightEntry) -> Path:
    return _get(place / item.offered_as, url=source)


def _fetch_release(source: ReleaseSource, place: Path, item: WeightEntry) -> Path:
    return _get(place / item.offered_as, url=source.asset(item.offered_as))


def _fetch_drive(source: DriveSource, place: Path, item: WeightEntry) -> Path:
    number = source.id or _in_folder(source, item.offered_as)
    from gdown.exceptions import FileURLRetrievalError

    try:
        return _get(place / item.offered_as, number=number)
    except FileURLRetrievalError as error:
        raise WeightsMissing(_refusal(_words(error))) from error


def _refusal(words: str) -> str:
    """Return what it means that Google shows a page instead of a file."""
    if any(word in words.lower() for word in QUOTA_WORDS):
        return f'Google answers "{words}": {QUOTA}'
    return f"gives a page instead of a file: it is gone, or not shared with everyone ({words})"


def _in_folder(source: DriveSource, name: str) -> str:
    """Return the id of a file in a shared folder, by its path or else by its name.

    Raises:
        WeightsMissing: the folder holds no such file, or several of that name.
    """
    files = _drive_files(source.folder or "")
    found = [path for path in files if path == source.file]
    if not source.file:
        found = [path for path in files if path.rpartition("/")[2] == name]
    if len(found) == 1:
        return files[found[0]]
    names = first_of(found or sorted(files), MOST_NAMED) or "nothing"
    raise WeightsMissing(
        f"the folder must hold one file {source.file or name}; found {names}; correct `drive` of"
        " the entry"
    )


@cache
def _drive_files(folder: str) -> dict[str, str]:
    """Return path -> id of the files in a shared folder of Google Drive."""
    import gdown

    found = gdown.download_folder(id=folder, skip_download=True, quiet=True, timeout=TIMEOUT)
    return {file.path: file.id for file in found if not isinstance(file, str)}


def _get(target: Path, url: str | None = None, number: str | None = None) -> Path:
    """Download a file with gdown, which also takes addresses that are not of Google.

    What an earlier run left of it is continued, where the server can do that.

    Args:
        target: the file that is written.
        url: its address.
        number: its id on Google Drive, where it has no address.
    """
    import gdown

    def attempt() -> None:
        gdown.download(
            url=url,
            id=number,
            output=str(target),
            quiet=True,
            resume=True,
            retries=RETRIES,
            timeout=TIMEOUT,
        )

    left = list(target.parent.glob("*.part"))
    try:
        attempt()
    except gdown.DownloadError:
        if not left:
            raise
        for part in left:  # the server cannot continue it, or has another file by now
            part.unlink(missing_ok=True)
        attempt()
    return target


def _fetch_hub(source: HubSource, place: Path, item: WeightEntry) -> Path:
    """Download a file of Hugging Face, whose sha256 is known before."""
    import huggingface_hub as hub

    address = hub.hf_hub_url(source.repo, source.file, revision=source.revision)
    offered = hub.get_hf_file_metadata(address).etag or ""
    if item.sha256 and not item.archive and len(offered) == SHA256_DIGITS:
        _expect_hash(offered, item.sha256)
    return Path(
        hub.hf_hub_download(source.repo, source.file, revision=source.revision, local_dir=place)
    )


def _expect_hash(offered: str, wanted: str) -> None:
    if offered != wanted:
        raise WeightsMissing(
            f"Hugging Face offers a file with the sha256 {offered}; must be {wanted}; correct"
            " `huggingface` or `sha256` of the entry"
        )


FETCHERS: dict[str, Callable[[Any, Path, WeightEntry], Path]] = {
    "url": _fetch_url,
    "drive": _fetch_drive,
    "huggingface": _fetch_hub,
    "release": _fetch_release,
}
"""Source -> function that downloads from it."""


def _as_json(source: Any) -> Any:
    import msgspec

    return msgspec.to_builtins(source)


def _words(error: Exception) -> str:
    """Return the first lines of an error in one line; gdown and requests write several."""
    words = " ".join(plain(str(error)).split()) or type(error).__name__
    with suppress(ValueError):  # gdown wraps what Google says into advice of its own
        words = words[
            words.index("Failed to retrieve file url:") + 28 : words.index("You may still")
        ]
    return words.strip()[:400]
