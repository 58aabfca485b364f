"""Names that a module loads on first access (PEP 562), for programs that start quickly."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def lazy_names(
    namespace: dict[str, Any],
    sources: Mapping[str, Iterable[str]],
    submodules: Iterable[str] = (),
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the functions `__getattr__` and `__dir__` for a module.

    Args:
        namespace: The module's `globals()`; loaded names are put there.
        sources: The names by the module that defines them.
        submodules: Modules of the package that are its attributes.
    """
    package = namespace["__name__"]
    defined_in = {name: source for source, names in sources.items() for name in names}
    modules = frozenset(submodules)

    def load(name: str) -> Any:
        if name in modules:
            return import_module(f"{package}.{name}")
        source = defined_in.get(name)
        if source is None:
            raise AttributeError(
                f"module {package!r} has no attribute {name!r}", name=name, obj=None
            )
        value = namespace[name] = getattr(import_module(source), name)
        return value

    def names() -> list[str]:
        return sorted({*namespace, *defined_in, *modules})

    return load, names
