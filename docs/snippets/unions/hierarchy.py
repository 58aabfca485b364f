from odmantic import EmbeddedModel, Model, as_type, type_is


class Shape(EmbeddedModel, inheritance="single"):
    colour: str = "black"


class Circle(Shape):
    radius: float


class Group(Shape):
    shapes: list[Shape] = []


class Drawing(Model):
    main: Shape
    more: list[Shape] = []


drawing = Drawing(
    main=Circle(radius=2), more=[Shape(), Group(shapes=[Circle(radius=1)])]
)
print(drawing.model_dump_doc()["main"])
# -> {'_type': 'Circle', 'colour': 'black', 'radius': 2.0}
print(Drawing.model_validate_doc(drawing.model_dump_doc()).more[1])
# -> colour='black' shapes=[Circle(colour='black', radius=1.0)]

print(as_type(Drawing.main, Circle).radius > 1)
# -> QueryExpression({'main.radius': {'$gt': 1}})
print(type_is(Drawing.more, Group))
# -> QueryExpression({'more._type': 'Group'})
