"""A script that insists on CUDA runs on the device that the job was given."""

from __future__ import annotations

import pytest

from tests.harness.conftest import Stage

TENSOR = "import torch\nfrom torch import nn\nt = torch.Tensor([1.0, 2.0])\n"

ON_CPU = {
    "Tensor.cuda": "t.cuda()\nt.cuda(0)\nt.cuda(device='cuda:1')",
    "Tensor.to": "t.to('cuda')\nt.to('cuda:1')\nt.to(0)\nt.to(torch.device('cuda'))\n"
    "t.to(device='cuda')",
    "torch.zeros": "assert torch.zeros(3, device='cuda').device == torch.device('cpu')\n"
    "torch.zeros(3)",
    "Tensor.pin_memory": "t.pin_memory()",
    "Tensor.type": "t.type('torch.cuda.FloatTensor')\nassert t.type() == 'torch.FloatTensor'",
    "torch.cuda.FloatTensor": "torch.cuda.FloatTensor([1.0]).to('cpu')",
    "torch.cuda.synchronize": "torch.cuda.synchronize()",
    "torch.cuda.set_device": "torch.cuda.set_device(3)",
    "torch.cuda.get_device_name": "assert isinstance(torch.cuda.get_device_name(0), str)",
    "torch.cuda.device": "with torch.cuda.device(2):\n    pass",
    "torch.cuda.Event": "a, b = torch.cuda.Event(enable_timing=True), torch.cuda.Event(True)\n"
    "a.record()\nb.record()\nb.synchronize()\nassert 0 <= a.elapsed_time(b) < 1000",
    "Module.cuda": "assert nn.Module().cuda(1)",
    "Module.to": "assert nn.Module().to('cuda')",
    "DataParallel": "assert nn.DataParallel(nn.Module(), device_ids=None)",
    "torch.load": "open('w.pt', 'w').write('cuda:1')\ntorch.load('w.pt')\n"
    "torch.load('w.pt', map_location='cuda:0')\n"
    "torch.load('w.pt', map_location={'cuda:1': 'cuda:0'})\n"
    "torch.load('w.pt', torch.device('cuda'))",
}


@pytest.mark.parametrize("name", ON_CPU)
def test_what_asks_for_cuda_goes_to_the_cpu(torch_stage: Stage, name: str) -> None:
    """Without the launcher the script raises; with it, the script runs.

    Each redirection is counted under its name as often as it fired.
    """
    torch_stage.write("script.py", TENSOR + ON_CPU[name] + "\n")
    assert torch_stage.bare().returncode == 1 or name.startswith(("DataParallel", "Module"))
    run = torch_stage.launch()
    assert run.returncode == 0, run.stderr
    expected = {"Tensor.cuda": 3, "Tensor.to": 5, "torch.load": 4, "torch.cuda.Event": 2}.get(
        name, 1
    )
    assert run.report["shims"] == {f"cuda-to-cpu:{name}": expected}


def test_what_asks_for_the_cpu_is_left_alone(torch_stage: Stage) -> None:
    """Nothing is counted without a redirection.

    A tensor that is already on its device is not copied.
    """
    torch_stage.write(
        "script.py",
        TENSOR
        + "assert t.to('cpu') is t\ntorch.zeros(3, device='cpu')\nopen('w', 'w').write('cpu')\n"
        "torch.load('w', map_location=lambda storage, location: storage)\n"
        "print(torch.cuda.is_available())\n",
    )
    run = torch_stage.launch()
    assert (run.stdout, run.report["shims"]) == ("False\n", {}), run.stderr


def test_a_tensor_sent_to_the_cpu_is_a_copy(torch_stage: Stage) -> None:
    """As on a GPU, changing ``t.cuda()`` in place does not change ``t``.

    A parameter becomes a plain tensor.
    """
    torch_stage.write(
        "script.py",
        TENSOR + "t.cuda().data[0] = 9.0\nt.to('cuda').data[0] = 9.0\np = nn.Parameter([1.0])\n"
        "print(t.data, type(p.cuda()) is torch.Tensor)\n",
    )
    assert torch_stage.launch().stdout == "[1.0, 2.0] True\n"


def test_cuda_is_pretended_only_when_asked_for(torch_stage: Stage) -> None:
    """``pretend-cuda`` makes ``is_available`` true, which is counted.

    ``DataParallel`` still gets no device.
    """
    torch_stage.write(
        "script.py",
        TENSOR + "if not torch.cuda.is_available():\n    raise SystemExit(3)\n"
        "assert torch.cuda.device_count() == 1\n",
    )
    assert torch_stage.launch().returncode == 3
    run = torch_stage.launch(compat=["pretend-cuda"])
    assert run.returncode == 0, run.stderr
    assert run.report["shims"] == {"pretend-cuda:torch.cuda.is_available": 1}


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_the_script_cannot_choose_its_gpu(torch_stage: Stage, device: str) -> None:
    """Values that a script writes to CUDA_VISIBLE_DEVICES are ignored and counted.

    Other variables are its own.
    """
    torch_stage.environ.update(FAKE_CUDA_DEVICES="1", CUDA_VISIBLE_DEVICES="5")
    torch_stage.write(
        "script.py",
        "import os\nos.environ['CUDA_VISIBLE_DEVICES'] = '3'\n"
        "os.environ.update(CUDA_VISIBLE_DEVICES='2', OWN='1')\n"
        "os.putenv('CUDA_VISIBLE_DEVICES', '1')\nos.environ.pop('CUDA_VISIBLE_DEVICES', None)\n"
        "os.system('echo $CUDA_VISIBLE_DEVICES, $OWN')\n",
    )
    run = torch_stage.launch(device=device)
    assert run.stdout == ("5, 1\n" if device == "cuda" else ", 1\n")
    assert run.report["shims"]["ignored:CUDA_VISIBLE_DEVICES"] == 4


def test_an_index_beyond_the_gpus_becomes_the_first(torch_stage: Stage) -> None:
    """With one GPU, ``cuda:3`` is ``cuda:0`` wherever it is named.

    Indices that exist are not changed.
    """
    torch_stage.environ["FAKE_CUDA_DEVICES"] = "1"
    torch_stage.write("w.pt", "cuda:2")
    torch_stage.write(
        "script.py",
        TENSOR + "t.cuda(3), t.to('cuda:1'), torch.zeros(1, device=torch.device('cuda:2'))\n"
        "torch.cuda.set_device(3)\nnn.DataParallel(nn.Module(), device_ids=[0, 1])\n"
        "nn.Module().to('cuda:3')\n"
        "with torch.cuda.device(1):\n    pass\ntorch.load('w.pt')\n"
        "torch.load('w.pt', map_location='cuda:1')\n"
        "torch.load('w.pt', map_location={'cuda:2': 'cuda:1'})\n"
        "t.cuda(), t.cuda(0), t.to('cuda:0'), t.to('cpu')\n"
        "print(torch.load('w.pt').device)\n",
    )
    run = torch_stage.launch(device="cuda")
    assert run.stdout == "cuda:0\n", run.stderr
    assert run.report["shims"] == {
        "cuda-index:Tensor.cuda": 1,
        "cuda-index:Tensor.to": 1,
        "cuda-index:torch.zeros": 1,
        "cuda-index:torch.cuda.set_device": 1,
        "cuda-index:DataParallel": 1,
        "cuda-index:Module.to": 1,
        "cuda-index:torch.cuda.device": 1,
        "cuda-index:torch.load": 4,
    }


def test_a_gpu_job_without_a_gpu_stops(torch_stage: Stage) -> None:
    """A run must not fall back silently to the CPU if the scheduler gave it no GPU."""
    torch_stage.environ["CUDA_VISIBLE_DEVICES"] = "7"
    torch_stage.write("script.py", TENSOR)
    run = torch_stage.launch(device="cuda")
    assert run.returncode == 1
    assert "torch sees none (CUDA_VISIBLE_DEVICES='7')" in run.report["exception"]["message"]


def test_seeds_and_threads_reach_torch(torch_stage: Stage) -> None:
    """Seed and thread count of the job are set right after the import."""
    torch_stage.write("script.py", "import torch\nprint(torch.LOG)\n")
    assert torch_stage.launch(seed=3, threads=2).stdout == "['threads 2', 'seed 3']\n"


def test_a_gpu_that_refuses_to_answer_loses_no_report(torch_stage: Stage) -> None:
    """A GPU without memory, or too old for cuDNN, raises where it is asked for its name.

    The report is written without these facts, and a script that ran well does not fail.
    """
    torch_stage.environ.update(FAKE_CUDA_DEVICES="1", CUDA_VISIBLE_DEVICES="0")
    torch_stage.write(
        "script.py",
        "import torch\nfrom types import SimpleNamespace\n"
        "def refuse(*_):\n    raise RuntimeError('CUDA error: out of memory')\n"
        "torch.cuda.get_device_name = torch.cuda.max_memory_allocated = refuse\n"
        "torch.version = SimpleNamespace(cuda='13.0')\n"
        "torch.backends = SimpleNamespace(cudnn=SimpleNamespace(version=refuse))\n"
        "print('fused')\n",
    )
    run = torch_stage.launch(device="cuda")
    assert (run.returncode, run.stdout) == (0, "fused\n"), run.stderr
    report = run.report
    assert (report["state"], report["device_name"], report["peak_device_bytes"]) == (
        "exit",
        None,
        None,
    )
    assert (report["versions"]["cuda"], report["versions"]["cudnn"]) == ("13.0", None)


def test_a_context_of_a_device_is_redirected(torch_stage: Stage) -> None:
    """``with torch.device("cuda:3")`` is the only GPU, and what is made in it lies there.

    torch loads the module of these contexts at its first use; the launcher must come before.
    """
    torch_stage.environ.update(FAKE_CUDA_DEVICES="1", CUDA_VISIBLE_DEVICES="0")
    torch_stage.write(
        "script.py",
        "import torch\nfrom torch.utils._device import DeviceContext\n"
        "context = DeviceContext('cuda:3')\noriginal = torch.zeros.__wrapped__\n"
        "print(context.device, context.make(original, 2).device)\n",
    )
    run = torch_stage.launch(device="cuda")
    assert run.stdout == "cuda:0 cuda:0\n", run.stderr
    assert run.report["shims"] == {"cuda-index:torch.device": 1}
