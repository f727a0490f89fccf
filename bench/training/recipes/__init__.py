"""The recipes, one a model."""
