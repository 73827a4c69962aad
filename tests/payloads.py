"""Markup and script that somebody may type, or write into an article: every one must be shown as it stands and never run.

They stand in eval/data/payloads.jsonl, by the place that each tries to break out of or how it tries to be overlooked, because
`followup eval browser` tries them too. Each would set `window.__xss` or ask evil.example for something. None holds a control
character or half a surrogate: those are refused before anything shows them.
"""

from __future__ import annotations

from eval.browser.payloads import load_payloads

PAYLOADS = [each.payload for each in load_payloads()]
