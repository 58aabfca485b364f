"""Places in documents that no field stands for: items of lists, by number or condition, and keys of dictionaries.

They are written in `[...]` behind a field: `Order.lines[0].sku`, `Order.lines[each].sku`, `User.prefs["theme"]`.
"""

from __future__ import annotations

from odmantic._query.spelling import each, element, given, matched, path_of, where

__all__ = ["each", "element", "given", "matched", "path_of", "where"]
