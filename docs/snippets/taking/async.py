from odmantic import AIOEngine, F, Field, Model


class Job(Model):
    number: int = Field(unique=True)
    state: str = "new"
    worker: str | None = None


async def main(engine: AIOEngine) -> None:
    await engine.configure_database([Job])
    await engine.save_all([Job(number=each) for each in range(1, 7)])

    # --8<-- [start:delete]
    print(
        await engine.delete_one(Job, F(Job.state) == "new", sort=F(Job.number).asc())
    )
    # -> True
    print(await engine.delete_many(Job, F(Job.number) > 5))
    # -> 1
    # --8<-- [end:delete]

    # --8<-- [start:take]
    job = await engine.find_one_and_delete(
        Job, F(Job.state) == "new", sort=F(Job.number).asc()
    )
    print(job.number if job else "no job is left")
    # -> 2
    # --8<-- [end:take]

    # --8<-- [start:claim]
    job = await engine.find_one_and_update(
        Job,
        F(Job.state) == "new",
        F(Job.state).set("running"),
        F(Job.worker).set("Ada"),
        sort=F(Job.number).asc(),
    )
    print(job.worker if job else "no job is left")
    # -> Ada
    # --8<-- [end:claim]

    # --8<-- [start:create]
    job, created = await engine.get_or_create(Job, F(Job.number) == 9, Job(number=9))
    print(job.number, created)
    # -> 9 True
    # --8<-- [end:create]

    # --8<-- [start:replace]
    job = Job(number=9, state="again")
    await engine.replace_one(Job, F(Job.number) == 9, job)
    print(await engine.count(Job, F(Job.number) == 9))
    # -> 1

    job = await engine.find_one_and_replace(
        Job, F(Job.number) == 9, Job(number=9, worker="Bo"), returning="before"
    )
    print(job.state if job else "there was none")
    # -> again
    # --8<-- [end:replace]
