"""The languages that ``language`` tells apart: codes of ISO 639-1, and of 639-3 where there is none of two letters.

They are the labels of the model inside py3langid 0.4, which a test holds them to, with two changes: Mandarin, Wu and
Cantonese are all ``zh``, since short texts of theirs are not told apart; and ``zxx``, which it has for text without
words, is no language.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_CODES = """
ace af am an ar ary arz as az ba bcl be bg bn br bs ca crh cs cy da de dz el en eo es et eu ext fa fi fo fr fuv fy ga
gcf gcr gd gl gom grc gu gug guw ha hbo he hi hr ht hu hy id ig is it ja jv ka kab kik kk km kn ko ku ky la lb lg lij
ln lo lt ltg lv mg mk ml mn mr ms mt my ne nl nn no nso oc om or pa pcm pl ps pt qu ro ru rw sa sdh se si sk sl sn so
sq sr st sv sw ta te tg th tk tl tr tt ug uk ur uz uzs vec vi vo wa xh yo zh zu
"""
LANGUAGES = frozenset(_CODES.split())
NO_LANGUAGE = "zxx"  # the label of the model for text without words

# Labels of the model that count as another language.
FOLDED: Mapping[str, str] = MappingProxyType({"wuu": "zh", "yue": "zh"})

NAMES_OF_LANGUAGES: Mapping[str, str] = MappingProxyType(
    {"english": "en", "german": "de", "deutsch": "de", "french": "fr", "spanish": "es", "italian": "it", "dutch": "nl"}
    | {"portuguese": "pt", "russian": "ru", "ukrainian": "uk", "polish": "pl", "czech": "cs", "turkish": "tr"}
    | {"chinese": "zh", "mandarin": "zh", "cn": "zh", "japanese": "ja", "jp": "ja", "korean": "ko", "kr": "ko"}
    | {"arabic": "ar", "hebrew": "he", "hindi": "hi", "bengali": "bn", "urdu": "ur", "persian": "fa", "farsi": "fa"}
    | {"vietnamese": "vi", "thai": "th", "indonesian": "id", "malay": "ms", "swedish": "sv", "danish": "da"}
    | {"norwegian": "no", "nb": "no", "finnish": "fi", "greek": "el", "hungarian": "hu", "romanian": "ro"}
    | {"eng": "en", "deu": "de", "fra": "fr", "spa": "es", "zho": "zh", "jpn": "ja", "kor": "ko", "rus": "ru"}
)
