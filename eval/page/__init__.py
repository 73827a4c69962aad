"""One self-contained HTML page made from result folders: tables, plots, comparisons and every query with its hits.

groups      result folders → groups of results that may be compared
figures     rankings, deltas, curves → the numbers behind the plots
svg, plots  numbers → inline SVG with a data table each
tables      results → tables; queries → the data of the query browser
build       all of it → the page (template.html, style.css, browser.js)
"""

from eval.page.build import write_page
from eval.page.groups import load_groups, result_folders

__all__ = ["load_groups", "result_folders", "write_page"]
