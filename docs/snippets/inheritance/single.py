from odmantic import AIOEngine, Model, type_is


class Animal(Model, inheritance="single"):
    name: str


class Cat(Animal):
    lives: int = 9


class Lion(Cat):
    pride: str


async def main(engine: AIOEngine) -> None:
    await engine.save_all(
        [Animal(name="Rex"), Cat(name="Tom"), Lion(name="Leo", pride="north")]
    )

    for animal in await engine.find(Animal, sort=Animal.name):
        print(repr(animal.name), type(animal).__name__)
    # -> 'Leo' Lion
    # -> 'Rex' Animal
    # -> 'Tom' Cat

    print(await engine.count(Cat), await engine.count(Animal, Cat.lives > 8))
    # -> 2 2
    print(await engine.count(Animal, type_is(Animal, exact=True)))
    # -> 1
    document = await engine.get_collection(Animal).find_one(
        {"name": "Tom"}, {"_id": 0}
    )
    print(document)
    # -> {'_type': 'Cat', 'name': 'Tom', 'lives': 9}
