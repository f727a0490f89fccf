from __future__ import annotations

import logging
import unicodedata
from pathlib import Path

import pytest

from bench.errors import DataError
from bench.image_files.finding import find_pictures


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_pictures_are_found_at_any_depth_under_any_suffix_that_is_read(tmp_path: Path) -> None:
    names = ["a.PNG", "b.jpeg", "c.Jpg", "d.jfif", "e.webp", "f.bmp", "g.tif", "deep/er/h.TIFF", "deep/i.1.png"]
    touch(*(tmp_path / name for name in names))

    found = find_pictures(tmp_path)

    assert list(found) == ["a", "b", "c", "d", "deep/er/h", "deep/i.1", "e", "f", "g"]
    assert found["deep/er/h"] == tmp_path / "deep/er/h.TIFF"


def test_links_are_followed_and_cycles_end(tmp_path: Path) -> None:
    images, elsewhere = tmp_path / "images", tmp_path / "elsewhere"
    touch(images / "a" / "p.png", elsewhere / "q.png", elsewhere / "deep" / "r.png", tmp_path / "single.png")
    (images / "b").symlink_to(elsewhere, target_is_directory=True)
    (images / "c").symlink_to("a", target_is_directory=True)
    (images / "s.png").symlink_to(tmp_path / "single.png")
    (images / "a" / "up").symlink_to(images, target_is_directory=True)
    (elsewhere / "deep" / "self").symlink_to(elsewhere, target_is_directory=True)
    (tmp_path / "all").symlink_to(images, target_is_directory=True)

    names = ["a/p", "b/deep/r", "b/q", "c/p", "s"]
    assert list(find_pictures(images)) == names
    assert list(find_pictures(tmp_path / "all")) == names


def test_a_link_that_leads_nowhere_is_refused_by_name(tmp_path: Path) -> None:
    touch(tmp_path / "a.png")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "folder").symlink_to(tmp_path / "nowhere")

    with pytest.raises(DataError, match=r"broken links: 'folder', 'gone\.png'"):
        find_pictures(tmp_path)

    (tmp_path / "folder").unlink()
    (tmp_path / "gone.png").rename(tmp_path / ".gone.png")
    assert list(find_pictures(tmp_path)) == ["a"]


def test_a_folder_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "a.png", tmp_path / "secret" / "b.png")
    listed = Path.iterdir

    def iterdir(path: Path) -> object:
        if path.name == "secret":  # permissions do not stop root
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)

    with pytest.raises(DataError, match=r"secret must be readable; found Permission denied"):
        find_pictures(tmp_path)


def test_what_is_not_read_is_counted_in_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    touch(*(tmp_path / name for name in ("a.png", "b.gif", "c.gif", "deep/d.heic", "e", "notes.txt", "list.json")))

    with caplog.at_level(logging.WARNING, "bench"):
        assert list(find_pictures(tmp_path)) == ["a"]

    (record,) = caplog.records
    assert "4 of the files are not read (2 with .gif, 1 with .heic, 1 with no suffix)" in record.getMessage()
    assert "'b.gif', 'c.gif', 'deep/d.heic' and 1 more" in record.getMessage()


def test_clutter_is_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    names = (".a.png", "._a.png", "Thumbs.db", "desktop.ini", ".cache/b.png", "__MACOSX/c.png", "@eaDir/d.png")
    touch(tmp_path / "a.png", *(tmp_path / name for name in names))

    with caplog.at_level(logging.WARNING, "bench"):
        assert list(find_pictures(tmp_path)) == ["a"]
    assert not caplog.records


def test_ids_have_one_unicode_form(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    touch(tmp_path / f"{decomposed}.png")
    assert list(find_pictures(tmp_path)) == [composed]

    touch(tmp_path / f"{composed}.jpg")
    with pytest.raises(DataError, match="must name one file"):
        find_pictures(tmp_path)


def test_a_folder_without_pictures_says_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"mask folder .* found an empty folder\. Draw some"):
        find_pictures(tmp_path, "mask folder", fix="Draw some.")

    touch(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"hold pictures \(\.jpg\); found none, only others such as a\.png"):
        find_pictures(tmp_path, suffixes=(".jpg",))
