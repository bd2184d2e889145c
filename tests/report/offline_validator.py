"""Validate an RO-Crate with the official validator: `python FILE FOLDER PROFILE`.

There is no network: the context of RO-Crate comes from the package rocrate. It prints one line
for each finding, and `passed` or `failed` last.
"""

from __future__ import annotations

import io
import sys
import urllib.request
import urllib.response
from email.message import Message
from importlib.resources import files
from typing import Any

import requests

CONTEXT = files("rocrate").joinpath("data/ro-crate.jsonld").read_bytes()
KIND = "application/ld+json"


def answer(url: str) -> bytes:
    """Return the context; nothing else is there."""
    if url.startswith("https://w3id.org/ro/crate/"):
        return CONTEXT
    raise requests.ConnectionError(f"no network: {url}")


def request(_session: requests.Session, _method: str, url: str, **_more: Any) -> requests.Response:
    """Answer what the validator asks itself."""
    response = requests.Response()
    response.url, response.status_code = url, 200
    response._content = answer(url)
    response.headers["Content-Type"] = KIND
    return response


def urlopen(asked: Any, *_more: Any, **_options: Any) -> Any:
    """Answer what rdflib asks."""
    url = asked if isinstance(asked, str) else asked.full_url
    headers = Message()
    headers["Content-Type"] = KIND
    return urllib.response.addinfourl(io.BytesIO(answer(url)), headers, url, 200)


def main(folder: str, profile: str) -> None:
    """Validate all that the profile requires."""
    import rdflib._networking
    import rdflib.parser
    from rocrate_validator import models, services

    requests.Session.request = request  # type: ignore[method-assign, assignment]
    rdflib._networking.urlopen = rdflib.parser._urlopen = urlopen  # type: ignore[attr-defined]
    settings = services.ValidationSettings(
        rocrate_uri=folder,
        profile_identifier=profile,
        requirement_severity=models.Severity.REQUIRED,
        abort_on_first=False,
    )
    result = services.validate(settings)
    for issue in result.get_issues():
        print(issue.severity.name, issue.check.identifier, issue.message)
    print("passed" if result.passed() else "failed")


if __name__ == "__main__":
    main(*sys.argv[1:])
