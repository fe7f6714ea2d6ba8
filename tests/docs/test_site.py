"""The site of docs/ as `make docs` builds it: links lead somewhere, and a page asks no other server for anything."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MKDOCS = ROOT / ".venv-docs" / "bin" / "mkdocs"


class _Page(HTMLParser):
    """What a page links to, loads and can be linked at."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.images_without_words = 0
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "img":
            self.images_without_words += not found.get("alt")
        if "src" in found:
            self.loaded.append(found["src"])
        if tag == "link" and found.get("rel") not in ("canonical", "next", "prev") and "href" in found:
            self.loaded.append(found["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not MKDOCS.exists():
        message = "no environment with mkdocs: make .venv-docs/.ready"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    folder = tmp_path_factory.mktemp("docs") / "site"
    build(ROOT / "mkdocs.yml", folder)
    return folder


def build(config: Path, folder: Path, status: int = 0) -> str:
    done = subprocess.run(
        [str(MKDOCS), "build", "--strict", "--config-file", str(config), "--site-dir", str(folder)],
        capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, _Page]:
    return {path: _Page(path) for path in sorted(site.rglob("*.html"))}


def broken(pages: dict[Path, _Page]) -> Iterator[str]:
    for path, page in pages.items():
        if path.name == "404.html":  # its links are those of a server's root
            continue
        for link in (*page.links, *page.loaded):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                yield f"{path.name}: {link}"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{path.name}: {link}: no such anchor"


def test_no_link_is_broken(pages: dict[Path, _Page]) -> None:
    assert len(pages) > 40
    assert not list(broken(pages))


def test_a_page_loads_nothing_from_elsewhere(pages: dict[Path, _Page], site: Path) -> None:
    assert not [(path.name, link) for path, page in pages.items() for link in page.loaded if urlsplit(link).netloc]
    assert not [path for path in site.rglob("*.css") if "fonts.googleapis" in path.read_text()]


def test_formulas_are_drawn(site: Path) -> None:
    text = (site / "inference.html").read_text()
    assert text.count("<math") > 20
    assert 'class="arithmatex"' not in text


def test_notebooks_are_pages_with_their_figures(site: Path, pages: dict[Path, _Page]) -> None:
    for name in ("default-study", "own-process", "trusting-an-estimator"):
        page = pages[site / "notebooks" / f"{name}.html"]
        assert sum(link.startswith(name) and link.endswith(".png") for link in page.loaded) >= 2
        assert page.images_without_words == 0


def test_links_out_of_the_documentation_lead_to_the_repository(site: Path) -> None:
    assert "blob/main/input/wbf-4l-parton.yml" in (site / "wbf-parton-level.html").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[gone](nowhere.md)", "nowhere.md"),
        ("[gone](input.md#no-such-section)", "no-such-section"),
        ("![gone](images/nothing.png)", "nothing.png"),
    ],
)
def test_a_broken_link_fails_the_build(site: Path, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "docs" / "images").mkdir(parents=True)
    (tmp_path / "docs" / "index.md").write_text(f"# Page\n\n{text}\n")
    (tmp_path / "docs" / "input.md").write_text("# Input\n")
    (tmp_path / "mkdocs.yml").write_text(
        "site_name: x\ntheme: {name: material, font: false}\nnav: [index.md, input.md]\n"
        "validation: {links: {not_found: warn, anchors: warn}}\n"
    )
    assert message in build(tmp_path / "mkdocs.yml", tmp_path / "site", status=1)
