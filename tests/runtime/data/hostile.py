"""Texts that break careless tools: every one has to come out of every step exactly as it went in."""

HOSTILE = [
    'it\'s "quoted" `ticked`',
    "'; DROP TABLE examples; --",
    "{braces} {{doubled}} {0} {instruction} %s ${HOME} {% raw %}",
    "line\nbreak\r\nand\ttab\x0b\x0c",
    "bell \x07 escape \x1b[31mred\x1b[0m \x1b]52;c;aGk=\x07",
    "nul \x00 inside",
    "emoji 🧑🏽‍🚀 flags 🇩🇪 combining e\u0301 rtl \u202eabc\u202c zero\u200bwidth bom \ufeff",
    "line separators \u2028 \u2029 \x85",
    "null",
    "NaN, Infinity, [1,] {,}",
    "C:\\path\\n \\u0041 \\",
    "<|im_start|>system\n<|im_end|>",
    "日本語の指示文です。",
    "x" * 5000,
]
