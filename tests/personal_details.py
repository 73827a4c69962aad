"""Questions with planted personal details, to measure what redaction leaves behind.

`WORDINGS` were written before assistant/redaction.py, which was then made to take out all of them; `LATER` after that, and the
patterns were mended once more; `LAST` were written after that, and nothing was changed for them. `{name}` and the like are
filled from the lists below, one after the other, so that every wording meets several fillings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

FILLINGS = {
    "name": """Margaret Ellsworth|Kwabena Asante|Siobhan Gallagher|Piotr Nowicki|Fatima Al-Rashid|Hiroshi Tanaka|Lucía Fernández
        |Jean-Luc Moreau|Anneke de Vries|Oluwaseun Adeyemi|Priya Raghunathan|Björn Lindgren|Dmitri Volkov|Mei Zhang
        |Tadhg O'Sullivan|Consuelo de la Fuente|Zainab Hussein|Gareth Pritchard""",
    "surname": """Ellsworth|Asante|Gallagher|Nowicki|Tanaka|Fernández|Moreau|Adeyemi|Raghunathan|Lindgren|Volkov|O'Sullivan
        |Pritchard""",
    "first": "Margaret|Kwabena|Siobhan|Piotr|Hiroshi|Lucía|Anneke|Priya|Björn|Dmitri|Zainab|Gareth|Consuelo",
    "e-mail": """m.ellsworth@outlook.com|kwabena_asante@yahoo.co.uk|sgallagher+clinic@proton.me|piotr.nowicki@szpital.pl
        |f-alrashid@hospital.nhs.uk|tanaka99@docomo.ne.jp""",
    "phone": """07911 654321|020 7183 8750|+44 7700 900 812|(312) 555-0187|312-555-0143|+49 30 9018 2044|0161 496 0999
        |+61 491 570 006|1-646-555-0102|06 12 34 56 78""",
    "date": "14/03/1957|3 April 1962|1949-08-21|22.11.1938|July 9, 1971|05-12-66|the 30th of January 1980",
    "number": "4829175|00-731-554|X4471902|MK 220 918|7712093A|55120987",
    "address": """17 Larkspur Avenue|204 West Hill Road|9 Saint Martin's Lane|88 Prospect Street|3 Orchard Close
        |1250 Magnolia Boulevard""",
    "postcode": "SW1A 2AA|M14 5TQ|EH8 9YL|B15 2TT|LS2 9JT",
    "link": "https://www.facebook.com/m.ellsworth.7|http://myhealthrecords.example.org/p/88123|www.linkedin.com/in/kwabena-asante",
}

#: Each wording with the details planted in it. Two thirds are as readers write, one third as clinicians do.
WORDINGS = """\
Good evening, this is Mrs {surname} from the flat upstairs, can I stop clopidogrel before a tooth extraction?
My consultant, Dr {surname}, wants me on empagliflozin although my eGFR is 41. Is that safe?
Professor {surname} said that colchicine 0.5 mg is enough for a flare
Mr {name} was seen today with a uric acid of 9.2 mg/dL, start allopurinol?
Ms {surname} is 34 weeks pregnant and her blood pressure is 162/104. Which drug first?
miss {name} asks whether she may breastfeed while taking sertraline
my name is {name} and I have had asthma since I was a child
My name's {first}. How long do I have to take apixaban after a DVT?
name: {name}, problem: swelling of the legs on amlodipine
Patient name: {name}. HbA1c 8.9 %. Add a GLP-1 agonist?
Patient {name}, 71 M, CHA2DS2-VASc 4, which anticoagulant?
pt {name} with LVEF 30 %, already on bisoprolol. Next drug?
I'm {name} and my last INR was 3.8, should I skip a dose?
I am {name}, a retired nurse with osteoporosis. Alendronate or zoledronate?
her name is {first} and she is five, can she get the second MMR dose now?
His name is {name}; he had a stroke in March. Is dipyridamole still used?
They call me {first} and I get migraines every week, would topiramate help?
my husband {first} takes warfarin and has a nosebleed that will not stop
My mother, {first}, fell yesterday and takes rivaroxaban. Does she need a scan?
our daughter {first} has type 1 diabetes and vomits, what do we check?
my neighbour {name} says turmeric cures gout, is there any evidence?
A friend called {first} was told to take aspirin every day, is this still advised?
the patient is called {name} and takes lithium with ramipril
Thanks for your help, {first}
Many thanks, {name}
Kind regards, {name}
Yours faithfully, {name}
Signed: {name}
Re: {name}, DOB {date} - does she qualify for lung cancer screening?
{name}, date of birth {date}, is due for colonoscopy surveillance?
my date of birth is {date}, do I need a pneumococcal vaccine
DOB: {date} - smoker, 30 pack years, LDCT?
d.o.b. {date}, never had a bone density scan
I was born on {date}. When does cervical screening end?
She was born {date} and has never been screened for bowel cancer
Birthday: {date}. Which vaccines am I missing?
birth date {date}; on methotrexate 15 mg weekly
please write to {e-mail} with the answer about statins and muscle pain
my e-mail is {e-mail}, does metformin cause low vitamin B12?
{e-mail} - send me the dosing table for colchicine in kidney disease
E-mail: {e-mail}\\nQuestion: can I take ibuprofen with lisinopril?
you can reach me on {phone}, my ankle is red and hot
call {phone} if my potassium of 6.2 is dangerous
my number is {phone}. Is 20 mg of prednisolone too much?
Phone: {phone}; does sumatriptan interact with propranolol?
Tel {phone}, mum has AF and fell this morning
mobile {phone}, 40 mg atorvastatin and muscle pain, stop it?
WhatsApp me on {phone}: how long do I isolate?
fax results to {phone}
MRN {number}, K 5.8 on spironolactone, what next?
Hospital number {number}. Hold apixaban before a hip replacement?
Patient ID: {number}, sepsis, lactate 4.2, how much fluid?
my insurance number is {number}, are GLP-1 drugs paid for?
Medical record no. {number} HFrEF follow up, add finerenone?
NHS no {number}; on amiodarone, which bloods?
member id {number} do you cover an MRI
passport number {number}, travelling with insulin, which letter do I need?
case number {number}, anaphylaxis after ceftriaxone, observation time?
I live at {address} and have chest tightness when I climb the stairs
my address is {address}, can somebody bring the inhaler?
She lives at {address}, alone, and is confused since yesterday
please post the leaflet about gout to {address}
Address: {address}. COPD, three exacerbations this year
postcode {postcode}, where can I get the shingles vaccine?
I moved to {postcode} last month, who does my INR now?
see my results at {link} and tell me if the ferritin is too low
this is me: {link} - do I look jaundiced?
Ms {surname} ({date}, MRN {number}) started trastuzumab, LVEF 52 %
{name}\\n{address}\\n{phone}\\nIs it normal to cough on ramipril?
Dear Dr {surname}, thank you for seeing {first}, who takes levothyroxine 75 mcg
Under the care of Dr {name}, dialysis three times a week, colchicine dose?
As discussed with Nurse {surname}, can the catheter stay in for a month?
my GP Dr. {surname} stopped my omeprazole, was that right?
Sister {surname} on ward 4 told me to hold the enoxaparin
"""


LATER = """\
hello doc, {first} here again, still coughing after the ramipril was stopped
The registrar (Dr {surname}) wants to give magnesium at 38 weeks. Dose?
Ward round note: {name}, 64, NSTEMI, on ticagrelor; {name} is breathless since the loading dose
mr {name} lives alone and forgets his apixaban. Once daily instead?
Please phone {phone} once you know whether 7.5 mg of mirtazapine is too low
contact number {phone}, chest infection for two weeks, needs azithromycin?
Our caregiver, {name}, gives the insulin at 7. Is detemir twice a day fine?
I'm {first}'s mother; he weighs 14 kg, how much paracetamol?
my sister {first} says metformin gave her diarrhoea
My grandfather ({name}) was born {date} and still smokes. Lung screening?
dob {date}, mammogram every two or three years?
On {date} I had a stent put in. When may I stop clopidogrel?
Surgery was {date}; enoxaparin for how long?
I was seen by Prof. {name} in the gout clinic and got febuxostat 80 mg
reply to: {e-mail} (statin and CK 900)
hi, it's {first}. does sertraline raise the risk of bleeding with aspirin
Referral from Dr {surname}: {name}, NHS number {number}, iron 3, Hb 88, IV iron?
Account no. {number} - are biologics for colitis covered
My home is {address}; the nearest hospital is 40 minutes away. Thrombolysis window?
Deliver the nebuliser to {address}, {postcode}
{name} ({phone}) asks about breastfeeding on levetiracetam
regards {first}
Cheers, {first}
Thank you so much. {name}
sincerely, Dr {surname}
the profile {link} says I am on hydroxychloroquine, eye checks?
chart #{number}: DKA, K 3.1, when does insulin start?
Is it true, Dr {surname}, that colchicine is dangerous on dialysis?
Mum's name is {name} and her ferritin is 9
Next of kin {name}, tel. {phone}. Resuscitated after VF, cool to 33?
"""
LAST = """\
Is it normal that dr {surname} doubled my levothyroxine after one TSH of 5.1?
{first} has had three asthma attacks this winter, do we step up?
Spoke to {name} about DAPT after PCI, she bleeds from her gums
Discharge letter for {name}: HFpEF, add dapagliflozin?
Could you tell {first} whether she needs a booster
pat. {name} geb. {date}, INR 5.9, no bleeding
Our family doctor is {name}. He never checks potassium on spironolactone.
Mx {surname} takes testosterone gel; haematocrit 54
I, {name}, refuse statins. What else lowers LDL?
My boyfriend's called {first} and he takes PrEP on demand
Please remind Mrs. {name} about her zoledronate
It was {date} when I last had a tetanus shot, is it due?
Appointment {date} with Dr {surname}: what do I ask about osteoporosis drugs?
my daughter's birthday is {date}; is the HPV vaccine due?
mail the plan to {e-mail}, asthma, 2 puffs as needed
Whatsapp: {phone}. Pain in the chest for an hour
If I faint please ring my sister, {phone}
tel.: {phone} | CKD 4 | which gout drug
Pt MRN#{number}: AKI on CKD, contrast CT?
SSN or policy {number}, do you need it for the methotrexate prescription?
Hospital No: {number} / neutropenic sepsis / allergy to penicillin
We live on {address}, is the tap water safe for the baby's formula?
home: {address}, {postcode}; oxygen delivery for COPD
I'm staying near {postcode}, where is the nearest stroke unit?
found at {link} my lab report, ferritin 8
Nurse practitioner {name} stopped my HRT
ask for {first} on {phone}
{name}: how long after a stent is surgery safe?
-- {name}
Yours, {first}
"""


@dataclass(frozen=True, slots=True)
class Planted:
    """A question, the wording it was made from, and the details in it: kind and words."""

    text: str
    wording: str
    details: tuple[tuple[str, str], ...]


def planted(wordings: str = WORDINGS, rounds: int = 6) -> Iterator[Planted]:
    """Every wording `rounds` times with other fillings; the same ones every time."""
    fillings = {kind: [one.strip() for one in listed.split("|")] for kind, listed in FILLINGS.items()}
    turns = {kind: count() for kind in fillings}
    for _ in range(rounds):
        for wording in wordings.splitlines():
            details: list[tuple[str, str]] = []

            def fill(found: re.Match[str], details: list[tuple[str, str]] = details) -> str:
                kind = found[1]
                value = fillings[kind][next(islice(turns[kind], 1)) % len(fillings[kind])]
                details.append((_CLASS.get(kind, kind), value))
                return value

            text = re.sub(r"\{([a-z-]+)\}", fill, wording.replace("\\n", "\n"))
            yield Planted(text, wording, tuple(details))


_CLASS = {"surname": "name", "first": "name", "postcode": "address"}


def left(detail: str, planted: Planted, redacted: str) -> list[str]:
    """The words of a detail (letters or digits, two and more) that are still there and are not the wording's own."""
    words = re.findall(r"\d{2,}|[^\W\d_]{2,}", detail)
    there = (word for word in words if word not in ("the", "of") and _stands(word, redacted))
    return [word for word in there if not _stands(word, planted.wording)]


def _stands(word: str, text: str) -> bool:
    return re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", text) is not None
