"""Path patterns: which files they find, and which of them are refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fusebench.errors import DatasetUnavailable
from fusebench.registry.path_patterns import SideFiles, fixed_folder, pattern_problem
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.registry.test_pairing import touch


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [
        ("{name}.png", ""),
        ("x{name}.png", ""),
        ("a/b/{name}.png", "a/b"),
        ("a/{name}/b/{name}.png", "a"),
        ("a/b{name}/c.png", "a"),
        ("a/b/c.png", "a/b"),
        ("*/{name}/IR_*.bmp", ""),
        ("a/**/{name}.png", "a"),
        ("a/b[12]/{name}.png", "a"),
        ("a/[b/{name}.png", "a/[b"),
    ],
)
def test_the_fixed_folder_is_what_all_pairs_share(pattern: str, folder: str) -> None:
    """It is everything before the first part with ``{name}`` or a wildcard."""
    assert fixed_folder(pattern) == folder


@pytest.mark.parametrize(
    ("pattern", "files", "names"),
    [
        ("a/{name}.png", ["a/1.png", "a/2.PNG", "a/3.jpg", "b/4.png"], {"1", "2"}),
        ("a/{name}.PNG", ["a/1.png", "a/2.PNG", "A/3.png"], {"1", "2"}),
        ("a/{name}.*", ["a/1.png", "a/1.txt", "a/2.JPG", "a/3.txt", "a/4"], {"1", "2"}),
        ("{name}/{name}.png", ["1/1.png", "1/2.png", "2/2.png"], {"1", "2"}),
        ("{name}/vis.png", ["1/vis.png", "2/ir.png", "3/vis.png"], {"1", "3"}),
        ("a/{name}_vi.png", ["a/1_vi.png", "a/2_ir.png", "a/x_y_vi.png"], {"1", "x_y"}),
        ("a/img{name}.png", ["a/img1.png", "a/im2.png", "a/img.png"], {"1"}),
        ("a/{name}(*).png", ["a/1(0).png", "a/2.png"], {"1"}),
        ("se*/{name}.png", ["set/1.png", "seq/2.png", "x/3.png", "s/e/4.png"], {"1", "2"}),
        ("[iI]?/{name}.png", ["ir/1.png", "IR/2.png", "i/3.png", "vi/4.png"], {"1", "2"}),
        ("[!v]?/{name}.png", ["ir/1.png", "vi/2.png"], {"1"}),
        ("v[0-9]/{name}.png", ["v1/1.png", "v-/2.png"], {"1"}),
        ("set [[]1]/{name}.png", ["set [1]/1.png", "set 1/2.png"], {"1"}),
        ("**/ir/{name}.png", ["ir/1.png", "x/y/ir/2.png", "x/vi/3.png"], {"1", "2"}),
        ("a/**/{name}.png", ["a/1.png", "a/x/y/2.png", "3.png"], {"1", "2"}),
        ("*/{name}/IR_*.bmp", ["A/x/IR_1.bmp", "B/y/IR_2.bmp", "B/y/VIS_2.bmp"], {"x", "y"}),
        ("a/{name}.png", ["a/b/1.png"], set()),
        ("{name}.png", ["._1.png", ".png", "2.png"], {"2"}),
        ("*/{name}.png", ["__MACOSX/._1.png", ".cache/2.png", "x/3.png"], {"3"}),
        (".cache/{name}.png", [".cache/1.png"], {"1"}),
    ],
)
def test_names_are_found_by_their_pattern(
    pattern: str, files: list[str], names: set[str], tmp_path: Path
) -> None:
    """The name may stand anywhere, and several times; wildcards are those of a shell.

    Only images count, whatever the case of their suffix, and none that is hidden.
    """
    touch(tmp_path, *files)
    assert set(SideFiles(tmp_path, pattern).by_name) == names


NAMES = st.text(
    st.characters(exclude_characters="/\\{}\0", exclude_categories=["Cs"]), min_size=1, max_size=20
).filter(lambda name: name not in (".", "..") and len(name.encode()) < 100)


@settings(deadline=None, max_examples=50)
@given(st.sets(NAMES, min_size=1, max_size=4))
def test_every_name_that_a_file_can_have_is_found_again(
    tmp_path_factory: pytest.TempPathFactory, names: set[str]
) -> None:
    """Names may hold special characters of patterns, spaces and line breaks.

    The file of each name is that of the name.
    """
    folder = tmp_path_factory.mktemp("names")
    touch(folder, *(f"a/x{name}.png" for name in names))
    for pattern in ("a/x{name}.png", "a/x{name}.*"):
        found = SideFiles(folder, pattern)
        assert set(found.by_name) == names
        for name in names:
            assert found.path_of(name) == folder / f"a/x{name}.png"


def test_wildcards_stand_for_exactly_one_image(tmp_path: Path) -> None:
    """A pair with no image or with two is refused, with the pattern and the files.

    Files that are no images do not count.
    """
    touch(tmp_path, "a/1.png", "a/1.txt", "a/2.png", "a/2.jpg")
    found = SideFiles(tmp_path, "a/{name}.*")
    assert found.path_of("1") == tmp_path / "a/1.png"
    for name, told in (("2", "found 2: a/2.jpg, a/2.png"), ("3", "found 0")):
        message = f"{tmp_path}/a/{name}.*: must match exactly one image; {told}"
        with pytest.raises(DatasetUnavailable, match=f"{re.escape(message)}$"):
            found.path_of(name)


def test_a_file_that_may_belong_to_two_names_counts_for_both(tmp_path: Path) -> None:
    """``{name}_*`` does not say where the name ends: nothing is chosen by chance."""
    touch(tmp_path, "a/1_ir.png", "a/1_ir_gray.png", "a/2_x_y.png")
    found = SideFiles(tmp_path, "a/{name}_*.png")
    with pytest.raises(DatasetUnavailable, match=r"found 2: a/1_ir\.png, a/1_ir_gray\.png"):
        found.path_of("1")
    assert found.path_of("2") == found.path_of("2_x") == tmp_path / "a/2_x_y.png"


def test_without_wildcards_the_file_is_named_whether_it_is_there_or_not(tmp_path: Path) -> None:
    """The reader of the file reports that it is missing."""
    assert SideFiles(tmp_path, "{name}/{name}.png").path_of("x*") == tmp_path / "x*/x*.png"


def test_the_case_of_the_suffix_is_that_of_the_file(tmp_path: Path) -> None:
    """A suffix in another case is found; the one that is written in the pattern comes first."""
    touch(tmp_path, "a/1.PNG", "a/2.PNG", "a/2.png", "a/3.PNG", "a/3.Png")
    found = SideFiles(tmp_path, "a/{name}.png")
    assert found.path_of("1") == tmp_path / "a/1.PNG"
    assert found.path_of("2") == tmp_path / "a/2.png"
    with pytest.raises(DatasetUnavailable, match=r"found 2: a/3\.PNG, a/3\.Png"):
        found.path_of("3")


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("ir/*.png", "must hold the placeholder {name}; found 'ir/*.png'"),
        (
            "/data/set/ir/{name}.png",
            "must be relative to the folder of the images; found '/data/set/ir/{name}.png'; write"
            ' `folder: /data/set/ir` and `files: "{name}.png"`',
        ),
        ("~/ir/{name}.png", 'write `folder: ~/ir` and `files: "{name}.png"`'),
        ("ir\\{name}.png", "must have '/' between folders"),
        ("ir**/{name}.png", "must have `**` (any depth of folders) alone between two '/'"),
        ("{name}/**", "must have `**` (any depth of folders) alone between two '/'"),
        ("ir/*{name}.png", "must have a fixed text before {name}"),
        ("ir/[z-a]/{name}.png", "must be a pattern as shells have it; found"),
    ],
)
def test_a_pattern_that_cannot_work_is_refused_with_advice(pattern: str, told: str) -> None:
    """The message says what must be, what was found, and what to write."""
    assert told in pattern_problem(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["{name}.*", "*/{name}/IR_*.bmp", "**/{name}.png", "../x/{name}.png", "[iI]r/{name}(*).png"],
)
def test_a_pattern_that_works_is_not_refused(pattern: str) -> None:
    """Wildcards may stand before and behind the name."""
    assert pattern_problem(pattern) == ""
