"""A real Slurm on this machine, in a folder of its own, without systemd.

It has two nodes with two simulated GPUs each. To start it from the shell::

    python tests/slurm/cluster.py --folder /tmp/slurm [--accounting]

This prints the two variables that Snakemake and Slurm's commands need, and runs until Ctrl-C. It
works as root or as any user.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

DAEMONS = ("munged", "slurmctld", "slurmd")
ACCOUNTING_DAEMONS = ("mariadbd", "mariadb-install-db", "slurmdbd", "sacctmgr", "sacct")
CLIENTS = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo")
NODES = ("n1", "n2")
GPUS_PER_NODE = 2
CPUS_PER_NODE = 8
MEGABYTES_PER_NODE = 16000
SECONDS_TO_START = 30.0

CONFIGURATION = """\
ClusterName=pretended
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
{accounting}
# Memory is enforced without cgroups: Slurm reads the usage every second and kills a job above its
# limit.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
# Without a database only squeue knows how a job ended; this is for how many seconds.
MinJobAge=900
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
# A refusal at submission is better than a job that waits for ever.
EnforcePartLimits=ALL
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=500
# The nodes claim more than the machine has:
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
SlurmdTimeout=10
InactiveLimit=0
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
MailProg=/bin/true
GresTypes=gpu
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=ALL MaxTime=INFINITE State=UP
"""
NO_ACCOUNTING = "AccountingStorageType=accounting_storage/none"
ACCOUNTING = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={dbd_port}
AccountingStoragePass={folder}/munge.socket
AccountingStorageTRES=gres/gpu
# As on clusters where everybody has an account: a user without one may submit nothing.
AccountingStorageEnforce=associations,limits"""
DATABASE_CONFIGURATION = """\
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={dbd_port}
SlurmUser={user}
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={database_port}
StorageUser=slurm
StoragePass={password}
StorageLoc=slurm_accounting
PidFile={folder}/slurmdbd.pid
LogFile={folder}/slurmdbd.log
"""
ACCOUNT = "fusers"
NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cpus} Boards=1"
    " SocketsPerBoard=1 CoresPerSocket={cpus} ThreadsPerCore=1 RealMemory={memory}"
    " Gres=gpu:pretended:{gpus} State=UNKNOWN"
)


def missing_programs(accounting: bool = False) -> list[str]:
    """Return the programs of Slurm, and of its accounting, that are not installed."""
    wanted = (*DAEMONS, *CLIENTS, *(ACCOUNTING_DAEMONS if accounting else ()))
    return [name for name in wanted if _program(name) is None]


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@dataclass(frozen=True)
class FinishedJob:
    """What Slurm remembers of a finished job.

    Attributes:
        id: the job's number, as text.
        state: COMPLETED, CANCELLED, TIMEOUT ...
        node: where it ran.
        gpus: how many it was given.
        start: seconds since the epoch, whole.
        end: likewise.
    """

    id: str
    state: str
    node: str
    gpus: int
    start: float
    end: float


@dataclass
class Cluster:
    """The daemons of a cluster of simulated nodes, and its folder."""

    folder: Path
    accounting: bool = False
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """The variables of a shell on the submitting machine."""
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}:/usr/sbin:/sbin"
        return {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": path}

    def start(self) -> None:
        """Write the configuration, start the daemons and wait until every node is idle."""
        self._write_configuration()
        munge = (
            "--force",
            f"--key-file={self.folder}/munge.key",
            f"--socket={self.folder}/munge.socket",
        )
        files = [f"--{name}-file={self.folder}/munged.{name}" for name in ("pid", "log", "seed")]
        self._run("munged", "--foreground", "--num-threads=2", *munge, *files)
        self._wait((self.folder / "munge.socket").exists, "munged")
        if self.accounting:
            self._start_accounting()
        self._run("slurmctld", "-D", "-c")
        for node in NODES:
            self.start_node(node)
        self._wait(
            lambda: (
                set(self.ask("sinfo", "-h", "-N", "-o", "%N=%t").split())
                == {f"{n}=idle" for n in NODES}
            ),
            "nodes",
        )

    def _start_accounting(self) -> None:
        """Start a database and slurmdbd, and give this user an account.

        The controller starts after that.
        """
        data, user = self.folder / "database", getpass.getuser()
        install = [
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={data}",
            f"--user={user}",
            "--skip-test-db",
        ]
        subprocess.run([str(_program(install[0])), *install[1:]], check=True, capture_output=True)
        where = (
            f"--datadir={data}",
            f"--socket={self.folder}/database.socket",
            f"--port={self.ports['database']}",
        )
        options = (
            "--bind-address=127.0.0.1",
            f"--user={user}",
            f"--init-file={self.folder}/database.sql",
        )
        self._run("mariadbd", "--no-defaults", *where, *options)
        self._wait((self.folder / "database.socket").exists, "mariadbd")
        self._run("slurmdbd", "-D")
        self._wait(
            lambda: "Cluster" in self.ask("sacctmgr", "-i", "add", "cluster", "pretended"),
            "slurmdbd",
        )
        self.ask("sacctmgr", "-i", "add", "account", ACCOUNT)
        self.ask("sacctmgr", "-i", "add", "user", user, f"account={ACCOUNT}")

    def _write_accounting(self, values: dict[str, Any]) -> None:
        password = secrets.token_hex(16)
        configuration = self.folder / "slurmdbd.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(DATABASE_CONFIGURATION.format(password=password, **values))
        (self.folder / "database.sql").write_text(
            f"CREATE USER IF NOT EXISTS slurm@'127.0.0.1' IDENTIFIED BY '{password}';\n"
            f"CREATE USER IF NOT EXISTS slurm@localhost IDENTIFIED BY '{password}';\n"
            "GRANT ALL ON slurm_accounting.* TO slurm@'127.0.0.1', slurm@localhost;\n"
        )

    def start_node(self, node: str) -> None:
        """Start the daemon of one node."""
        self._run("slurmd", "-D", "-N", node)

    def _write_configuration(self) -> None:
        host, (port, dbd, database, *node_ports) = (
            socket.gethostname().split(".")[0],
            _free_ports(3 + len(NODES)),
        )
        self.ports = {"dbd": dbd, "database": database}
        shape = {
            "host": host,
            "cpus": CPUS_PER_NODE,
            "memory": MEGABYTES_PER_NODE,
            "gpus": GPUS_PER_NODE,
        }
        nodes = [
            NODE.format(name=n, port=p, **shape) for n, p in zip(NODES, node_ports, strict=True)
        ]
        values = {"host": host, "port": port, "user": getpass.getuser(), "folder": self.folder}
        values |= {"dbd_port": dbd, "database_port": database}
        accounting = ACCOUNTING.format(**values) if self.accounting else NO_ACCOUNTING
        for name in ("state", "bin"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "munge.key").write_bytes(secrets.token_bytes(128))
        (self.folder / "munge.key").chmod(0o600)
        nodes_text = "\n".join(nodes)
        (self.folder / "slurm.conf").write_text(
            CONFIGURATION.format(nodes=nodes_text, accounting=accounting, **values)
        )
        if self.accounting:
            self._write_accounting(values)
        for number in range(GPUS_PER_NODE):
            # A plain file would be counted too, but slurmd sets CUDA_VISIBLE_DEVICES for devices
            # only; it follows links.
            (self.folder / f"nvidia{number}").symlink_to("/dev/null")
        gres = f"Name=gpu Type=pretended File={self.folder}/nvidia[0-{GPUS_PER_NODE - 1}]\n"
        (self.folder / "gres.conf").write_text(gres)
        # Snakemake's plugin starts srun without SLURM_CONF. On a real cluster, srun finds the
        # configuration in /etc.
        wrapper = self.folder / "bin" / "srun"
        wrapper.write_text(
            f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {_program("srun")} "$@"\n'
        )
        wrapper.chmod(0o755)

    def _run(self, name: str, *arguments: str) -> None:
        """Start a daemon in the foreground, in a process group of its own.

        A signal to its pid ends it; a signal to the group of this process does not.
        """
        own = f"{name}-{arguments[-1]}" if name == "slurmd" else name
        with (self.folder / f"{own}.out").open("ab") as output:
            self.daemons[own] = subprocess.Popen(
                [str(_program(name)), *arguments],
                env={**os.environ, **self.environ},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait(self, ready: object, what: str, seconds: float = SECONDS_TO_START) -> None:
        assert callable(ready)
        deadline = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{what}: not after {seconds:g} s; see the logs in {self.folder}\n"
                    f"{self._logs()}"
                )
            time.sleep(0.1)

    def _logs(self) -> str:
        return "\n".join(
            f"{path.name}: {path.read_text()[-500:]}" for path in self.folder.glob("*.out")
        )

    def ask(self, *command: str) -> str:
        """Return what one of Slurm's commands prints."""
        environ = {**os.environ, **self.environ}
        done = subprocess.run(
            command, env=environ, capture_output=True, text=True, check=False, timeout=60
        )
        return done.stdout

    def jobs(self, state: str = "") -> list[str]:
        """Return the ids of jobs that wait or run, or of those in one state."""
        return self.ask("squeue", "-h", "-o", "%i", *(("-t", state) if state else ())).split()

    def wait_for(self, state: str, number: int, seconds: float = 60.0) -> list[str]:
        """Wait until at least ``number`` jobs are in a state; return the ids of all in it."""
        self._wait(lambda: len(self.jobs(state)) >= number, f"{number} jobs {state}", seconds)
        return self.jobs(state)

    def processes(self, job: str) -> list[psutil.Process]:
        """Return the slurmstepd processes of a job and everything that they started."""
        steps = [
            p
            for p in psutil.process_iter(["cmdline"])
            if f"slurmstepd: [{job}." in " ".join(p.info["cmdline"] or [])
        ]
        return [*steps, *(child for step in steps for child in step.children(recursive=True))]

    def kill_node(self, node: str, jobs: list[str]) -> None:
        """Let a node die: kill its daemon and all processes of its jobs, and tell Slurm nothing."""
        daemon = self.daemons.pop(f"slurmd-{node}")
        victims = [process for job in jobs for process in self.processes(job)]
        for process in (psutil.Process(daemon.pid), *victims):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        daemon.wait()

    def finished(self) -> list[FinishedJob]:
        """Return what the controller remembers of every job that ended."""
        lines = self.ask("scontrol", "--oneliner", "show", "jobs").splitlines()
        jobs = [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]
        return [
            _finished_job(job)
            for job in jobs
            if job.get("JobState") not in (None, "PENDING", "RUNNING", "COMPLETING")
        ]

    def stop(self) -> None:
        """Cancel the jobs, then end the daemons that were started here."""
        self.ask("scancel", "--user", getpass.getuser())
        deadline = time.monotonic() + 15
        while self.jobs() and time.monotonic() < deadline:
            time.sleep(0.1)
        self._kill_left_over()
        for daemon in reversed(self.daemons.values()):
            daemon.terminate()
            try:
                daemon.wait(timeout=10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self.daemons.clear()

    def _kill_left_over(self) -> None:
        """End processes that a cancelled job started and that Slurm did not end.

        Without cgroups, Slurm finds processes only by their parents.
        """
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                environ = process.environ()
                if (
                    environ.get("SLURM_CONF") == self.environ["SLURM_CONF"]
                    and "SLURM_JOB_ID" in environ
                ):
                    process.kill()


def _finished_job(fields: dict[str, str]) -> FinishedJob:
    start, end = (_seconds(fields[key]) for key in ("StartTime", "EndTime"))
    gpus = fields.get("TresPerJob", "gres:gpu:0").rpartition(":")[2]
    return FinishedJob(
        fields["JobId"], fields["JobState"], fields["NodeList"], int(gpus), start, end
    )


def _seconds(stamp: str) -> float:
    return time.mktime(time.strptime(stamp, "%Y-%m-%dT%H:%M:%S")) if stamp[0].isdigit() else 0.0


@contextlib.contextmanager
def running_cluster(folder: Path, accounting: bool = False) -> Iterator[Cluster]:
    """Start a cluster in an empty folder, and end it whatever happens.

    A SIGTERM to this process ends it too.
    """
    cluster = Cluster(folder, accounting)
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        signal.signal(signal.SIGTERM, before)


def main() -> None:
    """Run a cluster until it is interrupted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--folder",
        type=Path,
        required=True,
        help="folder of the cluster; it is created, and stays afterwards for its logs",
    )
    parser.add_argument("--accounting", action="store_true", help="with a database and slurmdbd")
    options = parser.parse_args()
    with running_cluster(options.folder.resolve(), options.accounting) as cluster:
        print("export", *(f"{name}={value}" for name, value in cluster.environ.items()), flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
