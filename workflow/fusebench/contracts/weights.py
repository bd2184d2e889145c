"""The files of trained parameters that an entry of ``methods.yaml`` names."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET

from fusebench.contracts.base import (
    SHA256_PATTERN,
    Commit,
    Contract,
    Entry,
    Maybe,
    Rule,
    inside,
    says,
    text,
)

Sha256 = Annotated[
    str,
    says("a sha256 of 64 lower-case hexadecimal digits, in quotes", pattern=SHA256_PATTERN),
]
DriveId = Annotated[
    str,
    says(
        "the id in the address of a shared file or folder of Google Drive",
        pattern=r"^[A-Za-z0-9_-]{10,}$",
    ),
]
Repository = Annotated[str, says("owner/name", pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$")]
Origin = Annotated[
    Literal["authors", "by hand", "retrained"],
    says(
        "authors: from the repository or an address of the entry; by hand: a person downloaded it,"
        " and no sha256 was known that could confirm it; retrained: trained here"
    ),
]
DRIVE = "https://drive.google.com"
HUB = "https://huggingface.co"
GITHUB = "https://github.com"

AUTHORS: Origin = "authors"
BY_HAND: Origin = "by hand"


class DriveSource(Entry, kw_only=True):
    """A file on Google Drive: shared itself, or inside a shared folder."""

    ONE_OF: ClassVar[tuple[str, ...]] = ("id", "folder")
    RULES: ClassVar[tuple[Rule, ...]] = (Rule(field="file", required=("folder",)),)

    id: Maybe[DriveId] = UNSET
    folder: Maybe[DriveId] = UNSET
    file: Maybe[
        Annotated[
            str,
            inside(
                "the path of the file in the shared folder; default the only one with the name of"
                " the file"
            ),
        ]
    ] = UNSET

    @property
    def address(self) -> str:
        """The page of the file, or of the folder."""
        if self.folder:
            return f"{DRIVE}/drive/folders/{self.folder}"
        return f"{DRIVE}/file/d/{self.id}"


class HubSource(Entry, kw_only=True):
    """A file of a repository of Hugging Face."""

    repo: Repository
    revision: Commit
    file: Annotated[str, inside("the path of the file in the repository")]

    @property
    def address(self) -> str:
        """The page of the file."""
        return f"{HUB}/{self.repo}/blob/{self.revision}/{self.file}"


class ReleaseSource(Entry, kw_only=True):
    """An asset of a release on GitHub."""

    repo: Repository
    tag: Maybe[Annotated[str, text("the tag of the release; default the newest release")]] = UNSET
    file: Maybe[Annotated[str, inside("the name of the asset; default the name of the file")]] = (
        UNSET
    )

    @property
    def address(self) -> str:
        """The page of the release."""
        return f"{GITHUB}/{self.repo}/releases/{f'tag/{self.tag}' if self.tag else 'latest'}"

    def asset(self, name: str) -> str:
        """Return the address that gives the asset; ``name`` where the source names none."""
        of_tag = f"download/{self.tag}" if self.tag else "latest/download"
        return f"{GITHUB}/{self.repo}/releases/{of_tag}/{self.file or name}"


class WeightEntry(Entry, kw_only=True):
    """One file of trained parameters.

    A file without any source must be in the repository. Sources are tried in the order url, drive,
    huggingface, release; page and password are for a person.
    """

    SOURCES: ClassVar[tuple[str, ...]] = ("url", "drive", "huggingface", "release")
    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(field="archive", required=("member",)),
        Rule(field="member", required=("archive",)),
        Rule(field="password", required=("page",)),
    )

    path: Annotated[str, inside("where the script expects the file, below the repository's top")]
    sha256: Maybe[Sha256] = UNSET
    origin: Maybe[Origin] = UNSET
    size: Maybe[Annotated[int, says("the size of the file in bytes, where it is known", ge=1)]] = (
        UNSET
    )
    url: Maybe[Annotated[str, text("an address from which the file can be fetched")]] = UNSET
    drive: Maybe[
        Annotated[DriveSource, says("a file on Google Drive: {id}, or {folder, file}")]
    ] = UNSET
    huggingface: Maybe[
        Annotated[HubSource, says("a file of a repository of Hugging Face: {repo, revision, file}")]
    ] = UNSET
    release: Maybe[
        Annotated[ReleaseSource, says("an asset of a release on GitHub: {repo, tag, file}")]
    ] = UNSET
    page: Maybe[
        Annotated[str, text("an address that a person can open (a drive or a cloud folder)")]
    ] = UNSET
    password: Maybe[Annotated[str, text("the code that the page asks for")]] = UNSET
    name: Maybe[
        Annotated[
            str, text("the name of the file as it is offered, where `path` ends with another")
        ]
    ] = UNSET
    archive: Maybe[
        Annotated[
            str,
            text(
                "the name of the archive (zip, tar, 7z, rar) that the sources or the page give; the"
                " file is its member"
            ),
        ]
    ] = UNSET
    member: Maybe[Annotated[str, inside("the path of the file in the archive")]] = UNSET
    note: Maybe[Annotated[str, text("what a person should know to find the file on the page")]] = (
        UNSET
    )

    @property
    def addresses(self) -> dict[str, str]:
        """Where a person can open or fetch the file: field -> address, the page last."""
        found = {"url": self.url or "", "page": self.page or ""}
        if self.drive:
            found["drive"] = self.drive.address
        if self.huggingface:
            found["huggingface"] = self.huggingface.address
        if self.release:
            found["release"] = self.release.address
        return {name: found[name] for name in (*self.SOURCES, "page") if found.get(name)}

    @property
    def offered_as(self) -> str:
        """The name of what a person downloads: of the archive, or of the file."""
        source = self.drive or self.huggingface or self.release
        last = (source and source.file) or self.path
        return self.archive or self.name or last.rpartition("/")[2]

    @property
    def sources(self) -> list[str]:
        """The fields that say where it can be fetched, in the order in which they are tried."""
        return [name for name in self.SOURCES if getattr(self, name)]

    @property
    def has_address(self) -> bool:
        """Whether the file can be fetched without a person."""
        return bool(self.sources)

    @property
    def is_external(self) -> bool:
        """Whether the file comes from outside the repository."""
        return self.has_address or bool(self.page)


class WeightFacts(Contract, kw_only=True):
    """Where a file of weights that is not in the repository came from."""

    origin: Origin
    source: Annotated[str, says("the address that it was fetched from; by hand for a person's")]
    pinned: Annotated[
        bool, says("whether the entry had its sha256; otherwise it was the first download")
    ]
