"""The Russian templates and nouns of insights."""

from core.categories import Category
from core.insight.texts import Noun, Text, Texts

_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

_TEMPLATES = {
    Text.TOO_LITTLE: "Слишком мало данных для выводов: {active} активного времени, а нужно не меньше {least}.",
    Text.FOCUS_HIGH: "Внимание почти не рассеивается: {domains}, {rate} в час, глубокая работа — {deep}.",
    Text.FOCUS_MEDIUM: "Внимание отчасти рассеивается: {domains}, {rate} в час, глубокая работа — {deep}.",
    Text.FOCUS_LOW: "Внимание рассеивается: {domains}, {rate} в час, глубокая работа — {deep}.",
    Text.DOMAINS_OF_ONE: "{domains}",
    Text.DOMAINS_OF_MEDIAN: "{domains} на человека (медиана)",
    Text.MAIN_CATEGORY: "Больше всего времени заняла категория «{category}»: {time}, {share} активного времени.",
    Text.SWITCHING: "{switches} за {active} активного времени: {rate} в час.",
    Text.ONE_BLOCK: "Один блок глубокой работы, его длительность — {time}.",
    Text.BLOCKS: "{blocks} глубокой работы, всего {time}; самый долгий — {longest}.",
    Text.NO_BLOCK: "Глубокой работы не было: ни разу не набралось {least} подряд, где событий не меньше {events}, "
    "а перерывы не дольше {gap}.",
    Text.BEST_HOUR: "Больше всего глубокой работы с {start} до {end}: {time}.",
    Text.BUSIEST_HOUR: "Самый деятельный час — с {start} до {end}: {minutes} с событиями.",
    Text.FOCUS_PREVAILS: "Сосредоточенность преобладает над переключениями: глубокая работа — {deep}, {rate} в час.",
    Text.SWITCHING_PREVAILS: "Переключения преобладают над сосредоточенностью: {rate} в час, глубокая работа — {deep}.",
    Text.NEITHER_PREVAILS: "Ни глубокая работа, ни переключения не выделяются: глубокая работа — {deep}, {rate} в час.",
    Text.CATEGORY_PREVAILS: "Значительную часть активного времени занимает категория «{category}»: {share}, {time}.",
    Text.TOP_DOMAIN: "Больше всего времени ушло на {domain}: {time}.",
    Text.DEEP_SHARE_MORE: "Доля глубокой работы в активном времени больше, чем в предыдущем периоде: "
    "{now} после {before}.",
    Text.DEEP_SHARE_LESS: "Доля глубокой работы в активном времени меньше, чем в предыдущем периоде: "
    "{now} после {before}.",
    Text.DEEP_SHARE_SAME: "Доля глубокой работы в активном времени почти та же, что в предыдущем периоде: "
    "{now} после {before}.",
    Text.SWITCHES_MORE: "Переключений больше, чем в предыдущем периоде: {now} в час, а было {before}.",
    Text.SWITCHES_LESS: "Переключений меньше, чем в предыдущем периоде: {now} в час, а было {before}.",
    Text.SWITCHES_SAME: "Переключений почти столько же, сколько в предыдущем периоде: {now} в час, а было {before}.",
    Text.LIMIT_DISTRACTIONS: "Отведите на {name} отдельные перерывы: отвлечения заняли {time}, "
    "{share} активного времени.",
    Text.GROUP_TASKS: "Делайте похожие задачи подряд: сейчас {rate} в час, а умеренный темп — не больше {limit}.",
    Text.KEEP_HOUR_OF_DEEP_WORK_FREE: "Оставьте час без помех, лучше всего с {start} до {end}, когда глубокой работы "
    "больше всего: глубокая работа с редкими переключениями занимает {share} активного времени.",
    Text.KEEP_BUSIEST_HOUR_FREE: "Оставьте час без помех, лучше всего с {start} до {end}, когда дел больше всего: "
    "глубокая работа с редкими переключениями занимает {share} активного времени.",
    Text.ANSWER_AT_SET_TIMES: "Отвечайте на сообщения в отведённые часы: общение заняло {time}, "
    "{share} активного времени.",
    Text.SUM_UP_RESEARCH: "Подводите итоги найденному, прежде чем искать дальше: исследования заняли {time}, "
    "{share} активного времени.",
    Text.PAUSE_EARLIER: "Делайте перерыв раньше: самый долгий блок — {longest}, а без отдыха достаточно и {limit}.",
    Text.LEAVE_THE_NIGHT: "Перенесите ночную работу на день: {share} минут с событиями ({minutes}) приходится "
    "на время с {start} до {end}.",
    Text.CARRY_ON: "Продолжайте так же: глубокая работа — {deep}, {rate} в час.",
    Text.SCORE: "Общая оценка {overall}: сосредоточенность {focus} ({focus_weight}), эффективность {efficiency} "
    "({efficiency_weight}), равновесие {balance} ({balance_weight}). Сосредоточенность складывается из переключений "
    "({rate} в час), глубокой работы в блоках, где переключений мало ({deep} активного времени), и числа доменов "
    "({domains}); эффективность — из доли полезного времени на сайтах ({purpose}) и доли деятельных минут "
    "({engagement}); равновесие — из перерывов (самый долгий блок: {longest}), доли ночных минут ({night}) "
    "и места, которое оставляет общение (оно занимает {communication}).",
}


def _form(number: int) -> int:
    """1, 21, 101 блок; 2, 3, 24 блока; 0, 5, 11, 12, 111 блоков."""
    if number % 10 == 1 and number % 100 != 11:  # noqa: PLR2004 - the rule of the language
        return 0
    return 1 if 2 <= number % 10 <= 4 and not 12 <= number % 100 <= 14 else 2  # noqa: PLR2004 - likewise


RUSSIAN = Texts(
    templates=_TEMPLATES,
    nouns={
        Noun.MINUTE: ("минута", "минуты", "минут"),
        Noun.DOMAIN: ("домен", "домена", "доменов"),
        Noun.SWITCH: ("переключение", "переключения", "переключений"),
        Noun.BLOCK: ("блок", "блока", "блоков"),
    },
    form=_form,
    form_of_fractions=1,
    categories={
        Category.WORK_TOOLS: "рабочие инструменты",
        Category.DEVELOPMENT: "разработка",
        Category.RESEARCH: "исследования",
        Category.COMMUNICATION: "общение",
        Category.DISTRACTIONS: "отвлечения",
        Category.OTHER: "прочие сайты",
    },
    decimal_sign=",",
    group_sign=_NO_BREAK_SPACE,
    percent_sign=_NO_BREAK_SPACE + "%",
    hours="ч",
    minutes="мин",
    seconds="с",
)
