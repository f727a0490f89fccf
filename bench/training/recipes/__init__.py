"""The recipes, one file or package for each model."""
