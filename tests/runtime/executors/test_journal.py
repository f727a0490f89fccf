"""Entries survive a process that is killed while it writes."""

from __future__ import annotations

from pathlib import Path

from bench.runtime.executors.journal import Journal


def test_whole_entries_alone_are_read(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    reader, writer = Journal(path), Journal(path)
    assert list(reader.read()) == []
    for number in range(3):
        writer.append(("entry", number))
    whole = path.read_bytes()

    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        fresh = Journal(path)
        entries = list(fresh.read())
        assert entries == [("entry", number) for number in range(len(entries))]
        fresh.drop_torn()
        Journal(path).append("after")
        assert [*entries, *fresh.read()] == [*entries, "after"]

    path.write_bytes(whole)
    assert len(list(reader.read())) == 3
    assert list(reader.read()) == []
    path.write_bytes(whole[:-1] + b"?")
    assert len(list(Journal(path).read())) == 2
