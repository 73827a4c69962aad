"""The fixed texts that every answer carries. They change here and nowhere else."""

DISCLAIMER = (
    "For education only. This is not medical advice and does not replace the judgement of a qualified professional who "
    "knows the patient. Check doses and decisions against the cited sources and current local guidance."
)
NOTICE = (
    "Answered automatically: every sentence is quoted from an article; no text was written by a language model. "
    "In an emergency call your local emergency number now."
)
REVIEW_NOTICES = {
    "submitted": "Educational purpose only: submitted, pending human review.",
    "under_review": "Educational purpose only: under human review, not yet approved.",
    "approved": "Approved by a human reviewer.",
}
NO_ANSWER = "The articles here do not answer this question."
