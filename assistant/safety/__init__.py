"""Danger first: whether a reader describes an emergency now, and the fixed texts that are shown before anything is searched."""
