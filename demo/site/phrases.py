"""What any author may write around a question: greetings, data, thanks, edits, slips."""

GREETINGS = """
- Hi all,
- Hello,
- Hello everybody,
- Dear all,
- Good «morning|evening»,
- First of all, thank you for this site.
- This is my first question on a Q&A site, so please bear with me.
- Long-time reader, first-time asker here.
"""

DATA = """
- For each «unit» we have «outcome», «x» and «z», and the «units» fall into «k» «groups».
- The data: «n» «units» in «k» «groups», with «outcome» as the main variable, and «x» and «z» beside
  it.
- Measured are «outcome», «x» and «z», once every «period».
- What I have is «outcome» for every «unit» and «period», together with «x» and «z».
- There are «rows» rows with «outcome», «x», «z» and the «group» of each «unit».
- «Outcome» is what we care about; «x» and «z» were recorded because somebody thought they might
  matter.
- The variable of interest is «outcome», and I have about «years» years of it.
- Columns are «unit», «group», «outcome», «x» and «z».
"""

MORE_DATA = """
- Some background, in case it helps: the data come from «place». «Treatment» was introduced
  «two|three» years ago, and since then people argue whether it does any good.
- A word on the data. They were collected by «several|different» people over «years» years, and not
  all of them measured «outcome» in the same way. I have corrected what I could.
- Neither «x» nor «z» is under our control. «Outcome» varies a lot from «unit» to «unit», less from
  «period» to «period».
- The smallest «group» has «3..9» «units» and the largest «30..80», so nothing is balanced here.
- A typical «unit» has between «4..9» and «20..60» rows. Long gaps occur, mostly in winter, and once
  for half a year, when nobody was responsible. I have not filled these gaps, and I would rather not
  lose the «units» concerned.
- What would be done with the answer? If «treatment» turns out to be useful, it will be kept for
  good; otherwise it ends this year. So a wrong answer in either direction is expensive, and I have
  promised to explain my choice to people who decide about money and not about models.
- To give an idea of the size of things: between a good and a bad «period», «outcome» changes by
  about «12..35» per cent, and between the best and the worst «unit» by a factor of two. «X» varies
  by a factor of ten, with most values in the lower half, and «z» is nearly symmetric.
- «Units» come and go. Of those that were there at the beginning, about «55..90»% are still there,
  and «8..30» new ones have joined. For the moment I treat old and new ones alike.
- Everything was recorded with the same instrument, which was checked «once|twice|every spring». I
  trust «outcome» to within two or three per cent, «x» a little less, and «z» only in its order of
  size.
- What we know already: «outcome» tends to rise with «x», people here swear that «z» matters, and
  nobody has ever looked at both together. A plot is no help, as there are too many «units» for one
  page.
- It began with a simple table of averages by «group», which everybody liked. Then somebody asked
  whether the differences were real, and I have been busy with that question ever since.
- I should add that «event» is possible as well, though rare; those «units» are marked in a column
  of their own.
"""

LEAD_TO_CODE = """
- This is what I «run|do|have so far»:
- «My code|The code», shortened:
- The relevant part of my code:
- Here is what I did:
- To make it concrete:
- A «minimal|small» example:
"""

LEAD_TO_OUTPUT = """
- The output:
- which gives
- and this is what I get:
- Result:
"""

LEAD_TO_TRIED = """
- What I have tried so far:
- Things I tried:
- I have already tried the following, without success:
- So far I tried:
- Other attempts:
"""

LEAD_TO_QUOTE = """
- A reviewer «writes|wrote»:
- My supervisor's comment was:
- From the report of the «second|third» referee:
- A colleague commented on it like this:
"""

LEAD_TO_ASKS = """
- My questions are:
- So my questions:
- I would be glad to know:
- In short:
"""

THANKS = """
- Thanks!
- Thank you in advance.
- Many thanks for any hint.
- Any pointers «are|would be» appreciated.
- Thanks for «reading this far|your time».
- Any help is welcome.
- I would be grateful for a reference, too.
- Cheers
"""

EDITS = """
- **EDIT:** I added the «numbers|details» that were asked for in the comments.
- **EDIT:** Fixed a typo in the title, sorry.
- **Edit:** To answer the comments: yes, the «data are|sample is» what it is, and no, we cannot
  collect more.
- **EDIT:** As was suggested below, I checked for coding errors and found «none|two, which change
  nothing».
- **Update:** With half of the data the result is the same.
- **UPDATE:** I found a [related
  discussion](https://example.org/«notes|archive|forum»/«1000..9999»), but it stops where my
  question begins.
- EDIT: please see [this plot](https://example.com/plots/«100000..999999».png).
"""

LINKS = """
- I have read [this introduction](https://example.org/«intro|lectures|tutorials»/«10..99») and could
  follow it up to the point in question.
- The data look «roughly |»like [this](https://example.com/plots/«100000..999999».png).
- There is a [similar question](https://example.org/questions?id=«1000..9999»&order=votes) without
  an answer.
- I follow [these lecture notes](https://example.com/notes/chapter«2..12».pdf), chapter «2..12».
"""

R_TOOLS = """
- I use R for this.
- I work in R 3.«1..6».
- My tool is R, with whatever packages are needed.
- Solutions in R are preferred.
"""

PYTHON_TOOLS = """
- I use Python 3 with the usual libraries.
- Everything is in Python.
- My code is in Python, with pandas.
- Python would be preferred, but I am open to anything.
"""

MISSPELLINGS: tuple[tuple[str, str], ...] = (
    ("because", "becuase"),
    ("which", "wich"),
    ("their", "thier"),
    ("separate", "seperate"),
    ("different", "diffrent"),
    ("significant", "signficant"),
    ("the ", "teh "),
    ("would", "woud"),
    ("though", "tough"),
    ("estimate", "estimte"),
    ("I am", "Im"),
    ("cannot", "can not"),
    ("variance", "varaince"),
    ("receive", "recieve"),
)

GENERAL_TAGS: tuple[str, ...] = (
    "machine-learning",
    "statistical-significance",
    "mathematical-statistics",
    "interpretation",
    "self-study",
    "regression",
    "hypothesis-testing",
    "modeling",
)

HANDLE_STARTS: tuple[str, ...] = (
    "amber", "bold", "brave", "calm", "clever", "cosmic", "dusty", "early", "fuzzy", "gentle",
    "green", "grumpy", "hazy", "idle", "jolly", "late", "lost", "lucky", "mellow", "muddy",
    "noisy", "odd", "patient", "quiet", "rusty", "silent", "sleepy", "slow", "small", "spare",
    "stray", "tidy", "tired", "vague", "windy",
)  # fmt: skip

HANDLE_ENDS: tuple[str, ...] = (
    "acorn", "badger", "bayes", "beetle", "crow", "delta", "eigen", "fern", "gauss", "heron",
    "histogram", "kernel", "lambda", "lemma", "lichen", "logit", "magpie", "moth", "newt",
    "otter", "outlier", "pebble", "quartile", "raven", "residual", "sampler", "sigma", "snail",
    "sparrow", "stoat", "tern", "theta", "vole",
)  # fmt: skip

FIRST_NAMES: tuple[str, ...] = (
    "Ada", "Agnes", "Amir", "Anouk", "Arjun", "Astrid", "Beatriz", "Bram", "Carmen", "Chiara",
    "Dana", "Dmitri", "Elif", "Emeka", "Esther", "Fatima", "Felix", "Greta", "Hana", "Hugo",
    "Ines", "Ivan", "Jana", "Jonas", "Kaja", "Kofi", "Lars", "Leila", "Lin", "Luca", "Magda",
    "Mateo", "Mei", "Milan", "Nadia", "Nils", "Nora", "Olga", "Omar", "Paula", "Pavel", "Priya",
    "Rosa", "Samir", "Sofia", "Tariq", "Tess", "Timo", "Uma", "Vera", "Wanda", "Yara", "Yusuf",
    "Zoe",
)  # fmt: skip
