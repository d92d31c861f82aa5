r"""Names of character classes that RE2 knows: ``\p{Greek}`` and ``[[:alpha:]]``. They are case-sensitive."""

from __future__ import annotations

# Unicode 15, as DuckDB 2.0 has it; a test holds the list to DuckDB.
_CATEGORIES = "C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs"
_SCRIPTS = """
Adlam Ahom Anatolian_Hieroglyphs Any Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki Bopomofo
Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common
Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs
Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Han Hangul
Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian
Javanese Kaithi Kannada Katakana Kawi Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha
Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi
Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar
Nabataean Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian
Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage
Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra
Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Syloti_Nagri Syriac Tagalog
Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Toto Ugaritic
Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square
"""
_LONG = {"Letter": "L", "Alphabetic": "L", "Mark": "M", "Number": "N", "Digit": "Nd", "Punctuation": "P", "Punct": "P"}
_LONG |= {"Symbol": "S", "Separator": "Z", "Space": "Z", "Other": "C", "Uppercase": "Lu", "Lowercase": "Ll"}
_LONG |= {"Upper": "Lu", "Lower": "Ll", "Alpha": "L", "Emoji": "So"}

UNICODE = frozenset([*_CATEGORIES.split(), *_SCRIPTS.split()])
_POSIX = "alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit"
POSIX = frozenset(_POSIX.split())

# Instructions of one class in RE2's program, in those of an ASCII character; any other class is small beside these.
SIZES = {"L": 1560, "Ll": 924, "Lo": 1248, "Lu": 887, "M": 724, "Mn": 748}


def meant(name: str) -> str | None:
    """What somebody calls a class of Unicode that RE2 calls otherwise, such as ``Letter`` or ``greek``."""
    plain = name.strip().lower().replace(" ", "_").replace("-", "_").removeprefix("is").removeprefix("script=")
    known = {long.lower(): short for long, short in _LONG.items()} | {one.lower(): one for one in UNICODE}
    return known.get(plain)
