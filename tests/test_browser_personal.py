"""The check for personal details in a real Chromium: what it must find, what it must leave alone, and how long it takes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.answering import Assistant
from assistant.settings import Settings
from assistant.store import ConversationStore
from corpus.loading import load_corpus
from index.build import build_index
from tests.browsing import Browser, Page, browser, reading, serving
from tests.fakes import BagOfWordsEmbedder, open_with, write_articles

__all__ = ["browser"]

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"

NAME, PHONE, NUMBER = "a name", "a phone number", "a record or insurance number"
KINDS = {
    "name": NAME,
    "email": "an e-mail address",
    "phone": PHONE,
    "born": "a date of birth",
    "number": NUMBER,
    "address": "a postal address",
}

Message = tuple[str, set[str]]


def _table(lines: str) -> tuple[Message, ...]:
    """Messages with the kinds of details in them, written `name born | message`."""
    rows = (line.split(" | ", 1) for line in lines.splitlines())
    return tuple((message.replace("\\n", "\n"), {KINDS[kind] for kind in kinds.split()}) for kinds, message in rows)


#: Written before the patterns, which were then made to find all of them.
FIRST = _table("""\
email | Please send the reference for this to margaret.hollis@gmail.com: colchicine or prednisone for a flare?
email | my doctor (p.oneill@stmarys.nhs.uk) said to stop metformin, is that right
email | reply to tom_becker+gout@posteo.de thanks
phone | I'm on warfarin and my gums bleed, call me on 07700 900123
phone | Ring my daughter at 020 7946 0958 if the answer is yes
phone | (415) 555-0132 is my number, is 5 mg of apixaban too much?
phone | text me at 415-555-0177 when you know
phone | My mobile: +44 7700 900 456. How long do I stay on clopidogrel?
phone | I live in Germany, tel. 0151 23456789, can I take ibuprofen with ramipril?
phone | +33 6 12 34 56 78 - does tamoxifen cause hot flushes?
phone | phone 617.555.0143, mother has atrial fibrillation
phone | +1 212 555 0199 please call about my INR of 4.2
name | My name is Sarah Whitfield and I was told I have gout
name | Hello, my name's Rajesh and I have had a stent since May
name | Patient John Smith, 67, on rivaroxaban, eGFR 38: which dose?
name | Mr Okonkwo has had three gout flares this year; when should urate-lowering start?
name | Mrs. O'Brien was started on empagliflozin last week, what should we watch?
name | Ms Müller (72) takes bisoprolol and verapamil, is it safe?
name | Miss Chloe Adams wants to know whether she can breastfeed on sertraline
name | Dr Patel told me to double my dose of levothyroxine
name | patient: José García, HbA1c 9.1 on metformin, next step?
name | pt name Emily Carter ? PE ? CTPA
name | Our patient Maria Lopez has HER2 positive cancer. Does she need an echo?
name | Mr. and Mrs. Henderson both take statins, do they need liver tests?
name | Prof. Lindqvist operated on me in May, can I restart aspirin?
name | I am Daniel Kowalski, a 45-year-old man with asthma
name | Her name is Agnes, she is 91 and keeps falling
name | Name: Peter van Dijk. Problem: swollen knee since Monday
name | my husband, Mr Thomas Reilly, had a stent in March
name born | John Smith, DOB 12/03/1961, atrial fibrillation, which anticoagulant?
born | born on 12 March 1961, when should I have a colonoscopy?
born | d.o.b. 03-04-1955, chest x-ray shows a nodule of 7 mm
born | My date of birth is 7 July 1982 and I had a mammogram last year
born | Dob: 1974-11-30; do I qualify for lung screening?
born | My son was born 5/9/2019, which vaccines is he missing?
born | date of birth 21.06.1949, on amiodarone
born | I was born on June 3rd, 1958, do I need the shingles vaccine?
born | birthdate 08/08/88, painful periods
number | NHS number 943 476 5919, does this patient need methotrexate bloods?
number | NHS no. 4010232137 - is apixaban right?
number | 4505577104 has an eGFR of 28, adjust dabigatran?
number | SSN 123-45-6789, does Medicare pay for statins
number | 536-22-8841 is my social, look up my prescriptions
number | MRN 1234567, K 6.1, what next?
number | MRN: 00-482-113 post-op day 2 with fever
number | Hospital number X482913, is the aspirin to be stopped before surgery?
number | My insurance number is ABC123456789, are GLP-1 drugs covered?
number | passport number 533401372 do I need a letter to travel with my insulin?
number | medical record number 88213-4 - nodule follow up
number | Medicare ID 1EG4-TE5-MK73, wants a bone density test
number | policy no. HX-9920418 do you cover MRI for back pain
address | I live at 12 Oak Street and the ambulance takes ages; is angina an emergency?
address | 221B Baker Street, London NW1 6XE, tight chest
address | My GP surgery is in LS6 2AB, can they give a pneumococcal vaccine?
address | Send the leaflet to 4820 Maple Avenue, Springfield, IL 62704
address | we're at 7 St John's Road and dad is short of breath
address | Denver, CO 80203 - does high altitude worsen COPD?
address | flat 3, 48 Victoria Gardens, mum has collapsed
address | P.O. Box 2214, Austin, TX 78701; what is the gout diet?
name born number | Anna Schmidt (DOB 01/02/1970, MRN 5551234) started trastuzumab, LVEF 48%
name email phone | Mr Ahmed, 07700 900789, ahmed@example.org
""")

#: Written after the patterns, in another style. The patterns found 51 of 62 (82 %) at first sight, 58 after repair; what is left
#: is lower-case names after "ms" and "dr", which medicine writes in other senses.
SECOND = _table("""\
address | hiya its my nan she lives at 14 elm road and cant get her words out, shes 84
name | Dear Sir or Madam, I am writing on account of my knees. Yours faithfully, Mrs Dorothy Pemberton
phone | can u ring me back pls 07911 123456 its about the blood thinners
name number | 72M Robert Nguyen MRN 00837261 s/p PCI on DAPT, hgb drop 2 g. hold ticagrelor?
name born | NAME: Yusuf Demir\\nDOB: 14/02/1958\\nQUESTION: is it normal to have a dry cough on ramipril
name | yo my names tyler and i got mad chest pains when i vape
email | pls email the answer to my carer janice_w82@hotmail.co.uk as i cant see well
name | Seen in clinic today: Mr D. Fitzpatrick. T2DM, BMI 34. SGLT2i or GLP-1 first?
name | My daughter Aoife has had a temperature since Tuesday, can she have both paracetamol and ibuprofen
born | i was born 4th november 1949 and theyve never offered me the pneumonia jab
number | Patient ID 4482910. Post-op day 1, K 2.9. Replacement?
name | Could Professor Nakamura's advice to stop aspirin before my colonoscopy be wrong?
phone | whats the antidote for rivaroxaban? you can reach me on 0161 496 0742 after 6
number | My insurance ID is XJP-4471-0098 does it matter which inhaler I take
name | Hello. I'm Beatriz, I'm 29 and I take lamotrigine. Can I get pregnant?
name | Kind regards,\\nHelen Ashworth
name | he's called Mr. Kapoor, room 12, BP 92/50, do I hold the bisoprolol
address | letter came to 33 Saint Andrew's Crescent, Edinburgh EH3 7TP about bowel screening, do i do it at 76?
phone | cell phone 305 555 0148, type 1 since I was nine, sugars 380 and vomiting
number | ssn is 078 05 1121 if you need it for the medication list
name born | Re: Mrs. Giulia Romano (born 03.09.1944) - would you anticoagulate after a fall with SDH?
name | PATIENT JOHN DOE, 59 Y/O, STEMI, WHICH P2Y12
name | My husband, Karl, was put on allopurinol and his gout got worse, why
address | we live at 1509 Pinecrest Dr, Boulder, CO 80302 is the altitude bad for heart failure
number | NHS No: 605 676 7043. Wells score 6. CTPA or V/Q in pregnancy?
phone | mobile 0044 7700 900321, had my second stroke clinic visit, nobody told me about driving
name | the lady's name is Margaret Thornbury, 88, on warfarin, fell in the garden
name | Dr. K. Venkataraman has put me on amiodarone. How often are thyroid tests needed?
name | i am sean o'malley from cork and i want to know about statins
born | date of birth: March 9, 1963. Do I still need a smear test?
name | Is metoprolol ok with asthma? Thanks, Omar
email | contact: l.vandenberg@umcutrecht.nl for the case details of this HER2+ patient
born | born on the 2nd of August 1971, family history of bowel cancer, when is my first colonoscopy
address | My postcode is SA62 6DD, where do I get shingles vaccine
name | ms chen came in w/ migraine and aura, wants the combined pill, ok?
name | Ms Chen came in with migraine and aura, wants the combined pill, ok?
number | Passport no. GBR 123456782, flying with oxygen, what letter do I need?
phone | Call 503-555-0166 and ask for my wife if the pressure is 210 over 120 again
name born | Bed 4: Kowalczyk, Ewa, DOB 1939-08-17, NSTEMI, Hb 78. Transfuse?
name | Mister Jones? no, Miss Jones, twenty weeks pregnant, is nitrofurantoin allowed
number | National Insurance number is QQ 12 34 56 B, am I entitled to free prescriptions for thyroid
name | Our new client named Ifeoma Eze has sickle cell disease, which vaccines
email | my email's dave1971@btinternet.com, send me the bit about beta blockers
phone | Telefon +49 (0)30 901820-11, my wife has Hashimoto, TSH 6.2, treat?
number | hospital no. 77120934 // AKI stage 2 // on gentamicin. stop?
name | This is Pauline Grady. I have been taking omeprazole for eleven years. Should I stop?
name | Our son Mateo was diagnosed with Kawasaki disease, how long does he need aspirin?
number | Medicaid number 12094477A, need a prior auth for adalimumab
born | DOB 6/6/66 smoker 40 pack years LDCT yes or no
address | I live in flat 2, 91 Queen's Gate Terrace and the lift is broken, can I do stairs after a hip replacement
name | My full name is Nguyễn Thị Hạnh and I have hepatitis B, can I breastfeed?
name | Mrs Sørensen-Lindqvist, CrCl 22, DOAC dose?
name | dr yilmaz says my psa of 5.1 is fine, is it
name | Dr Yılmaz says my PSA of 5.1 is fine, is it?
phone | fax the guideline to (020) 7946 0112 please
number | medical record # 20-44-198, septic, lactate 4.4, fluids?
born | My birthday is 30 January 1957, would I get the RSV vaccine
name | I'm Tunde Bakare, I had a kidney transplant in 2015, can I have live vaccines
name | my gp is doctor Hargreaves and she won't give me HRT because of my migraines
address | Send it to Apt 9C, 410 West 110th Street, New York, NY 10025
name | mrs gupta's inr is 7.8 no bleeding vit k?
phone | 1 (604) 555-0190 leave a voicemail, it is about my tamoxifen
""")

#: Written after that repair: 29 of 32 (91 %) at first sight.
THIRD = _table("""\
name born | Referral: Hannah Oyelaran, dob 22-Sep-1987, G2P1, previous pre-eclampsia. When to start aspirin?
name | Would Mr van den Berg, 79, benefit from a statin in primary prevention?
name | Good morning, my name is Ignatius Bello and I am a retired teacher with prostate trouble
address | After the fall at 26 Wellington Road she complains of hip pain; which x-ray first?
email | Please reply to anna-lena.koch@uni-koeln.de with the dosing table for apixaban
phone | If you can't answer phone my son on 01632 960 983
name | My wife Ingrid takes methotrexate on Mondays. Is a glass of wine all right?
number | NHS 438 697 7619 | CKD 4 | gout | colchicine dose?
name | Pt: Dolores Whitaker | 81 F | Hb 74 | on apixaban | transfuse?
address | We are in Tucson, AZ 85719 and it is 44 degrees, should Dad skip his water tablet?
born | my date of birth is 19/11/1990 and i have endometriosis
name | I saw Dr Abernathy on Tuesday who wants me on insulin already. Is that too early?
number | Social security number: 612-34-9081. Will I qualify for home oxygen?
name | Our patient Mr. Zielinski developed angioedema on lisinopril. ARB safe?
phone | Leave a message on 646-555-0119, I want to know about HPV vaccine at 40
name | Miss Amara Osei, 19, third asthma attack this winter
name | Yours sincerely, Graham Tuttle
number | my chart number is 55-90213 can you tell me why my ferritin is 900
name | Her name's Rosalind, she is 6 weeks old and vomits after every feed
address | Can you post the diet sheet to Rose Cottage, Mill Lane, Ludlow SY8 1QR?
phone | +31 6 12345678 is the number of the district nurse, does she know about wound dressings?
name | Mrs Kaur's potassium is 6.3 on spironolactone; what now?
born | Born 27.2.1953, quit smoking 2001, is an aneurysm scan due?
name | Thank you very much, Svetlana
name | I'm Patrick O'Hara and my cholesterol is 7.9
name | my brother Kwame had a clot in his lung, should I be tested for factor V Leiden?
number | health card number 4827-193-660-KM, Ontario. Is the RSV shot paid?
phone | Contact details: 0345 ... no, use 07456 981 220. Question: can I drink on doxycycline?
name | a man called Gerald Finch collapsed at our gym, we used the AED, what should we do next time
name | Dr. med. Schröder gave me bisoprolol for my palpitations, can I still run?
email | dr.singh@brightsmile.in told me antibiotics before dental cleaning with a new valve?
address | the address is 8 harbour view lane, he is breathing but won't wake up
""")

#: Nothing personal, whatever it looks like: ages, doses, ranges, dates of guidelines, codes, eponyms, authors, helplines.
HARMLESS = """\
What is the dose of colchicine in a 45-year-old man weighing 82 kg?
Is 500 mg or 0.5 mg/kg of prednisolone right?; Give it for 2-5 weeks or 10-14 days?
Did ACR 2020 change what EULAR 2016 said about urate 6 mg/dL (360 µmol/L)?
Trends in stroke mortality 2010-2019 and 2019-2024
HbA1c 8.2, eGFR 38, K 5.9, Na 129: is metformin safe?
CHA2DS2-VASc 2 and HAS-BLED 3, anticoagulate?; What did NCT01772472 show about T-DM1?
PMID 12345678 and PMCID: PMC2752805 - are they in your references?
doi:10.1056/NEJMoa1908973 and 10.1016/S0140-6736(19)30041-8
ICD-10 E11.9 or E11.65 for type 2 diabetes?
Is Dr Crohn's disease the same as Crohn's?; What did the Mr Fit trial show?
MR spectroscopy or MR angiography for a 3 cm lesion?; diclofenac MR 75 mg, mr tablets twice daily
Parkinson's versus Lewy body dementia
Surveillance of Barrett's oesophagus without dysplasia; Hodgkin lymphoma stage II, Ann Arbor
FitzGerald JD et al. Arthritis Care Res 2020;72:744-760
Rao SV, O'Donoghue ML, Ruel M, et al. Circulation 2025;151:e771-e862
World Health Organization, National Institute for Health and Care Excellence and Johns Hopkins
Should people born between 1945 and 1965 be tested for hepatitis C?
Are children born on or after 1 September 2006 offered the HPV vaccine?
Baby born at 28-30 weeks weighing 1200-1500 g
My baby was born 2 weeks early and is 3 months old
BP 180/110, pulse 120, RR 24, sats 88-92 %, temp 38.5; Titrate 200 400 800 1600 mg over 4 weeks
levodopa 25-100-200 mg 3 times a day; 250-500-1000 mg three times daily; Call 999 or 911 or ring 111?
Should I phone 1-800-222-1222 for poison control or text HOME to 741741?
Samaritans 116 123, ring 0800 1111 for Childline, 0300 123 3393 for Mind
platelets 150 000 - 450 000 and white cells 4 000 000 000 per litre
P<0.0001, HR 0.75 (95% CI 0.62-0.91), 6463 patients
The Patient Health Questionnaire and the Patient Global Assessment
patient with Wegener Granulomatosis on Cyclophosphamide
Patient Reported Outcomes in Rheumatoid Arthritis; in a patient Glasgow Coma Scale 8 means what
Is my name needed to ask?
My name is on the waiting list, how long is it?; What is the brand name of apixaban?; Drug name: Humira. Class?
generic name: Adalimumab
I am African American, does that change the drug?
I am Rh Negative, pregnant 28 weeks
I'm Type 2 diabetic and overweight
My mother has Alzheimer's, my father had Parkinson's
Can I give my son Tylenol or Calpol?; my doctor said Ozempic has side effects
I saw my Dr. She said to stop Plavix
I asked the Dr. What should I do?; vitamin B12 1000 mcg, D3 2000 IU, T4 1.2; TNM T2 N1 M0, stage IIB, grade G2
C5/6 and L4 5 mm disc bulge, S1 nerve root; CD4 350, IL2 20, HER2 3+, Ki-67 20 %; SARS-CoV-2 variant B.1.1.529 and XBB.1.5
CAS 50-78-2 and UNII 7CVR7L4A2D, NDC 0555-0952-02
ISBN 978-0-323-53266-2; Room 5, bed 12, ward 7B; Street drugs and 3 way stopcock
I walk 2 miles along the road every day; 5 minutes down the road from the hospital; 12 Lead ECG and 64 Slice CT
24 Hour Blood Pressure; What is the 5 Way test?
number needed to treat 25, number of patients 12034
phone app for 7 day ECG, text messages 3 times a week
policy on screening 2019-2024 and number of deaths 12345; Medicare 2024 rules
Thank you Doctor
Thanks in advance; hospital number of beds 2020; The passport of a vaccine
My insurance covers 80 % of 1200 dollars; Does Dr Google know?; Miss a dose of the pill
Did I miss Tuesday's dose of Methotrexate?; The 2013 US Supreme Court ruling; SSNAP 2024; Dobutamine 5 mcg/kg/min
ratio 1:10 000 adrenaline; 1 in 10 000 000; 10-20-30 rule; 2019-12-31 and 12/03/2021 guideline versions
last updated 12 March 2021; published 5/9/2019; Mr A is 56, Mrs B is 70; MRI 12345 protocol; He was born blind
Born in 1950, am I too old?; paracetamol 1g@10pm; look it up at nhs.uk or www.webmd.com; @NICEcomms says what?
Marie Curie nurses, Henoch Schonlein purpura, Guillain Barre; John Cunningham virus and Epstein Barr virus
Charcot Marie Tooth, diagnosis?; Ramsay Hunt, Bell's palsy; Duke criteria, Wells score 4.5, Geneva
Mediterranean diet vs. DASH; What about Stevens Johnson?; Apgar 7-9-10; 0-10-20-40-60-80; peak flow 350 400 420 380
doses of 01 02 03 04; 12 34 56; 3,000,000 units; 1234567890 iu; LOT 0123456789; batch EW0553; 6-MP 50 mg, 5-FU 1000 mg/m2
G6PD; SGLT2, GLP-1 and DPP-4; ASA 3, ECOG 2, NYHA III
"""


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A tab of a served application, with the module at hand as `personal`."""
    folder = tmp_path_factory.mktemp("personal")
    settings = Settings(
        articles=write_articles(folder / "articles"),
        index=folder / "index",
        database=f"sqlite:///{folder / 'a.sqlite'}",
        _env_file=None,
    )
    embedder = BagOfWordsEmbedder()
    build_index(settings, embedder=embedder)
    assistant = Assistant(open_with(settings, embedder), ConversationStore(settings.database), settings)
    with serving(settings, assistant) as (address, _), reading(browser) as tab:
        tab.goto(address)
        tab.evaluate("async () => { window.personal = await import('/static/personal.js'); }")
        yield tab


def found(page: Page, texts: list[str]) -> list[set[str]]:
    """The kinds of personal details found in each text."""
    kinds: list[list[str]] = page.evaluate("texts => texts.map(text => personal.personalDetails(text))", texts)
    return [set(each) for each in kinds]


def alarms(page: Page, texts: list[str]) -> list[tuple[str, set[str]]]:
    return [(text, kinds) for text, kinds in zip(texts, found(page, texts), strict=True) if kinds]


@pytest.mark.parametrize(("messages", "reach"), [(FIRST, 1.0), (SECOND, 0.93), (THIRD, 0.96), (FIRST + SECOND + THIRD, 0.95)])
def test_messages_with_personal_details_are_noticed(page: Page, messages: tuple[Message, ...], reach: float) -> None:
    missed = [
        (text, expected - kinds)
        for (text, expected), kinds in zip(messages, found(page, [text for text, _ in messages]), strict=True)
        if not kinds >= expected
    ]
    assert len(messages) - len(missed) >= reach * len(messages), missed


def test_no_other_kind_is_named_than_stands_there(page: Page) -> None:
    messages = FIRST + SECOND + THIRD
    shown = found(page, [text for text, _ in messages])
    assert [(text, kinds) for (text, expected), kinds in zip(messages, shown, strict=True) if not kinds <= expected] == []


def test_what_only_looks_personal_passes(page: Page) -> None:
    assert alarms(page, HARMLESS.splitlines()) == []


def test_every_askable_question_and_title_passes(page: Page) -> None:
    articles = load_corpus(ROOT / "corpus" / "articles")
    texts = [text for each in articles for text in (each.title, each.heading, *(question.text for question in each.questions))]
    assert len(texts) > 1000
    assert alarms(page, texts) == []


def test_questions_of_the_evaluation_sets_pass(page: Page) -> None:
    """0.2 %, and each of them a name that its author gave: "Mock exam. Mrs Green, 79", "my neighbour Jean says"."""
    rows = [
        json.loads(line)
        for path in sorted((ROOT / "eval" / "data").glob("*.jsonl"))
        if not path.stem.endswith("-test")
        for line in filter(None, path.read_text("utf-8").split("\n"))
    ]
    texts = sorted({text for row in rows for key in ("question", "text") if (text := row.get(key))})
    assert len(texts) > 6000
    assert len(alarms(page, texts)) <= 0.005 * len(texts), alarms(page, texts)


PUBLIC = """medquad/queries nfcorpus/queries covid-qa-spans/queries guideline-articles/queries-dev medquad-followup/dev
consumer-questions/meqsum safety/out-of-domain-clinc safety/med-safety-train safety/vignettes-avey conv-rewrite/cast2019
conv-rewrite/cast2020 conv-rewrite/ikat2023 conv-rewrite/canard-dev""".split()


@pytest.mark.skipif(not SHARED.exists(), reason="public data not present (../shared/data)")
@pytest.mark.parametrize("name", PUBLIC)
def test_public_questions_pass(page: Page, name: str) -> None:
    """At most 0.16 % in any set; nearly all are doctors and figures of films by name: "What do you drink, Dr. Greger?"."""
    with gzip.open(SHARED / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    texts = sorted(
        {row[key] for row in rows for key in ("text", "utterance", "rewrite", "summary", "presentation") if row.get(key)}
    )
    assert len(texts) >= 300
    assert len(alarms(page, texts)) <= 0.005 * len(texts), alarms(page, texts)


def test_writing_systems_and_white_space_do_not_hide_a_detail(page: Page) -> None:
    texts = {
        "my number is ０７７００ ９００１２３": {PHONE},  # full-width digits
        "Mrs\u00a0Jose\u0301e\nLefe\u0300vre has gout": {NAME},  # a space that does not break, and combining accents
        "john.doe at gmail dot com": {KINDS["email"]},
        "NHS number\t943\u2009476\u20095919": {NUMBER},  # thin spaces
    }
    assert found(page, list(texts)) == list(texts.values())
    assert found(page, ["", " ", "\ud800", "؟", "ما هي جرعة الكولشيسين؟"]) == [set()] * 5


HOSTILE = [
    "a",
    "Aa'",
    "-Ⅷ",
    "½",
    "ﷺ",
    "a@",
    "a@a.",
    "1-",
    "01 ",
    "+1(",
    "my son Aa ",
    "Mr A. ",
    "Aa de la ",
    "call my ",
    "MRN a1",
    "1 Oak ",
]


@pytest.mark.parametrize("part", HOSTILE)
def test_time_grows_with_the_length_and_nothing_else(page: Page, part: str) -> None:
    """4,000 characters within 20 ms (usually 1), eight times as many within 160: a square would take 64 times."""
    measure = """text => Math.min(...Array.from({length: 5}, () => {
        const begin = performance.now(); personal.personalDetails(text); return performance.now() - begin; }))"""
    assert page.evaluate(measure, (part * 4000)[:3999] + "!") <= 20
    assert page.evaluate(measure, (part * 32000)[:31999] + "!") <= 160
