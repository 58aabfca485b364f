"""What `on_delete` may say where, and which classes have rules about others."""

from __future__ import annotations

import gc
import weakref
from collections import deque
from typing import Any, Deque, Dict, Generic, List, Optional, Set, Tuple, TypeVar

import pytest

from odmantic import EmbeddedModel, Field, Index, Model, Ref, Reference
from odmantic._mapping.rules import drop_rules, has_rules_below, rules_on
from odmantic._plan.rules import index_advice

RULES = ("nothing", "deny", "cascade", "nullify", "pull", "pull_element")


class User(Model):
    name: str = ""


def told(model):
    """Returns the rules that a deletion fires, as texts."""
    gc.collect()
    return sorted(
        f"{rule.holder.__name__}.{rule.path} {rule.on_delete}" for rule in rules_on(model)
    )


ALWAYS = {"nothing", "deny", "cascade"}
FORMS = {
    "one": (User, ALWAYS),
    "optional": (Optional[User], ALWAYS | {"nullify"}),
    "list": (List[User], ALWAYS | {"pull"}),
    "tuple": (Tuple[User, ...], ALWAYS | {"pull"}),
    "deque": (Deque[User], ALWAYS | {"pull"}),
    "dict": (Dict[str, User], ALWAYS | {"pull"}),
    "optional list": (Optional[List[User]], ALWAYS | {"pull"}),
    "list of optional": (List[Optional[User]], ALWAYS | {"pull", "nullify"}),
    "dict of lists": (Dict[str, List[User]], ALWAYS | {"pull"}),
    "lazy": (Ref[User], ALWAYS),
    "optional lazy": (Optional[Ref[User]], ALWAYS | {"nullify"}),
    "set of lazy": (Set[Ref[User]], ALWAYS | {"pull"}),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("form", FORMS)
def test_each_form_has_its_rules(form, rule):
    annotation, possible = FORMS[form]
    bodies: dict[Any, set[str]] = {Model: possible, EmbeddedModel: possible | {"pull_element"}}
    for base, allowed in bodies.items():

        def define(base=base):
            class Holder(base):
                user: annotation = Reference(on_delete=rule)

        if rule in allowed:
            define()
            continue
        with pytest.raises(
            TypeError, match=rf"Holder\.user cannot have on_delete='{rule}': "
        ) as caught:
            define()
        named = str(caught.value).split("Possible are ")[1]
        assert {word.strip("'") for word in named.replace(" and", ",").split(", ")} == allowed


@pytest.mark.parametrize("wrong", ["delete", None, True, 1, ["cascade"]])
def test_other_words_are_refused(wrong):
    with pytest.raises(
        ValueError, match="on_delete of Reference\\(\\) is one of 'nothing', 'deny'"
    ):
        Reference(on_delete=wrong)


def test_what_is_pulled_has_to_be_in_a_list():
    class Comment(EmbeddedModel):
        by: User = Reference(on_delete="pull_element")

    class Meta(EmbeddedModel):
        best: Comment

    class Fine(Model):
        comments: List[Comment] = []
        queue: Deque[Comment] = deque()
        grid: List[List[Comment]] = []
        metas: List[Meta] = []
        named: Dict[str, List[Comment]] = {}

    for annotation in (
        *(Comment, Optional[Comment], Dict[str, Comment], Tuple[Comment, int]),
        *(Meta, List[Dict[str, Comment]], Dict[str, Meta]),
    ):
        with pytest.raises(
            TypeError,
            match=r"Wrong\.comment.* cannot be pulled: Comment\.by has on_delete='pull_element'",
        ):

            class Wrong(Model):
                comment: annotation

    assert len(told(User)) >= 5


def test_objects_in_themselves():
    class Reply(EmbeddedModel):
        replies: List["Reply"] = []
        by: User = Reference(on_delete="deny")

    class Leaf(EmbeddedModel):
        by: User = Reference(on_delete="pull_element")

    class Tree(EmbeddedModel):
        branches: List["Tree"] = []
        leaves: List[Leaf] = []

    class Forest(Model):
        tree: Tree
        replies: List[Reply] = []

    rules = {rule.path: rule for rule in Forest.__mapping__.rules}
    assert {*rules} == {"tree.leaves.by", "replies.by"}
    first, *_, last = rules["replies.by"].deeper
    assert {first.path, last.path} == {"replies.replies.by", ".".join(["replies"] * 89 + ["by"])}
    assert len(rules["tree.leaves.by"].deeper) == 88

    with pytest.raises(
        TypeError, match=r"Node\.by cannot have an on_delete, .*: Node is in itself"
    ):

        class Node(EmbeddedModel):
            by: User = Reference(on_delete="deny")
            others: Dict[str, "Node"] = {}

    with pytest.raises(TypeError, match=r"Twin\.by cannot have an on_delete, .* 1000 places"):

        class Twin(EmbeddedModel):
            by: User = Reference(on_delete="deny")
            left: Optional["Twin"] = None
            right: Optional["Twin"] = None

    class Free(EmbeddedModel):
        by: Optional[User] = Reference()
        others: Dict[str, "Free"] = {}
        more: List["Free"] = []

    class Wood(Model):
        trees: List[Free] = []
        leaves: List[Leaf] = []

    assert told(User).count("Wood.leaves.by pull_element") == 1


def test_there_are_not_too_many_places():
    class Level(EmbeddedModel):
        of: User = Reference(on_delete="deny")

    class Free(EmbeddedModel):
        of: Optional[User] = Reference()

    ruled, free = Level, Free
    for _ in range(20):

        class Around(EmbeddedModel):
            one: free
            other: free

        free = Around

    class Holder(Model):
        of: User = Reference(on_delete="deny")
        around: free

    assert [rule.path for rule in Holder.__mapping__.rules] == ["of"]
    with pytest.raises(
        TypeError, match=r"Level\.of cannot have an on_delete, .* more than 1000 places"
    ):
        for _ in range(20):

            class Between(EmbeddedModel):
                one: ruled
                other: ruled

            ruled = Between


def test_classes_of_an_embedded_hierarchy_say_the_same():
    class Shape(EmbeddedModel, inheritance="single"):
        owner: Optional[User] = Reference(on_delete="nullify")

    class Circle(Shape):
        r: int = 1

    with pytest.raises(
        TypeError, match=r"Square\.owner cannot have on_delete='cascade': Shape\.owner"
    ):

        class Square(Shape):
            owner: Optional[User] = Reference(on_delete="cascade")

    class Drawing(Model):
        shapes: List[Shape] = []
        last: Optional[Circle] = None

    assert [each for each in told(User) if each.startswith("Drawing")] == [
        "Drawing.last.owner nullify",
        "Drawing.shapes.owner nullify",
    ]


def test_soft_delete_rules_need_a_soft_delete():
    with pytest.raises(TypeError, match="Wrong cannot have soft_delete_rules"):

        class Wrong(Model):
            model_config = {"soft_delete_rules": True}


# --- Which classes -----------------------------------------------------------------------------


class Later(Model):
    first: Optional["Defined"] = Reference(on_delete="nullify")
    notes: List["NoteLater"] = []


def test_forward_references_count_once_they_exist():
    global Defined, NoteLater  # noqa: PLW0603 - where annotations look for them

    class Target(Model):
        pass

    class Defined(Model):
        pass

    assert told(Defined) == []

    class NoteLater(EmbeddedModel):
        of: Target = Reference(on_delete="deny")

    assert Later.__mapping__
    assert told(Defined) == ["Later.first nullify"]
    assert told(Target) == ["Later.notes.of deny"]


class NeverUsed(Model):
    of: "FromElsewhere" = Reference(on_delete="deny")


def test_forward_references_count_before_the_first_use_of_their_class():
    global FromElsewhere  # noqa: PLW0603 - where the annotation looks for it

    # As an import at the end of a module does: no class of the module is defined with this name.
    FromElsewhere = type("Other", (Model,), {"__module__": "elsewhere"})

    assert has_rules_below(FromElsewhere)
    assert told(FromElsewhere) == ["NeverUsed.of deny"]


class WithLater(EmbeddedModel):
    by: Optional["LaterTarget"] = Reference(on_delete="nullify")
    all: List["LaterTarget"] = Reference(on_delete="pull")


class HasLater(Model):
    notes: List[WithLater] = []


class LaterRoot(Model):
    model_config = {"inheritance": "single"}
    last: Optional["LaterLeaf"] = Reference(on_delete="nullify")


class LaterFirst(LaterRoot):
    notes: List[WithLater] = []


class LaterSecond(LaterRoot):
    of: Optional[HasLater] = Reference(on_delete="deny")


class LaterTarget(Model):
    holder: Optional[HasLater] = Reference(on_delete="cascade")


class LaterLeaf(LaterRoot):
    first: Optional[LaterFirst] = Reference(on_delete="cascade")


def test_classes_may_be_complete_before_those_in_them():
    assert has_rules_below(LaterTarget)
    assert told(LaterTarget) == [
        *("HasLater.notes.all pull", "HasLater.notes.by nullify"),
        *("LaterRoot.notes.all pull", "LaterRoot.notes.by nullify"),
    ]
    assert told(HasLater) == ["LaterRoot.of deny", "LaterTarget.holder cascade"]
    assert told(LaterLeaf) == ["LaterRoot.last nullify"]
    assert told(LaterFirst) == ["LaterRoot.first cascade"]


def define_what_cannot_be():
    """Defines an embedded class that waits for a name, and is in no list although its rule wants one."""

    class Wrong(EmbeddedModel):
        by: "TargetOfWrong" = Reference(on_delete="pull_element")

    class HoldsWrong(Model):
        wrong: Wrong

    return HoldsWrong


def test_rules_that_cannot_be_are_told_once_and_stop_deletions():
    global TargetOfWrong  # noqa: PLW0603 - where the annotation looks for it

    holder = define_what_cannot_be()
    TargetOfWrong = type("Other", (Model,), {"__module__": "elsewhere"})
    text = r"HoldsWrong\.wrong\.by cannot be pulled"
    with pytest.raises(TypeError, match=text):
        holder.__annotations__["wrong"].model_rebuild()

    class Another(Model):
        pass

    for _ in range(2):
        with pytest.raises(TypeError, match=text):
            has_rules_below(Another)
    drop_rules(holder)
    assert not has_rules_below(Another)


class Owner(Model):
    pass


class HolderOfOwner(Model):
    of: Owner = Reference(on_delete="cascade")
    others: List["HolderOfOwner"] = Reference(on_delete="pull")


def test_holders_are_found_by_their_targets():
    class Abstract(Model, inheritance="abstract"):
        of: Owner = Reference(on_delete="deny")

    class First(Abstract):
        pass

    class Second(Abstract):
        key: Optional[Owner] = Reference(on_delete="nullify")

    assert told(Owner) == [
        "First.of deny", "HolderOfOwner.of cascade", "Second.key nullify", "Second.of deny",
    ]  # fmt: skip
    assert told(HolderOfOwner) == ["HolderOfOwner.others pull"]
    assert told(First) == []
    assert not has_rules_below(First)
    assert has_rules_below(Owner)


def test_classes_that_are_gone_have_no_rules():
    class Target(Model):
        pass

    class Holder(Model):
        of: Target = Reference(on_delete="deny")

    assert told(Target) == ["Holder.of deny"]
    holder = weakref.ref(Holder)
    del Holder
    gc.collect()
    assert holder() is None
    assert told(Target) == []
    assert not has_rules_below(Target)


def test_reloaded_code_replaces_its_classes():
    class Target(Model):
        pass

    def define(rule, name="Holder"):
        class Holder(Model):
            of: Optional[Target] = Reference(on_delete=rule)
            model_config = {"collection": name}

        return Holder

    old, new = define("deny"), define("nullify")
    assert told(Target) == ["Holder.of nullify"]
    other = define("deny", "other")
    assert told(Target) == ["Holder.of deny", "Holder.of nullify"]
    assert {old.__name__, new.__name__, other.__name__} == {"Holder"}


def test_a_class_that_cannot_be_defined_has_no_rules():
    class Target(Model):
        pass

    class Pulled(EmbeddedModel):
        of: Target = Reference(on_delete="pull_element")

    with pytest.raises(TypeError):

        class Wrong(Model):
            key: Optional[Target] = Reference(on_delete="nullify")
            one: Pulled

    assert told(Target) == []


T = TypeVar("T")


def test_generic_classes():
    class Target(Model):
        pass

    class Box(EmbeddedModel, Generic[T]):
        content: T

    class Note(EmbeddedModel):
        of: Target = Reference(on_delete="deny")

    class Holder(Model, Generic[T]):
        of: Optional[Target] = Reference(on_delete="nullify")
        box: Optional[Box[T]] = None

    notes = Holder[Note]
    assert notes.__collection__ == Holder.__collection__
    assert [rule.on_delete for rule in rules_on(Target)] == ["nullify", "deny"]


def test_hierarchies():
    class Animal(Model, inheritance="single"):
        friend: Optional["Animal"] = Reference(on_delete="nullify")

    class Cat(Animal):
        prey: Optional["Dog"] = Reference(on_delete="cascade")

    class Dog(Animal):
        friend: Optional["Animal"] = Reference(on_delete="deny")

    Cat.model_rebuild()
    assert told(Animal) == ["Animal.friend deny", "Animal.friend nullify"]
    assert told(Dog) == ["Animal.friend deny", "Animal.friend nullify", "Animal.prey cascade"]
    types = {rule.on_delete: rule.types for rule in rules_on(Dog)}
    assert types == {"nullify": (None, "Cat"), "deny": ("Dog",), "cascade": ("Cat",)}
    assert has_rules_below(Animal)

    class Bird(Animal):
        pass

    types = {rule.on_delete: rule.types for rule in rules_on(Bird)}
    assert set(types["nullify"]) == {None, "Cat", "Bird"}


def test_what_has_no_index_is_named():
    class Target(Model):
        pass

    class Meta(EmbeddedModel):
        of: Optional[Target] = Reference(on_delete="nullify", key_name="o")

    class Holder(Model):
        indexed: Optional[Target] = Reference(on_delete="nullify", index=True)
        unique: Optional[Target] = Reference(on_delete="nullify", unique=True)
        first: Optional[Target] = Reference(on_delete="nullify", key_name="f")
        second: Optional[Target] = Reference(on_delete="nullify")
        table: Dict[str, Target] = Reference(on_delete="pull", index=True)
        metas: List[Meta] = Field([], key_name="m")
        others: List[Meta] = []
        taken: Optional[Target] = Reference(on_delete="cascade")
        model_config = {
            "indexes": lambda: [Index(Holder.first, Holder.second)],
        }

    class Above(Model):
        holder: Holder = Reference(on_delete="cascade")

    advice = index_advice(Target)
    assert (
        "Holder.second, Holder.table, Holder.metas.of, Holder.others.of, Holder.taken, Above.holder."
        in advice
    )
    assert index_advice(Above) == ""
