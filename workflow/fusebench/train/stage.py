"""The scratch folder of a training, and how the script is started in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fusebench.contracts.harness import HarnessJob
from fusebench.contracts.jobs.training import TrainJob
from fusebench.fuse.devices import Device
from fusebench.fuse.launching import Launch, launch
from fusebench.fuse.staging import copy_repository
from fusebench.project import locate
from fusebench.registry.placeholders import Values, fill_arguments, filled_edits
from fusebench.sources.weights import place_weights
from fusebench.train.inputs import Inputs, Order
from fusebench.train.staging import add_files, stage_images


@dataclass
class Stage:
    """The scratch folder of a training.

    Attributes:
        job: what is trained.
        scratch: holds all the others.
        device: that it runs on.
    """

    job: TrainJob
    scratch: Path
    device: Device

    @property
    def work(self) -> Path:
        """The scratch copy of the repository."""
        return self.scratch / "work"

    @property
    def values(self) -> Values:
        """The placeholders of arguments, edits and added files."""
        return {
            "work": self.work,
            "out": self.scratch / "out",
            "seed": self.job.seed,
            "device": self.device.kind,
            "modality_a": self.job.test.modalities[0],
            "modality_b": self.job.test.modalities[1],
        }

    def prepare(self, inputs: Inputs, root: Path) -> dict[str, str]:
        """Make the scratch copy; return path -> sha256 of the pretrained parts."""
        spec = self.job.spec
        edits = filled_edits(spec.edit, self.values)
        copy_repository(Path(inputs.source.path), self.work, spec.unpack, edits)
        (self.scratch / "out").mkdir()
        texts = {target: locate(root, file) for target, file in self.job.texts.items()}
        add_files(texts, self.work, self.values)
        stage_images(inputs.images(self.job), self.work, self.values)
        fetched = Path(inputs.fetched.path) if inputs.fetched else None
        return place_weights(spec.pretrained, fetched, self.work, inputs.source.absent)

    def start(
        self, arguments: str, seconds: float, inputs: Inputs, order: Order, log: IO[str]
    ) -> Launch:
        """Run the training script.

        Args:
            arguments: as on a command line, with placeholders.
            seconds: the time limit.
            inputs: for the environment.
            order: for the sandbox.
            log: receives what the script prints.

        Raises:
            TimedOut: the time limit was reached.
        """
        environ = {
            "CUDA_VISIBLE_DEVICES": self.device.visible,
            "PYTHONHASHSEED": str(self.job.seed),
            **self.job.spec.environ,
        }
        python = Path(inputs.environment.path, "bin", "python").absolute()
        root = order.root.resolve()
        job = self._harness_job(arguments)
        return launch(job, python, self.scratch, log, seconds, environ, order.policy, root)

    def _harness_job(self, arguments: str) -> HarnessJob:
        spec = self.job.spec
        edits = filled_edits(spec.edit, self.values)
        return HarnessJob(
            script=os.path.relpath(self.work / spec.script, self.work / spec.cwd),
            args=fill_arguments(arguments, self.values),
            root=str(self.work),
            cwd=str(self.work / spec.cwd),
            device=self.device.kind,
            threads=spec.threads,
            seed=self.job.seed,
            edits={file: pairs for file, pairs in edits.items() if file.endswith(".py")},
            compat=spec.compat,
            weights=[str(self.work / item.path) for item in spec.pretrained],
            flops=False,
            training=True,
            report=str(self.scratch / "launch.json"),
        )
