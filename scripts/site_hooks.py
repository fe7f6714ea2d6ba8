"""What the documentation site (`mkdocs.yml`) needs beyond plain Markdown, without any script from elsewhere.

Notebooks become pages with the outputs that they were saved with, formulas become MathML, which browsers draw
themselves, links to files outside of `docs/` lead to the repository, and the decisions get a list.
"""

from __future__ import annotations

import base64
import html
import json
import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

NOTEBOOKS = "notebooks"
DECISIONS = "decisions"
_LINK = re.compile(r"(?<=\]\()(?P<target>[^)\s#:]+)(?P<anchor>#[^)\s]*)?(?=\))")
_FORMULA = re.compile(r'<(?P<tag>span|div) class="arithmatex">(?P<latex>.*?)</(?P=tag)>', re.DOTALL)
_TO_NOTEBOOK = re.compile(r"\]\(([\w-]+)\.ipynb\)")
_SUFFIXES = {"image/png": ".png", "image/svg+xml": ".svg"}


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add a page and its figures for each notebook, and the list of decisions."""
    docs = Path(config.docs_dir)
    for notebook in sorted((docs / NOTEBOOKS).glob("*.ipynb")):
        figures: dict[str, bytes] = {}
        text = notebook_page(json.loads(notebook.read_text()), notebook.stem, figures.__setitem__)
        files.append(File.generated(config, f"{NOTEBOOKS}/{notebook.stem}.md", content=text))
        for name, content in figures.items():
            files.append(File.generated(config, f"{NOTEBOOKS}/{name}", content=content))
    files.append(File.generated(config, f"{DECISIONS}/index.md", content=decisions_page(docs / DECISIONS)))
    return files


def notebook_page(notebook: dict[str, Any], name: str, keep: Callable[[str, bytes], None]) -> str:
    """Return a saved notebook as Markdown; `keep(file name, content)` is given its figures."""
    parts = [f"[This notebook as a file]({name}.ipynb){{: download }}"]
    for number, cell in enumerate(notebook["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(_TO_NOTEBOOK.sub(r"](\1.md)", source))
        elif cell["cell_type"] == "code":
            parts.append(f"```python\n{source}\n```")
            parts += [_output(output, f"{name}-{number}-{i}", keep) for i, output in enumerate(cell["outputs"])]
    title, *rest = parts[1:]  # a notebook begins with its title
    return "\n\n".join([title, parts[0], *rest]) + "\n"


def _output(output: dict[str, Any], stem: str, keep: Callable[[str, bytes], None]) -> str:
    if output["output_type"] == "stream":
        return _printed("".join(output["text"]))
    if output["output_type"] == "error":
        raise ValueError(f"{stem}: the notebook was saved with an error; run it again")
    data = output["data"]
    for kind, suffix in _SUFFIXES.items():
        if kind in data:
            keep(stem + suffix, _bytes(kind, "".join(data[kind])))
            return f"![{_described(data)}]({stem}{suffix})"
    if "text/markdown" in data:
        return "".join(data["text/markdown"])
    return _printed("".join(data.get("text/plain", "")))


def _bytes(kind: str, text: str) -> bytes:
    return base64.b64decode(text) if kind == "image/png" else text.encode()


def _described(data: dict[str, Any]) -> str:
    """Return words for those who do not see the figure."""
    return re.sub(r"[\[\]<>]", "", "".join(data.get("text/plain", "figure")))


def _printed(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```" if text.strip() else ""


def decisions_page(folder: Path) -> str:
    """Return the list of decisions by their titles."""
    rows = []
    for path in sorted(folder.glob("[0-9]*.md")):
        title = path.read_text().splitlines()[0].removeprefix("# ")
        rows.append(f"- [{title}]({path.name})")
    return "# Decisions\n\nChoices that had alternatives, and their reasons.\n\n" + "\n".join(rows) + "\n"


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links to files of the repository that are no pages lead to the repository."""
    root = Path(config.docs_dir).parent
    folder = posixpath.dirname(page.file.src_uri)

    def led(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(Path(config.docs_dir).name, folder, match["target"]))
        if target.startswith(f"{Path(config.docs_dir).name}/") or not (root / target).exists():
            return match[0]
        kind = "tree" if (root / target).is_dir() else "blob"
        return f"{config.repo_url}/{kind}/main/{target}{match['anchor'] or ''}"

    return _LINK.sub(led, markdown)


def on_page_content(content: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    r"""Write formulas, which arrive as `\(...\)` and `\[...\]`, as MathML."""
    return _FORMULA.sub(lambda match: mathml(html.unescape(match["latex"])), content)


def mathml(marked: str) -> str:
    r"""Return `\(...\)` or `\[...\]` as MathML."""
    latex = marked.strip()[2:-2].strip()
    return str(convert(latex, display="block" if marked.strip().startswith("\\[") else "inline"))
