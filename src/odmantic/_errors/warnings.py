"""Warnings: the program may not do what it intends."""

from __future__ import annotations


class EmbeddedCopyWarning(UserWarning):
    """A container field holds models: their documents are stored in it as copies, not as references."""


class EmbeddedReferenceWarning(UserWarning):
    """`Reference()` is used on an embedded model, which is embedded nevertheless."""


class ForeignFieldWarning(UserWarning):
    """A query or a sort order names a field of another model."""


class OldDocumentsWarning(UserWarning):
    """A field with `on_insert` or `on_update` says nothing of documents without its key, which will not load."""


class QueryTruthWarning(UserWarning):
    """Python took the truth value of a condition, as for `and`, `or`, `not` and chained comparisons: one is lost."""


class RawQueryWarning(UserWarning):
    """A plain dictionary is used as a query: it has code for the server, or the engine has `raw_queries="warn"`."""


class StoredFieldsWarning(UserWarning):
    """An update by query sets a field of a model with stored properties, which it does not compute."""


class StringOperandWarning(UserWarning):
    """`in_` or `not_in` was given a string, and compares with its characters."""


class UnconfiguredIndexesWarning(UserWarning):
    """A model with unique fields is saved, but this process has not created its indexes: nothing may be unique."""


class StrayOperationWarning(UserWarning):
    """An operation inside a transaction's block ran outside the transaction."""
