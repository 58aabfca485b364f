"""The speed of odmantic, compared with the raw driver, plain pydantic, odmantic 1.1.0 and other ODMs."""
