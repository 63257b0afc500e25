"""Words that tell of an adverse event, in English, Spanish and French: lower case, without accents; `*` ends a stem.

Serious is what ICH E2A calls so: death, danger to life, hospital, lasting disability, a birth defect, or an event
that is medically important. The list is made for recall: a person looks at what it finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Language = Literal["en", "es", "fr"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "es", "fr")


@dataclass(frozen=True)
class Term:
    """One kind of event: its English name, its organ system, whether it is serious, and how each language says it."""

    name: str
    system: str
    serious: bool
    en: str
    es: str
    fr: str


def plain(name: str, system: str, en: str, es: str, fr: str) -> Term:
    """An event that is not serious by itself."""
    return Term(name, system, serious=False, en=en, es=es, fr=fr)


def serious(name: str, system: str, en: str, es: str, fr: str) -> Term:
    """An event that is serious whenever it happens."""
    return Term(name, system, serious=True, en=en, es=es, fr=fr)


TERMS: Final[tuple[Term, ...]] = (
    serious(
        "death", "general", "died|passed away|fatal*", "murio|fallecio|falleci*|mortal*", "mort|morte|decede*|deces"
    ),
    serious(
        "hospital stay",
        "general",
        "hospitali*|emergency room|intensive care|ambulance",
        "hospitaliz*|urgencias|cuidados intensivos|ambulancia",
        "hospitalis*|urgences|soins intensifs|reanimation|ambulance",
    ),
    serious("disability", "general", "disabled|paraly*", "discapacidad|parali*", "handicap*|paraly*"),
    serious(
        "birth defect",
        "pregnancy",
        "birth defect*|malform*",
        "malformacion*|defecto* congenito*",
        "malformation*|anomalie* congenitale*",
    ),
    serious("loss of a pregnancy", "pregnancy", "miscarr*|stillb*", "aborto espontaneo|perdi al bebe", "fausse couche"),
    serious("anaphylaxis", "immune", "anaphyla*|throat closed", "anafila*", "anaphyla*|choc allergique"),
    serious("seizure", "nervous", "seizure*|convuls*", "convuls*|ataque* epileptico*", "convuls*|crise* d epilepsie"),
    serious(
        "stroke", "nervous", "stroke*", "derrame cerebral|ictus|accidente cerebrovascular", "avc|accident vasculaire"
    ),
    serious(
        "loss of consciousness",
        "nervous",
        "faint*|passed out|unconscious*|blacked out",
        "desmay*|perdi* el conocimiento|inconsciente*",
        "evanou*|perte de connaissance|perdu connaissance|inconscient*",
    ),
    serious(
        "heart attack", "heart", "heart attack*|cardiac arrest", "infarto*|paro cardiaco", "crise* cardiaque*|infarctus"
    ),
    serious(
        "chest pain",
        "heart",
        "chest pain*",
        "dolor* en el pecho|dolor* de pecho",
        "douleur* a la poitrine|douleur* thoracique*",
    ),
    serious(
        "shortness of breath",
        "airways",
        "shortness of breath|short of breath|could not breathe|couldn t breathe|can t breathe|trouble breathing",
        "falta de aire|no podia respirar|no puedo respirar|dificultad para respirar",
        "essouffle*|mal a respirer|du mal a respirer|difficulte* respiratoire*|plus respirer",
    ),
    serious("blood clot", "blood", "blood clot*|thrombo*", "coagulo*|trombo*", "caillot*|thrombo*|phlebite*"),
    serious("bleeding", "blood", "bleed*|hemorrhag*|haemorrhag*", "sangr*|hemorragi*", "saign*|hemorragi*"),
    serious(
        "liver injury",
        "liver",
        "jaundice|liver failure",
        "ictericia|fallo hepatico",
        "jaunisse|ictere|insuffisance hepatique",
    ),
    serious(
        "kidney injury",
        "kidney",
        "kidney failure|renal failure",
        "fallo renal|insuficiencia renal",
        "insuffisance renale",
    ),
    serious(
        "loss of sight",
        "eye",
        "vision loss|lost my sight|went blind",
        "perdi la vista|ceguera",
        "perte de la vue|cecite",
    ),
    serious(
        "suicidal thoughts", "mind", "suicid*|kill myself", "suicid*|quitarme la vida", "suicid*|mettre fin a mes jours"
    ),
    serious("hallucination", "mind", "hallucinat*", "alucin*", "hallucin*"),
    serious("overdose", "use", "overdos*", "sobredosis", "surdos*|overdose"),
    serious("severe skin reaction", "skin", "skin peel*|blister*", "ampolla*|piel se me cae", "cloque*|peau qui pele"),
    plain("allergic reaction", "immune", "allerg*", "alerg*", "allerg*"),
    plain(
        "headache",
        "nervous",
        "headache*|migraine*",
        "dolor* de cabeza|jaqueca*|migrana*|cefale*",
        "mal* de tete|maux de tete|migraine*|cephale*",
    ),
    plain(
        "dizziness",
        "nervous",
        "dizz*|vertigo|lighthead*",
        "mareo*|maread*|vertigo*",
        "vertige*|etourdi*|tete qui tourne",
    ),
    plain("tremor", "nervous", "tremor*|shaking hands", "temblor*", "tremblement*"),
    plain("numbness", "nervous", "numb*|tingl*", "entumec*|hormigueo*", "engourdi*|fourmillement*|picotement*"),
    plain("confusion", "mind", "confus*|disorient*", "confus*|desorient*", "confus*|desorient*"),
    plain(
        "insomnia",
        "mind",
        "insomni*|could not sleep|couldn t sleep|can t sleep",
        "insomni*|no puedo dormir|no podia dormir",
        "insomni*|plus dormir",
    ),
    plain("anxiety", "mind", "anxi*|panic attack*", "ansiedad|ataque* de panico", "anxi*|angoisse*|crise* de panique"),
    plain("depression", "mind", "depress*", "depresi*|deprimi*", "depressi*|deprim*"),
    plain("nausea", "digestion", "nause*|felt sick|feel sick", "nausea*", "nause*|envie de vomir"),
    plain("vomiting", "digestion", "vomit*|threw up|throwing up", "vomit*", "vomi|vomis|vomir|vomiss*"),
    plain("diarrhoea", "digestion", "diarrh*", "diarrea*", "diarrhee*"),
    plain("constipation", "digestion", "constipat*", "estrenimiento|estrenid*", "constip*"),
    plain(
        "stomach pain",
        "digestion",
        "stomach pain*|stomach ache*|abdominal pain*|cramp*",
        "dolor* de estomago|dolor* abdominal*|calambre*",
        "mal* au ventre|douleur* abdominale*|crampe*",
    ),
    plain(
        "rash",
        "skin",
        "rash*|hives",
        "sarpullido*|erupcion*|ronchas|urticaria",
        "eruption*|urticaire|rougeur*|plaque* rouge*",
    ),
    plain("itching", "skin", "itch*", "picazon|picor*|comezon", "demang*|gratte*"),
    plain(
        "burn", "skin", "burned my|burnt my|burning sensation", "quemadura*|me quemo|me queme", "brulure*|brule la peau"
    ),
    plain(
        "hair loss",
        "skin",
        "hair loss|hair fell out|losing hair|losing my hair",
        "caida del pelo|caida del cabello|perdi pelo",
        "perte* de cheveux|perds mes cheveux|chute de cheveux",
    ),
    plain("swelling", "general", "swell*|swollen", "hinchaz*|hinchad*|inflam*", "gonfl*|enfl*|oedeme*"),
    plain("fever", "general", "fever*|chills", "fiebre|escalofrio*", "fievre|frisson*"),
    plain(
        "fatigue",
        "general",
        "fatigue*|exhaust*|tired all the time",
        "fatiga*|agotamiento|agotad*|cansancio",
        "fatigue*|epuis*",
    ),
    plain(
        "palpitations",
        "heart",
        "palpitation*|racing heart|heart racing",
        "palpitaci*|taquicardia*",
        "palpitation*|tachycardie*",
    ),
    plain(
        "muscle or joint pain",
        "muscles",
        "muscle pain*|joint pain*|aching joints",
        "dolor* muscular*|dolor* en las articulaciones|dolor* articular*",
        "douleur* musculaire*|douleur* articulaire*|courbature*",
    ),
    plain(
        "blurred vision",
        "eye",
        "blurred vision|blurry vision|vision blurred",
        "vision borrosa|veo borroso",
        "vision floue|vue brouillee|vois flou",
    ),
    plain("cough", "airways", "cough*|wheez*", "tos|toser", "toux|tousse*"),
    plain(
        "weight change",
        "general",
        "weight gain|gained weight|weight loss|lost weight",
        "aumento de peso|subi de peso|baje de peso|perdida de peso",
        "prise de poids|pris du poids|perte de poids|perdu du poids",
    ),
    plain(
        "wrong use",
        "use",
        "wrong dose|double dose|expired product",
        "dosis equivocada|doble dosis",
        "mauvaise dose|double dose",
    ),
    plain(
        "no effect",
        "use",
        "did not work|didn t work|stopped working|no effect",
        "no funcion*|dejo de funcionar|sin efecto",
        "n a pas marche|ne marche pas|aucun effet|sans effet",
    ),
)
"""Every event that is looked for."""
