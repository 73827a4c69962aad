"""Counters for /metrics: routes, statuses and seconds; nothing of what readers type."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("followup_requests_total", "Requests answered", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("followup_request_seconds", "Seconds until a response began", ["route"])
ANSWERS = Counter("followup_answers_total", "Answers given", ["status"])
GENERATION = Gauge("followup_index_generation", "Number of the index generation that serves")
DEGRADED = Gauge("followup_index_degraded", "1 where a generation before the live one serves, or one that is no longer live")
