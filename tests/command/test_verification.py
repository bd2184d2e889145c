"""`fusebench verified` and `fusebench pin` write what a run confirms, and refuse the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from fusebench.command import main
from fusebench.contracts.files import read_stored, write_stored
from fusebench.contracts.markers import WeightsMarker
from fusebench.contracts.methods import Verified
from fusebench.contracts.records import Clock, FusedImage, Record, SourceFacts
from fusebench.files import write_text
from fusebench.hashes import sha256_of_file, sha256_of_json
from fusebench.images import pixel_sha256, write_png
from fusebench.planning.cells import cell_spec
from fusebench.registry.loading import load_registry
from msgspec import UNSET, to_builtins
from msgspec.structs import replace

COMMIT = "0123456789abcdef0123456789abcdef01234567"
RUN = {
    "script": "s.py",
    "stage": {"a": "a/{name}.png", "b": "b/{name}.png"},
    "collect": "o/{name}.png",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one published method, a variant that merges it, and a dataset.

    The first method has a good record.
    """
    (tmp_path / "envs" / "classical").mkdir(parents=True)
    (tmp_path / "config").mkdir()
    sides = {side: {"files": f"{side}/{{name}}.png"} for side in ("a", "b")}
    dataset = {
        "title": "D",
        "task": "infrared-visible",
        "kind": "local",
        "folder": "d",
        "pairs": ["p", "q"],
        **sides,
    }
    write_yaml(tmp_path / "datasets.yaml", {"pairs": dataset, "more": dataset})
    suite = {"methods": ["m"], "datasets": ["pairs"]}
    write_yaml(
        tmp_path / "config" / "config.yaml", {"suite": "s", "suites": {"s": suite}, "device": "cpu"}
    )
    (tmp_path / "methods.yaml").write_text(
        "m: &m\n  title: M\n  tasks: [infrared-visible]\n  code: https://github.com/o/m\n"
        f"  commit: {COMMIT!r}\n  env: classical\n  weights:\n    - path: w.pth\n"
        f"      url: https://example.org/w.pth\n  run: {json.dumps(RUN)}\n"
        "\nvariant:\n  <<: *m\n  title: V\n  run: " + json.dumps({**RUN, "seed": 1}) + "\n"
    )
    write_record(tmp_path, "pairs", ["p", "q"])
    return tmp_path


def write_yaml(path: Path, content: dict[str, Any]) -> None:
    """Write a YAML file in the order of its keys, without anchors."""
    path.write_text(yaml.safe_dump(json.loads(json.dumps(content)), sort_keys=False))


def write_record(project: Path, dataset: str, pairs: list[str], **changes: Any) -> Path:
    """Write the record of a run of m on a dataset, with its fused images."""
    registry = load_registry(project)
    images_of = registry.datasets[dataset].images
    spec = to_builtins(cell_spec(registry.methods["m"], images_of, registry.config, "cpu"))
    folder = project / "results" / "runs" / "m" / dataset
    images = []
    for seed, name in enumerate(pairs):
        pixels = np.random.default_rng(seed).integers(0, 256, (4, 5), dtype=np.uint8)
        write_png(folder / "fused" / f"{name}.png", pixels)
        images.append(
            FusedImage(
                name=name,
                size=(5, 4),
                fused=f"{name}.png",
                mode="gray",
                sha256=pixel_sha256(pixels),
            )
        )
    record = Record(
        method="m",
        dataset=dataset,
        state="ok",
        reason="",
        spec=sha256_of_json(spec),
        started="2026-02-03T04:05:06+00:00",
        device="cpu",
        clock=Clock(device_name="some processor"),
        source=SourceFacts(commit=COMMIT),
        images=images,
    )
    write_stored(folder / "record.json", replace(record, **changes))
    return folder


def verified(project: Path, *arguments: str) -> int:
    """Run the command on the project."""
    return main(["verified", *arguments, "--project", str(project)])


def test_facts_of_a_good_record_are_written(project: Path) -> None:
    """Date, device, dataset and image hash are written, and the registry stays valid."""
    assert verified(project, "m") == 0
    fact = load_registry(project).methods["m"].verified
    images = read_stored(project / "results/runs/m/pairs/record.json", Record).images
    expected = sha256_of_json([["p", images[0].sha256], ["q", images[1].sha256]])
    assert fact == Verified(
        date="2026-02-03", device="cpu", dataset="pairs", outputs_sha256=expected
    )


def test_further_datasets_are_others(project: Path) -> None:
    """The largest dataset is named first, the others follow with their hashes."""
    write_record(project, "more", ["p"])
    assert verified(project, "m") == 0
    fact = load_registry(project).methods["m"].verified
    assert fact is not None
    assert (fact.dataset, list(fact.others or {})) == ("pairs", ["more"])


def test_verification_is_not_inherited(project: Path) -> None:
    """A variant that merges a verified entry is not verified by it."""
    assert verified(project, "m") == 0
    assert load_registry(project).methods["variant"].verified is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"state": "crashed", "reason": "boom"}, "must have ended well; found crashed: boom"),
        ({"spec": "0" * 64}, "was run from another entry than today's"),
        ({"source": SourceFacts(commit="f" * 40)}, "was run at another commit"),
    ],
)
def test_record_that_bears_nothing_out_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], message: str
) -> None:
    """A run that failed, or whose entry has changed since then, verifies nothing."""
    before = (project / "methods.yaml").read_text()
    write_record(project, "pairs", ["p", "q"], **changes)
    assert verified(project, "m") == 1
    assert message in capsys.readouterr().err
    assert (project / "methods.yaml").read_text() == before


def test_changed_image_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An image on disk that differs from the record is refused, with its path in the message."""
    path = project / "results/runs/m/pairs/fused/q.png"
    write_png(path, np.arange(20, dtype=np.uint8).reshape(4, 5))
    assert verified(project, "m") == 1
    assert f"{path} must be the fused image of the record" in capsys.readouterr().err


def test_method_without_a_run_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A method that was never run cannot be called verified."""
    assert verified(project, "variant") == 1
    assert "must have a record" in capsys.readouterr().err


def test_fields_for_an_unknown_dataset_are_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown dataset below `per_dataset` is refused, with the nearest known name."""
    text = (project / "methods.yaml").read_text()
    run = json.dumps({**RUN, "per_dataset": {"pears": {"seed": 2}}})
    (project / "methods.yaml").write_text(text.replace(json.dumps(RUN), run))
    assert main(["check", "--project", str(project)]) == 1
    assert "unknown dataset 'pears' (did you mean 'pairs'?)" in capsys.readouterr().err


def test_first_download_is_pinned(project: Path) -> None:
    """The hash of a fetched file goes into its entry; the second time nothing is left to pin."""
    file = project / "resources/weights/m/w.pth"
    write_text(file, "weights")
    digest = sha256_of_file(file)
    write_stored(project / "resources/weights/m.json", WeightsMarker(sha256={"w.pth": digest}))
    assert main(["pin", "m", "--project", str(project)]) == 0
    text = (project / "methods.yaml").read_text()
    assert load_registry(project).methods["m"].weights[0].sha256 == digest
    assert main(["pin", "m", "--project", str(project)]) == 0
    assert (project / "methods.yaml").read_text() == text


def test_pin_refuses_what_was_not_fetched(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a good marker there is nothing to pin."""
    assert main(["pin", "m", "--project", str(project)]) == 1
    assert "must be the marker of a success; found none: it was not run" in capsys.readouterr().err
    failed = WeightsMarker(state="weights-missing", reason="the link is dead")
    write_stored(project / "resources/weights/m.json", failed)
    assert main(["pin", "m", "--project", str(project)]) == 1
    told = "must be the marker of a success; found weights-missing: the link is dead"
    assert told in capsys.readouterr().err


def test_a_method_without_weights_is_written_as_tried(project: Path) -> None:
    """A run that got as far as asking for its missing weights is written as ``tried``.

    The method stays unverified.
    """
    write_record(
        project, "pairs", [], state="weights-missing", reason="w.pth: absent", reached_weights=True
    )
    assert verified(project, "m") == 0
    entry = yaml.safe_load((project / "methods.yaml").read_text())["m"]
    assert entry["tried"] == {
        "date": "2026-02-03",
        "device": "cpu",
        "dataset": "pairs",
        "reached": "weights",
    }
    assert "verified" not in entry


def test_a_dataset_that_was_asked_for_must_be_good(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failed dataset is left out, but is refused where it was asked for by name."""
    write_record(project, "more", ["p"], state="timeout", reason="too slow")
    assert verified(project, "m", "--dataset", "pairs", "--dataset", "more") == 1
    assert "m on more: must have ended well; found timeout: too slow" in capsys.readouterr().err
    assert verified(project, "m") == 0
    fact = load_registry(project).methods["m"].verified
    assert fact is not None and (fact.dataset, fact.others) == ("pairs", UNSET)


def test_datasets_are_named_in_the_order_asked_for(project: Path) -> None:
    """The entry names the first ``--dataset``, although another one is larger."""
    write_record(project, "more", ["p"])
    assert verified(project, "m", "--dataset", "more", "--dataset", "pairs") == 0
    fact = load_registry(project).methods["m"].verified
    assert fact is not None and (fact.dataset, list(fact.others or {})) == ("more", ["pairs"])


def test_a_damaged_record_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A record that was cut off verifies nothing.

    The message has its path and what to do, and no traceback.
    """
    path = project / "results/runs/m/pairs/record.json"
    path.write_text(path.read_text()[:40])
    assert verified(project, "m") == 1
    told = capsys.readouterr().err
    assert f"{path}: must be a whole JSON file" in told and "run snakemake again" in told


def test_an_image_that_is_gone_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message about a deleted fused image has its path and what to do."""
    path = project / "results/runs/m/pairs/fused/q.png"
    path.unlink()
    assert verified(project, "m") == 1
    told = capsys.readouterr().err
    assert f"{path} must be the fused image of the record" in told and "run it again" in told


def test_a_dataset_that_was_never_run_is_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dataset asked for by name that was never run is refused, with the path of its record."""
    assert verified(project, "m", "--dataset", "more") == 1
    path = project / "results/runs/m/more/record.json"
    assert f"m on more: must have been run; found no {path}" in capsys.readouterr().err
