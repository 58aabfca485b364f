"""How fast odmantic is: against the raw driver, plain pydantic, odmantic 1.1.0 and other ODMs."""
