"""Generated parts of the documentation: `python -m docs.generator` writes them, a test finds stale ones."""

__all__: list[str] = []
