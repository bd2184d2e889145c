"""Functions that an entry names as the model, for methods whose work is not in an ``nn.Module``."""

import ast

from .job import JobError

TIMED = "__fusebench_timed__"


def decorate(source, path, names):
    """Return the syntax tree of ``source`` with the functions ``names`` timed.

    A name is ``f`` or ``Class.f``.

    Raises:
        JobError: the file defines no function of that name.
    """
    tree = ast.parse(source, path)
    functions = dict(_functions(tree.body, ""))
    for name in names:
        if name not in functions:
            raise JobError("model_functions: %s defines no function %r" % (path, name))
        mark = ast.copy_location(ast.Name(id=TIMED, ctx=ast.Load()), functions[name])
        # Innermost: a staticmethod is no function before Python 3.10.
        functions[name].decorator_list.append(mark)
    return tree


def _functions(body, prefix):
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, prefix + node.name + ".")
