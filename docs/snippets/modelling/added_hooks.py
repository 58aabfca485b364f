from typing import Any

from odmantic import AIOEngine, HookEvent, Model, hook


class Part(Model):
    number: int

    @hook("before_query_write")
    @classmethod
    def refuse_all(cls, event: HookEvent) -> None:
        if not event.filter:
            raise ValueError(f"{event.operation} needs a filter")


def count(instance: Any, event: HookEvent) -> None:
    print(f"{event.operation} of {type(instance).__name__}: {sorted(event.changes)}")


async def main(engine: AIOEngine) -> None:
    remove_hook = engine.add_hook("after_save", count, Part)
    part = await engine.save(Part(number=1))
    # -> save of Part: ['id', 'number']
    remove_hook()
    part.number = 2
    await engine.save(part)

    try:
        await engine.remove(Part)
    except ValueError as error:
        print(error)
        # -> remove needs a filter
