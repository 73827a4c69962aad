// @ts-check
/**
 * Obvious personal details in a question, looked for before it is sent. A pure function of the text.
 *
 * A warning that is often wrong is clicked away. So a sign needs more than a shape that medicine has too: a name needs a title
 * or "my name is" before it; a number needs its keyword, a layout that nothing else has, or a check digit.
 */

const { raw } = String;

/** @typedef {(text: string) => boolean} Sign */

/**
 * A pattern that begins where a word or a number begins; its line breaks are layout. `right` judges the digits found.
 *
 * @type {(pattern: string, flags?: string, right?: (digits: string) => boolean) => Sign}
 */
function sign(pattern, flags = "", right = () => true) {
  const all = new RegExp(raw`(?<![\p{L}\d])(?:${pattern.replace(/\n */g, "")})`, `gu${flags}`);
  return (text) => [...text.matchAll(all)].some(([found]) => right(found.replace(/\D/g, "")));
}

// Two letters and not initials alone ("Mr AB" names nobody), nor what begins a sentence after "my Dr."
const NAME = raw`(?!(?:Also|And|Are|As|At|But|Can|Do|For|Google|Ha[ds]|Have|He|Her|His|How|If|In|Is|It|My|No|Not|Of|On|Or|Please|
  Said|S?he|So|The[ny]?|This|To|Told|Was|We|Wh\p{Ll}{1,3}|Will|You|Your)(?![\p{L}'’-]))
  \p{Lu}(?:\p{Ll}|['’-]?\p{L}{2})[\p{L}'’-]{0,30}(?![\p{L}'’-])`;
const PARTICLES = "(?:(?:v[ao]n|d[aeiou]|de[lnr]|l[ae]|al|el|bin|ter) ){0,2}";
const NAMES = raw`${NAME} ${PARTICLES}${NAME}`; // John Smith, Peter van Dijk, Rosa de la Cruz
const END = raw`(?= ?[,.;:!(–-]| and | from |$)`;
// "I am …" goes on with these and a noun.
const PEOPLE = "(?!Afr|Asian|Black|Blood|Brit|Chin|Engl|East|Ind|Irish|Jew|Latin|Native|North|Rh|South|Stage|Type|West|White)";
const PERSON = raw`(?:mum|mom|mother|dad|father|husband|wife|partner|son|daughter|baby|brother|sister|aunt|uncle|niece|nephew|
  cousin|grand\p{Ll}{2,8}|nan|friend|neighbou?r|girlfriend|boyfriend|patient|client|
  resident|colleague|(?:gentle|wo)?man|lady|boy|girl)`;
const KIN = `(?:[Mm]y|[Oo]ur) ${PERSON}`;

const MONTH = raw`(?:jan|feb|mar|apr|may|ju[nl]|aug|sep|oct|nov|dec)\p{L}{0,6}\.?`;
const DATE = raw`(?:\d{1,4}[/. -]\d\d?[/. -]\d\d|\d\d?\p{L}{0,2}(?: of)?[ -]?${MONTH},?[ -]?['’]?\d\d|
  ${MONTH} \d\d?\p{L}{0,2},? \d{4})`;
// No part of a decimal, DOI or range, no code after an acronym such as PMID, no dose.
const BEFORE = raw`(?<![.,/+-]|(?!NHS)\p{Lu}{3}:? )`;
const NO_DATE = raw`(?!\d\d?[ .-]\d\d?[ .-](?:19|20)\d\d)`;
const AFTER = raw`(?![\p{L}\d]|[.,/-]\d| ?(?:mg|ml|mcg|µg|iu|units))`;
const STREET = raw`(?:[Ss]treet|[Rr]oad|[Aa]venue|[Ll]ane|Drive|Close|(?<!Supreme )Court|Boulevard|Way|Crescent|Terrace|Place|
  Square|Gardens|Grove)`;

/** @type {(digits: string) => boolean} Not a helpline that everybody shares, nor a span of years. */
const isPrivateLine = (digits) => !/^1?8(00|33|44|55|66|77|88)|^(44)?0?(80[08]|3(00|03|30|33))|^((19|20)\d\d){2}$/.test(digits);

/** @type {(digits: string) => boolean} Its tenth digit makes the sum of digit × (10 − place) a multiple of 11. */
const isNhsNumber = (digits) => [...digits].reduce((sum, digit, place) => sum + Number(digit) * (10 - place), 0) % 11 === 0;

/** @type {Record<string, Sign[]>} */
const SIGNS = {
  "a name": [
    // "Dr. Burkitt's Diet" and no more is a title; "the Mr Fit trial" and "Dr Crohn's disease" name no reader.
    sign(raw`(?:Mr|Mrs|Ms|Miss|Mx|(?!^\S+(?: \p{Lu}\S*)+$)(?:Dr|Prof|Professor))\.? (?:\p{Lu}\.? ?){0,2}${PARTICLES}${NAME}
      (?! (?:diet|disease|method|scor|sign|stud|syndrome|test|trial))`),
    sign(raw`mrs\.? (?!and|or)\p{Ll}{3}`),
    sign(raw`(?:my|his|her) (?:full |first |last )?name(?: is|['’]?s) (?!(?:an?|at|in|no|not|on|so|the|to) )\p{L}{2}`, "i"),
    sign(raw`(?:[Mm]y|[Ff]ull|[Ff]irst|[Ll]ast|[Pp](?:atien)?t(?:['’]s)?|${PERSON}['’]s) [Nn]ame(?: is)?[ :=]{1,3}${NAME}`),
    sign(raw`(?<!\p{L} )(?:[Ss]ur|[Ff]ore)?[Nn](?:ame|AME) ?[:=] ?${NAME}`),
    sign(raw`I(?: am|['’]m)(?: called)? ${PEOPLE}${NAMES}${END}`),
    sign(raw`(?:Hi|hi|Hello|hello|Hey)[,.!]? (?:I am|I['’]m|[Tt]his is) ${PEOPLE}${NAME}${END}|^This is ${NAMES}[.,]`),
    sign(raw`(?:[Pp]atient|PATIENT|[Pp]t)(?: is)?[:,]? (?!Care|Educ|Gener|Global|Health|Inform|Report|Safety)${NAMES}
      (?= ?[^ \p{L}]| \p{Ll}|$)`),
    sign(raw`${PERSON}(?: is)? (?:called|named) ${NAME}`),
    sign(raw`${KIN} ${NAME}(?: ${NAME})? (?:(?:feels|had|has|keeps|needs|says|started|takes|took|wants)(?!\p{L})|was (?!it|th))`),
    sign(raw`${KIN}, ${NAME}(?: ${NAME})?,`),
    sign(raw`${NAME},? ${NAME} ?[(,;:–-]? ?(?:[Dd]\.?[Oo]\.?[Bb](?!\p{L})|[Dd]ate of birth|MRN|NHS [Nn][ou]|born (?:on )?\d)`),
    sign(raw`(?:[Tt]hanks|[Tt]hank you|[Rr]egards|[Ss]incerely|[Cc]heers|[Bb]est wishes)(?:(?: \p{Ll}{2,9}){0,3}[,.!]{1,3})?
      [ ](?!Do?c)${NAME}(?: ${NAME})? ?[.!]?$`),
  ],
  "an e-mail address": [
    sign(raw`[^\s@<>()]{1,64}(?:@| ?[([]at[)\]] ?)(?:[\p{L}\d-]{1,63}\.){1,5}\p{L}{2}|
      at [\p{L}\d-]{2,30} dot (?:com|co|net|org)`),
  ],
  "a phone number": [
    sign(raw`${BEFORE}(?:\+|00)[1-9](?:[ ./()-]{0,3}\d){7,13}${AFTER}`, "", isPrivateLine),
    sign(raw`${BEFORE}(?:1[ .-])?\(?[2-9]\d\d(?:\) ?|[.-])[2-9]\d\d[ .-]\d{4}${AFTER}`, "", isPrivateLine),
    // 0527-1728-74 is a drug code.
    sign(raw`${BEFORE}${NO_DATE}(?!\d{4}-\d{4}-)\(?0[1-9](?:[ ()-]{0,2}\d){8,9}${AFTER}`, "", isPrivateLine),
    sign(raw`(?:call|ring|phone|text|whatsapp|tel|telephone|mobile|mob|cell ?(?:phone|number)|my (?:cell|number)|
      (?:contact|reach) me|fax)(?: \p{L}{2,9}){0,4}[.:]? ?${NO_DATE}
      \+?\(?\d(?:[ ().-]{0,3}\d){6,12}${AFTER}`, "i", isPrivateLine),
  ],
  "a date of birth": [
    sign(raw`(?:d\.?o\.?b\.?|date of birth|birth ?da(?:te|y)|born)(?: is| was)?[ :=-]{0,3}(?:on )?(?:the )?${DATE}`, "i"),
  ],
  "a record or insurance number": [
    sign(raw`(?:(?:MRN|SSN|NHS|passport|social security)(?!\p{L})|(?:NHS|CHI|NI|ID|hosp|hospital|record|patient|chart|
      member|policy|insurance|passport|social security|medicare|medicaid|licen[cs]e|account|card)(?: card| id)? ?
      (?:number|num|no|nr|id|#)(?!\p{L}))(?: is)?[ .:#=-]{0,3}
      (?!(?:19|20)\d\d(?!\d))[a-z]{0,4}[ -]?\d(?:[ -]?[a-z]{0,2}\d){3,14}`, "i"),
    sign(raw`(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\p{L}\d-])`),
    sign(raw`[A-Z]{2} ?(?:\d\d ?){3}[A-D](?![\p{L}\d-])`),
    sign(raw`${BEFORE}(?<!\+\d{1,3} )\d{3}[ -]?\d{3}[ -]?\d{4}${AFTER}`, "", isNhsNumber),
  ],
  "a postal address": [
    sign(raw`\d{1,5}[A-Za-z]?,? (?:\p{Lu}[\p{L}'’.-]{0,30} ){1,3}(?:${STREET}|St|Rd|Ave|Ln|Blvd|Dr(?=[,.]))(?!\p{L})`),
    sign(raw`(?:lives? at|address(?: is)?:?) \d{1,5}[a-z]?,? (?:[\p{L}'’]+ ){1,3}${STREET}(?!\p{L})`, "i"),
    sign(raw`(?:[BEGLMNSW]|[A-PR-UWYZ][A-HK-Y])\d[A-Z\d]? (?!1ST|2ND|3RD|\d(?:TH|HR|HT))\d[ABD-HJLNP-UW-Z]{2}(?![\p{L}\d])`),
    sign(raw`post ?code(?: is)?:? [a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}(?![\p{L}\d])`, "i"),
    sign(raw`\p{Lu}\p{Ll}[\p{L}'’.-]{0,30}(?:, [A-Z]{2} \d{5}| (?!II|IV|VI|CT|MS)[A-Z]{2} \d{5}(?! \p{L}))(?![\p{L}\d]|,\d)`),
    sign(raw`zip(?: code)?(?: is)?:? \d{5}(?!\d)|p\.? ?o\.? box \d`, "i"),
  ],
};

/**
 * The kinds of personal details that obviously stand in a text, in plain words: ["a name", "a phone number"]. Empty where
 * none does. English only; the time grows with the length of the text and nothing else.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function personalDetails(text) {
  const narrow = text.replace(/[！-～]+/g, (wide) => wide.normalize("NFKC")); // digits and "@" of East Asian keyboards
  const plain = narrow.normalize("NFC").replace(/\s+/g, " ").trim();
  return Object.keys(SIGNS).filter((kind) => SIGNS[kind].some((shows) => shows(plain)));
}
