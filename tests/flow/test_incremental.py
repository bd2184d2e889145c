"""What changed is run again, and nothing else."""

from __future__ import annotations

import os
import shutil

import cv2

from tests.flow.projects import MiniProject, image
from tests.flow.test_wiring import ARGPARSE, BY_OPTIONS


def fused_again(project: MiniProject) -> tuple[list[str], dict[str, int]]:
    """Run again; return the methods whose records changed, and the number of jobs of each rule."""
    before = {
        name: project.record(name)["started"] + str(project.record(name)["seconds"])
        for name in ("one", "two")
    }
    done = project.snakemake()
    assert done.returncode == 0, done.stderr[-3000:]
    after = {
        name: project.record(name)["started"] + str(project.record(name)["seconds"])
        for name in before
    }
    return [name for name in before if before[name] != after[name]], project.jobs(done)


def test_a_title_reruns_nothing(ran: MiniProject) -> None:
    """Correcting title, paper, licence or notes runs no job at all."""
    ran.methods["one"].update(
        title="Another title", paper={"venue": "Elsewhere", "year": 2020}, licence="MIT", notes="x"
    )
    assert fused_again(ran) == ([], {})


def test_a_commit_reruns_its_method_and_the_tables(ran: MiniProject) -> None:
    """Another commit of one method reruns that method's chain and the tables."""
    ran.methods["one"]["commit"] = ran.publish(
        "one", {"test.py": ARGPARSE + "\n# a later version\n"}
    )
    methods, jobs = fused_again(ran)
    assert methods == ["one"]
    assert (jobs["obtain_source"], jobs["fuse"], jobs["measure"]) == (1, 1, 1)
    assert "build_environment" not in jobs and "prepare_dataset" not in jobs
    assert ran.record("one")["source"]["commit"] == ran.methods["one"]["commit"]


def test_arguments_rerun_their_method(ran: MiniProject) -> None:
    """Other arguments of one method rerun that method without cloning it again."""
    ran.methods["two"]["run"] = {**BY_OPTIONS, "args": "--ir in/b --vis in/a --out {out}"}
    methods, jobs = fused_again(ran)
    assert methods == ["two"] and jobs["fuse"] == 1 and "obtain_source" not in jobs


def test_a_new_method_runs_alone(ran: MiniProject) -> None:
    """Adding a method runs only it, and the tables."""
    ran.add_method("three", {"test.py": ARGPARSE}, BY_OPTIONS)
    methods, jobs = fused_again(ran)
    assert methods == [] and jobs["fuse"] == 1
    assert {row["method"] for row in ran.table("tables/mini/pairs.csv")} == {"one", "two", "three"}


def test_a_changed_image_reruns_its_dataset(ran: MiniProject) -> None:
    """A changed image of a local dataset prepares it again and reruns its cells."""
    cv2.imwrite(str(ran.root / "images" / "pairs" / "a" / "p1.png"), image(77))
    methods, jobs = fused_again(ran)
    assert (
        methods == ["one", "two"] and jobs["prepare_dataset"] == 1 and "obtain_source" not in jobs
    )


def test_an_image_replaced_by_an_older_one_reruns_its_dataset(ran: MiniProject) -> None:
    """The time of a file does not decide: ``rsync -t``, ``cp -p`` and ``unzip`` set it back."""
    path = ran.root / "images" / "pairs" / "a" / "p1.png"
    before = ran.table("tables/mini/pairs.csv")
    cv2.imwrite(str(path), image(77))
    os.utime(path, (1, 1))
    methods, jobs = fused_again(ran)
    assert methods == ["one", "two"] and jobs["prepare_dataset"] == 1 and jobs["measure"] == 1
    assert ran.table("tables/mini/pairs.csv") != before
    assert fused_again(ran) == ([], {})


def test_images_that_are_only_copied_rerun_nothing(ran: MiniProject) -> None:
    """New times and inodes of the same content are no change."""
    folder = ran.root / "images" / "pairs"
    shutil.copytree(folder, folder.with_name("copy"), copy_function=shutil.copyfile)
    shutil.rmtree(folder)
    folder.with_name("copy").rename(folder)
    assert fused_again(ran) == ([], {})


def test_another_metric_measures_without_fusing(ran: MiniProject) -> None:
    """Asking for one more metric measures it, and fuses nothing."""
    ran.config["suites"]["mini"]["metrics"].append("SD")
    methods, jobs = fused_again(ran)
    assert methods == [] and jobs["measure"] == 1 and "fuse" not in jobs
    assert "SD" in ran.table("tables/mini/pairs.csv")[0]


def test_a_protocol_is_measured_under_its_own_name(ran: MiniProject) -> None:
    """A metric with another colour protocol is a definition of its own.

    It has its own name in the long file and in the tables.
    """
    ran.config["suites"]["mini"]["metrics"].append("SSIM+rgb-mean")
    fused_again(ran)
    rows = [row for row in ran.table("measures.csv") if row["definition"] not in ("", "canonical")]
    assert len(rows) == 6 and all(row["metric"] == "SSIM" and float(row["value"]) for row in rows)
    assert "SSIM+rgb-mean" in ran.table("tables/mini/pairs.csv")[0]


def test_rows_stand_in_the_order_of_the_suite(ran: MiniProject) -> None:
    """The rows of a table follow the suite's list of methods, not the alphabet.

    Another order of the list runs no method.
    """
    ran.config["suites"]["mini"]["methods"] = ["two", "one"]
    methods, jobs = fused_again(ran)
    assert methods == [] and "fuse" not in jobs
    assert [row["method"] for row in ran.table("tables/mini/pairs.csv")] == ["two", "one"]


def test_an_edited_clone_is_refused(ran: MiniProject) -> None:
    """A clone that somebody edited is not run."""
    clone = next(
        path for path in (ran.root / "resources" / "sources").glob("mini+one@*") if path.is_dir()
    )
    (clone / "test.py").write_text("print('edited')\n")
    ran.methods["one"]["run"] = {**BY_OPTIONS, "seed": 1}
    done = ran.snakemake()
    assert done.returncode != 0
    assert ran.record("one")["state"] == "source-unavailable"
    assert "test.py" in ran.record("one")["reason"]


def test_a_method_may_be_a_local_folder(ran: MiniProject) -> None:
    """An unpublished method may be a local folder; editing a file in it reruns the method."""
    folder = ran.root / "my-method"
    folder.mkdir()
    (folder / "test.py").write_text(ARGPARSE)
    ran.add_method("mine", {"unused": "x"}, BY_OPTIONS)
    ran.methods["mine"]["code"] = "my-method"
    del ran.methods["mine"]["commit"]
    assert fused_again(ran)[1]["fuse"] == 1
    (folder / "test.py").write_text(ARGPARSE + "\n# better\n")
    assert fused_again(ran)[1]["fuse"] == 1
