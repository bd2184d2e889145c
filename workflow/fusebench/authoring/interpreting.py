"""Reads Python code as if it ran, without running it: which files would it read and write?

The statements of a script are followed, with the functions and classes of the repository that it
calls. Values are texts with holes (``values.py``). Both branches of an ``if`` are followed unless
its test is known; a loop is followed once. What is not understood is ``UNKNOWN``.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from fusebench.authoring.values import (
    FILE,
    FROM_0,
    INDEX,
    NAME,
    PADDED_FROM_0,
    UNKNOWN,
    Class,
    Function,
    Instance,
    Module,
    Names,
    Number,
    Option,
    Options,
    Slot,
    as_text,
    joined,
    without_suffix,
)

READERS = {"imread", "open_image", "read_image", "imread_multi", "loadmat", "imread_v2"}
WRITERS = {"imwrite": 0, "imsave": 0, "savemat": 0, "save_image": 1, "save": 0, "toimage": 0}
LOADERS = {
    "load",
    "load_weights",
    "load_model",
    "restore",
    "load_lookup_table",
    "import_meta_graph",
    "NewCheckpointReader",
}
LISTERS = {"listdir", "scandir", "iterdir", "walk", "ImageFolder"}
GLOBS = {"glob", "iglob", "rglob"}
WEIGHTS = frozenset(
    {
        *(".pth", ".pt", ".pkl", ".ckpt", ".model", ".h5", ".hdf5", ".npy", ".npz", ".safetensors"),
        *(".tar", ".bin", ".mat", ".params"),
    }
)
ABSOLUTE = re.compile(
    r"(/(home|mnt|data\d*|root|media|Users|opt|disk\w*|workspace|hdd|ssd|public|raid|share\w*|var"
    r"|tmp|your)/|[A-Za-z]:[\\/]|~/)"
)
"""How a path of the authors' own machine begins."""
DEEPEST = 14
MOST_STEPS = 60_000
MOST_ITEMS = 50
FIXED_RANGE = re.compile(r"range\((?:(\d+), )?\d+\)")
BLANK_WORDS = {
    "path": ("path", "dir", "file", "root", "num", "folder"),
    "out": ("out", "save", "result", "fused", "dest"),
    "count": ("num", "count"),
}


@dataclass(frozen=True)
class Event:
    """A file or folder that the code would use.

    Attributes:
        kind: read, list, write or load (of weights).
        path: a text with holes.
        hint: the names that stand around it, for its role.
        place: ``file:line``.
    """

    kind: str
    path: str
    hint: str
    place: str


class _Returned(Exception):
    """A function has returned; it ends no loop and no branch that is followed beside it."""


@dataclass
class Interpreter:
    """Follows one script.

    Attributes:
        modules: name of a module of the repository -> its syntax; see ``module_named``.
        given: name of an option -> its value, which replaces its default.
        filled: name of a blank constant -> its value.
        events: what was found, in its order.
        options: of all argument parsers.
        slots: constants that the authors left blank.
        imports: modules that are no part of the repository, with where.
        loops: ranges of a fixed length, as the authors wrote them -> their file and variable.
    """

    load: Callable[[str, str], Module | None]
    given: Mapping[str, str] = field(default_factory=dict)
    filled: Mapping[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    options: dict[str, Option] = field(default_factory=dict)
    slots: list[Slot] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)
    loops: dict[str, tuple[str, str]] = field(default_factory=dict)
    steps: int = 0
    _running: list[Any] = field(default_factory=list)
    _done: dict[str, Module] = field(default_factory=dict)
    _target: str = ""
    _direct: bool = False

    @property
    def files(self) -> list[str]:
        """The files of the repository that were followed."""
        return sorted(self._done)

    def run(self, module: Module) -> None:
        """Follow a script from its first statement on."""
        module.names["__name__"] = "__main__"
        self._done[module.path] = module
        self._body(module.tree.body, module.names, module)

    # statements

    def _body(self, body: Sequence[ast.stmt], names: Names, module: Module) -> Any:
        returned: Any = UNKNOWN
        for statement in body:
            self.steps += 1
            if self.steps > MOST_STEPS:
                return returned
            value = self._statement(statement, names, module)
            if value is not None:
                returned = value[0] if returned is UNKNOWN else returned
        return returned

    def _statement(self, node: ast.stmt, names: Names, module: Module) -> tuple[Any] | None:
        """Follow a statement; a one-tuple holds what it returns from its function."""
        handler = getattr(self, f"_on_{type(node).__name__.lower()}", None)
        try:
            return handler(node, names, module) if handler else None
        except (RecursionError, ValueError, TypeError, KeyError, AttributeError, IndexError):
            return None  # code that cannot be followed says nothing

    def _on_return(self, node: ast.Return, names: Any, module: Module) -> tuple[Any]:
        return (self._value(node.value, names, module) if node.value else None,)

    def _on_expr(self, node: ast.Expr, names: Any, module: Module) -> None:
        self._value(node.value, names, module)

    def _on_assign(self, node: ast.Assign, names: Any, module: Module) -> None:
        self._target = ast.unparse(node.targets[0])
        self._direct = isinstance(node.value, ast.Constant)
        value = self._blank(node, names, module)
        value = self._value(node.value, names, module) if value is None else value
        self._target = ""
        for target in node.targets:
            self._bind(target, value, names, module)

    def _blank(self, node: ast.Assign, names: Any, module: Module) -> str | None:
        """Take a blank constant for one that a user has to fill in."""
        target = node.targets[0]
        text = node.value.value if isinstance(node.value, ast.Constant) else None
        if not (isinstance(text, str) and isinstance(target, ast.Name) and len(node.targets) == 1):
            return None
        low = target.id.lower()
        if text.strip() or not any(word in low for word in BLANK_WORDS["path"]):
            return None
        value = self.filled.get(target.id) or f"in/{low}{'' if 'file' in low else '/'}"
        if any(word in low for word in BLANK_WORDS["out"]):
            value = "{out}/"
        elif any(word in low for word in BLANK_WORDS["count"]):
            value = "{count}"
        old = ast.get_source_segment(module.source, node) or ast.unparse(node)
        head = old.partition("=")[0].rstrip()
        new = f"{head} = {value}" if value == "{count}" else f'{head} = "{value}"'
        self.slots.append(Slot(module.path, old, new, target.id, value))
        return value

    def _on_annassign(self, node: ast.AnnAssign, names: Any, module: Module) -> None:
        if node.value:
            self._bind(node.target, self._value(node.value, names, module), names, module)

    def _on_augassign(self, node: ast.AugAssign, names: Any, module: Module) -> None:
        old = self._value(_as_load(node.target), names, module)
        value = self._value(node.value, names, module)
        if isinstance(old, str) and isinstance(node.op, ast.Add):
            self._bind(node.target, old + as_text(value), names, module)
        elif isinstance(old, list) and isinstance(value, list):
            self._bind(node.target, [*old, *value], names, module)

    def _on_if(self, node: ast.If, names: Any, module: Module) -> tuple[Any] | None:
        test = self._value(node.test, names, module)
        branches = [node.body, node.orelse]
        if isinstance(test, bool | int | str | None) and not isinstance(test, Number):
            branches = [node.body if test else node.orelse]
        found = self._branches(branches, names, module)
        return next((value for value in found if value is not None), None)

    def _branches(
        self, branches: Sequence[Sequence[ast.stmt]], names: Any, module: Module
    ) -> list[tuple[Any] | None]:
        """Follow branches of which one runs: each begins with the names as they are before it."""
        before: Names = dict(names)
        bound: Names = {}
        found = []
        for branch in branches:
            found.append(self._block(branch, names, module))
            changed = {n: v for n, v in names.items() if before.get(n, names) is not v}
            for name in changed.keys() & bound.keys():
                changed[name] = with_zeros(bound[name], changed[name])
            bound.update(changed)
            names.update({name: before[name] for name in bound if name in before})
        names.update(bound)
        return found

    def _block(self, body: Sequence[ast.stmt], names: Any, module: Module) -> tuple[Any] | None:
        for statement in body:
            self.steps += 1
            if self.steps > MOST_STEPS:
                return None
            value = self._statement(statement, names, module)
            if value is not None:
                return value
        return None

    def _on_for(self, node: ast.For, names: Any, module: Module) -> tuple[Any] | None:
        self._bind(node.target, first_of(self._value(node.iter, names, module)), names, module)
        if FIXED_RANGE.fullmatch(ast.unparse(node.iter)):
            written = ast.get_source_segment(module.source, node.iter) or ast.unparse(node.iter)
            self.loops.setdefault(written, (module.path, ast.unparse(node.target)))
        for name in _counted(node):
            if isinstance(names.get(name), int):
                names[name] = Number(names[name])
        return self._block(node.body, names, module)

    def _on_while(self, node: ast.While, names: Any, module: Module) -> tuple[Any] | None:
        self._value(node.test, names, module)
        return self._block(node.body, names, module)

    def _on_with(self, node: ast.With, names: Any, module: Module) -> tuple[Any] | None:
        for item in node.items:
            value = self._value(item.context_expr, names, module)
            if item.optional_vars:
                self._bind(item.optional_vars, value, names, module)
        return self._block(node.body, names, module)

    def _on_try(self, node: ast.Try, names: Any, module: Module) -> tuple[Any] | None:
        return self._block([*node.body, *node.orelse, *node.finalbody], names, module)

    def _on_functiondef(self, node: ast.FunctionDef, names: Any, module: Module) -> None:
        names[node.name] = Function(node, module)

    def _on_classdef(self, node: ast.ClassDef, names: Any, module: Module) -> None:
        made = Class(node, module)
        for base in node.bases:
            parent = self._value(base, names, module)
            if isinstance(parent, Class):
                made.names.update(parent.names)
        outer = dict(names)
        before = set(outer)
        self._body(node.body, outer, module)
        own = {name: outer[name] for name in outer if name not in before or name in _bound(node)}
        made.names.update(own)
        names[node.name] = made

    def _on_import(self, node: ast.Import, names: Any, module: Module) -> None:
        for alias in node.names:
            found = self._module(alias.name, module)
            if found is None:
                self._note_import(alias.name, node, module)
                names[alias.asname or alias.name.partition(".")[0]] = UNKNOWN
            else:
                names[alias.asname or alias.name.partition(".")[0]] = found

    def _on_importfrom(self, node: ast.ImportFrom, names: Any, module: Module) -> None:
        name = "." * node.level + (node.module or "")
        found = self._module(name, module)
        if found is None and not node.level:
            self._note_import(name, node, module)
        for alias in node.names:
            inner = self._module(
                f"{name}.{alias.name}" if node.module else name + alias.name, module
            )
            if alias.name == "*" and found:
                names.update({k: v for k, v in found.names.items() if not k.startswith("__")})
            elif found and alias.name in found.names:
                names[alias.asname or alias.name] = found.names[alias.name]
            else:
                names[alias.asname or alias.name] = inner or UNKNOWN

    def _note_import(self, name: str, node: ast.stmt, module: Module) -> None:
        self.imports.setdefault(name, f"{module.path}:{node.lineno}")

    def _module(self, name: str, importer: Module) -> Module | None:
        found = self.load(name, importer.path)
        if found is None:
            return None
        if found.path not in self._done:
            self._done[found.path] = found
            self._body(found.tree.body, found.names, found)
        return self._done[found.path]

    def _bind(self, target: ast.expr, value: Any, names: Any, module: Module) -> None:
        if isinstance(target, ast.Name):
            names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            known = isinstance(value, list) and len(value) == len(target.elts)
            for index, inner in enumerate(target.elts):
                self._bind(inner, value[index] if known else UNKNOWN, names, module)
        elif isinstance(target, ast.Attribute):
            owner = self._value(target.value, names, module)
            if isinstance(owner, Instance | Class | Module):
                owner.names[target.attr] = value
            elif isinstance(owner, Options):
                owner.found.setdefault(
                    target.attr, Option("", target.attr, value, False, True, "", target.lineno)
                ).default = value

    # expressions

    def _value(self, node: ast.expr | None, names: Any, module: Module) -> Any:
        if node is None:
            return None
        self.steps += 1
        if self.steps > MOST_STEPS:
            return UNKNOWN
        handler = getattr(self, f"_of_{type(node).__name__.lower()}", None)
        if handler is None:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self._value(child, names, module)
            return UNKNOWN
        try:
            return handler(node, names, module)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError):
            return UNKNOWN

    def _of_constant(self, node: ast.Constant, names: Any, module: Module) -> Any:
        if isinstance(node.value, str) and ABSOLUTE.match(node.value):
            return self._foreign(node, module)
        return node.value

    def _foreign(self, node: ast.Constant, module: Module) -> str:
        """Put a path in the place of one of the authors' machine."""
        old = ast.get_source_segment(module.source, node) or repr(node.value)
        known = next((one for one in self.slots if (one.file, one.old) == (module.path, old)), None)
        if known:
            return known.value
        is_out = self._direct and any(word in self._target.lower() for word in BLANK_WORDS["out"])
        end = "/" if str(node.value).rstrip().endswith(("/", "\\")) else ""
        value = "{out}" + end if is_out else f"in/{len(self.slots) + 1}{end}"
        self.slots.append(Slot(module.path, old, f'"{value}"', self._target, value))
        return value

    def _of_name(self, node: ast.Name, names: Any, module: Module) -> Any:
        return names[node.id] if node.id in names else module.names.get(node.id, UNKNOWN)

    def _of_joinedstr(self, node: ast.JoinedStr, names: Any, module: Module) -> str:
        return "".join(as_text(self._value(part, names, module)) for part in node.values)

    def _of_formattedvalue(self, node: ast.FormattedValue, names: Any, module: Module) -> Any:
        return self._value(node.value, names, module)

    def _of_list(self, node: ast.List | ast.Tuple, names: Any, module: Module) -> list[Any]:
        return [self._value(item, names, module) for item in node.elts]

    _of_tuple = _of_list

    def _of_dict(self, node: ast.Dict, names: Any, module: Module) -> dict[Any, Any]:
        return {
            as_text(self._value(key, names, module)): self._value(value, names, module)
            for key, value in zip(node.keys, node.values, strict=True)
        }

    def _of_boolop(self, node: ast.BoolOp, names: Any, module: Module) -> Any:
        values = [self._value(value, names, module) for value in node.values]
        if UNKNOWN in values:
            return UNKNOWN
        return all(values) if isinstance(node.op, ast.And) else next(filter(None, values), False)

    def _of_unaryop(self, node: ast.UnaryOp, names: Any, module: Module) -> Any:
        value = self._value(node.operand, names, module)
        if isinstance(node.op, ast.Not):
            return UNKNOWN if value is UNKNOWN else not value
        return -value if isinstance(node.op, ast.USub) and isinstance(value, int | float) else value

    def _of_compare(self, node: ast.Compare, names: Any, module: Module) -> Any:
        left = self._value(node.left, names, module)
        right = self._value(node.comparators[0], names, module)
        plain = (str, int, float, bool, type(None))
        if not (isinstance(left, plain) and isinstance(right, plain)) or len(node.ops) > 1:
            return UNKNOWN
        if any(isinstance(one, str) and not one.isprintable() for one in (left, right)):
            return UNKNOWN
        compare = _COMPARISONS.get(type(node.ops[0]))
        return compare(left, right) if compare else UNKNOWN

    def _of_ifexp(self, node: ast.IfExp, names: Any, module: Module) -> Any:
        self._value(node.test, names, module)
        value = self._value(node.body, names, module)
        return self._value(node.orelse, names, module) if value is UNKNOWN else value

    def _of_binop(self, node: ast.BinOp, names: Any, module: Module) -> Any:
        left = self._value(node.left, names, module)
        right = self._value(node.right, names, module)
        if isinstance(node.op, ast.Div) and isinstance(left, str):
            return joined(left, right)  # pathlib
        if isinstance(node.op, ast.Mod) and isinstance(left, str):
            return formatted(left, right)
        if isinstance(left, Number) and isinstance(right, int):
            step = {ast.Add: right, ast.Sub: -right}.get(type(node.op))
            return Number(left.first + step) if step is not None else UNKNOWN
        if isinstance(left, int) and isinstance(right, Number) and isinstance(node.op, ast.Add):
            return Number(left + right.first)
        if isinstance(node.op, ast.Add):
            return self._sum(left, right)
        compute = _ARITHMETIC.get(type(node.op))
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        return compute(left, right) if compute and numbers else UNKNOWN

    def _sum(self, left: Any, right: Any) -> Any:
        if isinstance(left, str) or isinstance(right, str):
            return as_text(left) + as_text(right)
        if isinstance(left, int | float) and isinstance(right, int | float):
            return left + right
        return [*left, *right] if isinstance(left, list) and isinstance(right, list) else UNKNOWN

    def _of_subscript(self, node: ast.Subscript, names: Any, module: Module) -> Any:
        owner = self._value(node.value, names, module)
        index = self._value(node.slice, names, module)
        if isinstance(owner, dict):
            return owner.get(as_text(index), UNKNOWN)
        if isinstance(owner, list):
            return owner[index] if isinstance(index, int) else first_of(owner)
        if isinstance(owner, str) and isinstance(node.slice, ast.Slice):
            return owner if FILE not in owner else without_suffix(owner)
        return UNKNOWN

    def _of_listcomp(self, node: ast.ListComp, names: Any, module: Module) -> Any:
        inner = dict(names)
        for part in node.generators:
            self._bind(part.target, first_of(self._value(part.iter, inner, module)), inner, module)
        return [self._value(node.elt, inner, module)]

    _of_generatorexp = _of_listcomp
    _of_setcomp = _of_listcomp

    def _of_lambda(self, node: ast.Lambda, names: Any, module: Module) -> Function:
        return Function(node, module)

    def _of_starred(self, node: ast.Starred, names: Any, module: Module) -> Any:
        return self._value(node.value, names, module)

    def _of_await(self, node: ast.Await, names: Any, module: Module) -> Any:
        return self._value(node.value, names, module)

    def _of_attribute(self, node: ast.Attribute, names: Any, module: Module) -> Any:
        owner = self._value(node.value, names, module)
        if isinstance(owner, Options):
            return self._option(owner, node.attr)
        if node.attr == "FLAGS" and owner is UNKNOWN:  # of TensorFlow and absl
            return Options(self.options)
        if isinstance(owner, Instance):
            if node.attr in owner.names:
                return owner.names[node.attr]
            value = owner.kind.names.get(node.attr, UNKNOWN)
            is_method = isinstance(value, Function) and not _is_static(value)
            return Function(value.node, value.module, owner) if is_method else value
        if isinstance(owner, Class | Module):
            return owner.names.get(node.attr, UNKNOWN)
        if isinstance(owner, str) and node.attr in ("name", "stem", "parent"):
            return _path_part(owner, node.attr)
        return "/" if node.attr == "sep" else UNKNOWN  # os.sep

    def _option(self, options: Options, name: str) -> Any:
        option = options.found.get(name)
        if name in self.given:
            return self.given[name] if option is None or option.takes_value else True
        return option.default if option else UNKNOWN

    # calls

    def _of_call(self, node: ast.Call, names: Any, module: Module) -> Any:
        called = self._value(node.func, names, module)
        word = node.func.attr if isinstance(node.func, ast.Attribute) else _name_of(node.func)
        before = len(self.events)
        values = [self._value(arg, names, module) for arg in node.args]
        named = {one.arg: self._value(one.value, names, module) for one in node.keywords if one.arg}
        if isinstance(called, Function | Class | Instance):
            value = self._enter(called, values, named)
            if len(self.events) == before and word in READERS | {"save_image", "imsave"}:
                self._library(node, word, values, named, names, module)
            return value
        known = self._library(node, word, values, named, names, module)
        if known is not UNKNOWN:
            return known
        if word == "run" and not values and ast.unparse(node.func).endswith("app.run"):
            values = [module.names.get("main")]  # of TensorFlow and absl
        for value in (*values, *named.values()):
            if isinstance(value, Function) and value.owner is None and word != "add_argument":
                self._enter(value, [UNKNOWN], {})
        return UNKNOWN

    def _enter(self, called: Any, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
        """Follow a function, a new object, or an object that is called."""
        if isinstance(called, Instance):
            method = called.kind.names.get("__call__")
            if isinstance(method, Function):
                return self._call(Function(method.node, method.module, called), values, named)
            return UNKNOWN
        if isinstance(called, Function):
            return self._call(called, values, named)
        made = Instance(called)
        for method in ("__init__", "__getitem__"):
            function = called.names.get(method)
            if isinstance(function, Function):
                arguments = values if method == "__init__" else [UNKNOWN]
                own = named if method == "__init__" else {}
                self._call(Function(function.node, function.module, made), arguments, own)
        return made

    def _call(self, called: Function, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
        if len(self._running) >= DEEPEST or called.node in self._running:
            return UNKNOWN
        module = called.module
        inner = self._arguments(called, values, named)
        if isinstance(called.node, ast.Lambda):
            return self._value(called.node.body, inner, module)
        self._running.append(called.node)
        try:
            return self._body(called.node.body, inner, module)
        finally:
            self._running.pop()

    def _arguments(
        self, called: Function, values: Sequence[Any], named: Mapping[str, Any]
    ) -> Names:
        arguments = called.node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        bound: Names = {one.arg: UNKNOWN for one in (*positional, *arguments.kwonlyargs)}
        tail = positional[len(positional) - len(arguments.defaults) :]
        for one, default in zip(tail, arguments.defaults, strict=True):
            bound[one.arg] = self._value(default, {}, called.module)
        for one, stated in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            bound[one.arg] = self._value(stated, {}, called.module) if stated else UNKNOWN
        given = [called.owner, *values] if called.owner is not None else list(values)
        bound.update({one.arg: value for one, value in zip(positional, given, strict=False)})
        bound.update({name: value for name, value in named.items() if name in bound})
        return bound

    def _library(
        self,
        node: ast.Call,
        word: str,
        values: list[Any],
        named: Names,
        names: Any,
        module: Module,
    ) -> Any:
        """Return what a function of a library gives, and note the files that it uses."""
        owner = UNKNOWN
        if isinstance(node.func, ast.Attribute):
            owner = self._value(node.func.value, names, module)
        if word == "add_argument":
            return self._add_option(node, values, named)
        if word.startswith("DEFINE_") and len(values) > 1 and isinstance(values[0], str):
            self.options[values[0]] = Option(
                f"--{values[0]}", values[0], values[1], False, True, "", node.lineno
            )
            return None
        if word in ("parse_args", "parse_known_args"):
            found = Options(self.options)
            return found if word == "parse_args" else [found, UNKNOWN]
        folder = owner if isinstance(owner, str) else ""
        self._note_files(node, word, values, named, module, folder)
        return _result_of(word, owner, values, named, node)

    def _add_option(self, node: ast.Call, values: list[Any], named: Names) -> None:
        flags = [value for value in values if isinstance(value, str)]
        if not flags:
            return
        flag = max(flags, key=len)
        name = named.get("dest") or flag.lstrip("-").replace("-", "_")
        switch = as_text(named.get("action")) in ("store_true", "store_false")
        default = named.get("default", False if switch else None)
        self.options[name] = Option(
            flag if flag.startswith("-") else "",
            name,
            default,
            named.get("required") is True or not flag.startswith("-"),
            not switch,
            as_text(named.get("help", "")),
            node.lineno,
        )

    def _note_files(
        self,
        node: ast.Call,
        word: str,
        values: list[Any],
        named: Names,
        module: Module,
        folder: str,
    ) -> None:
        """Note the files that a function uses, or a method of the path ``folder``."""
        texts = [value for value in (*values, *named.values()) if isinstance(value, str)]
        hint = f"{self._target} {' '.join(ast.unparse(arg) for arg in node.args[:2])}"
        place = f"{module.path}:{node.lineno}"

        def note(kind: str, path: Any) -> None:
            if isinstance(path, str) and path.strip():
                event = Event(kind, path, hint, place)
                if event not in self.events:
                    self.events.append(event)

        whole = ast.unparse(node.func)
        if word in READERS or whole.endswith(("Image.open", "io.read")):
            note("read", values[0] if values else next(iter(texts), None))
        elif word in LISTERS:
            note("list", values[0] if values else folder)
        elif word in GLOBS and texts:
            note("list", joined(folder, texts[0]) if folder else texts[0])
        elif word in WRITERS and (values or named):
            at = WRITERS[word]
            path = values[at] if len(values) > at else next(iter(texts), None)
            if isinstance(path, str) and (word != "save" or not _is_weights(path)):
                note("write", path)
        elif word in LOADERS and texts and not _is_image(texts[0]):
            note("load", texts[0] if word != "restore" else texts[-1])


def first_of(value: Any) -> Any:
    """Return the first of some values, as a loop sees it."""
    if isinstance(value, list):
        return value[0] if value else UNKNOWN
    return UNKNOWN


def formatted(pattern: str, value: Any) -> str:
    """Return ``pattern % value``, with holes for what is not known."""
    values = iter(value if isinstance(value, list) else [value])

    def filled(match: re.Match[str]) -> str:
        one = next(values, UNKNOWN)
        return padded(one, match[1]) if match[1] else as_text(one)

    return re.sub(r"%[-+ #]*(0\d+)?\d*(?:\.\d+)?[sdifrg]", filled, pattern)


def with_zeros(first: Any, second: Any) -> Any:
    """Return a number with a zero before it where two branches add one to small numbers.

    >>> with_zeros("F0\x02.png", "F\x02.png")
    'F{index:02d}.png'
    """
    for hole in (INDEX, FROM_0) if isinstance(first, str) and isinstance(second, str) else ():
        if first != second and first == second.replace(hole, f"0{hole}", 1):
            return second.replace(hole, padded(hole, "02"), 1)
    return second


def padded(value: Any, width: str) -> str:
    """Return a number with zeros before it: ``{index:03d}`` for one that counts pairs."""
    if isinstance(value, Number) or value in (INDEX, FROM_0):
        hole = value.hole if isinstance(value, Number) else value
        return f"{{{PADDED_FROM_0 if hole == FROM_0 else 'index'}:{width}d}}"
    return as_text(value)


def _result_of(word: str, owner: Any, values: list[Any], named: Names, node: ast.Call) -> Any:
    """Return what a function or a method of a known library gives."""
    listed = _listed(word, owner, values)
    if listed is not None:
        return listed
    if word == "join" and values:
        return _joined_by(owner, values)
    if word in ("append", "extend") and isinstance(owner, list) and len(owner) < MOST_ITEMS:
        owner.extend(values if word == "append" else first_list(values))
        return None
    if word in ("Path", "str", "abspath", "normpath", "expanduser", "sorted", "list", "natsorted"):
        value = values[0] if values else ""
        return as_text(value) if isinstance(value, Number | int) else value
    if word in ("range", "count"):
        return [_first_number(values)]
    if word == "enumerate" and values:
        return [[Number(0), first_of(values[0])]]
    if word == "zip":
        return [[first_of(value) for value in values]]
    if word in ("tqdm", "iter", "reversed", "set", "tuple") and values:
        return values[0]
    if word == "getcwd":
        return "."
    if word in ("basename", "splitext", "dirname", "split"):
        return _path_function(word, owner, values)
    return _text_method(word, owner, values) if isinstance(owner, str | Number) else UNKNOWN


def _first_number(values: list[Any]) -> Number | int:
    """Return the first number of ``range(...)``; of one alone, as an epoch is, the number itself.

    ``range(1)`` and ``range(1, 2)`` count pairs of which the authors had one.
    """
    first = values[0] if len(values) > 1 and isinstance(values[0], int) else 0
    is_alone = first > 1 and len(values) == len("ab") and values[1] == first + 1
    return first if is_alone else Number(first)


def _listed(word: str, owner: Any, values: list[Any]) -> list[Any] | None:
    """Return the one file that stands for those of a folder; None for another function."""
    if word in ("listdir", "scandir"):
        return [FILE]
    if word in GLOBS and values:
        pattern = joined(owner, values[0]) if isinstance(owner, str) else as_text(values[0])
        return [pattern.replace("*.*", FILE).replace("**/", "").replace("*", NAME)]
    if word == "iterdir" and isinstance(owner, str):
        return [joined(owner, FILE)]
    return [[values[0], [], [FILE]]] if word == "walk" and values else None


def first_list(values: list[Any]) -> list[Any]:
    """Return the list that a method was given; nothing where it is not known."""
    return list(values[0]) if values and isinstance(values[0], list) else []


def _joined_by(owner: Any, values: list[Any]) -> Any:
    if isinstance(owner, str):
        parts = values[0] if isinstance(values[0], list) else [UNKNOWN]
        return owner.join(as_text(part) for part in parts)
    return joined(*values)


def _path_function(word: str, owner: Any, values: list[Any]) -> Any:
    """Return what ``os.path.basename`` and its like give, or ``str.split``."""
    if isinstance(owner, str):  # a method of a text
        return _split(owner, values)
    text = as_text(values[0]) if values else NAME
    if word == "basename":
        return text.rpartition("/")[2]
    if word == "dirname":
        return text.rpartition("/")[0]
    if word == "splitext":
        return [without_suffix(text), NAME]
    head, _, tail = text.rpartition("/")
    return [head, tail]


def _split(text: str, values: list[Any]) -> list[Any]:
    by = as_text(values[0]) if values else " "
    if by == "." and text.endswith(FILE):
        return [without_suffix(text), NAME]
    return list(text.split(by)) if by and by in text else [text]


def _text_method(word: str, owner: str | Number, values: list[Any]) -> Any:
    if word == "zfill" and values:
        return padded(owner, f"0{values[0]}")
    if isinstance(owner, Number):
        return UNKNOWN
    if word == "replace" and len(values) > 1:
        return owner.replace(as_text(values[0]), as_text(values[1]))
    if word == "format":
        return _format(owner, values)
    if word in ("strip", "lower", "upper", "lstrip", "rstrip", "as_posix", "resolve"):
        return owner
    if word == "joinpath":
        return joined(owner, *values)
    if word in ("with_suffix", "with_name") and values:
        return without_suffix(owner) + as_text(values[0])
    return UNKNOWN


def _format(pattern: str, values: list[Any]) -> str:
    """Return ``pattern.format(...)``, with holes for what is not known."""
    left = iter(values)

    def filled(match: re.Match[str]) -> str:
        at = int(match[1]) if match[1] else None
        one = next(left, UNKNOWN) if at is None else (values[at : at + 1] or [UNKNOWN])[0]
        width = (match[2] or "").strip("d")
        return padded(one, width) if width.startswith("0") else as_text(one)

    return re.sub(r"\{(\d*)[^{}:]*(?::([^{}]*))?\}", filled, pattern)


def _path_part(text: str, part: str) -> str:
    tail = text.rpartition("/")
    return {"name": tail[2], "stem": without_suffix(tail[2]), "parent": tail[0]}[part]


def _counted(node: ast.For) -> list[str]:
    """Return the variables that a loop counts up by 1."""
    return [
        one.target.id
        for one in ast.walk(node)
        if isinstance(one, ast.AugAssign)
        and isinstance(one.target, ast.Name)
        and isinstance(one.value, ast.Constant)
        and one.value.value == 1
    ]


def _is_weights(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in WEIGHTS - {".npy", ".mat"}


def _is_image(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in {".png", ".jpg", ".bmp", ".tif"}


def _name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _is_static(function: Function) -> bool:
    """Say whether a function of a class takes no object."""
    decorators = getattr(function.node, "decorator_list", [])
    return any(_name_of(one) == "staticmethod" for one in decorators)


def _bound(node: ast.ClassDef) -> set[str]:
    """Return the names that the body of a class binds."""
    found = set()
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            found.add(statement.name)
        elif isinstance(statement, ast.Assign):
            found |= {target.id for target in statement.targets if isinstance(target, ast.Name)}
    return found


def _as_load(node: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(node), mode="eval").body


_COMPARISONS: dict[type, Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
