"""Describes symbolic links that lead nowhere."""

from adapters.io.symbolic_links import dangling_link


def test_dangling_link_is_described_with_its_target(tmp_path):
    link = tmp_path / "m.ymmsl"
    link.symlink_to("../gone/m.ymmsl")
    assert dangling_link(link) == (
        "It is a symbolic link to '../gone/m.ymmsl', which does not exist. Create that, or correct"
        " the link."
    )


def test_dangling_link_to_a_directory_is_described(tmp_path):
    (tmp_path / "models").symlink_to("/gone")
    assert f"'{tmp_path / 'models'}' is a symbolic link to '/gone'" in str(
        dangling_link(tmp_path / "models" / "m.ymmsl")
    )


def test_link_that_leads_to_itself_is_described(tmp_path):
    (tmp_path / "a").symlink_to("a")
    assert "a symbolic link to 'a'" in str(dangling_link(tmp_path / "a"))


def test_missing_file_without_a_link_is_not_described(tmp_path):
    assert dangling_link(tmp_path / "a" / "b") is None
