"""The fixed texts that every answer carries. They change here and nowhere else."""

# School grade 7.8, 6.1 and 6.3 (`followup eval readability`): patients read them too.
DISCLAIMER = (
    "For education only. This is not medical advice, and it does not take the place of a qualified professional who knows the "
    "patient. Check doses and choices against the cited sources and current local guidance."
)
_URGENT = "In an emergency, call your local emergency number now."
NOTICE = f"Made by a machine: each sentence is a quote from an article. No text was written by a language model. {_URGENT}"
NOTICE_SIGNPOST = "Made by a machine: a fixed text, shown because of words in your question. It is no diagnosis."
NOTICE_GENERATIVE = (
    "Made by a machine: a language model wrote these sentences. Each was checked against the passages that it cites; read the "
    f"quotes. {_URGENT}"
)
REVIEW_NOTICES = {
    "submitted": "Educational purpose only: submitted, pending human review.",
    "under_review": "Educational purpose only: under human review, not yet approved.",
    "approved": "Approved by a human reviewer.",
}
NO_ANSWER = "The articles here do not answer this question."

#: Begins an answer that rests on such an article where FOLLOWUP_MARK_UNAPPROVED says so, beside the status it always shows.
UNAPPROVED = (
    "Not approved: no human reviewer has approved all of what is quoted here. Check it against its sources before you rely on it."
)
