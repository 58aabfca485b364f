"""Names that programs import, and what importing needs."""

from __future__ import annotations

import importlib
import importlib.metadata
import subprocess
import sys
import textwrap
from importlib.resources import files

import pytest

import odmantic

NAMES = {
    "odmantic": "__version__ F",
    "odmantic.model": """
        Model EmbeddedModel _BaseODMModel ModelMetaclass EmbeddedModelMetaclass BaseModelMetaclass
    """,
    "odmantic.field": """
        Field ODMFieldInfo ODMBaseField ODMBaseIndexableField ODMField ODMReference ODMEmbedded
        ODMEmbeddedGeneric KeyNameProxy FieldProxy
    """,
    "odmantic.reference": "Reference ODMReferenceInfo",
    "odmantic.bson": """
        ObjectId Int64 Long Decimal128 Binary Regex WithBsonSerializer BaseBSONModel
        BSON_TYPES_ENCODERS _datetime
    """,
    "odmantic.config": "ODMConfigDict validate_config",
    "odmantic.exceptions": """
        BaseEngineException DocumentNotFoundError DuplicateKeyError DocumentParsingError ErrorList
        ODManticCustomError KeyNotFoundInDocumentError ReferencedDocumentNotFoundError
        IncorrectGenericEmbeddedModelValue
    """,
    "odmantic.index": "Index ODMBaseIndex ODMSingleFieldIndex ODMCompoundIndex",
    "odmantic.query": """
        QueryExpression SortExpression and_ or_ nor_ eq ne gt gte lt lte in_ not_in match asc desc
        QueryDictBool FieldProxyAny is_null exists type_ mod bits_all_set bits_any_set bits_all_clear
        bits_any_clear startswith endswith contains icontains iequals size all_ elem_match element not_ raw
    """,
    "odmantic.path": "each matched where given element path_of",
    "odmantic.update": """
        Update set_ unset inc mul min_ max_ rename current_date set_on_insert push add_to_set pull pop bit
    """,
    "odmantic.expr": "Expression call literal size",
    "odmantic.typing": """
        Annotated dataclass_transform Expr IntegerExpr NumberExpr TextExpr OrderedExpr DateExpr ArrayExpr Filter Sort Update
        Values WriteOptions FindOptions AggregateOptions
    """,
    "odmantic.engine": """
        AIOEngine SyncEngine BaseEngine AIOCursor SyncCursor BaseCursor ModelType
        SortExpressionType AIOSessionType SyncSessionType AIOSession AIOSessionBase AIOTransaction
        SyncSession SyncSessionBase SyncTransaction DocumentNotFoundError DuplicateKeyError
        FieldProxy QueryExpression SortExpression
    """,
    "odmantic.session": """
        AIOSessionBase AIOSession AIOTransaction SyncSessionBase SyncSession SyncTransaction
    """,
    "odmantic.strict": """
        AIOEngine AIOSession AIOTransaction Index SyncEngine SyncSession SyncTransaction
    """,
    "odmantic.testing.strict": "AIORollbackEngine SyncRollbackEngine",
}


def run(program: str) -> str:
    """Run a program in an interpreter that has imported nothing yet."""
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(program)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module in NAMES for name in NAMES[module].split()]
)
def test_a_name_can_be_imported(module, name):
    assert hasattr(importlib.import_module(module), name)


def test_what_a_star_imports():
    assert set(odmantic.__all__) == {
        "AIOEngine",
        "Model",
        "EmbeddedModel",
        "Field",
        "Reference",
        "Index",
        "ObjectId",
        "SyncEngine",
        "WithBsonSerializer",
    }
    assert all(hasattr(odmantic, name) for name in odmantic.__all__)


def test_the_version_is_that_of_the_distribution():
    assert odmantic.__version__ == importlib.metadata.version("odmantic")


def test_the_package_is_typed():
    assert (files(odmantic) / "py.typed").is_file()


def test_submodules_are_attributes_after_a_bare_import():
    modules = [module.partition(".")[2] for module in NAMES if module.count(".") == 1]

    assert run(f"import odmantic; print(all(hasattr(odmantic, m) for m in {modules}))") == "True\n"


@pytest.mark.parametrize("first", ["odmantic", "odmantic.engine", "odmantic.session"])
def test_any_module_may_be_imported_first(first):
    assert run(f"import {first}, odmantic; print(odmantic.Model.__name__)") == "Model\n"


def test_motor_is_neither_needed_nor_imported():
    program = """
        import sys

        class NoMotor:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] == "motor":
                    raise ImportError(f"{name} is not installed")

        sys.meta_path.insert(0, NoMotor())

        import pymongo
        from odmantic import AIOEngine, SyncEngine

        client = AIOEngine().client
        print(type(client) is pymongo.AsyncMongoClient)
        with pymongo.MongoClient(connect=False) as client:
            print(SyncEngine(client).session().is_started)
        print("motor" in sys.modules)
    """

    assert run(program).split() == ["True", "False", "False"]
