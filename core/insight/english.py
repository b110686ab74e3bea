"""The English templates and nouns of insights."""

from core.categories import Category
from core.insight.texts import Noun, Text, Texts

_TEMPLATES = {
    Text.TOO_LITTLE: "Too little data for an insight: {active} of active time, and at least {least} are needed.",
    Text.FOCUS_HIGH: "Attention is hardly divided: {domains}, {rate} an hour, {deep} of deep work.",
    Text.FOCUS_MEDIUM: "Attention is divided in part: {domains}, {rate} an hour, {deep} of deep work.",
    Text.FOCUS_LOW: "Attention is divided: {domains}, {rate} an hour, {deep} of deep work.",
    Text.DOMAINS_OF_ONE: "{domains}",
    Text.DOMAINS_OF_MEDIAN: "{domains} for the median person",
    Text.MAIN_CATEGORY: "The most time went to {category}: {time}, {share} of the active time.",
    Text.SWITCHING: "{switches} in {active} of active time: {rate} an hour.",
    Text.ONE_BLOCK: "One block of deep work, {time} long.",
    Text.BLOCKS: "{blocks} of deep work, {time} in all; the longest lasted {longest}.",
    Text.NO_BLOCK: "No deep work: no {least} in a row with at least {events} events and no pause of more than {gap}.",
    Text.BEST_HOUR: "Most deep work is done between {start} and {end}: {time}.",
    Text.BUSIEST_HOUR: "The busiest hour is from {start} to {end}: {minutes} with an event.",
    Text.FOCUS_PREVAILS: "Focus prevails over switching: {deep} of deep work, {rate} an hour.",
    Text.SWITCHING_PREVAILS: "Switching prevails over focus: {rate} an hour, {deep} of deep work.",
    Text.NEITHER_PREVAILS: "Neither deep work nor switching stands out: {deep} of deep work, {rate} an hour.",
    Text.CATEGORY_PREVAILS: "A large part of the active time goes to {category}: {share}, {time}.",
    Text.TOP_DOMAIN: "{domain} took the most time: {time}.",
    Text.DEEP_SHARE_MORE: "Deep work takes more of the active time than in the period before: {now} after {before}.",
    Text.DEEP_SHARE_LESS: "Deep work takes less of the active time than in the period before: {now} after {before}.",
    Text.DEEP_SHARE_SAME: "Deep work takes about as much of the active time as in the period before: "
    "{now} after {before}.",
    Text.SWITCHES_MORE: "There is more switching than in the period before: {now} an hour after {before}.",
    Text.SWITCHES_LESS: "There is less switching than in the period before: {now} an hour after {before}.",
    Text.SWITCHES_SAME: "There is about as much switching as in the period before: {now} an hour after {before}.",
    Text.LIMIT_DISTRACTIONS: "Keep {name} to set breaks: distractions took {time}, {share} of the active time.",
    Text.GROUP_TASKS: "Do similar tasks in one go: there are {rate} an hour, and up to {limit} are a moderate pace.",
    Text.KEEP_HOUR_OF_DEEP_WORK_FREE: "Keep an hour free of interruptions, best from {start} to {end}, when most deep "
    "work is done: deep work in blocks of little switching takes {share} of the active time.",
    Text.KEEP_BUSIEST_HOUR_FREE: "Keep an hour free of interruptions, best from {start} to {end}, when most is going "
    "on: deep work in blocks of little switching takes {share} of the active time.",
    Text.ANSWER_AT_SET_TIMES: "Answer messages at set times: communication took {time}, {share} of the active time.",
    Text.SUM_UP_RESEARCH: "Sum up what was found before looking further: research took {time}, {share} of the "
    "active time.",
    Text.PAUSE_EARLIER: "Pause earlier: the longest block lasted {longest}; {limit} without a break are plenty.",
    Text.LEAVE_THE_NIGHT: "Move work out of the night: {share} of the minutes with an event, {minutes}, lie between "
    "{start} and {end}.",
    Text.CARRY_ON: "Carry on like this: {deep} of deep work, {rate} an hour.",
    Text.SCORE: "Overall {overall}: focus {focus} ({focus_weight}), efficiency {efficiency} ({efficiency_weight}), "
    "balance {balance} ({balance_weight}). Focus weighs switching ({rate} an hour), deep work in blocks of little "
    "switching ({deep} of the active time) and {domains}; efficiency the purposeful part of the time on domains "
    "({purpose}) and the engaged part of the tracked minutes ({engagement}); balance pauses (the longest block: "
    "{longest}), the part of the minutes that lies in the night ({night}) and the room that communication leaves "
    "(it takes {communication}).",
}

ENGLISH = Texts(
    templates=_TEMPLATES,
    nouns={
        Noun.MINUTE: ("minute", "minutes"),
        Noun.DOMAIN: ("domain", "domains"),
        Noun.SWITCH: ("context switch", "context switches"),
        Noun.BLOCK: ("block", "blocks"),
    },
    form=lambda number: 0 if number == 1 else 1,
    form_of_fractions=1,
    categories={
        Category.WORK_TOOLS: "work tools",
        Category.DEVELOPMENT: "development",
        Category.RESEARCH: "research",
        Category.COMMUNICATION: "communication",
        Category.DISTRACTIONS: "distractions",
        Category.OTHER: "other sites",
    },
    decimal_sign=".",
    group_sign=",",
    percent_sign="%",
    hours="h",
    minutes="min",
    seconds="s",
)
