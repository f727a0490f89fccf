"""Work of commands as tasks of an engine: what workers share with the driver, and what deaths of workers cost."""
