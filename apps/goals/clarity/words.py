"""Word classes of general English for telling a vague goal from a clear one.

Each class is a closed class, or the common words of one sense, and is kept apart from any one subject: what
a word does
to the question "what would the person doing this have to ask first?". Words are lower-case; plurals and
other forms are
matched by their stem where a class says so.
"""

from __future__ import annotations

from apps.goals.reading import stem


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in text.split())


# --- kinds of task, by the verb that orders it (stems)

# Say what is so: the answer is the same whoever asks.
TELLING_TEXT = """
explain describe define tell show identify check retrieve fetch get solve convert calculate compute count state prove
verify confirm look rank read display cite quote summarise summarize compare contrast clarify determine work split
"""
TELLING = _stems(TELLING_TEXT)

# Name the members of something: clear when it has a known membership.
LISTING_TEXT = "list name enumerate provide give compile supply include extract"
LISTING = _stems(LISTING_TEXT)

# Look for one of many: which one depends on what the asker wants.
SEEKING_TEXT = "find search locate seek discover browse hunt"
SEEKING = _stems(SEEKING_TEXT)

# Study: how deep, from which sources, to answer what?
STUDYING_TEXT = """
research gather collect source investigate explore analyse analyze predict forecast track monitor assess
evaluate review
examine study perform scrape crawl
"""
STUDYING = _stems(STUDYING_TEXT)

# Put something into words or code.
WRITING_TEXT = "write draft compose code program implement"
WRITING = _stems(WRITING_TEXT)

# Make something that does not exist yet: its shape is the maker's to guess.
MAKING_TEXT = """
create make design develop build plan organise organize prepare generate arrange produce propose outline
craft construct
invent brainstorm redesign decorate redecorate set put come host start launch run automate train form assemble
"""
MAKING = _stems(MAKING_TEXT)

# Give an opinion, or lead someone: who they are and what they like decides.
ADVISING_TEXT = """
recommend suggest advise guide teach assist choose pick select decide help coach counsel mentor inspire
instruct educate
"""
ADVISING = _stems(ADVISING_TEXT)

# Change or work on something that is there already: which one, and towards what?
WORKING_TEXT = """
improve fix optimise optimize enhance upgrade update repair debug clean sort process edit revise rewrite proofread
translate resize merge filter compress rename visualise visualize boost increase reduce maximise minimise maximize
minimize redo tidy handle manage deal resolve correct adjust change modify move remove delete cancel close
reset return
exchange approve assign post install configure deploy restart backup download upload parse classify divide
plot replace
secure protect declutter
"""
WORKING = _stems(WORKING_TEXT)

# Fix a time with others: when, and who?
TIMING_TEXT = "schedule book reserve reschedule postpone remind meet rent deliver ship fly travel visit invite"
TIMING = _stems(TIMING_TEXT)

# Spend: how much, and on what?
BUYING_TEXT = "buy purchase order reorder shop invest spend save pay donate transfer refund hire"
BUYING = _stems(BUYING_TEXT)

# --- kinds of thing, by the noun asked for (stems)

# Things to go to, or that differ from place to place: where?
LOCAL_TEXT = """
room restaurant cafe bar
pub bistro eatery hotel hostel motel shop store market supermarket bakery pharmacy doctor dentist
hospital clinic vet lawyer plumber electrician mechanic garage gym park museum gallery theatre theater cinema beach
trail hike apartment flat house property venue school nursery library bank airport station parking taxi
weather forecast rain
festival concert fair attraction sightseeing vacancy laundry salon barber organisation organization charity
neighbourhood neighborhood suburb tenant landlord visa permit population capital city town region mountain river
place picnic tour landmark cuisine volunteer business
"""
LOCAL = _stems(LOCAL_TEXT)

# Things that happen on a day: when?
TIMED_TEXT = """
flight train bus ferry trip holiday vacation journey travel meeting appointment reservation booking event party
conference wedding workshop interview exam call session reminder itinerary departure deadline visit cruise excursion
delivery celebration championship tournament election match
"""
TIMED = _stems(TIMED_TEXT)

# Goods with many makes and prices: which kind, and for how much?
GOODS_TEXT = """
laptop computer phone smartphone tablet car bicycle bike camera headphone television tv monitor printer console watch
furniture sofa desk chair mattress appliance vacuum fridge equipment gear device gadget clothing clothes shoe
dress suit
jacket luggage toy jewellery jewelry gift present product brand insurance supplies software hardware deal
"""
GOODS = _stems(GOODS_TEXT)

# Things chosen by taste: of what sort, and for whom?
TASTE_TEXT = """
movie film book novel song music playlist podcast album game show series recipe dish meal food snack dinner lunch
breakfast drink dessert wine restaurant gift present hobby activity outfit style color colour decoration design theme
destination attraction pet name poem joke story video photo picture art read reading
"""
TASTE = _stems(TASTE_TEXT)

# Sources to learn from or work with: for what level, at what price, in what form?
SOURCE_TEXT = """
resource tutorial course class website site app application tool platform software program guide material template
library service channel blog article paper lesson certification training workshop community forum
"""
SOURCE = _stems(SOURCE_TEXT)

# Plans for one's own life or work: whose, with what aims and limits?
PLAN_TEXT = """
plan routine schedule timetable itinerary budget workout diet menu regimen programme challenge strategy curriculum
checklist roadmap agenda goal system layout setup campaign portfolio resume cv profile presentation speech agreement
proposal wardrobe garden
"""
PLAN = _stems(PLAN_TEXT)

# Advice of open number and kind: how many, for which situation?
ADVICE_TEXT = """
tip advice idea way suggestion option recommendation inspiration trick hint solution exercise activity practice
strategy technique method approach step instruction improvement opportunity insight trend deal alternative choice
information info fact detail
"""
ADVICE = _stems(ADVICE_TEXT)

# Things handed over to be worked on: which one?
HANDED_TEXT = """
file document text data dataset spreadsheet image photo picture report email mail message article paper letter page
folder directory database table paragraph sentence string snippet code script program matrix equation essay contract
invoice bill order ticket account parcel form attachment recording log homework request figure number password server
website app
"""
HANDED = _stems(HANDED_TEXT)

# Knowledge that is in books: the asker's situation does not change it.
KNOWLEDGE_TEXT = """
history meaning definition concept process difference cause effect symptom principle theory basics overview timeline
origin importance reason type formula rule law method fact event syntax theorem biography plot cast author inventor
founder mission discovery structure cycle role contribution pros cons benefit
"""
KNOWLEDGE = _stems(KNOWLEDGE_TEXT)

# Properties with one value that can be looked up.
PROPERTY_TEXT = """
price cost rate weather forecast temperature population height area distance score standing winner capital date year
number size age speed length weight value gdp index percentage average total result requirement specification
resolution ranking record revenue turnover income currency exchange salary depth mass volume density
elevation diameter
member president leader author director champion medal award list amount count statistics status
"""
PROPERTY = _stems(PROPERTY_TEXT)

# --- words that leave open, or settle

# Praise that needs a measure: good by what?
QUALITY_TEXT = """
best good better great nice top popular famous suitable effective interesting useful proper properly appropriate
efficient ideal perfect right favourite favorite fun cool beautiful quality reliable decent well excellent essential
important key necessary relevant strong recommended successful productive professional attractive creative engaging
loyal decent worthwhile notable wise wisely notable must-read must-visit
"""
QUALITY = _words(QUALITY_TEXT)

# Degrees without a figure: how cheap, how quick?
DEGREE_TEXT = """
cheap affordable inexpensive expensive quick quickly fast easy easily simple healthy healthier small big large long
short old new modern high low higher lower more less bigger smaller cheaper nearby local near soon later recently
recent old-fashioned budget-friendly eco-friendly user-friendly beginner-friendly lightweight
comfortable certain specific
minimal basic reasonable slow
"""
DEGREE = _words(DEGREE_TEXT)

# Quantities without a figure.
SOME_TEXT = """
part partial partly bit some few several many various different multiple lot lots bunch couple any numerous
enough series
set
"""
SOME = _words(SOME_TEXT)

# Superlatives of something measured; the ending -est covers the regular ones, these are words they go with.
MEASURED_TEXT = """
highest lowest tallest largest biggest smallest longest shortest oldest youngest fastest slowest cheapest richest
deepest heaviest lightest hottest coldest wettest driest busiest nearest closest earliest farthest furthest
northernmost
southernmost westernmost easternmost maximum minimum median average total
"""
MEASURED = _words(MEASURED_TEXT)
MEASURED_PARTICIPLES_TEXT = """
sold selling grossing followed subscribed downloaded visited populous spoken used cited watched viewed
populated played
starred rated reviewed earning paid expensive endangered common frequent
"""
MEASURED_PARTICIPLES = _words(MEASURED_PARTICIPLES_TEXT)

# The time meant is now: it settles when.
NOW = _words("now today tonight current currently present today's")

# Stand-ins for something unnamed.
PLACEHOLDERS_TEXT = """
thing things stuff something anything everything somehow whatever whichever etc
issue issues problem problems matter somewhat
"""
PLACEHOLDERS = _words(PLACEHOLDERS_TEXT)

SELF = _words("i i'm i've i'd i'll me my mine myself we we're we've us our ours ourselves")
POSSESSIVE = _words("my our")
DETERMINERS = _words("a an the my our your some any")
INDEFINITE = _words("a an")
POINTING = _words("this that these those it them they he she him her there here")
COURTESY = _words(
    "please can could would will you kindly hi hello hey so also then and just i we want need to like i'd"
)
# Words between the verb and what is asked for.
PARTICLES = _words("me us out up for about on down is are was were what which how to through new")
LATEST = _words("latest last newest upcoming next recent trending")
UNIVERSAL = _words("all each every")
DEGREES_OF = _words("most best top highest least")
NOT_SUPERLATIVE = _words(
    "best interest request test suggest forest west rest guest honest invest latest contest harvest protest arrest "
    "chest nest pest quest modest digest"
)
SOMEONE = _words("someone somebody anyone anybody people whoever everyone them him her they team folks others")
PERSONS_TEXT = """
customer client team colleague friend manager boss partner kid child son daughter person user staff employee candidate
member supplier vendor landlord family mother father wife husband couple student teenager guest neighbour neighbor
parent teacher tenant contractor freelancer recipient
"""
PERSONS = _stems(PERSONS_TEXT)
UNCLEAR = _words("this these those it them")  # point to something; "that" more often begins a clause
SHAPE = _words("format form style layout")
EMPTY = PLACEHOLDERS | QUALITY | SOMEONE | _words("somewhere sometime")
# Wanting to know, as against wanting to have.
CURIOUS = _words("curious interested fascinated concerned heard confused wonder wondering learn know understand")
