from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from odmantic import Expand, Field, Model, Ref


class User(Model):
    name: str = Field(primary_field=True)
    karma: int = 0


class Post(Model):
    title: str = Field(primary_field=True)
    author: Ref[User]
    likers: list[Ref[User]] = []


class PostWithAuthor(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    title: str
    author: Expand[Ref[User]]


app = FastAPI()


@app.post("/posts")
async def add(post: Post) -> Post:
    print(post.author)
    return post


post = Post(title="Trees", author=Ref(User(name="Ada")))
print(post.model_dump_json())
# -> {"title":"Trees","author":"Ada","likers":[]}
print(PostWithAuthor.model_validate(post).model_dump_json())
# -> {"title":"Trees","author":{"name":"Ada","karma":0}}
