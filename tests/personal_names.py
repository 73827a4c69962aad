"""Questions with names in braces that nothing, or little, beside them marks as names.

`BLIND` was written before redaction knew any name of its own, `AFTER` when BLIND's misses were mended, `LAST` when AFTER's were,
and LAST's were then mended too. So only the figures at first sight (tests/test_redaction_names.py) say what new wordings lose.
"""

from __future__ import annotations

import re

BLIND = """\
{Aoife} needs a tetanus booster, how many years since the last one?
{Mehmet} has been on warfarin for six years and bruises easily
{Ngozi}'s blood pressure was 168/102 this morning
{Lakshmi} cannot swallow the alendronate tablets
{Terrence} stopped his statin because of leg cramps
{Yuki} is 14 and wants the HPV vaccine, one dose or two?
{Mustafa} had a stent in June, may he stop clopidogrel?
{Eleni} takes lithium and ramipril together
{Gintaras} smokes 20 a day, does he qualify for lung screening?
{Blessing} is allergic to penicillin, what else works for cellulitis?
{Henrik} and {Solveig} both got shingles, are they infectious?
{Deepika} was told her TSH is 7.2
{Bronwen} fell twice last week and takes apixaban
{Rodrigo} vomits after every metformin tablet
{Thandiwe} delivered four weeks ago, can she take sertraline?
{Ahmed} wants to know if colchicine can be taken with clarithromycin
{Nguyen} has CKD stage 4 with gout
{Papadopoulos} is on dialysis, can we give enoxaparin?
{Okonkwo}'s LVEF is 28 %, is he a candidate for an ICD?
{Kowalczyk} refuses blood products, iron first?
{Szabo} 74 y, AF, CrCl 22, dose of dabigatran?
{Haddad} came in with a potassium of 6.8
Does {Ingrid} still need aspirin after her stroke?
Should {Tomasz} get the pneumococcal vaccine at 58?
Can {Fatoumata} breastfeed while on levetiracetam?
Is {Rashid} too old for a statin at 82?
Why is {Chiara} still coughing three weeks after pneumonia?
Would {Olamide} benefit from an SGLT2 inhibitor?
When may {Declan} drive again after a seizure?
How long must {Ivana} take iron tablets?
How much paracetamol can {Zofia} have, she weighs 12 kg?
What should {Sanjay} do about his HbA1c of 9.4?
What do we give {Mrs Abernathy} for the itch?
Could {Esperanza}'s rash be from allopurinol?
Will {Kenji} get his hearing back after gentamicin?
Has {Astrid} had enough vitamin D?
Was {Nikolai} right to double his insulin?
Do {Pradeep} and his wife both need treatment for scabies?
Are {Catalina}'s liver tests all right for methotrexate?
May {Stavros} eat grapefruit with simvastatin?
my husband {Tariq}'s knee is swollen and hot
my wife {Oksana}s hands shake since the salbutamol
my son {Lachlan} swallowed two ibuprofen tablets
my daughter {Anoushka}'s fever will not go down
our baby {Mateo} has not had the rotavirus vaccine yet
my mum {Philomena} can't sleep on prednisolone
My grandma {Halina} broke her hip on no treatment, zoledronate?
my uncle {Babatunde} has three stents now
my partner {Niamh} wants to come off the pill
my friend {Svetlana} swears by turmeric for arthritis
my cousin {Ravi} got dengue twice, can he have the vaccine
My stepfather {Lorenzo} drinks a lot, can he have paracetamol?
my mother-in-law {Gulsen} takes eight tablets a day
my nephew {Kofi}, 6, has had two febrile seizures
My neighbor {Dolores} says flu shots cause flu
my roommate {Xiaoling} coughs blood
my late father {Casimir} had colon cancer at 48, when do I start screening
Our son {Emre} started lamotrigine last week and has a rash
his sister {Leticia} carries BRCA1, should he be tested?
Her brother {Anders} has haemophilia
I gave {Bilal} his second puff after ten minutes
I look after {Winifred}, she is 91 and on furosemide
I am asking for {Jadwiga} who cannot type
I am caring for {Mr Featherstone} at home
I spoke with {Olufemi} about stopping the amlodipine
Please tell {Giovanni} that the scan is not urgent
Ask for {Wojciech}
Ask {Dr Petrovic} about the INR
Please ask {Svensson} on the ward about heparin
Talk to {Yolanda} in the clinic, is ferritin of 12 low?
We saw {Fernandez} in cardiology, he said stop the bisoprolol
It was {Ottilie} who had the reaction to ceftriaxone
The midwife {Caoimhe} said my iron is low
The nurse {Perpetua} gave me two flu jabs by mistake
the pharmacist {Ibrahim} said no to ibuprofen
our GP {Hargreaves} wants to start mirtazapine
the consultant {Bhattacharya} prefers ticagrelor
my cardiologist {Lindqvist} stopped digoxin
According to {Mbeki} the dose of colchicine is 0.5 mg
Seen with {Dr. Achterberg}: troponin negative twice
Discussed with {Vandenberghe}, plan is LMWH for 3 months
Handover from {Kaur}: sepsis, lactate 3.1, second litre?
Referred by {Jurgensen} with weight loss and night sweats
Reviewed by {Ostrowski} today. Continue tacrolimus?
Bloods for {Delacroix}: Hb 71, transfuse?
Prescription for {Moses Kiptoo}: amoxicillin 500 mg, penicillin allergy?
Note for {Annelise}: when does the pessary get changed?
Question from {Dimitra}: does montelukast cause nightmares?
This is about {Hyun-woo} and his peanut allergy
It's for {Marisol}, she's 30 weeks and has a UTI
The patient, {Tremblay}, has a CHA2DS2-VASc of 5
Patient {Rutherford} on lithium with a creatinine of 160
Pt {Castellanos} post MI day 3, start eplerenone?
bed 4 {Mukherjee} DKA, when to stop the insulin infusion
Room 12 - {Farquhar} - new AF, anticoagulate?
79M {Sokolov} with melaena on rivaroxaban
{Chidi} M 45 BP 150/95
{Ebony Tran} 34F G2P1 with HELLP, magnesium dose?
{Rao, Venkatesh}: eGFR 19, metformin?
{Lindholm, Maja} needs tetanus immunoglobulin?
{J. Kessler} - ferritin 8
{Siddiqui A.} Hb 68, transfusion threshold?
dr {yilmaz} told me to halve the bisoprolol
is dr {mcallister} right about stopping clopidogrel
mr {okafor} has gout again
doctor {hoffmann} says no nsaids
can {siobhan} have the mmr now
does {wojtek} need a booster before travel
{priyanka} has had a headache for three days
{alejandro} is on methotrexate and got shingles
my wife {natasha} has pcos and wants to take metformin
my husband {keith} snores and his bp is high
my son {jayden}s eczema is worse with the cream
my boy {luca} wont use his inhaler
hi its {sinead}, still coughing
im {gareth} and i have type 2 diabetes
my name is {tendai} and my sugar is 14
{chukwuemeka} 8 years old asthma attack what now
the doctor said {hildegard} has osteoporosis
i think {mohammed} has chickenpox
give {aleksander} more ibuprofen?
{margaret}'s inr is 4.5
tell me if {dieter} should stop aspirin before surgery
ask {bernadette} if she took the tablets
what about {salvatore}, he has one kidney
{patel} wants ace inhibitors stopped
sorry i mean {jacqueline} not me
thank you {francesca}
love {rosalind}
bye, {matthias}
MY HUSBAND {GEOFFREY} HAS CHEST INFECTION AND TAKES WARFARIN
{SHABNAM} NEEDS HER VACCINES BEFORE HAJJ
DR {LEFEBVRE} SAID NO MORE STEROIDS
IS {BARTHOLOMEW} OK TO FLY AFTER DVT?
CAN {AGNIESZKA} TAKE IRON WITH LEVOTHYROXINE
PLEASE HELP {RAMESH} HE HAS A RASH FROM AMOXICILLIN
MRS {DUBOIS} 88 ON DIGOXIN AND CONFUSED
MY DAUGHTER {KIERA} IS 5 AND HAS CROUP
WHAT DOSE FOR {NAKAMURA}
THE PATIENT {GUTIERREZ} HAS A GFR OF 24
{O'CALLAGHAN} HB 64, TRANSFUSE?
Mohamad {Alhariri} got a rash from trimethoprim
{Elizbeth} keeps forgetting her eye drops
{Micheal} had his appendix out and still has pain
{Jonh} takes warfarin and had a nosebleed
{Katherin}'s cholesterol is 6.9
{Muhamed} is fasting, when does he take insulin?
my wife {Stephnie} has endometriosis
My dad {Alexnder} is 70, pneumonia jab?
dr {rodrigez} gave me doxycycline
{Isabela} and I share an inhaler, is that bad?
Statins and grapefruit: my sister swears it's fine, but {Gwendolyn} disagrees
How do we taper steroids in {Adebayo}?
What is the target INR for {Marchetti}?
Is amitriptyline safe for {Ewa}?
The dose was given to {Hakeem}
Nobody checked the potassium of {Ileana}
I worry most about {Torsten}.
Which inhaler suits {Ludmila} best?
Kind regards {Nokuthula}
Best, {Guillermo}
Thx {Deirdre}
- {Ciaran}
sent from {Annika}'s phone: is fluconazole safe in pregnancy?
The results of {Beatriz Carvalho} show a ferritin of 6
Ferritin of {Hussain} is 900, haemochromatosis?
Both {Thomas} and {Edward} are due for colonoscopy
Since {Cedric} started amiodarone his TSH has gone up
If {Manuela} misses a pill, what then?
After {Boris} had covid he lost his smell, will it come back?
Because {Nadia} is pregnant she cannot take valproate, what instead?
We call her {Birdie}, her real name is {Bernadine}
{Grace} has had a cough for six weeks
{Mark} takes bisoprolol and feels dizzy
My wife {Rose} is on tamoxifen
{Joy}'s blood sugar is 18
my son {Will} has asthma
Mr {Young} has heart failure
{Dr Brown} said to stop metformin before the scan
{Faith King} is due for a smear
my sister {Hope} has lupus
{Jack} and {Ruby} have head lice
{Penny} cannot take codeine
my mum {June} is 80 and fell
{Khan} on apixaban, hip fracture, when to operate?
{Nakato Grace Auma} was born at 29 weeks, when does she get her vaccines?
{van der Merwe} has an ulcer on the left foot
{Maria da Silva} asks if she may take ibuprofen
{Abd al-Rahman} is fasting and on gliclazide
{Le Thi Hoa} has hepatitis B, can she breastfeed?
{Park Ji-eun} has a thyroid nodule of 12 mm
{Ó Briain} needs bridging before surgery?
{Nuñez}'s CT shows a 7 mm nodule
{Željko} has a fever after chemotherapy
{Åsa} is 41 and asks about mammography
{Ioannis'} creatinine doubled on vancomycin
"""


#: Drugs, brands, eponyms, tests and places where a careless eye sees a name. Nothing of these may go.
KEPT = """\
Can Wegovy be stopped before surgery?
Does Repatha cause muscle pain?
Is Xarelto safe with ibuprofen?
my husband takes Farxiga and has thrush
My doctor prescribed Dupixent for my eczema
Skyrizi gave me a rash
Entresto was started last week, when do we check potassium?
Should Kesimpta be stopped in pregnancy?
What about Rinvoq in ulcerative colitis?
Zepbound vs Mounjaro for weight loss
Has Leqembi been approved?
Is Camzyos used in hypertrophic cardiomyopathy?
Why does Brilinta make me breathless?
Ozempic stopped working for me
Can I take Paxlovid with Lipitor?
How long does Botox last in migraine?
Tecfidera or Tysabri for MS?
Is Allegra better than Zyrtec?
Can Yasmin raise blood pressure?
Does Humira help in Crohn's?
My mum has Parkinson's and takes Sinemet
My father has Alzheimer's
my son has Asperger's and takes Ritalin
Is Graves disease inherited?
Is Hodgkin lymphoma curable?
Graves' ophthalmopathy and selenium
Who treats Sjögren's?
Does Hashimoto's cause weight gain?
my wife has Raynaud's, is bisoprolol safe?
Can Crohn's skip a generation?
What is a Baker's cyst?
Bell's palsy: prednisolone or aciclovir?
Is Barrett's oesophagus dangerous?
Does everybody with Barrett need endoscopy?
Wilson's disease and pregnancy
Can Lyme be chronic?
Is West Nile virus found in Greece?
Ebola vaccine for health workers?
Marburg virus, which isolation?
Wells score of 4, D-dimer or CT?
What is the Glasgow-Blatchford score for?
CHA2DS2-VASc and HAS-BLED in the elderly
Child-Pugh B cirrhosis, dose of apixaban?
Is the Epley manoeuvre safe in pregnancy?
How is the Dix-Hallpike test done?
Murphy's sign negative, still gallstones?
Murphy sign in cholecystitis
What does a Foley catheter cost?
Holter for palpitations, 24 or 72 hours?
Apgar of 4 at five minutes
Is the Mediterranean diet good for NAFLD?
Which vaccines do I need for Kenya and Uganda?
Rocky Mountain spotted fever, doxycycline in children?
Japanese encephalitis vaccine for two weeks in Vietnam?
Guillain-Barré after a flu jab, may I have another?
Ehlers-Danlos and pregnancy
Marfan and moxifloxacin
Is Takotsubo an indication for anticoagulation?
Brugada pattern on ECG, avoid which drugs?
Cushing's from inhaled steroids?
Addison's crisis, hydrocortisone dose?
Conn's syndrome and spironolactone
Waldenström and rituximab
Dravet and fenfluramine
Angelman syndrome and sleep
Peyronie's: is collagenase worth it?
Dupuytren and alcohol
Osgood-Schlatter in a footballer
Kawasaki disease: IVIG and aspirin dose?
Henoch-Schönlein purpura, urine tests for how long?
Does St John's wort interact with warfarin?
Is Manuka honey useful for wounds?
Does Berberine lower HbA1c?
Ashwagandha and levothyroxine?
Is Kratom safe with sertraline?
tirzepatide or semaglutide in NASH?
Has zilebesiran been compared with placebo?
Does Olezarsen lower triglycerides?
Nobody told me that Entyvio needs a fridge
The nurse said Prolia every six months
My GP wants Eliquis instead of Warfarin
I was given Keytruda and Opdivo
He takes Jardiance and Forxiga together
She started Trulicity and her hair falls out
Does Vyvanse help her concentrate?
My wife started Letrozole and Zoladex
Since starting Cosentyx he coughs
KEYTRUDA AND THYROIDITIS
CAN I TAKE XARELTO WITH PAXLOVID
does wegovy need a fridge
is ozempic ok with metformin
can i take lyrica and tramadol
my dad has lewy body dementia
my mum has sjogrens
NICE says statins from 10 % risk
The SPRINT, ACCORD and PARADIGM-HF trials
What did the Framingham study show?
May I drink alcohol on metronidazole?
Will my hair grow back?
Hope this is the right place to ask
Sue the hospital, or complain first?
Rose petals in bath water and eczema
Grace period for the second HPV dose?
Mark the spot before a biopsy?
Iron and vitamin C together?
Can Pearl powder be harmful?
Summer heat and diuretics
Christmas dinner and warfarin
"""

#: As `BLIND`.
AFTER = """\
{Gudrun} won't take her eye drops any more
{Somchai} has lost eleven kilos since the gastric sleeve
{Paddy}'s toe is red again, colchicine or prednisolone?
{Mireille} started nitrofurantoin and itches all over
{Balogun}, 67, NYHA III, add sacubitril?
{Wanjiru} bleeds after every clopidogrel tablet
{Hilde} and {Bengt} both cough, one inhaler for two?
{Tuan} is flying to Hanoi with a DVT
{Scarlett} is teething, can she have ibuprofen and paracetamol?
{Vasquez} readmitted with hyponatraemia on sertraline
Can {Ottavia} have another epidural?
Does {Jerzy} qualify for PCSK9 inhibitors?
Should {Amara} avoid live vaccines on infliximab?
Is {Kaveh} at risk after the needlestick?
How often does {Noor} need her INR measured?
When is {Fergus} due his next zoledronate?
Would you give {Ming} a statin at 78?
What happens if {Rhiannon} forgets the pill twice?
Why was {Dragan} taken off amiodarone?
my wife {Aslı} had two miscarriages, heparin?
my husband {Olu} is on insulin and fasting
my son {Finlay}'s asthma plan says four puffs
my little girl {Saoirse} has impetigo
our twins {Arjun} and {Meera} need the MMR
my mum ({Geraldine}) stopped her bisphosphonate
my aunt {Consolata} is yellow
my brother {Zbigniew} smokes 40 a day
my ex {Damian} gave me chlamydia
Her mother {Ludivine} had breast cancer at 39
our health visitor {Joan} says no honey before one
the registrar {Osei} started piperacillin
my rheumatologist {Dr Wickramasinghe} wants upadacitinib
Seen by {Eriksson} in A&E, sent home with a PE
Spoke to {Tran} from microbiology about the ESBL
Please call {Marguerite} about the potassium
Tell {Isaac} his smear... sorry, his PSA is fine
Could you ask {Leila} to bring the inhalers
Referral for {Ahlberg}: ferritin 1200, C282Y?
Clinic letter re {Mensah}: EF 25 %, ICD?
ward 7 {Chowdhury} post op day 2 AF
{Ivanov P.} Na 118, how fast?
{Weber, Klaus}: INR 8, no bleeding
{Harrington} 84F NOF fracture on edoxaban
mr {chaudhry} is on clozapine with a sore throat
dr {stephanopoulos} said to double the diuretic
{valentina} has a lump in her breast
can {hamish} take aspirin for his headache
my nan {edith} fell on apixaban
my wife {yuliya} has hashimotos
is {khadija} allowed to fast with gestational diabetes
{sebastian}s ear is infected again
thanks, {marek}
hi im {shanice}, 28 weeks and itchy
the nurse {bozena} gave me the wrong vaccine
DOES {LEONARD} NEED A PACEMAKER
MY SON {OSCAR} ATE A BATTERY
{PATRICIA} TAKES TOO MUCH TRAMADOL
MR {BANERJEE} CANNOT PASS URINE
{Cristopher} has croup
{Fredrick}'s potassium is 6.4
my wife {Kathrine} is on letrozole
{Muhammed Yusuf} has a fever of 40 after travel to Ghana
{Anne-Marie} had her mastectomy on Monday
{Mary Jo} takes venlafaxine and St John's wort
{Lily} has measles
my daughter {Daisy} has hives
{Victor}'s wife has TB, does he need a test?
{Art} has angina
{Dr Long} says the nodule is benign
Mrs {Bird}'s catheter is blocked
My partner {Kit} takes PrEP
Regards, {Tunde}
Thank you {Ingeborg}
Yours, {Matteo}
- {Roisin} (mum of a 4 year old with eczema)
It is {Farida} again with the rash
I'm writing for {Teresa}, who is deaf
The scan of {Gunnar} shows a 4.8 cm aneurysm
The family of {Mrs Oyelaran} wants to stop feeding
We think {Alasdair} has had a stroke
Is it possible that {Pilar} is allergic to heparin?
Potassium of {Nkechi} is 2.9
Can I give the same antibiotic to {Romy}?
Which contraceptive for {Saskia} with migraine with aura?
He shares needles with {Darko}
"""

#: As `BLIND`.
LAST = """\
{Ewan} chokes on his tablets
{Parvati} asked whether zoledronate hurts
{Thorsten}'s shoulder is frozen, injection or physio?
{Nwosu} had a NSTEMI on Sunday, ticagrelor for how long?
{Ayesha} can't remember when she had her last smear
{Yevgenia} has a stoma, which iron?
{Dominika} takes carbimazole and has a sore throat
{Horvath}: Na 121, seizures
{Lopez} 58M, STEMI, door to balloon?
Is {Cormac} allowed ibuprofen with one kidney?
Can {Sunita} have the shingles vaccine on methotrexate?
Does {Florian} have to stop apixaban before his colonoscopy?
How do I tell {Branwen} that insulin is forever?
Should {Osman} still take bisoprolol with a pulse of 48?
When should {Teuila} have her glucose test?
my husband {Marius} passed out at the gym
my wife {Siew Ling} has a goitre
my daughter {Aaliyah} is allergic to eggs, flu jab?
my neighbour {Bogdan} drinks methylated spirits
my father {Evangelos} won't wear his oxygen
our son {Caleb}'s inhaler ran out
her partner {Femi} has hepatitis B
his carer {Lorraine} crushes the tablets
the surgeon {Van Houten} wants my apixaban stopped
our GP {Dr Mahmood} says keep on
Speak to {Solange} about the feeding pump
Ask {Ursula} for her last HbA1c
Seen by {Drummond} yesterday: stop the ACE inhibitor
Note for {Akua}: double the inhaler
bed 9 {Zielinski} on vancomycin, trough 24
I'm worried about {Tamsin}
I live with {Rafael}, who has TB
The biopsy of {Mr Laurent} shows sarcoid
The ECG of {Kapoor} shows AF, start DOAC?
dr {novak} gave me prednisolone
mrs {obi} has c diff again
can {rafaela} fly at 35 weeks
my mate {declan} takes steroids for the gym
my daughter {imogen} has worms
is {guadalupe} too young for the pill
{giuseppe} cant pee after the operation
{hannah}'s period is three weeks late on the pill
thanks, {oskar}
IS {VERONICA} SAFE TO DRIVE ON GABAPENTIN
MY WIFE {SAMIRA} HAS A LUMP
PT {MACDONALD} K 6.9 NOW WHAT
{Jessca} has nits
{Abdulah} is on dialysis, which painkiller?
{Ivy} has whooping cough, who needs antibiotics?
My husband {Frank} has prostatitis
Mr {White} fell off a ladder, on edoxaban
{Angel} and {Chance} have chickenpox
Cheers, {Kwame}
Best wishes {Eilidh}
{Blanca Estela Ruiz} wants a second opinion on her thyroid
"""


def marked(wordings: str) -> list[tuple[str, tuple[str, ...]]]:
    """Every wording without its braces, and the words of the names in it."""
    names = ([*re.findall(r"\{([^{}]+)\}", line)] for line in wordings.splitlines())
    return [(re.sub(r"[{}]", "", line), tuple(found)) for line, found in zip(wordings.splitlines(), names, strict=True)]
