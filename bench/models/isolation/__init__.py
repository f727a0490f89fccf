"""Models that run code of others, each in a process of its own.

`client` is the side of spgbench, `supervisor` and `worker` are the two processes behind it.
"""

from __future__ import annotations

__all__: list[str] = []
