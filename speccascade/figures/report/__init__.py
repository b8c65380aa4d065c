"""The report of a sweep as one HTML page; nothing here reads the store.

- `page`, `Report`: the page and what it shows.
- `Section`: one pair, task and sampling of a sweep.
- `Asked`, `Answer`: answers to one example, which are shown side by side.
"""

from speccascade.figures.report.answers import Answer, Asked
from speccascade.figures.report.page import Report, page
from speccascade.figures.report.section import Section

__all__ = ["Answer", "Asked", "Report", "Section", "page"]
