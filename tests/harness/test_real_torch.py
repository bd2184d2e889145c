"""The launcher on real torch: redirection, timing and counting change no bit of a result.

Interpreters are those of ``FUSEBENCH_TEST_TORCH_PYTHON`` (paths, separated like PATH) and of
``resources/envs``.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.harness.conftest import HARNESS, Stage

REPOSITORY = Path(__file__).parents[2]


def interpreters() -> list[Path | None]:
    """Return the named interpreters, else the first built environment with torch, else none."""
    named = os.environ.get("FUSEBENCH_TEST_TORCH_PYTHON", "").split(os.pathsep)
    built = sorted(
        (REPOSITORY / "resources" / "envs").glob("*/lib/python*/site-packages/torch/version.py")
    )
    return (
        [Path(path) for path in named if path]
        or [path.parents[4] / "bin" / "python" for path in built[:1]]
        or [None]
    )


@pytest.fixture(params=interpreters(), ids=lambda path: "none" if path is None else path.parts[-3])
def real_stage(request: pytest.FixtureRequest, stage: Stage) -> Stage:
    """A clone run by an interpreter that has torch."""
    if request.param is None:
        pytest.skip(
            "no interpreter with torch: set FUSEBENCH_TEST_TORCH_PYTHON, or build an environment"
        )
    stage.python = request.param
    stage.environ["OMP_NUM_THREADS"] = "1"
    return stage


NET = """
import hashlib, sys
import torch
from torch import nn

class Sobel(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, 1, 3, 3), requires_grad=False)DEVICE
    def forward(self, x):
        return nn.functional.conv2d(x, self.weight, padding=1)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
                                  nn.Conv2d(8, 1, 3, padding=1))
        self.sobel = Sobel()
    def forward(self, x):
        y = self.body(x) + 0.1 * self.sobel(x)
        return torch.matmul(y, y.transpose(2, 3)).softmax(-1)
"""

FUSE = """
torch.manual_seed(3)
net = Net()DEVICE
torch.save(net.state_dict(), "w.pth")
net.load_state_dict(torch.load("w.pth"))
net.eval()
with torch.no_grad():
    for i in range(3):
        x = torch.rand(1, 1, 32, 40)DEVICE
        y = net(x)
        open("%d.txt" % i, "w").write(hashlib.sha256(y.cpu().numpy().tobytes()).hexdigest())
"""


def results(stage: Stage) -> list[str]:
    """The hashes that the script wrote; the files are removed."""
    files = sorted(stage.root.glob("?.txt"))
    texts = [file.read_text() for file in files]
    for file in files:
        file.unlink()
    return texts


def test_results_are_those_of_a_bare_run_to_the_bit(real_stage: Stage) -> None:
    """Results are those of plain CPU code, bit for bit.

    CUDA calls are redirected, calls are timed and the first image is counted.
    """
    real_stage.write("script.py", (NET + FUSE).replace("DEVICE", ""))
    bare = real_stage.bare()
    assert bare.returncode == 0, bare.stderr
    expected = results(real_stage)
    real_stage.write("script.py", (NET + FUSE).replace("DEVICE", ".cuda()"))
    run = real_stage.launch(outputs=["0.txt", "1.txt", "2.txt"], warmup=1)
    assert run.returncode == 0, run.stderr
    assert results(real_stage) == expected
    assert len(set(expected)) == 3
    report = run.report
    assert report["parameters"] == 1 * 8 * 9 + 8 + 16 + 8 * 9 + 1
    assert report["modules_called"] == {"Net": 3}
    assert [image["calls"] for image in report["images"].values()] == [1, 1, 1]
    assert report["shims"] == {
        "cuda-to-cpu:Tensor.cuda": 4,
        "cuda-to-cpu:Module.cuda": 1,
        "cuda-to-cpu:torch.load": 1,
    }


def test_operations_are_counted_as_torch_counts_them(real_stage: Stage) -> None:
    """The count is that of ``FlopCounterMode``; an old torch says that it is incomplete."""
    real_stage.write("script.py", (NET + FUSE).replace("DEVICE", ""))
    report = real_stage.launch(outputs=["0.txt", "1.txt", "2.txt"], warmup=1).report
    if report["flops_reason"]:
        assert report["flops"] > 0
        assert "no formulas" in report["flops_reason"]
        pytest.skip(report["flops_reason"])
    real_stage.write(
        "count.py",
        (
            NET
            + "from torch.utils.flop_counter import FlopCounterMode\nx = torch.rand(1, 1, 32, 40)\n"
            "with torch.no_grad(), FlopCounterMode(display=False) as c:\n    Net().eval()(x)\n"
            "print(c.get_total_flops())\n"
        ).replace("DEVICE", ""),
    )
    counted = subprocess.run(
        [real_stage.python, "count.py"], cwd=real_stage.root, capture_output=True, check=True
    )
    assert report["flops"] == int(counted.stdout)


EVERYTHING = """
import torch
from torch import nn
cuda, dev = "cuda", torch.device("cuda:0")
cpu = torch.device("cpu")
a = torch.rand(2, 3)
made = [torch.zeros(2, device=cuda), torch.ones(2, device=dev), torch.full((2,), 1.0, device=0),
        torch.arange(3, device=cuda), torch.tensor([1.0], device=cuda),
        torch.as_tensor([1.0], device=dev), torch.randn(2, device=cuda),
        torch.zeros_like(a, device=cuda), a.new_zeros(2, device=cuda),
        a.new_tensor([1.0], device=dev), torch.eye(2, device=cuda),
        torch.linspace(0, 1, 3, device=cuda), torch.empty(1, device=cuda),
        torch.cuda.FloatTensor(2, 3), torch.cuda.FloatTensor([1.0]), a.type(torch.cuda.FloatTensor),
        a.type("torch.cuda.DoubleTensor"), a.cuda(non_blocking=True), a.to(dev, torch.float64),
        a.to(device=cuda), a.to(0), a.pin_memory(), nn.Conv2d(1, 1, 3).to(cuda).weight,
        nn.Linear(2, 2).cuda(0).bias]
assert all(one.device == cpu for one in made)
assert made[18].dtype == torch.float64 and made[16].dtype == torch.float64
assert type(nn.Parameter(a).cuda()) is torch.Tensor
b = a.clone()
b.cuda().mul_(0)
b.to(cuda).mul_(0)
assert torch.equal(a, b)
p = nn.Parameter(torch.ones(2))
(p.cuda() * 2).sum().backward()
assert p.grad.tolist() == [2.0, 2.0]
assert isinstance(a, torch.cuda.FloatTensor)
net = nn.DataParallel(nn.Conv2d(1, 2, 3)).cuda()
assert list(net.state_dict()) == ["module.weight", "module.bias"]
assert net(torch.rand(1, 1, 5, 5)).shape == (1, 2, 3, 3)
whole = nn.DataParallel(nn.Conv2d(1, 2, 3), device_ids=[0, 1])
whole(torch.rand(1, 1, 5, 5))
torch.save({"model": net.state_dict()}, "w.pth")
for where in (None, "cuda", "cuda:1", dev, {"cuda:0": "cuda:1"}, lambda storage, location: storage,
              lambda storage, location: storage.cuda(0)):
    assert torch.load("w.pth", map_location=where)["model"]["module.bias"].device == cpu
torch.cuda.synchronize(); torch.cuda.set_device(0); torch.cuda.empty_cache()
torch.cuda.manual_seed_all(1); torch.cuda.manual_seed(1); torch.cuda.current_device()
torch.cuda.get_device_name(0); torch.cuda.max_memory_allocated()
start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
start.record(); end.record(); torch.cuda.synchronize()
assert start.elapsed_time(end) >= 0
with torch.cuda.device(0), torch.cuda.stream(torch.cuda.Stream()):
    pass
torch.backends.cudnn.benchmark = True
torch.backends.cudnn.deterministic = True
if hasattr(torch.cuda, "amp"):
    with torch.cuda.amp.autocast():
        assert net(torch.rand(1, 1, 5, 5)).dtype == torch.float32
    torch.cuda.amp.GradScaler()
torch.Generator(device=cuda).manual_seed(4)
torch.rand(2, generator=torch.Generator().manual_seed(1))

@torch.jit.script
def scripted(x):
    made = torch.zeros(2, device=x.device) + torch.arange(2, device=x.device)
    return made + torch.rand_like(x) * 0 + x

assert scripted(torch.ones(2)).tolist() == [1.0, 2.0]
traced = torch.jit.trace(nn.Conv2d(1, 2, 3).cuda().eval(), torch.rand(1, 1, 5, 5).cuda())
torch.jit.save(traced, "t.pt")
loaded = torch.jit.load("t.pt", map_location="cuda").cuda()
assert loaded(torch.rand(1, 1, 5, 5)).shape == (1, 2, 3, 3)
if hasattr(torch, "set_default_device"):
    with torch.device("cuda"):
        assert torch.zeros(2).device == cpu
    torch.set_default_device("cuda")
    assert torch.zeros(2).device == cpu
    torch.set_default_device("cpu")
torch.set_default_tensor_type("torch.cuda.FloatTensor")
assert torch.rand(2).device == cpu
assert not torch.cuda.is_available() or PRETEND
print("all of it")
"""


@pytest.mark.parametrize("pretend", [False, True])
def test_every_way_of_asking_for_cuda(real_stage: Stage, pretend: bool) -> None:
    """Every way of asking for CUDA ends on the CPU.

    Tensors, factories, modules, checkpoints, streams, autocast and TorchScript are tested.
    """
    real_stage.write("script.py", EVERYTHING.replace("PRETEND", str(pretend)))
    run = real_stage.launch(compat=["pretend-cuda"] if pretend else [])
    assert run.stdout == "all of it\n", run.stderr
    assert run.report["shims"]["cuda-to-cpu:torch.load"] == 5


LOADER = """
import torch
from torch.utils.data import DataLoader, Dataset

class Pairs(Dataset):
    def __len__(self):
        return 4
    def __getitem__(self, i):
        return torch.full((2, 2), float(i)).cuda(), torch.rand(1)

if __name__ == "__main__":
    import sys
    loader = DataLoader(
        Pairs(), num_workers=2, pin_memory=True, multiprocessing_context=sys.argv[1])
    net = torch.nn.Conv1d(2, 1, 1)DEVICE
    for i, (x, noise) in enumerate(loader):
        x = xDEVICE
        net(x)
        open("%d.txt" % i, "w").write("%g" % x.sum())
"""


@pytest.mark.parametrize(("method", "pretend"), [("fork", True), ("spawn", False)])
def test_loaders_with_workers(real_stage: Stage, method: str, pretend: bool) -> None:
    """Workers are hooked, forked or spawned, and their redirections are counted.

    Images are timed in the script.
    """
    real_stage.write("script.py", LOADER.replace("DEVICE", ".cuda()"))
    run = real_stage.launch(
        args=[method],
        outputs=[f"{i}.txt" for i in range(4)],
        compat=["pretend-cuda"] if pretend else [],
    )
    assert run.returncode == 0, run.stderr
    assert results(real_stage) == ["0", "4", "8", "12"]
    assert run.report["shims"]["cuda-to-cpu:Tensor.cuda"] == 8
    assert [image["calls"] for image in run.report["images"].values()] == [1] * 4


def test_preparing_and_judging_modules_are_no_model(real_stage: Stage) -> None:
    """Losses are not timed as the model."""
    real_stage.write(
        "script.py",
        "import torch\ntorch.nn.L1Loss()(torch.ones(2), torch.ones(2))\n"
        "torch.nn.ReLU()(torch.ones(1))\n",
    )
    assert real_stage.launch().report["modules_called"] == {"ReLU": 1}


LOADING = """
import torch
from torch import nn

class Fused(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)
    def forward(self, x):
        return torch.relu(self.conv(x)) + 1

net = Fused()
"""
ASSIGNED = """
try:
    net.load_state_dict(Fused().state_dict(), assign=True)
except TypeError:  # before torch 2.1
    net.load_state_dict(Fused().state_dict())
"""
UNPICKLED = """
class Harmless:
    def __init__(self):
        self.weight = torch.zeros(1)
torch.save({"net": Harmless()}, "w.pth")
try:
    net.load_state_dict(torch.load("w.pth", weights_only=True)["net"])
except Exception:
    pass
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("net.load_state_dict(Fused().state_dict())", ""),
        (ASSIGNED, ""),
        (
            "net.load_state_dict({'module.' + k: v for k, v in net.state_dict().items()}, False)",
            "loading changed no parameter of Fused: it may be untrained",
        ),
        (
            "net.load_state_dict({'conv.bias': torch.zeros(1)}, strict=False)",
            "loading left 1 of 2 parameters of Fused as they were",
        ),
        (UNPICKLED, "torch.load(w.pth) failed and the script went on: UnpicklingError: "),
    ],
)
def test_what_loading_changed_is_told(real_stage: Stage, text: str, told: str) -> None:
    """Torch itself counts the changes of parameters, and says which file it refuses."""
    real_stage.write("script.py", LOADING + text)
    run = real_stage.launch()
    assert run.returncode == 0, run.stderr
    assert [note[: len(told)] for note in run.report["notes"]] == ([told] if told else [])


def test_a_forward_that_the_script_calls_itself(real_stage: Stage) -> None:
    """It is timed from the second image on, and its parameters are counted."""
    real_stage.write(
        "script.py",
        LOADING + "for i in (1, 2, 3):\n    with torch.no_grad():\n"
        "        y = net.forward(torch.ones(1, 1, 64, 64))\n    open(f'{i}.txt', 'w').close()\n",
    )
    report = real_stage.launch(outputs=["1.txt", "2.txt", "3.txt"], warmup=1).report
    first, second, third = (image["model_seconds"] for image in report["images"].values())
    assert first is None and second > 0 and third > 0
    assert report["parameters"] == 10 and report["flops"] is None
    assert report["modules_called"] == {"Conv2d": 1, "Fused": 2}


MAMBA = """
import numpy as np
import torch
from causal_conv1d import causal_conv1d_fn
from mamba_ssm.ops import selective_scan_interface as scan

rng = np.random.default_rng(0)
BATCH, CHANNELS, LENGTH, STATES, RANK = 2, 6, 300, 4, 3

def draw(*shape):
    return rng.normal(0, 1, shape).astype("float32")

def torched(*arrays):
    return [None if array is None else torch.from_numpy(array) for array in arrays]

def softplus(x):
    return np.log1p(np.exp(x))

def silu(x):
    return x / (1 + np.exp(-x))

def recurrence(u, delta, A, B, C, D=None, z=None, bias=None):
    # the definition, in float64: h' = exp(delta A) h + delta B u, y = C h + D u
    u, delta, A, B, C = (array.astype("float64") for array in (u, delta, A, B, C))
    delta = softplus(delta + (0 if bias is None else bias[:, None]))
    B, C = (x[:, None] if x.ndim == 3 else x for x in (B, C))
    B, C = (np.repeat(x, CHANNELS // x.shape[1], axis=1) for x in (B, C))
    state, y = np.zeros((BATCH, CHANNELS, STATES)), np.zeros(u.shape)
    for i in range(u.shape[2]):
        state = np.exp(delta[:, :, i, None] * A) * state
        state = state + delta[:, :, i, None] * B[..., i] * u[:, :, i, None]
        y[:, :, i] = (C[..., i] * state).sum(-1)
    y = y if D is None else y + u * D[:, None]
    return (y if z is None else y * silu(z.astype("float64"))), state

def near(ours, definition):
    worst = np.abs(ours.detach().numpy() - definition).max()
    assert worst < 1e-4 * np.abs(definition).max(), worst

u, delta, z = (draw(BATCH, CHANNELS, LENGTH) for _ in range(3))
A, D, bias = -np.exp(draw(CHANNELS, STATES)), draw(CHANNELS), draw(CHANNELS)
for shape in ((BATCH, STATES, LENGTH), (BATCH, 2, STATES, LENGTH)):
    B, C = draw(*shape), draw(*shape)
    given = torched(u, delta, A, B, C, D, z, bias)
    near(scan.selective_scan_fn(*given, True), recurrence(u, delta, A, B, C, D, z, bias)[0])
    y, last = scan.selective_scan_fn(
        *given[:5], delta_softplus=True, return_last_state=True
    )
    near(y, recurrence(u, delta, A, B, C)[0])
    near(last, recurrence(u, delta, A, B, C)[1])

x, weight, start = draw(BATCH, CHANNELS, LENGTH), draw(CHANNELS, 4), draw(CHANNELS)

def convolved(x):
    padded = np.pad(x, ((0, 0), (0, 0), (3, 0)))
    return sum(padded[..., i : i + LENGTH] * weight[:, i, None] for i in range(4)) + start[:, None]

near(causal_conv1d_fn(*torched(x, weight, start), activation="silu"), silu(convolved(x)))

xz, project = draw(BATCH, 2 * CHANNELS, LENGTH), draw(RANK + 2 * STATES, CHANNELS)
spread = draw(CHANNELS, RANK)
inner = silu(convolved(xz[:, :CHANNELS]))
parts = np.einsum("pd,bdl->bpl", project, inner)
step = np.einsum("dr,brl->bdl", spread, parts[:, :RANK])
B, C = parts[:, RANK:-STATES], parts[:, -STATES:]
gate, out, out_bias = xz[:, CHANNELS:], draw(5, CHANNELS), draw(5)
forwards = recurrence(inner, step, A, B, C, D, gate, bias)[0]
flipped = [part[..., ::-1] for part in (inner, step, B, C, gate)]
backwards = recurrence(*flipped[:2], 2 * A, *flipped[2:4], D, flipped[4], bias)[0][..., ::-1]
block = torched(xz, weight[:, None], start, project, spread)
rest = dict(zip(("D", "delta_bias"), torched(D, bias)))
A1, A2, last, last_bias = torched(A, 2 * A, out, out_bias)
near(scan.mamba_inner_fn_no_out_proj(*block, A1, None, None, **rest), forwards)
ends = np.einsum("od,bdl->blo", out, forwards) + out_bias
near(scan.mamba_inner_fn(*block, last, last_bias, A1, None, None, **rest), ends)
ends = np.einsum("od,bdl->blo", out, forwards + backwards) + out_bias
near(scan.bimamba_inner_fn(*block, last, last_bias, A1, A2, None, None, **rest), ends)
print("as defined")
"""


def test_mamba_in_plain_torch(real_stage: Stage) -> None:
    """The stand-in for Mamba's compiled scan gives what the definition gives, and is counted.

    Without the shim its modules are missing.
    """
    real_stage.write("script.py", MAMBA)
    assert "ModuleNotFoundError" in real_stage.launch().stderr
    run = real_stage.launch(compat=["mamba-ssm"])
    assert run.stdout == "as defined\n", run.stderr
    assert run.report["shims"]["mamba-ssm:selective_scan_fn"] == 4


def test_an_installed_mamba_is_used(stage: Stage) -> None:
    """The shim leaves a package alone that is there."""
    stage.write("mamba_ssm/__init__.py", "HERE = True\n")
    stage.write("mamba_ssm/ops/__init__.py", "")
    stage.write("mamba_ssm/ops/selective_scan_interface.py", "selective_scan_fn = 'compiled'\n")
    stage.write(
        "script.py",
        "from mamba_ssm.ops.selective_scan_interface import selective_scan_fn\n"
        "print(selective_scan_fn)\n",
    )
    assert stage.launch(compat=["mamba-ssm"]).stdout == "compiled\n"


MAMBA2 = """
import numpy as np
import torch
from mamba_ssm.ops.triton.ssd_combined import mamba_chunk_scan_combined as scan
from mamba_ssm.ops.triton.ssd_combined import mamba_split_conv1d_scan_combined

rng = np.random.default_rng(0)
BATCH, LENGTH, HEADS, CHANNELS, GROUPS, STATES = 2, 150, 4, 5, 2, 3

def draw(*shape):
    return rng.normal(0, 1, shape).astype("float32")

def silu(x):
    return x / (1 + np.exp(-x))

def recurrence(x, dt, A, B, C, D=0.0, state=0.0):
    # the definition, in float64: h' = exp(dt A) h + dt x B, y = h C + D x
    B, C = (np.repeat(one, HEADS // GROUPS, axis=2) for one in (B, C))
    state = np.zeros((BATCH, HEADS, CHANNELS, STATES)) + state
    y = np.zeros(x.shape)
    for i in range(LENGTH):
        step = dt[:, i, :, None, None].astype("float64")
        state = np.exp(step * A[:, None, None]) * state
        state = state + step * x[:, i, :, :, None] * B[:, i, :, None]
        y[:, i] = (state * C[:, i, :, None]).sum(-1)
    return y + x * D, state

def near(ours, definition):
    worst = np.abs(ours.detach().numpy() - definition).max()
    assert worst < 1e-4 * np.abs(definition).max(), worst

x, z = (draw(BATCH, LENGTH, HEADS, CHANNELS) for _ in range(2))
dt, A, D, bias = draw(BATCH, LENGTH, HEADS), -np.exp(draw(HEADS)), draw(HEADS), draw(HEADS)
B, C = (draw(BATCH, LENGTH, GROUPS, STATES) for _ in range(2))
before = draw(BATCH, HEADS, CHANNELS, STATES)
soft = np.log1p(np.exp(dt + bias))
torched = [torch.from_numpy(one) for one in (x, dt, A, B, C)]
more = {"D": D, "z": z, "dt_bias": bias, "initial_states": before}
more = {name: torch.from_numpy(one) for name, one in more.items()}
y, last = scan(*torched, chunk_size=32, dt_softplus=True, return_final_states=True, **more)
defined, state = recurrence(x, soft, A, B, C, D[:, None], before)
near(y, defined * silu(z.astype("float64")))
near(last, state)
near(scan(*torched, 8, dt_limit=(0.1, 0.5)), recurrence(x, dt.clip(0.1, 0.5), A, B, C)[0])
gradient = torched[0].requires_grad_()
scan(*torched, 8).sum().backward()
assert gradient.grad.isfinite().all() and gradient.grad.abs().sum() > 0
try:
    mamba_split_conv1d_scan_combined()
except NotImplementedError as error:
    print(error)
"""


def test_mamba2_in_plain_torch(real_stage: Stage) -> None:
    """The stand-in for Mamba-2's compiled scan gives what the definition gives, and is counted.

    It has a gradient; a function without a stand-in says so when it is called.
    """
    real_stage.write("script.py", MAMBA2)
    assert "ModuleNotFoundError" in real_stage.launch().stderr
    run = real_stage.launch(compat=["mamba2-ssm"])
    told = "mamba2-ssm: mamba_split_conv1d_scan_combined has no stand-in\n"
    assert run.stdout == told, run.stderr
    assert run.report["shims"]["mamba2-ssm:mamba_chunk_scan_combined"] == 3


TRAINING = """
import torch
net = torch.nn.Linear(3, 2)
frozen = torch.nn.Linear(2, 2)
optimizer = torch.optim.SGD([{"params": net.parameters()}, {"params": frozen.parameters()}], 0.1)
for _ in range(STEPS):
    optimizer.zero_grad()
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()
torch.save(net.state_dict(), "net.pth")
"""


@pytest.mark.parametrize(("steps", "changed"), [(2, 2), (0, 0)])
def test_a_training_tells_which_parameters_it_changed(
    real_stage: Stage, steps: int, changed: int
) -> None:
    """Those of every optimiser are counted; a training without a batch has changed none."""
    real_stage.write("script.py", TRAINING.replace("STEPS", str(steps)))
    trained = real_stage.launch(training=True).report["trained"]
    assert trained["tensors"] == 4 and trained["values"] == 14
    assert trained["changed"] == changed
    assert (trained["before"] == trained["after"]) == (changed == 0)


def test_weights_are_shuffled(real_stage: Stage) -> None:
    """The new file has the same tensors, each with its values in another order."""
    shuffling = (HARNESS / "shuffled_weights.py").as_posix()
    real_stage.write("script.py", TRAINING.replace("STEPS", "1"))
    assert real_stage.launch().report["exit_status"] == 0
    real_stage.write(
        "script.py",
        "import runpy, sys, torch\n"
        "sys.argv[1:] = ['net.pth', 'other.pth']\n"
        f"runpy.run_path({shuffling!r}, run_name='__main__')\n"
        "one, other = torch.load('net.pth'), torch.load('other.pth')\n"
        "assert one.keys() == other.keys()\n"
        "assert not torch.equal(one['weight'], other['weight'])\n"
        "same = [t['weight'].flatten().sort().values for t in (one, other)]\n"
        "assert torch.equal(*same)\n",
    )
    run = real_stage.launch()
    assert run.returncode == 0, run.stderr
