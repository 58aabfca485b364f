"""The demonstration of what failed transactions leave behind, with this odmantic."""

from __future__ import annotations

from pathlib import Path

from bench.rollback_1x import OURS, table
from bench.rollback_cases import results

PAGE = Path(__file__).resolve().parents[3] / "docs" / "transactions.md"


def cells(row):
    return [cell.strip(" `*") for cell in row.strip("|").split("|")]


def test_saving_after_a_failed_transaction_stores_the_objects(
    odmantic_mongo_uri, odmantic_database_name
):
    found = list(results(odmantic_mongo_uri, odmantic_database_name))

    assert [result for result in found if not result.holds] == []
    rows = [cells(row) for row in table({OURS: found}).splitlines()[2:]]
    shown = [cells(row) for row in PAGE.read_text().splitlines() if row.startswith("|")]
    assert [
        row for row in rows if [*row[:2], row[-1]] not in [[*s[:2], s[-1]] for s in shown]
    ] == []
