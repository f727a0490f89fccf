"""A table as LaTeX that needs `booktabs` and `siunitx`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import groupby

from bench.reporting.analysis.columns import Column
from bench.reporting.analysis.groups import Group, Row
from bench.reporting.formatting import INFINITE, NOTHING, TIMES
from bench.reporting.tables.model import ORACLE_NOTE, Table, TableEntry
from bench.reporting.tables.published import PUBLISHED_TITLE, Published

__all__ = ["escape_latex", "latex_table"]

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\char34{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",
    "*": "{*}",
    NOTHING: r"\textendash{}",
    TIMES: r"$\times$",
    INFINITE: r"$\infty$",
    "…": r"\dots{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
}

_PREAMBLE = r"""% Needs in the preamble:
%   \usepackage{booktabs}
%   \usepackage{siunitx}
%   \sisetup{detect-all}  % so that \num prints bold numbers in bold
"""
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def escape_latex(text: str) -> str:
    """Any text as itself for pdfLaTeX: specials escaped, what its default fonts lack written as code points."""
    return re.sub("-(?=-)", "-{}", "".join(map(_escape_character, text)))  # no ligature of two hyphens


def _escape_character(char: str) -> str:
    if char in _SPECIAL:
        return _SPECIAL[char]
    if not char.isprintable():
        return " "
    accented = char <= "\u017f" and unicodedata.decomposition(char)[:1].isalnum()
    return char if char.isascii() or accented else f"{{[}}U+{ord(char):04X}]"


def latex_table(table: Table, *, intervals: bool = False) -> str:
    """A `table` environment with caption, label and the notes below it.

    Args:
        table: what to print.
        intervals: whether numbers carry their 95 % intervals, in small type.
    """
    body = "\\midrule\n".join(_group(table, group, intervals=intervals) for group in table.groups)
    columns = "l" + "r" * (len(table.columns) + len(table.facts))
    return (
        f"{_PREAMBLE}\\begin{{table}}\n\\centering\n\\small\n\\setlength{{\\tabcolsep}}{{4pt}}\n"
        f"\\caption{{{_caption(table, intervals=intervals)}}}\n\\label{{{_label(table)}}}\n"
        f"\\begin{{tabular}}{{@{{}}{columns}@{{}}}}\n\\toprule\n{_header(table)}\\midrule\n{body}\\bottomrule\n"
        f"\\end{{tabular}}\n{_published(table)}{_foot(table, intervals=intervals)}\\end{{table}}\n"
    )


def _caption(table: Table, *, intervals: bool) -> str:
    only = table.groups[0] if len(table.groups) == 1 else None
    what = f"{table.title}; {only.title}" if only else table.title
    second = "rows not distinguishable from it" if table.tested else "second best"
    marks = f". Best in bold, {second} underlined" if table.marked else ""
    text = f"{escape_latex(what)}{marks}"
    return f"{text}; in brackets 95\\,\\% intervals." if intervals and table.interval_notes else f"{text}."


def _label(table: Table) -> str:
    return "tab:" + (re.sub(r"[^a-z0-9]+", "-", table.name.lower()).strip("-") or "protocol")


def _header(table: Table) -> str:
    """Metrics over their regions."""
    top, rules, place = [""], [], 2
    for _, members in groupby(table.columns, key=lambda column: column.metric):
        columns = list(members)
        top.append(f"\\multicolumn{{{len(columns)}}}{{c}}{{{_metric(columns[0])}}}")
        rules.append(f"\\cmidrule(lr){{{place}-{place + len(columns) - 1}}}")
        place += len(columns)
    regions = [escape_latex(column.region) for column in table.columns]
    heads = [escape_latex(table.row_title), *regions, *table.facts]
    return _line([*top, *([""] * len(table.facts))]) + "".join(rules) + "\n" + _line(heads)


def _metric(column: Column) -> str:
    unit = f" ({escape_latex(column.unit)})" if column.unit else ""
    return f"{escape_latex(column.metric_title)} {escape_latex(column.arrow)}{unit}".strip()


def _group(table: Table, group: Group, *, intervals: bool) -> str:
    width = 1 + len(table.columns) + len(table.facts)
    name = escape_latex(group.title)
    heading = f"\\multicolumn{{{width}}}{{@{{}}l}}{{\\textit{{{name}}}}} \\\\\n" if len(table.groups) > 1 else ""
    ranked = [_row(table, row, intervals=intervals) for row in group.rows if not row.model.oracle]
    oracles = [_row(table, row, intervals=intervals) for row in group.rows if row.model.oracle]
    rule = "\\addlinespace\n" if ranked and oracles else ""
    return heading + "".join(ranked) + rule + "".join(oracles)


def _row(table: Table, row: Row, *, intervals: bool) -> str:
    name = escape_latex(row.model.title)
    return _line(
        [
            f"\\textit{{{name}}}" if row.model.oracle else name,
            *(_entry(entry, intervals=intervals) for entry in table.entries(row)),
            *map(_number, table.facts_of(row)),
        ]
    )


def _entry(entry: TableEntry, *, intervals: bool) -> str:
    number = {"": "{}", "best": "\\textbf{{{}}}", "second": "\\underline{{{}}}"}[entry.mark].format(_number(entry.text))
    interval = _NUMBER.sub(lambda match: _number(match[0]), entry.interval)
    return f"{number} {{\\scriptsize {interval}}}" if intervals and interval else number


def _number(text: str) -> str:
    """`-1.50` as siunitx prints numbers; words and dashes as they are."""
    return f"\\num{{{text}}}" if _NUMBER.fullmatch(text) else escape_latex(text)


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + " \\\\\n"


def _published(table: Table) -> str:
    """A `tabular` of its own for the figures of every protocol, with their sources below it."""
    return "".join(
        f"\n\\medskip\n\\textit{{{_published_title(table, block)}}}\n\n{_published_grid(block)}"
        for block in table.published
    )


def _published_title(table: Table, block: Published) -> str:
    return escape_latex(f"{block.group}: {PUBLISHED_TITLE}" if len(table.groups) > 1 else PUBLISHED_TITLE)


def _published_grid(block: Published) -> str:
    headings = [f"{_metric(column)} {escape_latex(column.region)}" for column in block.columns]
    rows = [_line([escape_latex(row.model), *map(_number, row.texts), escape_latex(row.source)]) for row in block.rows]
    notes = "\\\\\n".join(map(escape_latex, block.notes))
    return (
        f"\\begin{{tabular}}{{@{{}}l{'r' * len(headings)}l@{{}}}}\n\\toprule\n{_line(['model', *headings, 'source'])}"
        f"\\midrule\n{''.join(rows)}\\bottomrule\n\\end{{tabular}}\n\n"
        f"\\begin{{minipage}}{{\\linewidth}}\\raggedright\\scriptsize\n{notes}\n\\end{{minipage}}\n"
    )


def _foot(table: Table, *, intervals: bool) -> str:
    """Notes, then signatures that may break after every field."""
    oracle = [ORACLE_NOTE] if table.has_oracles else []
    interval = table.interval_notes if intervals else ()
    lines = [escape_latex(note) for note in (*interval, *oracle, *table.notes)]
    for title, signature in table.signatures:
        code = "\\textbar{}\\allowbreak{}".join(map(escape_latex, signature.split("|")))
        lines.append(f"{escape_latex(title)}: \\texttt{{{code}}}")
    if not lines:
        return ""
    notes = "\\\\\n".join(lines)
    return f"\n\\smallskip\n\\begin{{minipage}}{{\\linewidth}}\\raggedright\\scriptsize\n{notes}\n\\end{{minipage}}\n"
