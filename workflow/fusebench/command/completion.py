"""``fusebench completion``: words that a shell offers behind ``fusebench``."""

from __future__ import annotations

import argparse

EXAMPLES = """examples:
  fusebench completion bash >> ~/.bashrc                      for bash
  fusebench completion zsh >> ~/.zshrc                        for zsh
  fusebench completion fish > ~/.config/fish/completions/fusebench.fish
"""

BASH = """_fusebench() {
  local word="${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=($(compgen -W "$(fusebench completion words "${COMP_WORDS[@]:1:COMP_CWORD-1}" \\
    2>/dev/null)" -- "$word") $(compgen -f -- "$word"))
}
complete -o filenames -F _fusebench fusebench
"""
FISH = """complete -c fusebench -a "(fusebench completion words (commandline -opc)[2..-1])"
"""
SCRIPTS = {
    "bash": BASH,
    "zsh": f"autoload -U +X bashcompinit && bashcompinit\n{BASH}",
    "fish": FISH,
}
TAKES = {
    "try": ("methods", "datasets"),
    "pin": ("methods", "datasets"),
    "verified": ("methods",),
    "weights": ("methods",),
    "doctor": ("suites",),
    "lock": ("envs",),
    "verify": ("envs",),
}
"""Subcommand -> the names of the registry that may stand behind it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``fusebench completion``."""
    parser.epilog = EXAMPLES
    parser.add_argument("shell", choices=[*SCRIPTS, "words"], help="words: what fits, for a shell")
    parser.add_argument("typed", nargs="*", help="with words: what has been typed so far")


def run(options: argparse.Namespace) -> int:
    """Print the script of a shell, or the words that may come next."""
    if options.shell == "words":
        print("\n".join(words_after(options.typed)))
    else:
        print(SCRIPTS[options.shell], end="")
    return 0


def words_after(typed: list[str]) -> list[str]:
    """Return the words that may stand behind those that were typed."""
    from fusebench.command import SUBCOMMANDS

    if not typed:
        return list(SUBCOMMANDS)
    if typed[0] == "list":
        return ["methods", "datasets", "duplicates", "metrics", "envs", "compat"]
    return _names(TAKES.get(typed[0], ()))


def _names(kinds: tuple[str, ...]) -> list[str]:
    """Return names of the registry in this folder; none where it cannot be read."""
    from pathlib import Path

    from fusebench.errors import FusebenchError
    from fusebench.project import names_in
    from fusebench.registry.loading import load_registry

    if kinds == ("envs",):
        return names_in(Path(), "envs")
    try:
        registry = load_registry(Path(), checked=True)
    except FusebenchError:
        return []
    known = {
        "methods": list(registry.methods),
        "datasets": list(registry.datasets),
        "suites": list(registry.suites),
    }
    return [name for kind in kinds for name in known[kind]]
