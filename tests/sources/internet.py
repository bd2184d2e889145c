"""The network on this machine: Google Drive, Hugging Face, GitHub and plain addresses.

A server on 127.0.0.1 answers for all of them, so that the libraries that download run as they are.
"""

from __future__ import annotations

import hashlib
import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

WARNING = (
    "<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title>"
    "<style>p {color: red}</style></head><body><p>Google Drive can't scan this file for viruses."
    '</p><form id="download-form" action="https://drive.usercontent.google.com/download"'
    ' method="get"><input type="hidden" name="id" value="{id}"/>'
    '<input type="hidden" name="confirm" value="t"/></form></body></html>'
)
QUOTA = (
    "<!DOCTYPE html><html><body>"
    '<p class="uc-error-subcaption">Too many users have viewed or downloaded this file recently.'
    " Please try accessing the file again later.</p></body></html>"
)
LOGIN = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in</body></html>"


@dataclass
class Internet:
    """What the servers hold.

    Attributes:
        files: path of an address -> content.
        drive: id -> content of a shared file.
        folders: id of a shared folder -> (id, name, whether it is a folder) of what it holds.
        refused: ids that are over their quota.
        private: ids that need a login.
        hub: owner/name/file -> content.
        cut: paths whose first answer ends after so many bytes.
        failing: how many requests are answered with the status 500 before the server works again.
        ranges: whether a download can be continued.
        asked: method and path of every request, with its range.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    drive: dict[str, bytes] = field(default_factory=dict)
    folders: dict[str, list[tuple[str, str, bool]]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    private: set[str] = field(default_factory=set)
    hub: dict[str, bytes] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    failing: int = 0
    ranges: bool = True
    asked: list[str] = field(default_factory=list)
    address: str = ""


class _Handler(http.server.BaseHTTPRequestHandler):
    internet: Internet
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""

    def do_HEAD(self) -> None:
        """Answer with the header alone."""
        self.do_GET()

    def do_GET(self) -> None:
        """Answer for the host that stands in the header."""
        known, url = self.internet, urlsplit(self.path)
        host = self.headers.get("X-Asked-Host", "")
        number = parse_qs(url.query).get("id", [""])[0]
        wanted = self.headers.get("Range", "")
        known.asked.append(" ".join(filter(None, [self.command, host + url.path, wanted])))
        if known.failing:
            known.failing -= 1
            self._send(b"<html>Internal Server Error</html>", 500)
        elif url.path.startswith("/moved/"):
            self._send(b"", 302, {"Location": f"{known.address}/{url.path[7:]}"})
        elif url.path == "/embeddedfolderview":
            self._page(self._folder(number))
        elif host == "drive.google.com":
            self._drive(number)
        elif host == "drive.usercontent.google.com":
            self._file(known.drive[number], "attachment", number)
        elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([0-9a-f]{40})/(.+)", url.path):
            self._hub(known.hub.get(f"{match[1]}/{match[3]}"), match[2])
        elif url.path in known.files:
            self._file(known.files[url.path], "", url.path)
        else:
            self._send(b"gone", 404)

    def _folder(self, number: str) -> str:
        links, title = "", "weights"
        for children in self.internet.folders.values():
            title = next((name for child, name, _ in children if child == number), title)
        for child, name, is_folder in self.internet.folders[number]:
            place = f"drive/folders/{child}" if is_folder else f"file/d/{child}/view"
            links += f'<a href="https://drive.google.com/{place}">{name}</a>'
        return f"<html><head><title>{title}</title></head><body>{links}</body></html>"

    def _drive(self, number: str) -> None:
        if number in self.internet.refused:
            self._page(QUOTA)
        elif number in self.internet.private or number not in self.internet.drive:
            self._page(LOGIN)
        else:
            self._page(WARNING.replace("{id}", number))

    def _hub(self, content: bytes | None, revision: str) -> None:
        if content is None:
            self._send(b"", 404, {"X-Error-Code": "EntryNotFound"})
            return
        sha256 = hashlib.sha256(content).hexdigest()
        more = {"X-Repo-Commit": revision, "X-Linked-Etag": f'"{sha256}"', "ETag": f'"{sha256}"'}
        self._send(content, 200, {**more, "X-Linked-Size": str(len(content))})

    def _page(self, text: str) -> None:
        self._send(text.encode(), 200, {"Content-Type": "text/html; charset=utf-8"})

    def _file(self, content: bytes, disposition: str, name: str) -> None:
        more = {"ETag": '"1"'}
        if disposition:
            more["Content-Disposition"] = 'attachment; filename="offered.bin"'
        if content.startswith(b"<!DOCTYPE"):
            more["Content-Type"] = "text/html"
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted and self.internet.ranges:
            first, size = int(wanted[1]), len(content)
            more["Content-Range"] = f"bytes {first}-{size - 1}/{size}"
            self._send(content[first:], 206, more)
            return
        self._send(content, 200, more, self.internet.cut.pop(name, None))

    def _send(
        self, content: bytes, code: int, more: dict[str, str] | None = None, end: int | None = None
    ) -> None:
        self.send_response(code)
        headers = {"Content-Type": "application/octet-stream", **(more or {})}
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[:end])
        if end is not None:
            self.close_connection = True


@contextmanager
def serving(internet: Internet) -> Iterator[Internet]:
    """Serve what an ``Internet`` holds as long as the block lasts."""
    handler = type("Handler", (_Handler,), {"internet": internet})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        internet.address = f"http://127.0.0.1:{server.server_address[1]}"
        yield internet
        server.shutdown()


def redirect_libraries(internet: Internet, patch: pytest.MonkeyPatch, cookies: str) -> None:
    """Send every request of gdown and huggingface_hub to the server of this machine."""
    import sys

    import gdown
    import huggingface_hub.constants
    import requests

    send = requests.Session.request

    def request(
        self: requests.Session, method: str, url: str, headers: Any = None, **options: Any
    ) -> requests.Response:
        parts = urlsplit(url)
        if parts.scheme == "https":
            here = urlsplit(internet.address)
            url = parts._replace(scheme="http", netloc=here.netloc).geturl()
            headers = {**(headers or {}), "X-Asked-Host": parts.netloc}
        return send(self, method, url, headers=headers, **options)

    patch.setattr(requests.Session, "request", request)
    patch.setattr(sys.modules[gdown.download.__module__], "DEFAULT_COOKIES_FILE", cookies)
    for name in ("ENDPOINT", "HUGGINGFACE_CO_URL_TEMPLATE"):
        value = getattr(huggingface_hub.constants, name)
        here = value.replace("https://huggingface.co", internet.address)
        patch.setattr(huggingface_hub.constants, name, here)
