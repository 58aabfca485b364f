from odmantic import Model


class Profile(Model):
    name: str
    phone: str | None = None
    newsletter: bool = False

    model_config = {"store_none": False, "store_defaults": False}


profile = Profile(name="Ada")
print(profile.model_dump_doc().keys() - {"_id"})
# -> {'name'}
