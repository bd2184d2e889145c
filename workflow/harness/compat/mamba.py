"""Mamba's selective scan and its causal convolution, which are compiled for CUDA, in plain torch.

Sources: ``selective_scan_ref``, ``mamba_inner_ref`` and ``bimamba_inner_ref`` of
``mamba_ssm/ops/selective_scan_interface.py`` (mamba_ssm 1.0.1; the two-way functions are those of
Vision Mamba's copy of it), and ``causal_conv1d_ref`` of causal_conv1d 1.0.0. Where the packages are
installed they are used as they are. Shapes: batch b, channels d, length l, states n, groups g.
"""

import types

CHUNK = 256  # steps whose factors (b, d, steps, n) are held in memory at a time
INTERFACE = "mamba_ssm.ops.selective_scan_interface"


def mamba_ssm(argument, tally, finder):
    """mamba_ssm's selective scan and causal_conv1d in plain torch, where they are not installed.

    The modules hold the functions below and nothing else of the packages.
    """
    scan = {function.__name__: function for function in SCAN}
    for name, functions in (
        ("mamba_ssm", {}),
        ("mamba_ssm.ops", {}),
        (INTERFACE, scan),
        ("causal_conv1d", {f.__name__: f for f in (causal_conv1d_fn, causal_conv1d_update)}),
    ):
        finder.substitutes[name] = stand_in(name, functions, tally)


def stand_in(name, functions, tally, shim="mamba-ssm"):
    """A function that makes a module which holds some functions; each use is counted."""

    def make():
        module = types.ModuleType(name)
        module.__path__ = []  # a package without files
        for function in functions:
            counting = tally.counting("%s:%s" % (shim, function), functions[function])
            setattr(module, function, counting)
        return module

    return make


def selective_scan_fn(
    u,
    delta,
    A,
    B,
    C,
    D=None,
    z=None,
    delta_bias=None,
    delta_softplus=False,
    return_last_state=False,
):
    """The selective scan of Mamba (algorithm 2), one step after the other.

    ``x[i] = exp(delta[i] A) x[i-1] + delta[i] B[i] u[i]`` and ``y[i] = C[i] x[i] + D u[i]``.

    Args:
        u: (b, d, l).
        delta: (b, d, l).
        A: (d, n).
        B: (b, n, l) or (b, g, n, l).
        C: as B.
        D: (d,).
        z: (b, d, l), a gate: the result is multiplied by its SiLU.
        delta_bias: (d,), added to delta.
        delta_softplus: whether delta's softplus is taken.
        return_last_state: whether the last x (b, d, n) is returned as well.

    Returns:
        (b, d, l) in the type of u.
    """
    import torch
    from torch.nn import functional

    delta = delta.float()
    if delta_bias is not None:
        delta = delta + delta_bias[..., None].float()
    if delta_softplus:
        delta = functional.softplus(delta)
    values, A = u.float(), A.float()
    B, C = _for_channels(B, u), _for_channels(C, u)
    state = A.new_zeros(u.shape[0], *A.shape)
    parts = []
    for start in range(0, u.shape[2], CHUNK):
        steps = slice(start, start + CHUNK)
        y, state = _scan_chunk(values[..., steps], delta[..., steps], A, B, C, steps, state)
        parts.append(y)
    out = torch.cat(parts, dim=2)
    if D is not None:
        out = out + values * D.float()[:, None]
    if z is not None:
        out = out * functional.silu(z.float())
    out = out.to(u.dtype)
    return (out, state) if return_last_state else out


def _for_channels(factor, u):
    """Return B or C as (b, d, n, l): each of g groups serves d / g channels; or (b, 1, n, l)."""
    if factor.dim() not in (3, 4):
        raise NotImplementedError(
            "mamba-ssm: B and C must depend on the input, as (b, n, l) or (b, g, n, l)"
        )
    if factor.dim() == 3:
        return factor.float().unsqueeze(1)
    return factor.float().repeat_interleave(u.shape[1] // factor.shape[1], dim=1)


def _scan_chunk(u, delta, A, B, C, steps, state):
    """Return y (b, d, steps) and the state (b, d, n) after them."""
    import torch

    decay = torch.exp(delta.unsqueeze(-1) * A[:, None])  # (b, d, steps, n)
    driven = (delta * u).unsqueeze(-1) * B[..., steps].transpose(2, 3)
    states = []
    for step in range(u.shape[2]):
        state = decay[:, :, step] * state + driven[:, :, step]
        states.append(state)
    return (torch.stack(states, dim=2) * C[..., steps].transpose(2, 3)).sum(-1), state


def mamba_inner_fn_no_out_proj(
    xz,
    conv1d_weight,
    conv1d_bias,
    x_proj_weight,
    delta_proj_weight,
    A,
    B=None,
    C=None,
    D=None,
    delta_bias=None,
    B_proj_bias=None,
    C_proj_bias=None,
    delta_softplus=True,
):
    """Convolution, projections, scan and gate of a Mamba block: (b, 2 d, l) to (b, d, l)."""
    scanned, z = _project(xz, conv1d_weight, conv1d_bias, x_proj_weight, delta_proj_weight, (B, C))
    return selective_scan_fn(
        scanned[0], scanned[1], A, scanned[2], scanned[3], D, z, delta_bias, delta_softplus
    )


def _project(xz, conv1d_weight, conv1d_bias, x_proj_weight, delta_proj_weight, given):
    """Return (u, delta, B, C) of the scan, and the gate z."""
    from torch.nn import functional

    if any(factor is not None for factor in given):
        raise NotImplementedError("mamba-ssm: B and C of a Mamba block must depend on its input")
    x, z = xz.chunk(2, dim=1)
    x = causal_conv1d_fn(x, conv1d_weight.squeeze(1), conv1d_bias, activation="silu")
    rank = delta_proj_weight.shape[1]
    states = (x_proj_weight.shape[0] - rank) // 2
    projected = functional.linear(x.transpose(1, 2), x_proj_weight)  # (b, l, rank + 2 n)
    delta, B, C = projected.split([rank, states, states], dim=2)
    delta = functional.linear(delta, delta_proj_weight)
    return (x, delta.transpose(1, 2), B.transpose(1, 2), C.transpose(1, 2)), z


def mamba_inner_fn(
    xz,
    conv1d_weight,
    conv1d_bias,
    x_proj_weight,
    delta_proj_weight,
    out_proj_weight,
    out_proj_bias,
    *rest,
    **named,
):
    """:func:`mamba_inner_fn_no_out_proj` and the last projection: (b, 2 d, l) to (b, l, out)."""
    from torch.nn import functional

    y = mamba_inner_fn_no_out_proj(
        xz, conv1d_weight, conv1d_bias, x_proj_weight, delta_proj_weight, *rest, **named
    )
    return functional.linear(y.transpose(1, 2), out_proj_weight, out_proj_bias)


def bimamba_inner_fn(
    xz,
    conv1d_weight,
    conv1d_bias,
    x_proj_weight,
    delta_proj_weight,
    out_proj_weight,
    out_proj_bias,
    A,
    A_b,
    B=None,
    C=None,
    D=None,
    delta_bias=None,
    B_proj_bias=None,
    C_proj_bias=None,
    delta_softplus=True,
):
    """:func:`mamba_inner_fn`, whose scan is taken in both directions, with A and A_b."""
    from torch.nn import functional

    scanned, z = _project(xz, conv1d_weight, conv1d_bias, x_proj_weight, delta_proj_weight, (B, C))
    backwards = [part.flip([-1]) for part in scanned + (z,)]
    y = selective_scan_fn(*scanned[:2], A, *scanned[2:], D, z, delta_bias, delta_softplus)
    y_b = selective_scan_fn(
        *backwards[:2], A_b, *backwards[2:4], D, backwards[4], delta_bias, delta_softplus
    )
    y = y + y_b.flip([-1])
    return functional.linear(y.transpose(1, 2), out_proj_weight, out_proj_bias)


SCAN = (selective_scan_fn, mamba_inner_fn_no_out_proj, mamba_inner_fn, bimamba_inner_fn)


def causal_conv1d_fn(x, weight, bias=None, activation=None):
    """Convolve each channel with its own filter, from the past only.

    Args:
        x: (b, d, l).
        weight: (d, width).
        bias: (d,).
        activation: None, silu or swish.

    Returns:
        (b, d, l).
    """
    from torch.nn import functional

    if activation not in (None, "silu", "swish"):
        raise NotImplementedError("activation must be None, silu, or swish")
    channels, width = weight.shape
    out = functional.conv1d(
        x.to(weight.dtype), weight.unsqueeze(1), bias, padding=width - 1, groups=channels
    )[..., : x.shape[-1]]
    return (out if activation is None else functional.silu(out)).to(x.dtype)


def causal_conv1d_update(*args, **kwargs):
    """Refuse: one step at a time is for text."""
    raise NotImplementedError("mamba-ssm: causal_conv1d_update has no stand-in")
