"""`python -m docs.generator`: write every generated page and part anew."""

from __future__ import annotations

from docs.generator.pages import ROOT, rendered

__all__: list[str] = []

if __name__ == "__main__":
    for path, text in rendered().items():
        (ROOT / path).write_text(text, encoding="utf-8")
