"""Questions about leads: their answers stand there, and nothing is asked twice."""

import random

from speccascade.tasks.mini.wiki_questions import PASSAGE_WORDS, passage_of, questions

TAJ = (
    "The Taj Mahal is an ivory-white marble mausoleum on the right bank of the river "
    "Yamuna in Agra, India. It was completed in 1648 and designed by Ustad Ahmad "
    "Lahori. It is also known as the Crown of Palaces, with an area of 17 hectares."
)


def asked(title: str, text: str) -> dict[str, str]:
    found = questions(title, text, random.Random(0))
    return {one.question: one.answer for one in found}


def test_what_when_who_and_how_large_are_asked():
    found = asked("Taj Mahal", TAJ)
    assert set(found.values()) == {
        "an ivory-white marble mausoleum",
        "1648",
        "Ustad Ahmad Lahori",
        "the Crown of Palaces",
        "17 hectares",
    }
    (who,) = [question for question, answer in found.items() if "Lahori" in answer]
    assert who in {"Who designed Taj Mahal?", "By whom was Taj Mahal designed?"}


def test_every_answer_stands_in_the_passage():
    for one in questions("Taj Mahal", TAJ, random.Random(1)):
        assert one.answer in one.passage
        assert one.passage.startswith("Taj Mahal. The Taj Mahal")


def test_what_stands_in_brackets_of_a_title_is_not_asked_for():
    found = asked("Mercury (planet)", "Mercury is the smallest planet that we know.")
    assert list(found.values()) == ["the smallest planet"]
    assert "(planet)" not in next(iter(found))


def test_years_of_a_life_are_birth_and_death():
    text = "Ada Lovelace (10 December 1815 – 27 November 1852) was an English writer."
    found = asked("Ada Lovelace", text)
    assert "10 December 1815" in found.values()
    assert "27 November 1852" in found.values()


def test_long_passages_end_with_a_sentence():
    sentences = " ".join(f"This is sentence number {n} of them all." for n in range(40))
    passage = passage_of("Title", sentences)
    assert len(passage.split()) <= PASSAGE_WORDS
    assert passage.endswith("of them all.")


def test_an_article_without_a_pattern_is_not_asked_about():
    assert asked("Nothing", "Words without any verb here") == {}
