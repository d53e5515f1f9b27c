"""A document as a page to print: HTML with its own style, which becomes the PDF."""

from __future__ import annotations

from api.console.render import environment
from api.pdf import pdf_of
from api.reports.document import Document


def print_html(document: Document) -> str:
    """The document as one HTML file that needs nothing else."""
    return environment(document.language).get_template("report_print.html").render(document=document)


async def pdf(document: Document) -> bytes:
    """The document as PDF.

    Raises:
        UnavailableError: this machine cannot lay text out.
    """
    return await pdf_of(print_html(document))
