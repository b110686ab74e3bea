"""Limits that are part of the contract with clients, in one place. Those that an operator may tune are settings."""

EVENTS_PER_BATCH = 1000
INGEST_BODY_BYTES = 5 * 1024 * 1024
"""The largest body of a request that posts events."""
BEACON_BYTES = 64 * 1024
"""How much of `navigator.sendBeacon` and `fetch` with `keepalive` a browser keeps in flight."""
VALUES_PER_REQUEST = 32 * EVENTS_PER_BATCH
"""How many values (texts, numbers, lists, objects) a request that posts events may hold, where one of them is bad."""
SESSION_ID_CHARACTERS = 255
EVENT_ID_CHARACTERS = 128
URL_BYTES = 8 * 1024
COORDINATE_MAXIMUM = 10_000

PAGE = 100
BEHAVIORS_PAGE = 1000
LIST_INPUT = 250
CURSOR_CHARACTERS = 4000
"""Room for the longest name or session id, and for three texts that groups are ranked by (db/queries/ranked_pages.py),
even such as JSON must escape character by character."""
URL_PATTERN_CHARACTERS = 2048
"""How long a pattern of urls may be: each url is compared with it."""
FILTER_NODES = 50
"""How many filters one `where` may nest, itself included."""
PERIOD_DAYS = 400
SELECTED_FIELDS = 1000
"""How many fields an operation may select, fragments put in where they are spread."""
OPERATIONS = 10
"""How many operations a document may have: each is looked at with all the fragments it uses."""
FRAGMENT_CHAIN = 30
"""How deep fragments may be spread within one another."""
INTROSPECTION_DEPTH = 20
"""How deep fields may be nested below `__schema`: what GraphiQL asks is 13 deep."""
VALUE_DEPTH = 2 * FILTER_NODES + 10
"""How deep lists and objects of one value may be nested: as deep as filters can be, in lists each."""
VALUES = 12_000
"""How many values a request's variables may hold: a thousand events have nine thousand."""

NAME_CHARACTERS = 255
DESCRIPTION_CHARACTERS = 2000
EXPORT_ADDRESS_CHARACTERS = 6000
"""How long the address of a download may be: proxies take 8 KiB, and a ticket comes on top."""
RETENTION_DAYS = (1, 36_500)
"""Shortest and longest time an organization may keep its events."""
PASSWORD_CHARACTERS = (12, 256)
"""Shortest and longest password; the upper bound keeps hashing from being a lever for load."""
SIGN_INS_SHOWN = 100
"""How many of their sign-ins an account is shown, those used last."""
API_TOKENS = 50
"""How many service accounts an organization has at most, and how many tokens a user, those that expired included."""
API_TOKEN_DAYS = (90, 400)
"""For how many days an API token holds unless said otherwise, and at most."""
API_TOKEN_REMAINS_DAYS = 30
"""For how many days an expired API token stays in the list."""
TEAMS = 500
"""How many teams an organization has at most."""
TEAM_LEADS = 50
"""How many leads a team has at most."""
TEAMS_LED = 100
"""How many teams of an organization a member leads at most."""
ANNOTATIONS = 1000
"""How many annotations an organization has at most."""
ANNOTATION_CHARACTERS = 500
"""How long the text of an annotation may be."""
ANNOTATION_DAYS = PERIOD_DAYS
"""How many days an annotation may span."""
ALERT_RULES = 100
"""How many alert rules an organization has at most: each is evaluated every few minutes."""
ALERTS_KEPT = 1000
"""How many alerts of a rule are kept, the newest; the older ones are deleted when another fires."""
GOALS = 1000
"""How many goals an organization has at most, those of its teams and people included."""
WEBHOOKS = 20
"""How many webhooks an organization has at most."""
WEBHOOK_URL_CHARACTERS = 2048
WEBHOOK_SELECTION_CHARACTERS = 4000
WEBHOOK_SELECTION_COST = 1000
"""How many points the selection of a webhook may cost: it is answered for each event, and nobody pays for it."""
WEBHOOK_BODY_BYTES = 256 * 1024
"""How large a message may be."""
DOCUMENT_CHARACTERS = 32 * 1024
"""How long a document may be. Values belong into variables, for which the body has more room."""
SAVED_QUERIES = 200
"""How many saved queries an organization has at most."""
SAVED_VARIABLES_BYTES = 16 * 1024
"""How long the variables of a saved query may be, as JSON."""
SSO_GROUPS = 100
"""How many of a person's groups may stand for roles at single sign-on: each names an organization to look up."""
MEMBERSHIP_OFFERS = 100
"""How many offers of membership and invitations an organization may have open at once, taken together."""
MEMBERSHIP_OFFER_DAYS = 30
"""For how many days an offer of membership may be accepted."""
INVITATION_HOURS = 72
"""For how many hours the link of an invitation may be used."""
PASSWORD_RESET_MINUTES = 60
"""For how many minutes the link for a forgotten password may be used."""
EMAIL_CONFIRMATION_HOURS = 72
"""For how many hours the link that confirms a mail address may be used."""
PASSWORD_RESET_LINKS = 10
"""How many links for a forgotten password an account may have at once; further ones are not sent."""
LINK_REMAINS_DAYS = 7
"""For how many days a link that has ended is kept, so that it can say why."""
EMAIL_CHARACTERS = 254
"""How long a mail address may be: as long as SMTP takes."""
LINK_TOKEN_CHARACTERS = 100
"""How long the token of a link may be: more than twice as long as those that are made."""
BUCKETS = 2000
GROUPS_PAGE = 200
GROUP_DIMENSIONS = 3
USAGE_EXPORT_GROUPS = 50_000
"""How many groups an export of usage holds at most, the first in its order: well below the rows of a spreadsheet."""
USAGE_EXPORT_PAGE = 1000
"""How many of them a statement reads."""
DISTRIBUTION_PEOPLE = 5
"""Of how many people a distribution tells at least: it is no way to learn about single ones."""
INSIGHT_PEOPLE = 1000
"""Of how many of an organization's people an insight looks at each: those with the most tracked minutes."""
CATEGORY_RULES = 1000
"""How many rules of its own an organization has at most, and how many of those with a `*`: each is tried in turn."""
CATEGORY_WILDCARDS = 100
CATEGORY_VERSIONS_PAGE = 100
CATEGORY_PREVIEW_DOMAINS = 10_000
"""How many domains, the most used first, a preview of rules looks at."""
