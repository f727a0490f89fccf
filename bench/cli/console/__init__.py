"""The terminal and the process around a command: streams, verbosity, what an error looks like, tables as wide as it."""
