"""Fills of models on disk: those that a run keeps, and those that grids and the page show."""
