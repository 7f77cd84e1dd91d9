"""A procedure as articles: general part, course, limits, papers, closing. Facts in, Chinese text out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.bpmn.model import Body, Definition, Node, Value, Work
from engine.forms import Form
from engine.office import Office
from engine.procedure import Procedure
from engine.statutory_clock import ClockDefinition
from engine.written_rules.course import Way, name_of, places, ways
from engine.written_rules.limits import internal_limit, limit_of, until
from engine.written_rules.numerals import numeral
from engine.written_rules.wording import Wording

_ITEM = re.compile(
    r"^\d+\."
)  # the official table numbers its lines; items here have numbers of their own


@dataclass(frozen=True)
class Article:
    """One article: its number in words, what it is about, its sentences, and the items below them.

    ``element`` is the id in the diagram that it was drawn from, ``clock.ID`` for a limit, "" where it is of the whole.
    """

    number: str
    heading: str
    sentences: tuple[str, ...]
    items: tuple[str, ...] = ()
    element: str = ""

    @property
    def text(self) -> str:
        """The sentences as one paragraph."""
        return "".join(self.sentences)


@dataclass(frozen=True)
class Chapter:
    """A chapter and its articles."""

    number: str
    heading: str
    articles: tuple[Article, ...]


@dataclass(frozen=True)
class WrittenRules:
    """The whole text."""

    title: str
    chapters: tuple[Chapter, ...]

    def plain(self) -> dict[str, object]:
        """Return what a Word template may name."""
        return {
            "标题": self.title,
            "章": [
                {
                    "题": f"{one.number} {one.heading}",
                    "条": [
                        {
                            "号": article.number,
                            "题": article.heading,
                            "文": article.text,
                            "项": list(article.items),
                        }
                        for article in one.articles
                    ],
                }
                for one in self.chapters
            ],
        }


@dataclass(frozen=True)
class Source:
    """What a text is drawn from.

    title_of: the title of a called procedure by its key. settings: the office's settings in force.
    in_force: since when this version is in force, in words.
    """

    procedure: Procedure
    definition: Definition
    clocks: Mapping[str, ClockDefinition]
    office: Office
    settings: Mapping[str, object]
    title_of: Callable[[str], str] = field(repr=False)
    number: int
    in_force: str


def write_rules(source: Source, wording: Wording) -> WrittenRules:
    """Write the text of a version.

    Raises:
        SettingMissing, ClockInvalid: a limit cannot be read under the office's settings.
    """
    return _Writer(source, wording).write()


@dataclass(frozen=True)
class _Draft:
    heading: str
    sentences: Sequence[str]
    items: Sequence[str] = ()
    element: str = ""


class _Writer:
    def __init__(self, source: Source, wording: Wording) -> None:
        self.source, self.fill = source, wording.fill
        self.agency = str(source.office.letterhead.get("机关名称") or "")
        self.owner = self._role(source.procedure.owner)

    def write(self) -> WrittenRules:
        chapters = (
            ("general", self._general()),
            ("course", self._course()),
            ("limits", self._limits()),
            ("papers", self._papers()),
            ("closing", self._closing()),
        )
        number, written = 0, list[Chapter]()
        for key, drafts in chapters:
            articles = []
            for draft in drafts:
                number += 1
                articles.append(
                    Article(
                        f"第{numeral(number)}条",
                        draft.heading,
                        tuple(one for one in draft.sentences if one),
                        tuple(f"（{numeral(n)}）{one}" for n, one in enumerate(draft.items, 1)),
                        draft.element,
                    )
                )
            if articles:
                place = f"第{numeral(len(written) + 1)}章"
                written.append(Chapter(place, self.fill(key), tuple(articles)))
        title = self.fill("title", 机关=self.agency, 程序=self.source.procedure.title)
        return WrittenRules(title, tuple(written))

    # General part -------------------------------------------------------------------------------------------

    def _general(self) -> Iterator[_Draft]:
        procedure = self.source.procedure
        whole = {"机关": self.agency, "程序": procedure.title}
        if procedure.basis:
            yield _Draft("", [self.fill("purpose", **whole, 依据="、".join(procedure.basis))])
        else:
            yield _Draft("", [self.fill("purpose_without_basis", **whole)])
        yield _Draft("", [self._start(), *self._begun_by_events()], list(self._first_ways()))
        duties = [
            self.fill("duty", 岗位=post, 环节="、".join(steps))
            for post, steps in self._posts().items()
        ]
        yield _Draft("", [self.fill("duties", 主管=self.owner, 程序=procedure.title)], duties)

    def _start(self) -> str:
        start, noun = self.source.procedure.start, self.source.procedure.noun
        if start is None:
            return self.fill("start_by_others", 事项=noun)
        return self.fill("start", 岗位="、".join(map(self._role, start.roles)), 事项=noun)

    def _begun_by_events(self) -> Iterator[str]:
        begins = [name_of(one) for one in self._body.triggers]
        if begins:
            yield self.fill("start_events", 情形="、".join(begins))

    def _first_ways(self) -> Iterator[str]:
        """Say which way a case goes first, where that is a choice."""
        for start in [*self._body.starts, *self._body.triggers]:
            found = ways(start, self.source.definition)
            if any(way.conditions for way in found):
                yield from (self._joined("", way, whole=True) for way in found)

    def _posts(self) -> dict[str, list[str]]:
        """Return who does what: {post: steps}, in the order in which each first acts."""
        found: dict[str, list[str]] = {}
        for node in self._all_places(self._body):
            if node.work is not None and node.kind == "user":
                steps = found.setdefault(self._who(node.work), [])
                if name_of(node) not in steps:
                    steps.append(name_of(node))
        return found

    # The course ---------------------------------------------------------------------------------------------

    @property
    def _body(self) -> Body:
        return self.source.definition.processes[self.source.definition.main].body

    def _all_places(self, body: Body) -> Iterator[Node]:
        for node in places(body):
            yield node
            if node.body is not None:
                yield from self._all_places(node.body)
        for handler in body.handlers:
            if handler.body is not None:
                yield from self._all_places(handler.body)

    def _course(self) -> Iterator[_Draft]:
        yield from self._articles(self._body)

    def _articles(self, body: Body) -> Iterator[_Draft]:
        for node in places(body):
            yield self._article(node)
            if node.body is not None:
                yield from self._articles(node.body)
        for handler in body.handlers:
            if handler.body is not None:
                yield self._handled(handler)
                yield from self._articles(handler.body)

    def _article(self, node: Node) -> _Draft:
        items = [item for event in node.boundary for item in self._boundary(event)]
        return _Draft(
            name_of(node), [*self._opening(node), *self._onward(node, items)], items, node.id
        )

    def _opening(self, node: Node) -> Iterator[str]:
        """Say who does what, how and by when."""
        if node.kind == "race":
            yield self.fill("waits_first")
        elif node.kind == "catch":
            yield self.fill("waits_for", 情形=self._event(node))
        elif node.call is not None:
            yield self.fill("call", 程序=self._called(node))
        elif node.body is not None:
            yield self.fill("contains")
        elif node.work is not None and node.kind == "user":
            yield self._doer(node.work)
        yield _prose(node.documentation)
        if node.repeat is not None:
            yield self.fill("one_after_another" if node.repeat.kind == "sequential" else "each")
        if node.work is not None:
            yield from self._asked(node.work)

    def _asked(self, work: Work) -> Iterator[str]:
        procedure, names = self.source.procedure, self.source.definition.activities
        form = procedure.forms.get(work.form or "")
        if form is not None:
            yield self._form(form)
        if work.separation:
            others = [names[one].name for one in work.separation if one in names]
            if others:
                yield self.fill("apart", 环节="”“".join("".join(one.split()) for one in others))
        if work.due:
            yield internal_limit(work.due, self.source.clocks, self.fill)

    def _form(self, form: Form) -> str:
        asked = [one.label for one in form.fields if one.required and one.type != "given"]
        said = (
            self.fill("form_asks", 表单=form.title, 内容="、".join(dict.fromkeys(asked)))
            if asked
            else self.fill("form", 表单=form.title)
        )
        bases = dict.fromkeys(one.basis for one in form.sections if one.basis)
        return said + (self.fill("basis", 依据="；".join(bases)) if bases else "")

    def _doer(self, work: Work) -> str:
        who = self._who(work)
        return self.fill("by_post", 岗位=who) if who else self.fill("who_named")

    def _who(self, work: Work) -> str:
        titles = [self._role(one) for value in work.groups for one in self._known(value)]
        if not titles:
            return self.fill("who_named")
        roles = {one.title: one for one in self.source.office.roles.values()}
        joined = "、".join(dict.fromkeys(titles))
        of_section = work.unit is not None and all(
            title in roles and roles[title].per_unit for title in titles
        )
        return self.fill("who_of_section" if of_section else "who", 岗位=joined)

    def _known(self, value: Value) -> list[str]:
        """Return what a value is under the office's settings; nothing where only a case can tell."""
        if value.expression is None:
            return [value.text]
        found = value.expression.evaluate({"settings": dict(self.source.settings)})
        several = found if isinstance(found, list) else [found]
        return [one for one in several if isinstance(one, str)]

    def _role(self, key: str) -> str:
        roles = self.source.office.roles
        return roles[key].title if key in roles else key

    def _called(self, node: Node) -> str:
        key = node.call.process.text if node.call is not None else ""
        return self.source.title_of(key) or name_of(node)

    # What comes next ----------------------------------------------------------------------------------------

    def _onward(self, node: Node, items: list[str]) -> Iterator[str]:
        """Say where it goes: in the sentence where there is one way, else one item each; puts these into ``items``."""
        if node.kind == "race":
            said = [
                self._joined(self.fill("condition", 情形=self._event(flow.target)), way, whole=True)
                for flow in node.out
                for way in ways(flow.target, self.source.definition)
            ]
            items[:0] = said
            return
        found = ways(node, self.source.definition)
        first = self._doing(found[0].first) if found else ""
        if len(found) == 1 and not found[0].conditions:
            if gone := first + self._gone(found[0]):
                yield self.fill("then", 去向=gone)
            return
        if first:
            yield self.fill("then", 去向=first.rstrip("，"))
        items[:0] = [self._joined("", way) for way in found]

    def _joined(self, before: str, way: Way, *, whole: bool = False) -> str:
        conditions = "".join(map(self._condition, way.conditions))
        first = self._doing(way.first) if whole else ""
        return f"{before}{first}{conditions}{self._gone(way)}。"

    def _condition(self, said: str | tuple[str, str]) -> str:
        if isinstance(said, str):
            return self.fill("condition", 情形=said or self.fill("otherwise"))
        question, answer = said
        if not answer:
            return self.fill("condition", 情形=self.fill("otherwise"))
        return self.fill("condition", 情形=self.fill("choice", 问题=question, 答案=answer))

    def _doing(self, steps: Sequence[Node]) -> str:
        return "".join(self.fill("automatic", 环节=name_of(one)) for one in steps)

    def _gone(self, way: Way) -> str:
        doing = self._doing(way.automatic)
        if way.target is None:
            return doing.rstrip("，")
        name = name_of(way.target)
        if way.target.kind == "end":
            whole = way.target.parent is self._body
            return doing + self.fill("end" if whole else "end_of_part", 结果=name)
        return doing + self.fill("go_both" if way.together else "go_on", 环节=name)

    def _boundary(self, event: Node) -> Iterator[str]:
        found = ways(event, self.source.definition)
        key = "during_ends" if event.interrupting else "during"
        begun = self.fill(key, 情形=self._event(event))
        for way in found:
            yield self._joined(begun, way, whole=True)

    def _handled(self, handler: Node) -> _Draft:
        body = handler.body
        starts = [one for one in body.nodes.values() if one.kind == "start"] if body else []
        items = [
            self._joined(self.fill("any_time", 情形=self._event(start)), way, whole=True)
            for start in starts
            for way in ways(start, self.source.definition)
        ]
        return _Draft(name_of(handler), [_prose(handler.documentation)], items, handler.id)

    def _event(self, node: Node) -> str:
        """Say what is awaited: who asks for it, or when the time has come."""
        name = name_of(node)
        if node.action is not None and node.action.group:
            return self.fill("asked", 岗位=self._role(node.action.group), 事项=node.action.label)
        timer = next((one for one in node.events if one.kind == "timer" and one.clock), None)
        if timer is not None:
            offset = timer.offset.text if timer.offset is not None else ""
            return f"{name}（{until(str(timer.clock), offset, self.source.clocks, self.fill)}）"
        return name

    # Limits, papers, closing --------------------------------------------------------------------------------

    def _limits(self) -> Iterator[_Draft]:
        for key in self.source.definition.clocks:
            clock = self.source.clocks[key]
            sentences = limit_of(clock, self.source.clocks, self.source.settings, self.fill)
            yield _Draft(clock.title, sentences, (), f"clock.{clock.id}")

    def _papers(self) -> Iterator[_Draft]:
        procedure, office = self.source.procedure, self.source.office
        if procedure.letters:
            items = [
                self.fill("letter_numbered", 文书=one.title, 系列=office.series[one.series].title)
                if one.series in office.series
                else self.fill("letter", 文书=one.title)
                for one in procedure.letters.values()
            ]
            yield _Draft("", [self.fill("letters")], items)
        if procedure.outcomes:
            items = [
                self.fill("outcome", 结果=_ITEM.sub("", one.row), 依据=one.basis)
                for one in procedure.outcomes.values()
            ]
            yield _Draft("", [self.fill("outcomes")], items)
        if procedure.register:
            columns = "、".join(one.label for one in procedure.register)
            yield _Draft("", [self.fill("register", 程序=procedure.title, 栏目=columns)])

    def _closing(self) -> Iterator[_Draft]:
        yield _Draft("", [self.fill("explains", 主管=self.owner)])
        yield _Draft(
            "", [self.fill("in_force", 版次=self.source.number, 日期=self.source.in_force)]
        )


def _prose(text: str) -> str:
    """Return a step's own words as a sentence of rules: what asks the reader, says so of whoever does it."""
    said = "".join(text.split())
    sentences = [one.removeprefix("请") for one in said.split("。") if one]
    return "".join(f"{one}。" for one in sentences)
