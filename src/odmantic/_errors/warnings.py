"""Warnings: what a program does may not be what it means."""

from __future__ import annotations


class EmbeddedCopyWarning(UserWarning):
    """A field holds models in a container: their documents are stored in it as copies, not as references."""


class EmbeddedReferenceWarning(UserWarning):
    """`Reference()` stands at a field of an embedded model, which is stored in the document as without it."""


class ForeignFieldWarning(UserWarning):
    """A query or a sort order names a field of another model than the one it is for."""


class QueryTruthWarning(UserWarning):
    """A condition was asked whether it is true, as `and`, `or`, `not` and chained comparisons do: one of two is lost."""


class StringOperandWarning(UserWarning):
    """`in_` or `not_in` was given a text, which is the list of its characters."""


class UnconfiguredIndexesWarning(UserWarning):
    """A model with unique fields is saved, and this process has not asked for its indexes: nothing may be unique."""


class StrayOperationWarning(UserWarning):
    """An operation inside a transaction's block ran outside of the transaction."""
