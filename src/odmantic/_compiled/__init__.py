"""The codec and the state once more, generated for each class when first wanted: readable, and as fast as Python gets."""
