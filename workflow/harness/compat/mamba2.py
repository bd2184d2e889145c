"""Mamba-2's scan, which is compiled by Triton for CUDA, in plain torch.

Source: algorithm "SSD" of Dao and Gu, Transformers are SSMs (ICML 2024), and the arguments of
``mamba_chunk_scan_combined`` in ``mamba_ssm/ops/triton/ssd_combined.py`` (mamba_ssm 2.2). Where the
package is installed it is used as it is. Shapes: batch b, length l, heads h, channels of a head p,
states n, groups g.
"""

from .mamba import stand_in

CHUNK = 64
"""Steps that are computed as one product of matrices (steps, steps)."""


def mamba2_ssm(argument, tally, finder):
    """mamba_ssm's mamba_chunk_scan_combined (Mamba-2) in plain torch, where it is not installed.

    Functions for text (one step at a time) and fused ones refuse to be called.
    """
    combined = "mamba_ssm.ops.triton.ssd_combined"
    modules = {
        "mamba_ssm": {},
        "mamba_ssm.ops": {},
        "mamba_ssm.ops.triton": {},
        combined: {
            "mamba_chunk_scan_combined": mamba_chunk_scan_combined,
            "mamba_split_conv1d_scan_combined": _refusing("mamba_split_conv1d_scan_combined"),
        },
        "mamba_ssm.ops.triton.layernorm_gated": {"RMSNorm": _refusing("RMSNorm")},
        "mamba_ssm.ops.triton.selective_state_update": {
            "selective_state_update": _refusing("selective_state_update")
        },
    }
    for name, functions in modules.items():
        finder.substitutes.setdefault(name, stand_in(name, functions, tally, "mamba2-ssm"))


def _refusing(name):
    def refuse(*args, **kwargs):
        raise NotImplementedError("mamba2-ssm: %s has no stand-in" % name)

    return refuse


def mamba_chunk_scan_combined(
    x,
    dt,
    A,
    B,
    C,
    chunk_size,
    D=None,
    z=None,
    dt_bias=None,
    initial_states=None,
    seq_idx=None,
    dt_softplus=False,
    dt_limit=(0.0, float("inf")),
    return_final_states=False,
    **others,
):
    """The scan of Mamba-2.

    ``state[i] = exp(dt[i] A) state[i-1] + dt[i] x[i] B[i]`` and ``y[i] = state[i] C[i] + D x[i]``.

    Args:
        x: (b, l, h, p).
        dt: (b, l, h).
        A: (h,).
        B: (b, l, g, n); each group serves h / g heads.
        C: as B.
        chunk_size: of the compiled code; it changes no value beyond rounding.
        D: (h,) or (h, p).
        z: (b, l, h, p), a gate: the result is multiplied by its SiLU.
        dt_bias: (h,), added to dt.
        initial_states: (b, h, p, n).
        seq_idx: refused.
        dt_softplus: whether dt's softplus is taken.
        dt_limit: dt is clamped to it.
        return_final_states: whether the last state (b, h, p, n) is returned as well.
        others: refused unless None or false.

    Returns:
        (b, l, h, p) in the type of x.
    """
    import torch
    from torch.nn import functional

    refused = sorted(name for name, value in others.items() if value)
    if seq_idx is not None or refused:
        told = ", ".join(refused or ["seq_idx"])
        raise NotImplementedError("mamba2-ssm: %s has no stand-in" % told)
    values, steps = x.float(), dt.float()
    if dt_bias is not None:
        steps = steps + dt_bias.float()
    if dt_softplus:
        steps = functional.softplus(steps)
    if tuple(dt_limit) != (0.0, float("inf")):
        steps = steps.clamp(*dt_limit)
    heads = x.shape[2]
    keys, queries = (_for_heads(factor, heads) for factor in (B, C))
    if initial_states is None:
        state = values.new_zeros(x.shape[0], heads, x.shape[3], B.shape[3])
    else:
        state = initial_states.float()
    parts = []
    for start in range(0, x.shape[1], CHUNK):
        part = slice(start, start + CHUNK)
        chunk = [one[:, part].transpose(1, 2) for one in (values, steps, keys, queries)]
        y, state = _scan_chunk(chunk, A.float(), state)
        parts.append(y.transpose(1, 2))
    out = torch.cat(parts, dim=1)
    if D is not None:
        out = out + values * (D.float() if D.dim() == 2 else D.float()[:, None])
    if z is not None:
        out = out * functional.silu(z.float())
    out = out.to(x.dtype)
    return (out, state) if return_final_states else out


def _for_heads(factor, heads):
    """Return B or C as (b, l, h, n)."""
    return factor.float().repeat_interleave(heads // factor.shape[2], dim=2)


def _scan_chunk(chunk, A, state):
    """Return y (b, h, steps, p) of some steps, and the state (b, h, p, n) after them.

    The first steps see the state before them, and each step sees those before it in the chunk.
    """
    import torch

    x, dt, B, C = chunk  # (b, h, steps, p), (b, h, steps), (b, h, steps, n) twice
    decay = torch.cumsum(dt * A[:, None], dim=-1)
    between = decay[..., :, None] - decay[..., None, :]
    earlier = torch.ones_like(between[0, 0]).tril().bool()
    weights = torch.exp(between.masked_fill(~earlier, float("-inf")))
    driven = dt[..., None] * x
    y = ((C @ B.transpose(-1, -2)) * weights) @ driven
    y = y + torch.exp(decay)[..., None] * (C @ state.transpose(-1, -2))
    left = torch.exp(decay[..., -1:] - decay)[..., None]
    added = (left * driven).transpose(-1, -2) @ B
    return y, torch.exp(decay[..., -1])[..., None, None] * state + added
