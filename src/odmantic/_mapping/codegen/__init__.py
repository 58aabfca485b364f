"""The functions generated for a class when it is first used: readable, and as fast as Python gets."""

from odmantic._mapping.codegen.codec import Codec, generate

__all__ = ["Codec", "generate"]
