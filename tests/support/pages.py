"""The pages of the documentation, and the code in them."""

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def code_blocks(page: str, language: str) -> list[str]:
    """Return the code blocks of a page in a language, in order."""
    text = (DOCS / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def save_files(page: str, folder: Path) -> list[str]:
    """Write the blocks that are introduced with a file name to a folder; return the names."""
    text = (DOCS / page).read_text()
    found = re.findall(
        r"`(\w+\.\w+)`[^`\n]*:\n\n```\w+\n(.*?)^```$", text, re.DOTALL | re.MULTILINE
    )
    for name, code in found:
        (folder / name).write_text(code)
    return [name for name, _ in found]


def commands(page: str, heading: str) -> str:
    """Return the first commands under a heading of a page, as a shell script."""
    text = (DOCS / page).read_text()
    section = text.partition(f"\n## {heading}\n")[2]
    found = re.search(r"^\n((?: {4}.*\n)+)", section, re.MULTILINE)
    assert found is not None, f"{page} has no commands under '{heading}'"
    return found[1]
