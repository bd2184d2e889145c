"""``fusebench verify --all``: whatever is damaged is named, and the next run makes it again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fusebench.command import main
from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.markers import Attempts, Manifest, WeightsMarker
from fusebench.contracts.records import FusedImage, Record
from fusebench.datasets.preparation import prepare_dataset
from fusebench.errors import SourceUnavailable, WeightsMissing
from fusebench.hashes import sha256_of_file
from fusebench.images import pixel_sha256, write_png
from fusebench.layout import marker_attempts
from fusebench.measure.runs import measure_dataset, write_rows
from fusebench.sources.changes import refuse_changed_source
from fusebench.sources.repositories import obtain_source
from fusebench.sources.weights import refuse_other_weights

from tests.datasets.made import LOCAL, pixels
from tests.sources.made import commit_files

DATASET = Path("resources/datasets/d")
SOURCE = Path("resources/sources/lab+net@000000000000")
COPY = Path("resources/sources/local+mine@000000000000")
WEIGHTS = Path("resources/weights/m")
RUN = Path("results/runs/m/d")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project that has a clone, a copy, weights, a dataset, a run and its values."""
    monkeypatch.chdir(tmp_path)
    for name in ("p1", "p2"):
        for side, seed in (("a", 1), ("b", 2)):
            write_png(Path("images", side, f"{name}.png"), pixels(seed, 40, 48))
    manifest = prepare_dataset("d", LOCAL, DATASET, Path())
    write_stored(DATASET.with_suffix(".json"), manifest)
    pin = commit_files(Path("code"), {"test.py": "1"})
    write_stored(Path(f"{SOURCE}.json"), obtain_source("code", pin, SOURCE, Path()))
    Path("mine").mkdir()
    Path("mine/test.py").write_text("1")
    write_stored(Path(f"{COPY}.json"), obtain_source("mine", None, COPY, Path()))
    WEIGHTS.mkdir(parents=True)
    (WEIGHTS / "w.pth").write_text("1")
    fetched = {"w.pth": sha256_of_file(WEIGHTS / "w.pth")}
    write_stored(WEIGHTS.with_suffix(".json"), WeightsMarker(path=str(WEIGHTS), sha256=fetched))
    _write_run(manifest)
    return tmp_path


def _write_run(manifest: Manifest) -> None:
    images = []
    for pair in manifest.pairs:
        fused = pixels(9, 40, 48)
        write_png(RUN / "fused" / f"{pair.name}.png", fused)
        sha256 = pixel_sha256(fused)
        images.append(
            FusedImage(
                name=pair.name, size=pair.size, fused=f"{pair.name}.png", mode="gray", sha256=sha256
            )
        )
    record = Record(method="m", dataset="d", state="ok", reason="", images=images)
    write_stored(RUN / "record.json", record)
    rows = measure_dataset(manifest, [RUN / "record.json"], ["EN", "SSIM"], 1)
    write_rows(Path("results/measures/d.csv"), rows)


def truncate(path: Path) -> None:
    """Leave the first half of a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change(path: Path) -> None:
    """Write other content."""
    path.write_text("other")


def change_pixel(path: Path) -> None:
    """Write a whole image whose pixels are others."""
    write_png(path, pixels(5, 40, 48))


def change_digit(path: Path) -> None:
    """Change a digit of the first value."""
    head, first, rest = path.read_text().split("\n", 2)
    cells = first.split(",")
    cells[5] = "9" + cells[5][1:]
    path.write_text("\n".join([head, ",".join(cells), rest]))


DAMAGES: dict[str, tuple[Path, Callable[[Path], object], str]] = {
    "a truncated marker": (DATASET.with_suffix(".json"), truncate, "d.json: must be a whole JSON"),
    "a truncated record": (RUN / "record.json", truncate, "record.json: must be a whole JSON file"),
    "a changed clone": (SOURCE / "test.py", change, "found changes in 1 file(s), first: test.py"),
    "a clone that is gone": (SOURCE, shutil.rmtree, f"{SOURCE} must be a whole clone"),
    "a changed copy": (COPY / "test.py", change, f"its copy {COPY} must have the digest"),
    "changed weights": (WEIGHTS / "w.pth", change, f"{WEIGHTS}/w.pth: must have the sha256"),
    "lost weights": (WEIGHTS / "w.pth", Path.unlink, "found nothing"),
    "a changed prepared image": (
        DATASET / "a/p1.png",
        change_pixel,
        f"{DATASET}/a/p1.png: must be",
    ),
    "a truncated prepared image": (DATASET / "b/p2.png", truncate, f"{DATASET}/b/p2.png: must be"),
    "a lost prepared image": (DATASET / "b/p2.png", Path.unlink, f"{DATASET}/b/p2.png: must be"),
    "a changed fused image": (RUN / "fused/p1.png", change_pixel, f"{RUN}/fused/p1.png: must be"),
    "a truncated fused image": (RUN / "fused/p1.png", truncate, f"{RUN}/fused/p1.png: must be"),
    "a changed value": (Path("results/measures/d.csv"), change_digit, "d.csv: m, p1, EN: must be"),
}


def test_a_whole_project_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The status is 0, and nothing is changed."""
    before = sorted(map(str, Path().rglob("*")))
    assert main(["verify", "--all"]) == 0
    assert capsys.readouterr().out == "everything is as it was written down\n"
    assert sorted(map(str, Path().rglob("*"))) == before


@pytest.mark.parametrize("kind", DAMAGES)
def test_each_damage_is_named(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line names the file, what must be, what was found, and what to do; the status is 1."""
    file, damage, told = DAMAGES[kind]
    damage(file)
    assert main(["verify", "--all"]) == 1
    line, last = capsys.readouterr().out.splitlines()
    assert told in line and "run" in line and last == "1 damaged"


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_changed_prepared_image_is_noticed_when_it_is_measured(side: str) -> None:
    """The next run prepares the dataset again: its attempt number has grown."""
    change_pixel(DATASET / side / "p1.png")
    (RUN / "measures.json").unlink()
    manifest = read_stored(DATASET.with_suffix(".json"), Manifest)
    with pytest.raises(Exception, match=f"{side}/p1.png: must be the image that was prepared"):
        measure_dataset(manifest, [RUN / "record.json"], ["EN"], 1)
    counter = Path(marker_attempts(f"{DATASET}.json"))
    assert read_stored(counter, Attempts) == Attempts(attempts=1, failed=True)


@pytest.mark.parametrize("damage", [truncate, change_pixel])
def test_a_damaged_fused_image_is_made_again(damage: Callable[[Path], object]) -> None:
    """It is noticed when it is measured; without its record the cell counts as lost."""
    damage(RUN / "fused" / "p1.png")
    (RUN / "measures.json").unlink()
    manifest = read_stored(DATASET.with_suffix(".json"), Manifest)
    with pytest.raises(Exception, match=r"p1\.png: must be the image of its record"):
        measure_dataset(manifest, [RUN / "record.json"], ["EN"], 1)
    assert not (RUN / "record.json").exists()


def test_weights_without_a_sha256_in_the_entry_are_held_against_what_was_fetched() -> None:
    """The marker has the sha256 with which they were fetched."""
    marker = read_stored(WEIGHTS.with_suffix(".json"), WeightsMarker)
    refuse_other_weights(marker.sha256, marker)
    with pytest.raises(WeightsMissing, match=r"w\.pth: must be the file that was fetched"):
        refuse_other_weights({"w.pth": "0" * 64}, marker)


def test_an_edited_copy_of_a_local_folder_is_refused() -> None:
    """It would be used under the digest of what was copied."""
    from fusebench.contracts.markers import SourceMarker

    marker = read_stored(Path(f"{COPY}.json"), SourceMarker)
    refuse_changed_source(marker)
    change(COPY / "test.py")
    with pytest.raises(SourceUnavailable, match="it was edited"):
        refuse_changed_source(marker)
