"""The words and wordings that tell whether a person stands somewhere: around a name (assistant/naming.py).

English only, all in lower case. Written from what readers and clinicians ask and from what the public question sets lost to them.
"""

from __future__ import annotations

import re


def _of(words: str) -> frozenset[str]:
    return frozenset(words.split())


KIN = _of(
    """mum mom mam mother mummy mommy dad daddy father husband wife partner fiance fiancee spouse son daughter baby toddler
    child kid boy girl brother sister sibling twin aunt auntie uncle niece nephew cousin grandma grandpa granny gran nan
    nana grandmother grandfather grandson granddaughter stepfather stepmother stepson stepdaughter stepdad stepmum friend
    neighbour neighbor girlfriend boyfriend roommate flatmate colleague coworker boss mate client resident patient pt ex
    mother-in-law father-in-law son-in-law daughter-in-law brother-in-law sister-in-law godmother godfather hubby lady
    gentleman man woman"""
)
ROLES = _of(
    """dr doctor prof professor mr mrs ms miss mx sir madam nurse sister midwife pharmacist physio physiotherapist gp
    consultant registrar surgeon cardiologist oncologist neurologist dermatologist gynaecologist gynecologist rheumatologist
    nephrologist urologist psychiatrist paediatrician pediatrician dentist optician practitioner carer caregiver physician
    specialist haematologist hematologist endocrinologist therapist dietitian counsellor"""
)
#: Before a person: "ask for Wojciech", "seen by", "according to".
ADDRESSED = re.compile(
    r"\b(?:ask|asked|tell|told|remind|call|calls|called|named|meet|met|saw|thank|phone|ring|text|email|inform|help|worr(?:y"
    r"|ied) about|worry most about)$"
    r"|\b(?:ask(?:ed|ing)?|call|letter|note|prescription|referral|care|caring|bloods|results|dose|appointment|this is"
    r"|it['’]?s) for$"
    r"|\b(?:spoke|speak|spoken|talk|talked|talking|discussed|seen|agreed) (?:with|to|by)$"
    r"|\b(?:reviewed|seen|referred|handover|question|message|letter|sent|signed|according|under|advised|told) (?:by|from|to"
    r"|of)$"
    r"|\b(?:look|looks|looking|looked) after$|(?:bed|room|ward|bay) \d+[ ,:–-]*$|\d\d ?[mf]$|\b(?:i am|im|i['’]m|hi its"
    r"|hi it['’]s|name is|names|name['’]?s|i mean|real name is)$"
)
#: Before whose value or history a chart gives: "potassium of Siddiqui".
CHARTS = re.compile(
    r"\b(?:potassium|sodium|ferritin|inr|hb|creatinine|bloods?|results?|scan|ct|mri|ecg|x-ray|family|mother|father|wife"
    r"|husband|son"
    r"|daughter|case|weight|blood pressure|birth|care|care plan|history) (?:of|for)$"
)
#: Before who is greeted, or who signs.
GREETED = re.compile(
    r"\b(?:thanks|thank you|thx|regards|best|cheers|love|bye|yours|sincerely|faithfully|wishes|greetings)[ ,.!-]*$"
    r"|(?:hi|hello|hey|dear)[ ,]*$"
)
#: Behind a person alone, whoever it is.
ACTS = re.compile(
    r"(?:wants?|wanted|wishes|asks?|asked|says|said|tells|told|thinks|believes|swears|refuses|refused|declines|declined|prefers"
    r"|disagrees|agrees|worries|hopes|forgets|forgot|remembers|smokes|smoked|drinks|drank|eats|snores|sleeps|vomits|vomited"
    r"|coughs|weighs|fell|falls|feels|felt|took|lives|cannot|can['’]?t|won['’]?t|wont"
    r"|swallowed|came in|fainted|collapsed|bleeds|cries|takes(?! (?:time|long|\d|a while|weeks|days|months|effect))"
    r"|has (?:had|lost|gained|fallen|gout|asthma|ckd|copd|af|diabetes|lupus|epilepsy|heart|type|stage|a(?! (?:half|lower"
    r"|higher|risk|role)))"
    r"|had (?:a|an|his|her|been|two|covid|surgery)|was (?:told|diagnosed|born|seen|admitted|right)|are both"
    r"|is (?:\d+|allergic|pregnant|fasting|breastfeeding|well|unwell|worried|afraid|too old|a (?:man|woman|nurse|smoker)|his"
    r"|her|my)"
    r"|who (?:has|had|is|was|takes|took|fell|lives|needs|feels|said|says|wants|cannot)|and (?:i|his|her|my)"
    r"|needs? (?:his|her)|[mf],? ?\d+|\d\d? ?(?:y|m|f|yo|years?)|\d\d(?=[,;)]))(?!\w)"
)
#: Behind a person or a drug: enough for a word that is known for a name.
MAY_ACT = re.compile(
    r"(?:gave|prescribed|recommended|advised|suggested|gives|delivered|stopped|carries|lost|never|needs?|has (?:been|got|an"
    r"|no|not|one|two|three|chest)|had the|is due"
    r"|was (?:given|started on|put on)|(?:are|have) (?:due|a|the|had|been|head|got|asthma|well)|on (?:dialysis|insulin"
    r"|warfarin)"
    r"|with (?:af|copd|ckd|gout))\b"
)
#: What a question goes on with that asks about somebody: "Should Tomasz get", "Can Fatoumata breastfeed".
ASKED = _of(
    "is are was were does did do should can could may might will would has have had must if since when because after before"
)
ASKED_ON = re.compile(
    r"(?:still |also |now |really |safely )?(?:needs?|gets?|takes?|haves?|have|drive|fly|eat|drink|breastfeed|benefit|come"
    r"|go|stop|start"
    r"|ok to|too |old|right to|at (?:\w+ )?risk|allowed|able|avoid|qualify|flying|going|taken off(?! the market)|put on"
    r"|started on|allergic|pregnant|travel|swim|return|see|keep|still|well|due (?!to)|misses|get|do about|had enough)\b"
)
#: Of a body or of a chart, behind a possessive.
OWN = _of(
    """toe toes finger fingers thumb wrist elbow neck face mouth tongue lip lips breast breasts bladder bowel bowels lungs knee
    knees hip back leg legs foot feet ankle hand hands arm arms shoulder head eye eyes ear ears throat chest heart liver
    kidney kidneys skin rash fever cough blood pressure bp inr hba1c tsh cholesterol creatinine potassium sodium ferritin hb
    haemoglobin hemoglobin sugar glucose ecg ct mri scan x-ray xray results result bloods lvef egfr gfr platelets weight age
    asthma gout diabetes eczema tablets medication medicine dose inhaler mother mum mom father dad wife husband son daughter
    baby phone gp doctor tummy stomach belly teeth tooth nose wound stoma catheter stitches surgery operation seizures mood
    memory pain allergy period pregnancy birthday name appointment prescription urine stool vision hearing sleep appetite
    temperature pulse breathing"""
)
#: What follows an eponym or the name of a thing.
THINGS = _of(
    """disease diseases syndrome syndromes disorder disorders anomaly malformation deformity lymphoma sarcoma tumor tumour
    cancer carcinoma palsy paralysis chorea ataxia dystrophy neuropathy nephropathy anemia anaemia virus fever infection
    bacteria criteria score scale index test sign phenomenon reaction reflex maneuver manoeuvre operation procedure method
    classification grade grading stage equation formula trial study guideline guidelines rule rules diet drops cream gel
    patch tablets tablet capsules injection vaccine injections inhaler pen pill pills spray mg mcg ml g µg iu units unit
    type variant cell cells body bodies nodes node contracture hernia cyst ulcer nodule complex sequence epilepsy dysplasia
    dwarfism esophagus oesophagus thyroiditis encephalitis purpura nephritis arteritis valve catheter tube clinic hospital
    university institute foundation effect law method exercises exercise technique position"""
)
#: Before what medicine names.
MEDICINE = re.compile(
    r"(?:symptoms?|signs?|treatments?|causes?|caused|diagnosis|diagnose|diagnosed|outlook|complications|risk|inherited"
    r"|changes|stages"
    r"|affected|definition|prevent|types?|syndromes?|disease|dwarfism|precocious|gene|genes|prognosis|genetics?|guidelines"
    r"|evidence|dose|doses|dosage|take"
    r"|taking|takes|took|on|using|use|start|starting|started|stop|stopping|mg|effects?) ?"
    r"(?:of|for|by|to|from|in|with|on)? ?(?:a|an|the)?$|what (?:is|are|does|do) (?:a|an|the)$"
)
#: How a line of a chart goes on behind whom it is about: "Siddiqui A. Hb 68", "Lindholm: ferritin 8".
CHARTED = re.compile(r"(?:[a-z]\.? )?[:–-]? ?(?:hb|inr|k|crp|hba1c|egfr|ef|lvef|bp|tsh|ferritin|wbc|plt|creatinine|na)\b")
#: What a drug does, not a person.
DRUGS_DO = re.compile(
    r"(?:help|affect|cause|work|interact|damage|hurt|harm|raise|lower|increase|reduce|make|be (?:given|used|taken|stopped)"
    r"|safe|bad|good|dangerous|enough|better|treat|cure|prevent|show|trigger|worsen|improve)"
)
#: How the name of a disease ends that no head word needs.
DISEASE = re.compile(r"(?:pathy|trophy|plasia|oma|itis|osis|emia|ataxia|progeria|tosis|syndactyly|plegia|dystonia|atrophy)$")
#: Words at which a name has ended.
FUNCTION = _of(
    """a an the and or but of for in on at by to from with without is are was were has have had do does did be been can could
    may might will would shall should must not who which that when what how why if because since after before while he she
    his her him it its they their them i me my we our you your needs need"""
)
NEVER = (
    KIN
    | ROLES
    | THINGS
    | (FUNCTION - {"will", "may"})
    | _of(
        "best good dear thanks regards hello hi help please pls ok yes no all hey theres heres shes hes ive yall mins ours "
        "yours team everyone everybody folks jan feb mar apr jun jul aug sep "
        "sept oct nov dec"
    )
)
WEB = re.compile(r"^[@/._\d]|[^\W\d_]\d|[^\W\d_][.@_/][^\W\d_]")
SAINTS = _of("st saint san santa mount lake port new fort cape")
STARTS = (*".?!:;,-–", "and", "but", "that", "if", "because", "since", "after", "before", "when", "while", "think", "hope")
PRONOUN = re.compile(r"\b(?:he|she|him|her|his|hers)\b")
#: Behind "my husband" and a word that nobody knows: whoever that is goes on.
GOES_ON = re.compile(r" (?:has|is|was|had|takes|took|needs|wants|fell|started|stopped|can)\b")
#: A dose, or the year of a trial or paper.
AMOUNT = re.compile(r"['’]?s? ?\d[\d.,]* ?(?:mg|mcg|µg|g|ml|iu|units?|%)(?!\w)| (?:19|20)\d\d(?!\w)")
