"""Shims that change the answers or the results of torch."""


def torch_load_pickle(argument, tally, finder):
    """torch.load reads whole pickled modules again: weights_only=False, as before torch 2.6."""

    def patch(torch):
        version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])

        def make(original):
            def load(*args, **kwargs):
                if version >= (1, 13) and kwargs.get("weights_only") is None:
                    tally.count("torch-load-pickle:torch.load")
                    kwargs["weights_only"] = False
                return original(*args, **kwargs)

            return load

        original = torch.load
        torch.load = make(original)

    finder.after_import("torch", patch)


def pretend_cuda(argument, tally, finder):
    """torch.cuda.is_available() is true on the CPU, for scripts that refuse to start otherwise."""
    # The redirection of devices does it: see devices.ToCpu.
