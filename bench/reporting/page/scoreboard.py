"""The tables of the page: those of `bench.reporting.table`, one a protocol, with what is needed to sort them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial

from bench.records import Run, folder_name
from bench.records.profile import Profile
from bench.reporting.class_table import class_table
from bench.reporting.cost_table import cost_table
from bench.reporting.naming import INFINITE, NOTHING, metric_title, protocol_title
from bench.reporting.page.markup import Markup, join, name, tag
from bench.reporting.table import Column, Entry, Group, Row, Table, build_table

__all__ = ["scoreboard"]

_COPIES = {"csv": "Copy CSV", "tex": "Copy LaTeX", "md": "Copy Markdown"}


def scoreboard(run: Run, copied: Collection[str], profile: Profile | None = None) -> Markup:
    """The choosers, then a section a protocol, and where there are such numbers one by class and one of cost.

    Args:
        run: what was run.
        copied: names of the tables whose files the page carries.
        profile: what the models cost, if it is known.
    """
    tables = {protocol: build_table(run, [protocol]) for protocol in run.info.protocols}
    by_class, cost = class_table(run), cost_table(run, profile) if profile else None
    shown = [*build_table(run).columns, *(by_class.columns if by_class else ())]
    columns = list(dict.fromkeys(column.key for column in shown))
    sections = [
        _section(place, table, folder_name(protocol) if folder_name(protocol) in copied else "")
        for place, (protocol, table) in enumerate(tables.items())
    ]
    if by_class:
        sections.append(_class_section(by_class, "by-class" if "by-class" in copied else ""))
    if cost:
        sections.append(_cost_section(cost, "cost" if "cost" in copied else ""))
    return join([_choosers(columns), *sections])


def _choosers(columns: Iterable[str]) -> Markup:
    pairs = [column.partition(".")[::2] for column in columns]
    metrics = dict.fromkeys(metric for metric, _ in pairs)
    regions = dict.fromkeys(region for _, region in pairs)
    return tag(
        "form",
        _checkboxes("Metrics", "metric", {metric: metric_title(metric) for metric in metrics}),
        _checkboxes("Regions", "region", {region: region for region in regions}),
        tag("label", tag("input", type="checkbox", id="intervals"), " 95 % intervals", class_="lone"),
        class_="controls",
        id="columns",
        aria_label="What the tables show",
    )


def _checkboxes(legend: str, kind: str, choices: dict[str, str]) -> Markup:
    boxes = [
        tag("label", tag("input", type="checkbox", name=kind, value=value, checked=True), " ", title)
        for value, title in choices.items()
    ]
    return tag("fieldset", tag("legend", legend), *boxes)


def _section(place: int, table: Table, copied: str) -> Markup:
    group = table.groups[0]
    title = protocol_title(group.protocol, group.hole_share)
    return tag(
        "section",
        _bar(title, copied),
        _scrolled(_grid(table, group), title),
        _foot(table),
        class_="protocol",
        id=f"protocol-{place}",
    )


def _class_section(table: Table, copied: str) -> Markup:
    """A table a class, the first one open."""
    classes = [
        tag(
            "details",
            tag("summary", name(group.title)),
            _scrolled(_grid(table, group), group.title),
            open=True if place == 0 else None,
        )
        for place, group in enumerate(table.groups)
    ]
    return tag("section", _bar("By class", copied), *classes, _foot(table), class_="protocol", id="by-class")


def _cost_section(table: Table, copied: str) -> Markup:
    """One table, whose columns stay whatever is chosen above."""
    title = "Cost beside quality"
    grid = _grid(table, table.groups[0], chosen=False)
    return tag("section", _bar(title, copied), _scrolled(grid, title), _foot(table), class_="protocol", id="cost")


def _bar(title: str, copied: str) -> Markup:
    """A title, and buttons to copy the table where the page carries its files."""
    buttons = [
        tag("button", text, type="button", data_copy_file=copied, data_copy_suffix=suffix)
        for suffix, text in _COPIES.items()
    ]
    return tag("div", tag("h3", name(title)), *(buttons if copied else ()), class_="bar")


def _scrolled(grid: Markup, title: str) -> Markup:
    return tag("div", grid, class_="scroll", tabindex=0, role="region", aria_label=f"Table of {title}")


def _grid(table: Table, group: Group, *, chosen: bool = True) -> Markup:
    """Rows that compete and oracles; columns are shown as `chosen` by metric and region, or always."""
    headings = [_heading(column, chosen=chosen) for column in table.columns]
    head = tag("tr", _sorter("model", tag("span", "model")), *headings, *map(_plain, table.facts))
    ranked, oracles = ([row for row in group.rows if row.oracle is oracle] for oracle in (False, True))
    line = partial(_line, table, chosen=chosen)
    return tag(
        "table",
        tag("thead", head),
        tag("tbody", *map(line, ranked)) if ranked else "",
        tag("tbody", *map(line, oracles), class_="oracles") if oracles else "",
    )


def _heading(column: Column, *, chosen: bool) -> Markup:
    metric, _, region = column.key.partition(".")
    better = {True: "higher", False: "lower", None: ""}[column.higher_is_better]
    content = join(
        [
            tag(
                "span",
                f"{metric_title(metric)} {column.arrow}".strip(),
                title=f"{better} is better" if better else None,
            ),
            tag("small", f"{region} {column.unit}".strip()),
        ]
    )
    return _sorter("number", content, metric=metric if chosen else "", region=region if chosen else "", better=better)


def _sorter(kind: str, content: Markup, metric: str = "", region: str = "", better: str = "") -> Markup:
    return tag(
        "th",
        tag("button", content, type="button"),
        scope="col",
        aria_sort="none",
        class_=kind,
        data_metric=metric or None,
        data_region=region or None,
        data_better=better or None,
    )


def _plain(count: str) -> Markup:
    return tag("th", tag("span", count), scope="col", class_="number")


def _line(table: Table, row: Row, *, chosen: bool) -> Markup:
    oracle = tag("small", " oracle") if row.oracle and "oracle" not in row.model else ""
    pairs = zip(table.columns, row.entries, strict=True)
    cells = [_entry(column, entry, chosen=chosen) for column, entry in pairs]
    counts = [
        tag("td", text, class_="number failed" if kind == "failed" and text not in {"0", NOTHING} else "number")
        for kind, text in zip(table.facts, table.facts_of(row), strict=True)
    ]
    return tag("tr", tag("th", name(row.model), oracle, scope="row"), *cells, *counts)


def _entry(column: Column, entry: Entry, *, chosen: bool) -> Markup:
    metric, _, region = column.key.partition(".")
    number = tag({"": "span", "best": "strong", "second": "u"}[entry.mark], entry.text)
    interval = tag("small", entry.interval, class_="interval") if entry.interval else ""
    return tag(
        "td",
        number,
        interval,
        class_="number",
        title=f"95 % interval {entry.interval}" if entry.interval else None,
        data_value=_sorted_as(column, entry.text),
        data_metric=metric if chosen else None,
        data_region=region if chosen else None,
    )


def _sorted_as(column: Column, text: str) -> str:
    """What a script reads as a number; empty when there is none."""
    infinite = "Infinity" if column.higher_is_better else "-Infinity"
    return {NOTHING: "", "exact": infinite, INFINITE: "Infinity"}.get(text, text)


def _foot(table: Table) -> Markup:
    rows = [row for group in table.groups for row in group.rows]
    notes = [
        *(["Oracle rows are given labels of the truth and are not ranked."] if any(row.oracle for row in rows) else []),
        *table.notes,
    ]
    signatures = [join([tag("dt", title), tag("dd", tag("code", text))]) for title, text in table.signatures]
    return join(
        [
            tag("ul", *(tag("li", note) for note in notes), class_="notes"),
            tag("details", tag("summary", "Signatures"), tag("dl", *signatures, class_="signatures"))
            if signatures
            else "",
        ]
    )
