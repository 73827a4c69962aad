"""What the staff page shows and does: reindexing, the corpus as a table, a benchmark of the live index. Knows nothing of HTTP."""
