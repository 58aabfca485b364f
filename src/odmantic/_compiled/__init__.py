"""The codec and the state, generated as fast code for each class on first use."""
