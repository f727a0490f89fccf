"""Commands for a machine with a GPU, each of which prints what came of it."""
