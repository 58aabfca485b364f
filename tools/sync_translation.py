"""Translate async Python to its sync twin, token by token, so that comments and layout survive.

In the source, `if ASYNC:` / `else:` encloses what the rules cannot translate; the twin keeps its own branch. Everything
else without a rule is refused.
"""

from __future__ import annotations

import ast
import io
import keyword
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

FLAG = "ASYNC"
UNIMPORTED = {FLAG, "Awaitable", "Coroutine"}

# Names without a pattern below.
NAMES = {
    "aclose": "close",
    "aclosing": "closing",
    "aenter": "enter",
    "aiter": "iter",
    "anext": "next",
    "asynccontextmanager": "contextmanager",
    "enter_async_context": "enter_context",
    "push_async_callback": "callback",
    "push_async_exit": "push",
    "pytest_asyncio": "pytest",
    "StopAsyncIteration": "StopIteration",
    "AbstractAsyncContextManager": "AbstractContextManager",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
}

NAME_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"(?<![A-Za-z0-9])AIO(?=[A-Z_])", "Sync"),
    (r"(?<![A-Za-z0-9])AIO(?![A-Za-z0-9])", "SYNC"),
    (r"(?<![A-Za-z0-9])aio(?![A-Za-z0-9])", "sync"),
    (r"(?<![A-Za-z0-9])Async(?!IO)(?=[A-Z])", ""),
    (r"(?<![A-Za-z0-9])async(?=_[A-Za-z0-9])|(?<=[A-Za-z0-9]_)async(?![A-Za-z0-9])", "sync"),
    (r"(?<![A-Za-z0-9])asynchronous", "synchronous"),
    (r"(?<![A-Za-z0-9])Asynchronous", "Synchronous"),
)

# Keywords in comments, docstrings and other strings: code is recognised by its shape, the rest is prose.
TEXT_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"\basync (?=(?:def|with|for)\b)", ""),
    (r"(?<=[`{])await\s+(?=[A-Za-z_(])", ""),
    (r"(?<== )await\s+(?=[A-Za-z_(])", ""),
    (r"(?<=\()await\s+(?=[A-Za-z_]\w*\))", ""),
    (r"\bawait\s+(?=[A-Za-z_]\w*(?:\.\w+)*[(\[])", ""),
    (r"\bawait\s+(?=[A-Za-z_]\w*\.\w)", ""),
    (r"\b([Aa])n(\s+[`*]*)async\b", r"\1\2sync"),
    (r"\basync\b", "sync"),
    (r"\bAsync\b", "Sync"),
    (r"\b([Aa])n(?=\s+[`*]*asynchronous)", r"\1"),
)

# Marks for async test runners, and for tests that run with each async driver.
ASYNC_MARKS = {"pytest.mark.asyncio", "pytest.mark.anyio", "pytest.mark.each_driver"}

# The function that returns its argument, awaited if the driver requires it; no sync driver does.
RESOLVER = "resolve"

LEFTOVER = re.compile(
    r"async|AIO|^__await__$|^isawaitable$|^iscoroutine|^Coroutine$|^Awaitable$", re.IGNORECASE
)


class TranslationError(Exception):
    """The generator has no rule for the source; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement of the characters from `start` up to `end`."""

    start: int
    end: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A token with absolute offsets; an f-string is one token on every Python."""

    type: int
    text: str
    start: int
    end: int


def translate(source: str) -> str:
    """Return the sync form of async `source`, not yet formatted."""
    text = _resolve_flag(source)
    text = _drop_flag_imports(text)
    text = _drop_marks(text)
    text = _unwrap_resolved(text)
    text = _unwrap_generics(text)
    text = _drop_keywords(text)
    text = rename(text)
    _refuse_leftovers(text)
    return text


def rename(text: str) -> str:
    """Return `text` with every async name replaced by its sync twin, and the articles before them corrected."""
    return re.sub(r"(?:\b([Aa])n(\s+[`*]*))?\b(\w+)\b", _rename_match, text)


def _rename_match(match: re.Match[str]) -> str:
    article, between, name = match.groups()
    renamed = NAMES.get(name, name)
    if renamed is name:
        for pattern, replacement in NAME_PATTERNS:
            renamed = re.sub(pattern, replacement, renamed)
    if renamed == name or article is None:
        return match[0][: match.start(3) - match.start()] + renamed
    return f"{article}{'n' if renamed[0] in 'AEIOUaeiou' else ''}{between}{renamed}"


# --- `if ASYNC:` ----------------------------------------------------------------------------------------------------


def _resolve_flag(source: str) -> str:
    """Keep the sync branch of every `if ASYNC:` and `x if ASYNC else y`, outermost first."""
    while True:
        node = next(_flag_nodes(ast.parse(source)), None)
        if node is None:
            return source
        source = (
            _resolve_statement(source, node)
            if isinstance(node, ast.If)
            else _resolve_expression(source, node)
        )


def _flag_nodes(tree: ast.AST) -> Iterator[ast.If | ast.IfExp]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.If, ast.IfExp)) and _flag_value(node.test) is not None:
            yield node


def _flag_value(test: ast.expr) -> bool | None:
    """Return the value of the flag for which `test` holds; None if `test` is not about the flag."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        value = _flag_value(test.operand)
        return None if value is None else not value
    name = (
        test.id
        if isinstance(test, ast.Name)
        else test.attr
        if isinstance(test, ast.Attribute)
        else None
    )
    return True if name == FLAG else None


def _resolve_expression(source: str, node: ast.IfExp) -> str:
    kept = node.orelse if _flag_value(node.test) else node.body
    start, end = _span(source, node)
    inner = slice(*_span(source, kept))
    is_atom = isinstance(kept, (ast.Attribute, ast.Call, ast.Constant, ast.Name))
    text = source[inner] if is_atom else f"({source[inner]})"
    return f"{source[:start]}{text}{source[end:]}"


def _resolve_statement(source: str, node: ast.If) -> str:
    lines = source.splitlines(keepends=True)
    if lines[node.lineno - 1].lstrip().startswith("elif"):
        raise TranslationError(
            f"line {node.lineno}: `elif {FLAG}` has no rule, nest an `if {FLAG}` instead"
        )
    if node.body[0].lineno == node.lineno:
        raise TranslationError(
            f"line {node.lineno}: put the body of `if {FLAG}` on a line of its own"
        )
    last = node.orelse[-1] if node.orelse else node.body[-1]
    stop = last.end_lineno or last.lineno
    otherwise = _else_line(lines, node)
    if _flag_value(node.test):
        kept, first = _otherwise(node), otherwise + 1
    else:
        kept, first = node.body, _header_end(node) + 1
        stop = otherwise - 1 if node.orelse else stop
    body = _dedent(lines, first, stop, kept[0].col_offset - node.col_offset, kept) if kept else []
    if not kept and _is_alone(ast.parse(source), node):
        body = [" " * node.col_offset + "pass\n"]
    return "".join([*lines[: node.lineno - 1], *body, *lines[last.end_lineno :]])


def _otherwise(node: ast.If) -> list[ast.stmt]:
    match node.orelse:
        case [ast.If(test=ast.UnaryOp(operand=ast.Name(id="TYPE_CHECKING"))) as hidden]:
            if hidden.orelse:
                raise TranslationError(
                    f"line {node.lineno}: `if {FLAG}` has room for one more branch"
                )
            return hidden.body
        case orelse:
            return orelse


def _header_end(node: ast.If) -> int:
    return node.test.end_lineno or node.lineno


def _else_line(lines: list[str], node: ast.If) -> int:
    """Return the number of the line with `else:`, or of the last line if there is none.

    `elif not TYPE_CHECKING:` counts too: with it, type checkers of the source ignore the twin's branch.
    """
    end = node.body[-1].end_lineno or node.lineno
    if not node.orelse:
        return end
    for number in range(end + 1, node.orelse[0].lineno + 1):
        match lines[number - 1].split("#")[0].strip():
            case "else:" | "elif not TYPE_CHECKING:":
                return number
            case text if text.startswith(("elif", "else")):
                raise TranslationError(
                    f"line {number}: `{text}` after `if {FLAG}` has no rule, write `else:` and nest"
                )
            case _:
                pass
    raise TranslationError(f"line {node.lineno}: found no `else:` for this `if {FLAG}`")


def _dedent(lines: list[str], first: int, stop: int, width: int, kept: list[ast.stmt]) -> list[str]:
    """Return the lines `first` to `stop` moved left by `width`, except inside strings."""
    inside: set[int] = set()
    for statement in kept:
        for node in ast.walk(statement):
            if isinstance(node, (ast.Constant, ast.JoinedStr)) and node.end_lineno:
                inside.update(range(node.lineno + 1, node.end_lineno + 1))
    prefix = " " * width
    return [
        line if number in inside else line.removeprefix(prefix)
        for number, line in enumerate(lines[first - 1 : stop], start=first)
    ]


def _is_alone(tree: ast.Module, wanted: ast.If) -> bool:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and len(block) == 1 and not isinstance(node, ast.Module):
                only = block[0]
                if isinstance(only, ast.If) and (only.lineno, only.col_offset) == (
                    wanted.lineno,
                    wanted.col_offset,
                ):
                    return True
    return False


def _drop_flag_imports(source: str) -> str:
    """Remove the flag and the unwrapped generics from imports; set the flag to False where it is defined."""
    edits: list[Edit] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and any(
            alias.name in UNIMPORTED for alias in node.names
        ):
            node.names = [alias for alias in node.names if alias.name not in UNIMPORTED]
            edits.append(Edit(*_span(source, node), ast.unparse(node) if node.names else ""))
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == FLAG for target in targets):
                edits.append(Edit(*_span(source, node.value), "False"))
    return _apply(source, edits)


# --- test marks -----------------------------------------------------------------------------------------------------


def _drop_marks(source: str) -> str:
    """Remove the marks for async tests, as decorators and in `pytestmark`."""
    edits: list[Edit] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for decorator in filter(_is_async_mark, node.decorator_list):
                start, end = _span(source, decorator)
                edits.append(Edit(source.rindex("@", 0, start), end))
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            edits.extend(_mark_edits(source, node))
    return _apply(source, edits)


def _mark_edits(source: str, node: ast.Assign) -> Iterator[Edit]:
    if _is_async_mark(node.value):
        yield Edit(*_span(source, node))
    elif isinstance(node.value, (ast.List, ast.Tuple)) and any(
        map(_is_async_mark, node.value.elts)
    ):
        node.value.elts = [mark for mark in node.value.elts if not _is_async_mark(mark)]
        yield Edit(*_span(source, node), ast.unparse(node) if node.value.elts else "")


def _is_async_mark(node: ast.expr) -> bool:
    target = node.func if isinstance(node, ast.Call) else node
    return ast.unparse(target) in ASYNC_MARKS


# --- waiting
# ----------------------------------------------------------------------------------------------------------


def _unwrap_resolved(source: str) -> str:
    """Replace `resolve(f())`, awaited or not, by `f()`."""
    edits: list[Edit] = []
    waiting: dict[ast.AST, ast.Await] = {}
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Await(value=ast.Call() as call):
                waiting[call] = node
            case ast.Call(func=ast.Name(id=name), args=[ast.Call() as value]) if name == RESOLVER:
                start, end = _span(source, waiting.get(node, node))
                first, last = _span(source, value)
                edits += Edit(start, first), Edit(last, end)
            case _:
                pass
    return _apply(source, edits)


# --- names and keywords ---------------------------------------------------------------------------------------------


_GENERIC = re.compile(r"\b(?:[A-Za-z_]\w*\.)*(Awaitable|Coroutine|AsyncGenerator)\[")


def _unwrap_generics(text: str) -> str:
    """Replace `Awaitable[X]` and `Coroutine[Any, Any, X]` by `X`, `AsyncGenerator[X, Y]` by `Generator[X, Y, None]`."""
    position = 0
    while match := _GENERIC.search(text, position):
        arguments, end = _arguments(text, match.end())
        if match[1] == "AsyncGenerator":
            twin = f"Generator[{', '.join([*arguments, 'None'][:3])}]"
        else:
            twin = arguments[-1]
        text = text[: match.start()] + twin + text[end:]
        position = match.start()
    return text


def _arguments(text: str, start: int) -> tuple[list[str], int]:
    """Return the arguments of a subscript whose bracket opened before `start`, and the offset after its end."""
    depth, arguments, begin = 1, list[str](), start
    for offset in range(start, len(text)):
        character = text[offset]
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 or (depth == 1 and character == ","):
            arguments.append(text[begin:offset].strip())
            begin = offset + 1
        if depth == 0:
            return [argument for argument in arguments if argument], offset + 1
    raise TranslationError(f"a `[` is never closed: {text[start - 20 : start + 20]!r}")


def _drop_keywords(source: str) -> str:
    tokens = list(_tokens(source))
    edits: list[Edit] = []
    for index, token in enumerate(tokens):
        if token.type == tokenize.NAME and token.text in {"async", "await"}:
            edits.append(Edit(token.start, tokens[index + 1].start))
            if token.text == "await":
                edits.extend(_parentheses(tokens, index))
        elif token.type in {tokenize.STRING, tokenize.COMMENT}:
            edits.append(Edit(token.start, token.end, _translate_text(token.text)))
    return _apply(source, edits)


def _parentheses(tokens: list[Token], index: int) -> Iterator[Edit]:
    """Yield the removal of the parentheses in `(await x).y`, which only the `await` needed."""
    if (
        index == 0
        or tokens[index - 1].text != "("
        or (index > 1 and _ends_operand(tokens[index - 2]))
    ):
        return
    depth = 0
    for token in tokens[index + 1 :]:
        if token.text == ")" and depth == 0:
            yield Edit(tokens[index - 1].start, tokens[index - 1].end)
            yield Edit(token.start, token.end)
            return
        depth += (token.text in {"(", "[", "{"}) - (token.text in {")", "]", "}"})
        spread = token.type in {tokenize.NL, tokenize.COMMENT}
        operator = token.type == tokenize.OP and token.text not in {
            ".",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
        }
        if depth == 0 and (spread or operator or keyword.iskeyword(token.text)):
            return


def _ends_operand(token: Token) -> bool:
    """Return whether a parenthesis after `token` is a call, rather than a group."""
    if token.type == tokenize.NAME:
        return not keyword.iskeyword(token.text)
    return token.type == tokenize.STRING or token.text in {")", "]", "}"}


def _translate_text(text: str) -> str:
    for pattern, replacement in TEXT_PATTERNS:
        text = re.sub(pattern, replacement, text)
    return text


def _tokens(source: str) -> Iterator[Token]:
    starts = _line_starts(source)
    depth, opened = 0, 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        start = starts[token.start[0] - 1] + token.start[1]
        end = starts[token.end[0] - 1] + token.end[1]
        kind = tokenize.tok_name[token.type]
        if kind in {"FSTRING_START", "TSTRING_START"}:
            opened = start if depth == 0 else opened
            depth += 1
        elif kind in {"FSTRING_END", "TSTRING_END"}:
            depth -= 1
            if depth == 0:
                yield Token(tokenize.STRING, source[opened:end], opened, end)
        elif depth == 0:
            yield Token(token.type, token.string, start, end)


def _refuse_leftovers(text: str) -> None:
    tree = ast.parse(text)
    compile(text, "<generated>", "exec", dont_inherit=True)
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef)):
            raise TranslationError(
                f"line {line} of the result still waits: {ast.unparse(node)[:80]}"
            )
        if isinstance(node, ast.comprehension) and node.is_async:
            raise TranslationError(f"an async comprehension is left: {ast.unparse(node)}")
        for name in _identifiers(node):
            if LEFTOVER.search(name):
                raise TranslationError(
                    f"line {line} of the result has no sync twin for `{name}`; use `if {FLAG}:`"
                )


def _identifiers(node: ast.AST) -> Iterable[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()) if name == FLAG:
            return ()
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            return (name,)
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
        case ast.alias(name=name, asname=alias):
            return (*name.split("."), alias or "")
        case ast.ImportFrom(module=str(name)):
            return name.split(".")
        case _:
            return ()


# --- offsets --------------------------------------------------------------------------------------------------------


def _line_starts(source: str) -> list[int]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return [*starts, starts[-1]]


def _span(source: str, node: ast.expr | ast.stmt) -> tuple[int, int]:
    """Return the start and end of `node` in `source`, in characters (ast counts UTF-8 bytes)."""
    starts = _line_starts(source)

    def offset(line: int, column: int) -> int:
        begin = starts[line - 1]
        return begin + len(source[begin : starts[line]].encode()[:column].decode())

    end = offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
    return offset(node.lineno, node.col_offset), end


def _apply(text: str, edits: Iterable[Edit]) -> str:
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text
