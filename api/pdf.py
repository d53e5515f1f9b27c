"""A page as PDF, through WeasyPrint: the one place where documents of this product become files on paper.

The HTML has to carry everything in itself (styles in a `style` element, drawings as SVG or data URLs): nothing is
fetched, neither from the network nor from this machine's files.
"""

from __future__ import annotations

import asyncio
from typing import cast

from enms.errors import UnavailableError

# What WeasyPrint loads at run time, and a font with Chinese; as Debian and Ubuntu call them.
PACKAGES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-noto-cjk")


async def pdf_of(html: str) -> bytes:
    """The document as PDF, laid out in a thread: it takes tenths of a second.

    Raises:
        UnavailableError: this machine has not the libraries that lay text out.
    """
    return await asyncio.to_thread(_write, html)


def _write(html: str) -> bytes:
    try:
        from weasyprint import HTML  # noqa: PLC0415 - loads native libraries, which only PDFs need
        from weasyprint.urls import URLFetcher  # noqa: PLC0415 - the same
    except OSError as problem:
        raise UnavailableError(f"PDF needs the packages {', '.join(PACKAGES)} on this machine: {problem}") from problem
    document = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",)))
    return cast("bytes", document.write_pdf())
