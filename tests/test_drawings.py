"""What can be measured of a drawing: nothing overlaps, nothing is cut, flows end at their nodes and read rightwards.

Taste is for eyes; this holds what eyes found once. Reads the diagram interchange of each procedure and
knows nothing of the engine. Boxes are ``(x, y, width, height)`` in the units of the drawing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from lxml import etree

FOLDER = Path(__file__).resolve().parents[1] / "processes"
DRAWINGS = sorted(FOLDER.glob("*/*.bpmn"))

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DD = "{http://www.omg.org/spec/DD/20100524/DI}"

LETTER = 12.0  # an outside label is drawn in letters of this size
TITLE = 28.0  # a lane's name stands in a strip of this width at its left
WIDEST, HIGHEST = 2900, 1830  # one landscape page, still read

# Crossings that nobody could draw away. A change may take away from these numbers, never add.
CROSSINGS: dict[str, int] = {}

# A label beside a crossing that nobody could draw away has no other place.
LABELS_ON_FLOWS: set[tuple[str, str]] = set()

Box = tuple[float, float, float, float]
Point = tuple[float, float]


@dataclass
class Drawing:
    """One diagram: the model's elements by id, and where each is drawn."""

    elements: dict[str, etree._Element] = field(default_factory=dict)
    boxes: dict[str, Box] = field(default_factory=dict)
    lines: dict[str, list[Point]] = field(default_factory=dict)
    labels: dict[str, Box] = field(default_factory=dict)

    def kind(self, key: str) -> str:
        return etree.QName(self.elements[key]).localname

    def name(self, key: str) -> str:
        return self.elements[key].get("name", "")

    def around(self, key: str) -> set[str]:
        """The scopes and lanes' pools that hold an element."""
        return {one.get("id") for one in self.elements[key].iterancestors()}

    @property
    def lanes(self) -> dict[str, Box]:
        return {key: box for key, box in self.boxes.items() if self.kind(key) == "lane"}

    @property
    def nodes(self) -> dict[str, Box]:
        outer = ("lane", "participant")
        return {key: box for key, box in self.boxes.items() if self.kind(key) not in outer}

    @property
    def plane(self) -> Box:
        """The pool, or what is drawn where there is none."""
        pools = [box for key, box in self.boxes.items() if self.kind(key) == "participant"]
        boxes = pools or list(self.boxes.values())
        left, top = min(one[0] for one in boxes), min(one[1] for one in boxes)
        right = max(one[0] + one[2] for one in boxes)
        return left, top, right - left, max(one[1] + one[3] for one in boxes) - top


def read(path: Path) -> Drawing:
    tree = etree.parse(path)
    drawing = Drawing()
    for one in tree.iter(f"{BPMN}*"):
        if one.get("id"):
            drawing.elements[one.get("id")] = one
    for shape in tree.iter(f"{DI}BPMNShape"):
        drawing.boxes[shape.get("bpmnElement")] = _box(shape.find(f"{DC}Bounds"))
    for edge in tree.iter(f"{DI}BPMNEdge"):
        points = [
            (float(one.get("x")), float(one.get("y"))) for one in edge.findall(f"{DD}waypoint")
        ]
        drawing.lines[edge.get("bpmnElement")] = points
    for label in tree.iter(f"{DI}BPMNLabel"):
        bounds = label.find(f"{DC}Bounds")
        if bounds is not None:
            drawing.labels[label.getparent().get("bpmnElement")] = _box(bounds)
    return drawing


def _box(bounds: etree._Element) -> Box:
    x, y, width, height = (float(bounds.get(one)) for one in ("x", "y", "width", "height"))
    return x, y, width, height


def overlap(a: Box, b: Box, room: float = 0.5) -> bool:
    """Do two boxes share more than their borders?"""
    return (
        a[0] + room < b[0] + b[2]
        and b[0] + room < a[0] + a[2]
        and a[1] + room < b[1] + b[3]
        and b[1] + room < a[1] + a[3]
    )


def inside(a: Box, b: Box, room: float = 0.5) -> bool:
    """Does the first box lie in the second?"""
    return (
        a[0] + room >= b[0]
        and a[1] + room >= b[1]
        and a[0] + a[2] <= b[0] + b[2] + room
        and a[1] + a[3] <= b[1] + b[3] + room
    )


def stretches(points: list[Point]) -> list[tuple[Point, Point]]:
    return list(pairwise(points))


def through(stretch: tuple[Point, Point], box: Box) -> bool:
    """Does a stretch, which is upright or level, pass through a box?"""
    (ax, ay), (bx, by) = stretch
    drawn = (min(ax, bx), min(ay, by), abs(ax - bx), abs(ay - by))
    return overlap((drawn[0] - 0.1, drawn[1] - 0.1, drawn[2] + 0.2, drawn[3] + 0.2), box, 1.1)


def crossing(a: tuple[Point, Point], b: tuple[Point, Point]) -> bool:
    """Do two stretches cross, other than by touching?"""

    def side(p: Point, q: Point, r: Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    (p, q), (r, s) = a, b
    return side(p, q, r) * side(p, q, s) < 0 and side(r, s, p) * side(r, s, q) < 0


def covers(drawing: Drawing, box: Box, node: str) -> bool:
    """Does a box lie on a node? A gateway leaves the corners of its square free."""
    x, y, width, height = drawing.boxes[node]
    if not overlap(box, (x, y, width, height), 1):
        return False
    if not drawing.kind(node).endswith("Gateway"):
        return True
    middle = (x + width / 2, y + height / 2)
    across = max(box[0] - middle[0], middle[0] - box[0] - box[2], 0.0)
    along = max(box[1] - middle[1], middle[1] - box[1] - box[3], 0.0)
    return across / width + along / height < 0.5


def distance_to_border(point: Point, box: Box) -> float:
    """0 on the border; gateways and events are met at the middle of a side, as all are."""
    across = abs(point[0] - box[0] - box[2] / 2) - box[2] / 2
    along = abs(point[1] - box[1] - box[3] / 2) - box[3] / 2
    return abs(max(across, along))


@pytest.fixture(params=DRAWINGS, ids=[one.stem for one in DRAWINGS])
def path(request) -> Path:
    return request.param


@pytest.fixture
def drawing(path: Path) -> Drawing:
    return read(path)


def test_every_node_and_flow_is_drawn(drawing):
    drawn = {*drawing.boxes, *drawing.lines}
    asked = {
        key
        for key, one in drawing.elements.items()
        if one.get("sourceRef")
        or drawing.kind(key) in ("lane", "participant", "subProcess")
        or drawing.kind(key).endswith(("Task", "Event", "Gateway", "callActivity"))
    }
    assert not asked - drawn
    assert not drawn - set(drawing.elements)


def test_no_two_nodes_overlap(drawing):
    def related(a: str, b: str) -> bool:
        attached = {drawing.elements[one].get("attachedToRef") for one in (a, b)}
        return bool(attached & {a, b}) or a in drawing.around(b) or b in drawing.around(a)

    found = [
        (a, b)
        for a, b in combinations(drawing.nodes, 2)
        if overlap(drawing.boxes[a], drawing.boxes[b]) and not related(a, b)
    ]
    assert not found


def test_flows_begin_and_end_on_the_borders_of_their_nodes(drawing):
    found = [
        (key, end)
        for key, points in drawing.lines.items()
        for end, point in (("sourceRef", points[0]), ("targetRef", points[-1]))
        if (node := drawing.elements[key].get(end)) in drawing.boxes
        and distance_to_border(point, drawing.boxes[node]) > 1.5
    ]
    assert not found


def test_flows_are_upright_and_level(drawing):
    found = [
        key
        for key, points in drawing.lines.items()
        for (ax, ay), (bx, by) in stretches(points)
        if min(abs(ax - bx), abs(ay - by)) > 0.6
    ]
    assert not found


def test_no_flow_passes_through_a_node(drawing):
    found = []
    for key, points in drawing.lines.items():
        ends = {drawing.elements[key].get(one) for one in ("sourceRef", "targetRef")}
        passed = ends.union(*(drawing.around(one) for one in ends if one in drawing.elements))
        for node, box in drawing.nodes.items():
            if node not in passed and any(through(one, box) for one in stretches(points)):
                found.append((key, node))
    assert not found


def test_flows_cross_no_more_than_they_must(drawing, path):
    found = [
        (a, b)
        for a, b in combinations(drawing.lines, 2)
        for one in stretches(drawing.lines[a])
        for other in stretches(drawing.lines[b])
        if crossing(one, other)
    ]
    assert len(found) <= CROSSINGS.get(path.stem, 0), found


def test_the_drawing_reads_from_left_to_right(drawing):
    flows = [points for key, points in drawing.lines.items() if drawing.kind(key) == "sequenceFlow"]
    back = [points for points in flows if points[-1][0] < points[0][0] - 1]
    assert len(back) <= len(flows) / 4


def test_the_drawing_fits_on_one_page(drawing):
    _x, _y, width, height = drawing.plane
    assert width <= WIDEST
    assert height <= HIGHEST


def test_lanes_hold_their_nodes(drawing):
    found = []
    for lane, box in drawing.lanes.items():
        for ref in drawing.elements[lane].findall(f"{BPMN}flowNodeRef"):
            x, y, width, height = drawing.boxes[ref.text]
            middle = (x + width / 2, y + height / 2, 0.0, 0.0)
            whole = drawing.kind(ref.text) != "boundaryEvent"  # it sits on its task's border
            if not inside(drawing.boxes[ref.text] if whole else middle, box):
                found.append((lane, ref.text))
    assert not found


def test_labels_lie_inside_the_drawing(drawing):
    assert not [key for key, box in drawing.labels.items() if not inside(box, drawing.plane)]


def test_labels_have_room_for_their_words(drawing):
    """A label too narrow is broken in the middle of a word; one too low runs into what is below.

    One that is just as wide as its words is broken too: 期限终止 lay in two lines, the second on the task.
    """

    def room(key: str) -> bool:
        _x, _y, width, height = drawing.labels[key]
        wide = sum(LETTER if ord(one) > 0x2E80 else 7 for one in drawing.name(key))
        lines = max(int(height // 14), 1)
        return width * lines > wide and width >= min(wide, 2 * LETTER)

    assert not [(key, drawing.name(key)) for key in drawing.labels if not room(key)]


def test_labels_lie_on_nothing(drawing):
    found = []
    for key, box in drawing.labels.items():
        scopes = {*drawing.around(key), drawing.elements[key].get("attachedToRef")}
        found += [
            (key, one) for one in drawing.nodes if one not in scopes and covers(drawing, box, one)
        ]
        found += [
            (key, one)
            for one, points in drawing.lines.items()
            if one != key and any(through(stretch, box) for stretch in stretches(points))
        ]
        found += [
            (key, lane)
            for lane, (x, y, _width, height) in drawing.lanes.items()
            if overlap(box, (x, y, TITLE, height), 0)
        ]
    found += [
        (a, b)
        for a, b in combinations(drawing.labels, 2)
        if overlap(drawing.labels[a], drawing.labels[b], 1)
    ]
    assert not set(found) - LABELS_ON_FLOWS
