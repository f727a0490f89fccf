"""The tables of a run: one model of a table, a builder a question, and writers for Markdown, LaTeX, HTML and CSV."""
