"""The word lists of the gate: what may differ between a sentence and its quote, and what each other word is about.

Everything that is not in PLAIN carries meaning. A word that is missing from a list makes the gate stricter, never laxer.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words that may come and go: articles, forms of "be", "have" and "do", and the prepositions and pronouns that no meaning
#: hangs on. Not among them, on purpose: from, by, with, over, under, before, after, or, who, it, they, this.
PLAIN = _words(
    """
    a an the is are was were be been being am has have had having do does did done there that which of in for to at as
    into among and plus also additionally furthermore moreover patient patients people person persons those
    """
)

#: Of these, the ones that say how two words belong together: "risk of bleeding in stroke" is not "risk in bleeding of stroke".
LINKS = _words("of in for to at as into among")
#: Links that may stand for each other before people, diseases and settings.
SETTINGS = _words("in for at among")

#: Ways to say the same: each line is one word to the gate, the first stands for all. Phrases are replaced before words are
#: cut; longer ones first. Kept small: near-synonyms that differ in strength, direction or certainty are not here
#: ("suggest" is weaker than "recommend", "might" than "may", "not recommended" than "recommended against"), nor are words that
#: say the same in one place only ("over two hours" is not "more than two hours").
SAME = """
>= | at least | no less than | not less than | no fewer than | ≥
<= | at most | up to | no more than | not more than | not exceeding | ≤
> | more than | greater than | above | exceeding
< | less than | fewer than | below | under
daily | a day | per day | each day | every day | /day | /d | once a day | once daily
weekly | a week | per week | each week | every week | /week | once a week | once weekly
monthly | a month | per month | each month | every month | once a month
yearly | a year | per year | each year | every year | annually | annual | once a year | once yearly
2 time daily | twice daily | twice a day | two times a day | two times daily | bid | b.i.d.
3 time daily | three times daily | three times a day | tid | t.i.d.
4 time daily | four times daily | four times a day | qid | q.i.d.
2 time weekly | twice weekly | twice a week
2 time yearly | twice yearly | twice a year
2 time | twice
1 time | once
oral | by mouth | orally
intravenous | intravenously | iv | i.v.
intramuscular | intramuscularly | im | i.m.
subcutaneous | subcutaneously | sc | s.c.
versus | vs | vs. | against | compared with | compared to | in comparison with
with | together with | along with | on
recommend | advise
should | ought to
can | may
not | n't
start | begin | initiate | commence
stop | discontinue
continue | carry on
reduce | decrease
before | prior to | ahead of
after | following
if | when | whenever | in case
unless | except if | except when
mg | milligram
g | gram
kg | kilogram
mcg | microgram | µg | μg | ug
ng | nanogram
ml | millilitre | milliliter
l | litre | liter
mmhg | mm hg
% | percent | per cent
hour | h | hr
minute | min
1 line | first line | 1st line
2 line | second line | 2nd line
1 | one
2 | two
3 | three
4 | four
5 | five
6 | six
7 | seven
8 | eight
9 | nine
10 | ten
11 | eleven
12 | twelve
20 | twenty
30 | thirty
""".strip()

#: Irregular forms -> the form they are compared by.
IRREGULAR = dict(
    pair.split("/")
    for pair in _words(
        """given/give gave/give giving/give gives/give taken/take took/take taking/take used/use using/use uses/use
    begun/start began/start beginning/start kept/keep held/hold chosen/choose led/lead made/make shown/show rose/rise risen/rise
    fell/fall fallen/fall met/meet sought/seek women/woman men/man children/child feet/foot
    needs/need doses/dose dosed/dose died/die dying/die dies/die bled/bleed had/have"""
    )
)

#: Adverbial clauses begin with one of these.
OPENERS = _words("in for if when where at among during after before while unless although despite")
#: Words that limit, hedge or qualify: what has one of them is never left out, and never added.
NEGATION = _words("not no nor neither never without none avoid contraindicate against cannot n't non")
CONDITION = _words(
    """
    if unless except only when where whenever provide provided until while whereas but however although though despite
    who whose whether otherwise rather instead alone exception first selected particular other than or either both
    respectively regardless whatever because since so therefore thus
    """
)
MODALITY = _words(
    """
    should must may can could might would will shall need recommend suggest consider prefer require allow accept
    strong strongly weak weakly conditional conditionally usually generally often sometimes rarely always mostly
    ideally routine routinely reasonable likely unlikely possible possibly probably class grade evidence certainty
    insufficient optional indicate approve appear seem
    """
)
COMPARISON = _words(
    """
    >= <= > < more less fewer high higher highest low lower lowest large larger small smaller longer shorter early
    earlier late later older younger great greater better worse best worst superior inferior similar equal same versus
    than reduce increase raise rise fall drop lower double halve half before after within between from by every each
    least most maximum minimum daily weekly monthly yearly time
    """
)
POPULATION = _words(
    """
    adult child infant woman man girl boy pregnant pregnancy breastfeeding elderly adolescent neonate age aged year
    male female newborn teenager
    """
)
QUALIFYING = NEGATION | CONDITION | MODALITY | COMPARISON | POPULATION | {"with"}
#: A clause that follows may be left out; it has a verb of its own when one of these is in it.
FINITE = _words("is are was were has have had")
#: Verbs by which a source says something; with an attribution they may come, go and move.
SAYING = _words("say state note accord find report advise conclude")
RECOMMENDING = _words("recommend suggest prefer")
#: Words right before a verb of recommending that change how strongly it recommends.
HEDGES = _words(
    """
    should must may can might strongly weakly conditionally usually generally often sometimes rarely always mostly
    ideally routinely preferably explicitly formally only also
    """
)
#: Words for what a source is.
DOCUMENTS = _words("guideline guidance label labelling statement update parameter consensus schedule conference report")
#: What the verb of a source may not be moved over: it would no longer, or newly, be said of what stands behind.
BARRIERS = NEGATION | _words("but while whereas unless except because only if when who whose")
