"""Make the stub of `odmantic.strict` from the signatures of engines, sessions and transactions.

The stub declares a subclass of each, with the methods that take conditions or sort orders, or that lead to another of
these classes. Names of types are replaced, everything else stays as it is in the source, async and sync.
"""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

Read = Callable[[str], str]
"""Returns the text of a module, given by its dotted name."""
Function = ast.FunctionDef | ast.AsyncFunctionDef
Member = Function | ast.AnnAssign

OF_CALLS = {"Query": "_Condition", "OneQuery": "_OneCondition", "SortExpressionType": "_Sorting"}
OF_INDEXES = {"FieldProxyAny": "_Field", "SortExpression": "Sort"}

DECLARED = """
_Field: TypeAlias = Expr[Any, Any]
_Condition: TypeAlias = Filter | QueryExpression | dict[str, Any]
_OneCondition: TypeAlias = _Condition | tuple[_Condition, ...]
_Order: TypeAlias = Sort | SortExpression | _Field
_Sorting: TypeAlias = _Order | tuple[_Order, ...] | None
"""
"""What replaces the types of 1.x; a stub has those that it uses."""
DECLARED_NAMES = {
    "Any": "typing",
    "Expr": "odmantic.typing",
    "Filter": "odmantic.typing",
    "QueryExpression": "odmantic.query",
    "Sort": "odmantic.typing",
    "SortExpression": "odmantic.query",
    "TypeAlias": "typing",
}


class StubError(Exception):
    """The stub cannot be made; the message says why."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A class of the stub, which derives from the one of the same name."""

    module: str
    name: str
    after: str | None = None
    """The class of the stub that is a base, too, and comes first."""
    replaced: Mapping[str, str] = field(default_factory=lambda: OF_CALLS)


@dataclass(frozen=True, slots=True)
class Stub:
    """One module."""

    name: str
    twins: tuple[Twin, ...]
    imports: Mapping[str, str] = field(default_factory=dict[str, str])
    """Classes of other stubs, by name."""


_COLOURS = (("AIO", "_aio"), ("Sync", "_sync"))

STUBS = (
    Stub(
        "odmantic.strict",
        (
            *(
                Twin(f"odmantic.{package}.engine", f"{prefix}{kind}", after)
                for prefix, package in _COLOURS
                for kind, after in (
                    ("Engine", None),
                    ("Session", None),
                    ("Transaction", f"{prefix}Session"),
                )
            ),
            Twin("odmantic.index", "Index", replaced=OF_INDEXES),
        ),
    ),
    Stub(
        "odmantic.testing.strict",
        tuple(
            Twin(
                f"odmantic.testing.rollback.{module}", f"{prefix}RollbackEngine", f"{prefix}Engine"
            )
            for prefix, module in _COLOURS
        ),
        {
            f"{prefix}{kind}": "odmantic.strict"
            for prefix, _ in _COLOURS
            for kind in ("Engine", "Session", "Transaction")
        },
    ),
)

HEADER = """\
# Generated from engines, sessions and transactions {marker}
# mypy: disable-error-code="override, misc"
# pyright: reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false
# Each method takes less than the one that it replaces: that is what strict means here.
"""


def make_stub(stub: Stub, read: Read, marker: str) -> str:
    """Return the text of a stub, not yet formatted.

    Raises:
        StubError: if a class or a name cannot be found, or a name has two meanings.
    """
    return _StubWriter(stub, _Modules(read)).text(marker)


class _Modules:
    """Modules of the package, each parsed once."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._parsed: dict[str, _Module] = {}

    def __getitem__(self, name: str) -> _Module:
        if name not in self._parsed:
            self._parsed[name] = _Module(name, self._read(name))
        return self._parsed[name]

    def found(self, module: str, name: str) -> tuple[_Module, ast.stmt]:
        """Return where a name is defined, whatever module imports it, and its definition."""
        source = self[module]
        while name not in source.definitions:
            if name not in source.imports:
                raise StubError(f"there is no {name} in {source.name}")
            origin, name = source.imports[name]
            source = self[origin]
        return source, source.definitions[name]

    def bases_of(self, module: str, name: str) -> list[tuple[_Module, ast.ClassDef]]:
        """Return a class and its bases in the package, in the order in which attributes are looked up."""
        found: list[tuple[_Module, ast.ClassDef]] = []
        for each in self._walk(module, name):
            # A base that several classes have comes behind them all.
            found = [other for other in found if other[1] is not each[1]]
            found.append(each)
        return found

    def _walk(self, module: str, name: str) -> Iterator[tuple[_Module, ast.ClassDef]]:
        source, definition = self.found(module, name)
        if not isinstance(definition, ast.ClassDef):
            raise StubError(f"{name} in {source.name} is no class")
        yield source, definition
        for base in definition.bases:
            if isinstance(base, ast.Name) and source.is_of_package(base.id):
                yield from self._walk(source.name, base.id)


class _Module:
    """The names of a module: what it imports, also for type checkers only, and what it defines."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.imports: dict[str, tuple[str, str]] = {}
        self.definitions: dict[str, ast.stmt] = {}
        for statement in _unfolded(ast.parse(text).body):
            match statement:
                case ast.ImportFrom(module=str(origin)):
                    for each in statement.names:
                        self.imports[each.asname or each.name] = origin, each.name
                case ast.ClassDef() | ast.FunctionDef():
                    self.definitions[statement.name] = statement
                case ast.Assign(targets=[ast.Name(id=target)]):
                    self.definitions[target] = statement
                case ast.AnnAssign(target=ast.Name(id=target)):
                    self.definitions[target] = statement
                case _:
                    pass

    def is_of_package(self, name: str) -> bool:
        """Return whether a name of this module means something of the package."""
        if name in self.imports:
            return self.imports[name][0].startswith("odmantic.")
        return name in self.definitions


def _unfolded(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements as type checkers see them: of `if ASYNC:` and `if TYPE_CHECKING:` the first branch."""
    for statement in body:
        if isinstance(statement, ast.If) and ast.unparse(statement.test) in (
            "ASYNC",
            "TYPE_CHECKING",
        ):
            yield from _unfolded(statement.body)
        else:
            yield statement


class _StubWriter:
    def __init__(self, stub: Stub, modules: _Modules) -> None:
        self._stub = stub
        self._modules = modules
        self._twins = {twin.name for twin in stub.twins}
        self._imports: dict[str, str] = {}
        """By name, the import."""
        self._meanings: dict[str, str] = {}
        """By name, its definition, which is the same wherever the name comes from."""
        self._members: dict[str, set[str]] = {}
        """By class of the stub, the names of what it declares."""

    def text(self, marker: str) -> str:
        classes = [self._class(twin) for twin in self._stub.twins]
        declared = self._declared("\n".join(classes))
        names = ", ".join(repr(name) for name in sorted(self._twins))
        parts = [
            HEADER.format(marker=marker),
            *sorted(self._imports.values()),
            f"__all__ = [{names}]",
            *declared,
            *classes,
        ]
        return "\n".join(parts)

    def _declared(self, text: str) -> list[str]:
        """Return the declarations that a text needs, in order."""
        needed: list[str] = []
        for line in reversed(DECLARED.strip().splitlines()):
            if line.partition(":")[0] in "\n".join([text, *needed]):
                needed.insert(0, line)
        for name, module in DECLARED_NAMES.items():
            if any(name in line for line in [*needed, text]):
                self._imports.setdefault(name, f"from {module} import {name}")
        return needed

    def _class(self, twin: Twin) -> str:
        """Return the declaration of a class."""
        base = f"_{twin.name}"
        self._imports[base] = f"from {twin.module} import {twin.name} as {base}"
        if twin.after is not None and twin.after in self._stub.imports:
            self._use_twin(twin.after)
        bases = [base] if twin.after is None else [twin.after, base]
        lines = [line for member in self._members_of(twin) for line in self._declare(twin, *member)]
        # A class of two bases may need no more than these.
        return "\n    ".join([f"class {twin.name}({', '.join(bases)}):", *(lines or ["..."])])

    def _members_of(self, twin: Twin) -> Iterator[tuple[_Module, list[Member]]]:
        """Yield the members that differ from those of the base, or that hide those of the class before it."""
        seen: set[str] = set()
        hidden = self._declared_names(twin.after)
        mine = self._members.setdefault(twin.name, set())
        for module, cls in self._modules.bases_of(twin.module, twin.name):
            if cls.name == twin.after:
                return  # the rest is declared there
            for name, members in _by_name(cls).items():
                if name in seen or (name.startswith("_") and name != "__init__"):
                    continue
                seen.add(name)
                if name in hidden or any(self._concerns(twin, each) for each in members):
                    mine.add(name)
                    yield module, members

    def _declared_names(self, name: str | None) -> set[str]:
        """Return the names of what a class of this or of another stub declares."""
        if name is None or name in self._members:
            return self._members.get(name or "", set())
        (stub,) = (stub for stub in STUBS if stub.name == self._stub.imports[name])
        other = _StubWriter(stub, self._modules)
        other.text("")
        return other._members[name]

    def _concerns(self, twin: Twin, member: Member) -> bool:
        """Return whether a member names a type that is another one in the stub."""
        names = {name for each in _annotations(member) for name in _names_in(each)}
        return not names.isdisjoint({*twin.replaced, *self._twins, *self._stub.imports})

    def _declare(self, twin: Twin, module: _Module, members: list[Member]) -> Iterator[str]:
        for given in members:
            member = copy.deepcopy(given)
            for annotation in _annotations(member):
                for name in _names_in(annotation):
                    if name not in twin.replaced:
                        self._use(module, name)
            _rename(member, twin.replaced)
            if isinstance(member, ast.AnnAssign):
                yield f"{ast.unparse(member.target)}: {ast.unparse(member.annotation)}"
                continue
            for decorator in member.decorator_list:
                for name in _names_in(decorator):
                    self._use(module, name)
            member.body = [ast.Expr(ast.Constant(...))]
            _simplify_defaults(member.args)
            yield ast.unparse(member).replace("\n", "\n    ")

    def _use(self, module: _Module, name: str) -> None:
        """Import a name as it is in a module."""
        if name in self._twins or hasattr(builtins, name):
            return
        if name in self._stub.imports:
            self._use_twin(name)
            return
        if name in module.imports:
            origin, original = module.imports[name]
        elif name in module.definitions:
            origin, original = module.name, name
        else:
            raise StubError(f"{module.name} does not say what {name} is")
        meaning = self._meaning(origin, original)
        if self._meanings.setdefault(name, meaning) != meaning:
            raise StubError(
                f"{name} has two meanings: {meaning} in {module.name}, and {self._meanings[name]}"
            )
        alias = "" if original == name else f" as {name}"
        self._imports.setdefault(name, f"from {origin} import {original}{alias}")

    def _use_twin(self, name: str) -> None:
        self._imports[name] = f"from {self._stub.imports[name]} import {name}"

    def _meaning(self, origin: str, name: str) -> str:
        """Return what tells a name from others of the same spelling; both colours have the same aliases."""
        if not origin.startswith("odmantic."):
            return f"{origin}.{name}"
        module, definition = self._modules.found(origin, name)
        if isinstance(definition, (ast.ClassDef, ast.FunctionDef)):
            return f"{module.name.replace('._sync', '._aio')}.{name}"
        return ast.unparse(definition)


def _by_name(cls: ast.ClassDef) -> dict[str, list[Member]]:
    """Return the members of a class, all overloads of a method together, without what implements them."""
    found: dict[str, list[Member]] = {}
    for statement in _unfolded(cls.body):
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                before = found.setdefault(name, [])
                if not before or _is_overload(statement):
                    before.append(statement)
            case ast.AnnAssign(target=ast.Name(id=name)):
                found[name] = [statement]
            case _:
                pass
    return found


def _is_overload(function: Function) -> bool:
    return any(ast.unparse(each) == "overload" for each in function.decorator_list)


def _annotations(member: Member) -> Iterator[ast.expr]:
    if isinstance(member, ast.AnnAssign):
        yield member.annotation
        return
    arguments = member.args
    for each in (
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ):
        if each is not None and each.annotation is not None:
            yield each.annotation
    if member.returns is not None:
        yield member.returns


def _names_in(annotation: ast.expr) -> list[str]:
    return [node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)]


def _rename(member: Member, replaced: Mapping[str, str]) -> None:
    for annotation in _annotations(member):
        for node in ast.walk(annotation):
            if isinstance(node, ast.Name):
                node.id = replaced.get(node.id, node.id)


def _simplify_defaults(arguments: ast.arguments) -> None:
    """Show what a default is if that is clear without the names of the source."""

    def shown(default: ast.expr) -> ast.expr:
        is_clear = isinstance(default, ast.Constant) or ast.unparse(default) == "()"
        return default if is_clear else ast.Constant(...)

    arguments.defaults = [shown(each) for each in arguments.defaults]
    arguments.kw_defaults = [each and shown(each) for each in arguments.kw_defaults]
