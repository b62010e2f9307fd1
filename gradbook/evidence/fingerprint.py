"""Fingerprints of the code that an experiment runs through: outdated by change, not by a move.

An experiment's results depend on what its module defines as `ROOTS` and on every definition of the
package that these reach: functions, classes and constants, found by reading the source. The
fingerprint is the hash of the sorted set of these definitions' own hashes. So it stays where files
move, are split or merged, and where imports are renamed or reordered; comments, docstrings and
layout do not count; what a face exports counts only where it is used. It changes with any
definition that is reached.

Where a definition uses a module in another way than ``module.name``, all that the module defines
counts. Statements of a module that run when it is imported count with any of its definitions. The
same source has the same fingerprint under every Python.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
ROOTS = ("CONFIG", "JOBS", "UNDEFINED", "measure")
"""What an experiment's module is asked for."""

Definition = tuple["Module", str]


@dataclass(eq=False)
class Module:
    """What one file defines, imports and does.

    Attributes:
        defined: Name to the statements that define it.
        imported: Name to the dotted name behind it.
        done: Statements that run when the file is imported.
    """

    defined: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)
    done: list[ast.stmt] = field(default_factory=list)


def of(module: Path, package: Path = PACKAGE) -> str:
    """The fingerprint of an experiment.

    Args:
        module: The experiment's file.
        package: The folder of the package that it lies in.

    Raises:
        FileNotFoundError: There is no such file.
    """
    code = _code(package, tuple(sorted(_times(package))))
    experiment = code.module(module)
    open_ends: list[Definition] = [(experiment, n) for n in ROOTS if n in experiment.defined]
    reached, hashes = set[Definition](), set[str]()
    while open_ends:
        definition = open_ends.pop()
        if definition in reached:
            continue
        reached.add(definition)
        own, used = code.hashed(definition)
        hashes.add(own)
        open_ends += used
    return _hash("\n".join(sorted(hashes)))


def _times(folder: Path | str) -> Iterator[tuple[str, int]]:
    """Each file of source below a folder, and when it was changed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _times(entry.path)
            elif entry.name.endswith(".py"):
                yield entry.path, entry.stat().st_mtime_ns


@functools.lru_cache(maxsize=2)
def _code(package: Path, times: tuple[tuple[str, int], ...]) -> _Code:
    """The package as its files are now: experiments share most of what they reach."""
    return _Code(package)


class _Code:
    """The package's source, read as far as it is asked for, and each definition once."""

    def __init__(self, package: Path) -> None:
        self.package = package
        self._hashed: dict[Definition, tuple[str, list[Definition]]] = {}

    def module(self, file: Path) -> Module:
        return _read(file, file.stat().st_mtime_ns, self.package)

    def hashed(self, definition: Definition) -> tuple[str, list[Definition]]:
        """The hash of a definition's source, and the definitions that it uses."""
        if definition not in self._hashed:
            text, used = self._written(definition)
            self._hashed[definition] = _hash(text), used
        return self._hashed[definition]

    def _written(self, definition: Definition) -> tuple[str, list[Definition]]:
        """A definition's source in one form, and the definitions that it uses."""
        module, name = definition
        used: list[Definition] = [(module, "")] if module.done and name else []
        parts: list[str] = []
        for statement in module.defined[name] if name else module.done:
            names = dict(module.imported)
            for node in ast.walk(statement):
                names |= _imports(node)
            parts.extend(self._tokens(statement, module, names, used))
        return "\n".join(parts), used

    def _tokens(
        self, node: ast.AST, module: Module, names: dict[str, str], used: list[Definition]
    ) -> Iterator[str]:
        if isinstance(node, ast.Import | ast.ImportFrom) or _is_docstring(node):
            return
        if (found := self._meant(node, module, names)) is not None:
            token, definitions = found
            used.extend(definitions)
            yield token
            return
        yield type(node).__name__
        for name, value in ast.iter_fields(node):
            if value is None or value == [] or name in ("kind", "type_comment"):
                continue
            yield f".{name}"
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, ast.AST):
                    yield from self._tokens(item, module, names, used)
                else:
                    yield f"{type(item).__name__} {item!r}"
        yield ";"

    def _meant(
        self, node: ast.AST, module: Module, names: dict[str, str]
    ) -> tuple[str, list[Definition]] | None:
        """What a name, or a chain of attributes, stands for; None if it is to be read further."""
        chain: list[str] = []
        while isinstance(node, ast.Attribute):
            chain.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        if node.id in names:
            target = names[node.id]
            if target.split(".")[0] != self.package.name:
                return ".".join([target, *chain]), []
            return self._follow(target.split(".")[1:] + chain)
        if node.id in module.defined:
            return self._token(module, node.id, chain)
        return None

    def _follow(self, path: list[str]) -> tuple[str, list[Definition]] | None:
        """A dotted path below the package: folders and files first, then names in them."""
        place, file = self.package, self.package / "__init__.py"
        while path and (found := _file_of(place / path[0])):
            place, file = place / path[0], found
            path = path[1:]
        module = self.module(file)
        if path and path[0] in module.defined:
            return self._token(module, path[0], path[1:])
        if path and path[0] in module.imported:
            target = module.imported[path[0]].split(".")
            if target[0] != self.package.name:
                return ".".join(target + path[1:]), []
            return self._follow(target[1:] + path[1:])
        return ".".join(["module", *path]), [(module, name) for name in module.defined]

    @staticmethod
    def _token(module: Module, name: str, rest: list[str]) -> tuple[str, list[Definition]]:
        """A definition by its name and its own source, so that two of one name differ."""
        return ".".join([name, _own(module, name), *rest]), [(module, name)]


@functools.cache
def _own(module: Module, name: str) -> str:
    return _hash("\n".join(_bare(statement) for statement in module.defined[name]))


@functools.cache
def _read(file: Path, changed: int, package: Path) -> Module:
    module = Module()
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        if names := _imports(statement):
            module.imported |= names
        elif exported := _exported(statement, file, package):
            module.imported |= exported
        elif defined := list(_defined(statement)):
            for name in defined:
                module.defined.setdefault(name, []).append(statement)
        elif not _is_docstring(statement):
            module.done.append(statement)
    return module


def _defined(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        for node in ast.walk(ast.Tuple(statement.targets)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        yield from [statement.target.id] if isinstance(statement.target, ast.Name) else []


def _imports(node: ast.AST) -> dict[str, str]:
    """What an import statement binds: name to dotted name."""
    if isinstance(node, ast.ImportFrom):
        return {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    if isinstance(node, ast.Import):
        return {
            a.asname or a.name.split(".")[0]: a.name if a.asname else a.name.split(".")[0]
            for a in node.names
        }
    return {}


def _exported(statement: ast.stmt, file: Path, package: Path) -> dict[str, str]:
    """What a lazy face exports: the names in its call of ``lazy_loader.attach``."""
    if not (isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)):
        return {}
    function = statement.value.func
    if not (isinstance(function, ast.Attribute) and function.attr == "attach"):
        return {}
    here = ".".join([package.name, *file.parent.relative_to(package).parts])
    for keyword in statement.value.keywords:
        if keyword.arg == "submod_attrs":
            table = ast.literal_eval(keyword.value)
            return {name: f"{here}.{part}.{name}" for part in table for name in table[part]}
    return {}


def _file_of(place: Path) -> Path | None:
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((file for file in files if file.exists()), None)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _bare(node: ast.AST) -> str:
    """A statement's shape and constants, whatever the names that it refers to."""
    if isinstance(node, ast.Import | ast.ImportFrom) or _is_docstring(node):
        return ""
    if isinstance(node, ast.Attribute | ast.Name) and _is_chain(node):
        return "name"
    words = [type(node).__name__]
    for _, value in ast.iter_fields(node):
        for item in value if isinstance(value, list) else [value]:
            words.append(_bare(item) if isinstance(item, ast.AST) else repr(item))
    return " ".join(words)


def _is_chain(node: ast.AST) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
