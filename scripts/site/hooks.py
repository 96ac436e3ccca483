"""What the documentation's build adds to MkDocs: generated pages, links into the tree, formulas, and no page that fetches.

Pages of the tree outside ``docs/`` (:data:`PAGES`) are shown where they belong, the README as the front page. Links to modules lead
to the reference, links to other files of the tree become plain code. Formulas become MathML, which browsers draw by themselves.
"""

from __future__ import annotations

import html
import posixpath
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import bad_input_page  # noqa: E402
import commands_page  # noqa: E402
import parameters_page  # noqa: E402
import reference_pages  # noqa: E402
from latex2mathml.converter import convert  # noqa: E402
from mkdocs.exceptions import PluginError  # noqa: E402
from mkdocs.structure.files import File, Files  # noqa: E402

PAGES = {
    "index.md": "README.md",
    "cities/kuala-lumpur.md": "networks/kuala_lumpur/README.md",
    "project/contributing.md": "CONTRIBUTING.md",
    "project/changelog.md": "CHANGELOG.md",
    "project/experiments.md": "experiments/README.md",
    "project/learned.md": "experiments/rl/README.md",
}
ASSETS = {"cities/network.png": "networks/kuala_lumpur/network.png"}
GENERATED = {
    "bad-input.md": bad_input_page.markdown,
    "reference/commands.md": commands_page.markdown,
    "reference/parameters.md": parameters_page.markdown,
}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)
_FETCH = re.compile(r'<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)="(https?:)?//[^"]*"[^>]*>')


def on_config(config: Any) -> Any:
    """List pages that the navigation does not name under its guides, so that none is lost."""
    listed = str(config["nav"])
    docs = ROOT / "docs"
    found = sorted(str(page.relative_to(docs)) for page in docs.rglob("*.md"))
    guides = next(section["Guides"] for section in config["nav"] if "Guides" in section)
    guides.extend(page for page in found if page not in listed)
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made and those that live elsewhere in the tree."""
    for uri, source in {**PAGES, **ASSETS}.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / source)))
    for uri, make in GENERATED.items():
        files.append(File.generated(config, uri, content=make()))
    for uri, content in reference_pages.pages():
        files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, *, page: Any, files: Files, **_: Any) -> str:
    """Point links at where their target is on the site."""
    here = PAGES.get(page.file.src_uri, posixpath.join("docs", page.file.src_uri))

    def link(match: re.Match[str]) -> str:
        mark, text, target = match.groups()
        path, _, anchor = target.partition("#")
        if not path or "://" in target:
            return match[0]
        place = site_place(posixpath.normpath(posixpath.join(posixpath.dirname(here), path)), files)
        if place is None:
            return text if text.startswith("`") else f"`{text}`"
        if place.startswith("module:"):
            return f"[{text}][{place.removeprefix('module:')}]"
        relative = posixpath.relpath(place, posixpath.dirname(page.file.src_uri) or ".")
        return f"{mark}[{text}]({relative}{'#' + anchor if anchor else ''})"

    return _LINK.sub(link, markdown)


def site_place(path: str, files: Files) -> str | None:
    """Return where a file of the tree is on the site: a page, ``module:`` and a name, or None where it is not shown."""
    for uri, source in {**PAGES, **ASSETS}.items():
        if path == source:
            return uri
    if path.startswith("docs/"):
        return path.removeprefix("docs/")  # MkDocs complains if it is not there
    if path.startswith("citybrain/") and path.endswith(".py"):
        return "module:" + path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    if not (ROOT / path).exists() and files.get_file_from_path(path) is None:
        raise PluginError(f"a link to {path}, which does not exist")
    return None


def on_page_content(page_html: str, **_: Any) -> str:
    """Turn formulas into MathML."""
    return _FORMULA.sub(
        lambda m: convert(html.unescape(m[3]).strip(), display="block" if m[2] == "[" else "inline"), page_html
    )


def on_post_page(output: str, *, page: Any, **_: Any) -> str:
    """Refuse a page that would fetch anything from elsewhere."""
    found = next((m[0] for m in _FETCH.finditer(output) if 'rel="canonical"' not in m[0]), None)
    if found:
        raise PluginError(f"{page.file.src_uri} fetches from elsewhere: {found}")
    return output
