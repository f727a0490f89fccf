"""From the records of a whole cell to its summary, with nothing but files: no picture, no model, no judge."""
