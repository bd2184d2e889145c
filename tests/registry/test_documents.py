"""YAML files that know their lines, and variants that share an entry's fields."""

from __future__ import annotations

from pathlib import Path

import pytest
from fusebench.errors import RegistryError
from fusebench.registry.documents import read_document
from fusebench.registry.loading import load_registry

from tests.registry.small import SmallProject

SHARED = """
first: &first
  title: one
  verified: {date: "2026-01-01"}
  run: &run {script: test.py, args: a}
second:
  <<: *first
  title: two
  run:
    <<: *run
    args: b
"""


def test_a_variant_shares_fields_and_replaces_its_own(tmp_path: Path) -> None:
    """``<<: *anchor`` brings the fields that a variant does not give itself."""
    (tmp_path / "methods.yaml").write_text(SHARED)
    second = read_document(tmp_path / "methods.yaml").data["second"]
    assert second["title"] == "two" and second["run"] == {"script": "test.py", "args": "b"}


def test_what_was_verified_is_not_taken_over(tmp_path: Path) -> None:
    """A variant is not verified because the entry that it merges is."""
    (tmp_path / "methods.yaml").write_text(SHARED)
    data = read_document(tmp_path / "methods.yaml").data
    assert "verified" in data["first"] and "verified" not in data["second"]


def test_every_value_knows_its_line(tmp_path: Path) -> None:
    """A place is reported as file, line and entry."""
    (tmp_path / "methods.yaml").write_text(SHARED)
    document = read_document(tmp_path / "methods.yaml")
    assert document.where(("first", "title")) == f"{tmp_path}/methods.yaml:3 (first.title)"
    assert (
        document.where(("second", "run", "args")) == f"{tmp_path}/methods.yaml:11 (second.run.args)"
    )


def test_several_entries_are_shared(tmp_path: Path) -> None:
    """``<<: [*one, *other]`` takes the fields of both; the first one wins, as in YAML."""
    (tmp_path / "methods.yaml").write_text(
        "a: &a {x: 1}\nb: &b {x: 2, y: 3}\nc: {<<: [*a, *b], z: 4}\n"
    )
    assert read_document(tmp_path / "methods.yaml").data["c"] == {"x": 1, "y": 3, "z": 4}


def test_a_date_is_the_text_that_is_written(tmp_path: Path) -> None:
    """What looks like a date, possible or not, stays a text, because no field is a date."""
    (tmp_path / "methods.yaml").write_text("a: {x: 2024-02-03, y: 2024-02-31}\n")
    assert read_document(tmp_path / "methods.yaml").data["a"] == {
        "x": "2024-02-03",
        "y": "2024-02-31",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"a: 1\nb: caf\xe9\n", r":2: must be text in UTF-8; found the byte 0xe9"),
        (b"a:\n\tb: 1\n", r":2: not valid YAML: .*; the line holds a tab: indent with spaces"),
        (b"a: &a\n  b: *a\n", r"an anchor must not be used inside itself"),
        (b"a: &a\n  <<: *a\n", r"an anchor must not be used inside itself"),
        (b"a:\n  <<: 3\n", r":2: `<<` must be followed by the \*anchor of an entry"),
        (b"a: {files: ir/{name}.png}\n", r":1: not valid YAML: .* in quotes, e.g. \"ir/{name}.png"),
        (b"a:\n  files: {name}.png\n", r":2: not valid YAML: .*; put a text that holds { }"),
        (b"a: {files: */{name}.png}\n", r":1: not valid YAML: .*; put a text that holds { }"),
        (b'a: {x: "{name}" y: 1}\n', r":1: not valid YAML: did not find expected ',' or '}'$"),
        (b"{a: b}: 1\n", r":1: the name of an entry or a field must be one word"),
        (b"a: !!float x\n", r":1: not valid YAML: 'x' cannot be read as float"),
    ],
)
def test_what_yaml_cannot_mean_is_told_with_its_line(
    tmp_path: Path, text: bytes, told: str
) -> None:
    """Each mistake gives one line and no traceback.

    The mistakes are another encoding, a tab, an anchor inside itself, a merge of no mapping, and a
    key that is no name.
    """
    (tmp_path / "methods.yaml").write_bytes(text)
    with pytest.raises(RegistryError, match=told):
        read_document(tmp_path / "methods.yaml")


def broken(small: SmallProject, change: str) -> list[str]:
    """Return what is reported about methods.yaml after a change of its text, ``old -> new``."""
    small.write()
    old, _, new = change.partition(" -> ")
    path = small.root / "methods.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new.replace("\\n", "\n"), 1))
    with pytest.raises(RegistryError) as caught:
        load_registry(small.root)
    return str(caught.value).replace(f"{small.root}/", "").splitlines()[1:]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "env: small -> env: small\\n  notess: x",
            "methods.yaml:8 (one.notess): unknown key 'notess' (did you mean 'notes'?); known",
        ),
        (
            "commit: -> 12:\\n  commit:",
            "methods.yaml:6 (one.12): unknown key '12'; known here: title, label, paper",
        ),
        (
            "title: A method -> label: M",
            "methods.yaml:1 (one): must have 'title', which is missing",
        ),
        (
            "script: test.py -> seed: 1",
            "methods.yaml:8 (one.run): must have one of 'script', 'adapter', 'function'; found",
        ),
        (
            "script: test.py -> script: test.py\\n    adapter: x.py",
            "methods.yaml:8 (one.run): must have one of 'script', 'adapter', 'function'; found",
        ),
        (
            "one: -> ../one:",
            "methods.yaml:1 (../one): bad name '../one': a name is made of letters, digits, '.'",
        ),
        (
            "- infrared-visible -> - infrared",
            "methods.yaml:4 (one.tasks.0): must be one of infrared-visible, medical, multi-focus",
        ),
        (
            "script: test.py -> script: ../test.py",
            "methods.yaml:9 (one.run.script): must be the authors' script (.py, or",
        ),
        (
            "commit: '0000000000000000000000000000000000000000' -> commit: 1234567",
            "methods.yaml:6 (one.commit): must be the full commit hash of 40 lower-case",
        ),
        (
            "env: small -> env: small\\n  repeats: 0",
            "methods.yaml:8 (one.repeats): must be how often the method is run on each dataset",
        ),
        (
            "env: small -> env: small\\n  claims: [{metric: EN, value: 7,12, where: T}]",
            "methods.yaml:8 (one.claims.0.12): unknown key '12'; known here: dataset, images",
        ),
        (
            "env: small -> env: small\\n  claims: [{metric: EN, value: 7, where: T, x: }]",
            "methods.yaml:8 (one.claims.0.x): unknown key 'x'; known here: dataset, images, image",
        ),
        (
            "env: small -> env: small\\n  resources: {mem_mb: lots}",
            'methods.yaml:8 (one.resources.mem_mb): must be memory in MB; found "lots"',
        ),
    ],
)
def test_what_breaks_the_contract_is_told_with_its_place(
    small: SmallProject, change: str, told: str
) -> None:
    """The message has file, line, place, what must be, what was found, and the near names."""
    problems = broken(small, change)
    assert problems[0].startswith(told), problems


def test_a_comma_in_a_number_is_recognised(small: SmallProject) -> None:
    """YAML reads ``7,12`` as the number 7 and a field named 12; the message says so."""
    change = "env: small -> env: small\\n  claims: [{metric: EN, value: 7,12, where: T}]"
    assert broken(small, change)[0].endswith("is written with a point, not with a comma")


def test_a_hash_that_yaml_takes_for_a_number_is_recognised(small: SmallProject) -> None:
    """The message about a hash of digits without quotes says that it needs quotes."""
    change = f"commit: '{'0' * 40}' -> commit: 1234567"
    assert broken(small, change)[0].endswith(
        "found 1234567, a number to YAML: a hash of digits only needs quotes"
    )


def test_problems_are_told_in_the_order_of_the_file(small: SmallProject) -> None:
    """All problems of a file are reported at once."""
    small.methods["one"].update(title="", tasks=[], env="no/name")
    assert [line.partition(" ")[2].partition(":")[0] for line in small.problems()] == [
        "(one.title)",
        "(one.tasks)",
        "(one.env)",
    ]


def test_a_whole_number_may_be_written_with_a_point(small: SmallProject) -> None:
    """2.0 is 2, as in the JSON schema.

    Texts that look like numbers stay texts.
    """
    claim = {"dataset": "pairs", "metric": "EN", "value": "7.10", "where": "Table 1"}
    small.methods["one"].update(resources={"mem_mb": 500.0, "threads": 2.0}, claims=[claim])
    small.methods["one"]["declares"] = {"python": "3.10"}
    method = small.load().methods["one"]
    assert (method.resources.mem_mb, method.resources.threads) == (500, 2)
    assert isinstance(method.resources.threads, int)
    entry = method.entry
    assert entry.claims and entry.claims[0].value == "7.10"
    assert entry.declares == {"python": "3.10"}
