"""Which script of a repository fuses two images, and how: read from its code."""

from __future__ import annotations

import posixpath
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from fusebench.authoring.interpreting import WEIGHTS, Event, Interpreter, with_zeros
from fusebench.authoring.roles import role_of
from fusebench.authoring.tree import Modules, Tree
from fusebench.authoring.values import (
    FILE,
    FROM_0,
    HOLES,
    INDEX,
    NAME,
    PADDED_FROM_0,
    Option,
    Slot,
)
from fusebench.images import SUFFIXES

LIKELY = re.compile(r"(test|demo|infer|eval|fus|main|run|predict)", re.IGNORECASE)
UNLIKELY = re.compile(
    r"(train|loss|metric|evaluat|dataset|util|segment|detect|robust|flops|setup|convert|option)",
    re.IGNORECASE,
)
BESIDE = re.compile(r"feature|mask|weight|atten|/map|edge", re.IGNORECASE)
"""What scripts write beside the fused image."""
MOST_CANDIDATES = 30
OUT_WORDS = ("out", "save", "result", "fused", "dest", "store")
WEIGHT_WORDS = (
    "weight",
    "ckpt",
    "checkpoint",
    "model",
    "pretrain",
    "pth",
    "resume",
    "lut",
    "context",
)
PATH_WORDS = ("path", "dir", "root", "folder", "data", "img", "image", "input", "file")
DEFAULT_SUFFIX = ".png"
TEST_SWITCH = re.compile(
    r"(only_?|is_?|do_?)?(test|infer|inference|predict)(ing|_?only|_?mode)?", re.I
)
"""Names of switches without which a script trains."""
LOSSY = {".jpg", ".jpeg"}


@dataclass(frozen=True)
class Place:
    """A pattern of ``stage`` or ``collect`` with the line of code that it was read from."""

    pattern: str
    where: str
    is_sure: bool = True


@dataclass
class Script:
    """A script as it was read.

    Attributes:
        tree: the clone.
        path: of the script.
        modalities: what A and B show.
        given: options that it has to be given, with their values.
        events: the files that it would use.
        options: its options.
        slots: constants that have to be filled in.
        imports: modules that are no part of the repository, with where.
        code: the files of the repository that it runs.
        loops: ranges of a fixed length -> their file and variable.
        at_top: a module that it imports from the top of the repository, where it is below that.
    """

    tree: Tree
    path: str
    modalities: tuple[str, str]
    given: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    options: dict[str, Option] = field(default_factory=dict)
    slots: list[Slot] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)
    code: list[str] = field(default_factory=list)
    loops: dict[str, tuple[str, str]] = field(default_factory=dict)
    at_top: str = ""

    @property
    def score(self) -> float:
        """How likely this is the script: what it reads and writes, then its name and place."""
        sides = [side for side in (self.a, self.b) if side]
        found = 2.0 * len(sides) + 1.0 * sum(side.is_sure for side in sides)
        found += 2.0 * bool(self.collect)
        found += 1.5 * bool(self.loads) + 1.0 * bool(LIKELY.search(PurePosixPath(self.path).name))
        found -= 4.0 * bool(UNLIKELY.search(PurePosixPath(self.path).name))
        found += 0.5 * bool(re.search(r"test|infer|demo", PurePosixPath(self.path).name, re.I))
        return found - 0.4 * self.path.count("/") - 0.01 * len(self.path)

    @cached_property
    def cwd(self) -> str:
        """The folder in which it starts: its own where its paths begin there, else the top."""
        folder = str(PurePosixPath(self.path).parent)
        if folder == ".":
            return "."
        paths = [event.path for event in self.events if not HOLES.search(event.path)]
        at_top = sum((self.tree.root / path).exists() for path in paths)
        beside = sum((self.tree.root / folder / path).exists() for path in paths)
        return "." if at_top > beside else folder

    def whole(self, path: str) -> str:
        """Return a path of the script from the top of the repository on; empty outside it."""
        clean = path.replace("\\", "/").replace(INDEX, "{index}").replace(FROM_0, "{index}")
        clean = clean.replace(f"{{{PADDED_FROM_0}:", "{index:")
        if path.startswith("{out}"):
            return posixpath.normpath(clean)
        found = posixpath.normpath(posixpath.join(self.cwd, clean))
        return "" if found.startswith(("..", "/")) or re.match(r"[A-Za-z]:", clean) else found

    @cached_property
    def a(self) -> Place | None:
        """Where it looks for source image A."""
        return self._side("a")

    @cached_property
    def b(self) -> Place | None:
        """Where it looks for source image B; None where only the place of A was seen."""
        found = self._side("b")
        return None if found and self.a and found.pattern == self.a.pattern else found

    @cached_property
    def is_single(self) -> bool:
        """Whether it handles one pair, under fixed names."""
        return not self._inputs and {"a", "b"} <= set(self._fixed)

    @cached_property
    def _fixed(self) -> dict[str, Place]:
        """The sides that it reads under a fixed name."""
        found: dict[str, Place] = {}
        for event in self.events:
            path = self.whole(event.path) if event.kind == "read" else ""
            is_image = PurePosixPath(path).suffix.lower() in SUFFIXES and not HOLES.search(path)
            if is_image and path not in {place.pattern for place in found.values()}:
                found.setdefault(self._role(event), Place(path, event.place))
        return found

    def _side(self, side: str) -> Place | None:
        found = [place for event, place in self._inputs if self._role(event) == side]
        if found or self.is_single:
            return _lossless(found) if found else self._fixed[side]
        for named in (*self._by_folder.values(), self._by_prefix):
            if side in named:
                return named[side]
        distinct = list(dict.fromkeys(place.pattern for _, place in self._inputs))
        known = {place.pattern for event, place in self._inputs if self._role(event)}
        free = [pattern for pattern in distinct if pattern not in known]
        needed = [] if len(free) + bool(known) < len("ab") else free
        if not needed:
            return None
        pattern = needed[0 if side == "a" or known else 1]
        where = next(place.where for _, place in self._inputs if place.pattern == pattern)
        return Place(pattern, where, is_sure=False)

    @cached_property
    def _by_folder(self) -> dict[str, dict[str, Place]]:
        """Listed folder -> the sides in its subfolders, as their committed images tell."""
        found: dict[str, dict[str, Place]] = {}
        for event in self.events:
            path = event.path if event.kind == "list" and not HOLES.search(event.path) else ""
            folder = self.whole(path) if path else ""
            places: dict[str, Place] = {}
            for inner, images in self.tree.images_by_folder.items():
                side = role_of(PurePosixPath(inner).name, self.modalities)
                if side and str(PurePosixPath(inner).parent) == folder:
                    suffix = PurePosixPath(images[0]).suffix
                    places.setdefault(side, Place(f"{inner}/{{name}}{suffix}", event.place))
            if set(places) == {"a", "b"}:
                found.setdefault(folder, places)
        return found

    @cached_property
    def _by_prefix(self) -> dict[str, Place]:
        """The sides of a folder that holds both, as the names of its committed images tell."""
        for event in self.events:
            folder = self.whole(event.path.partition("*")[0]) if event.kind == "list" else ""
            groups: dict[str, str] = {}
            for image in self.tree.images_by_folder.get(folder, []):
                match = re.fullmatch(r"(\D+)\d+", PurePosixPath(image).stem)
                if match:
                    groups.setdefault(match[1], PurePosixPath(image).suffix)
            roles = {role_of(prefix, self.modalities): prefix for prefix in groups}
            if len(groups) == len("ab") and ("a" in roles or "b" in roles):
                known = "a" if "a" in roles else "b"
                rest = next(prefix for prefix in groups if prefix != roles[known])
                named = {known: roles[known], "ab".replace(known, ""): rest}
                return {
                    side: Place(f"{folder}/{prefix}{{index}}{groups[prefix]}", event.place, False)
                    for side, prefix in named.items()
                }
        return {}

    @cached_property
    def _inputs(self) -> list[tuple[Event, Place]]:
        found = []
        written = {self.template(event.path) for event in self.events if event.kind == "write"}
        for kind in ("read", "list"):
            for event in self.events:
                pattern = self.template(_as_file(event)) if event.kind == kind else ""
                holds_sides = str(PurePosixPath(pattern).parent) in self._by_folder
                if pattern and pattern not in written and not holds_sides:
                    found.append((event, Place(pattern, event.place)))
        return found

    def _role(self, event: Event) -> str:
        return role_of(event.path, self.modalities) or role_of(event.hint, self.modalities)

    @cached_property
    def collect(self) -> Place | None:
        """Where it leaves its results."""
        found = []
        written = [event for event in self.events if event.kind == "write"]
        for event, after in zip(written, [*written[1:], *written[:1]], strict=True):
            merged = with_zeros(event.path, after.path)
            pattern = self._result(event.path if merged == after.path else merged)
            if pattern:
                found.append(Place(pattern, event.place))
        if not found:
            return None
        found.sort(key=lambda place: bool(BESIDE.search(place.pattern)))
        repository = self.tree.root.name.partition("@")[0].partition("+")[2].lower()
        own = [one for one in found if repository and f"/{repository}/" in one.pattern.lower()]
        return (own or found)[0]

    def _result(self, path: str) -> str:
        """Return the pattern of a result; of a script that handles one pair it needs no hole."""
        inputs = self.a or self.b
        pattern = self.template(path, PurePosixPath(inputs.pattern).suffix if inputs else "", True)
        if pattern or not self.is_single or HOLES.search(path):
            return pattern
        whole = self.whole(path)
        return whole if PurePosixPath(whole).suffix.lower() in SUFFIXES else ""

    def template(self, path: str, suffix: str = "", is_result: bool = False) -> str:
        """Return the pattern of a path with ``{name}`` or ``{index}``; empty where it has none.

        Args:
            path: as the script has it, with holes.
            suffix: of a file whose whole name is a hole; empty for that of its folder.
            is_result: whether the script writes it: a suffix of its own is kept.
        """
        whole = self.whole(_one_hole(path))
        folder, _, file = whole.rpartition("/")
        if not whole or HOLES.search(folder) or "{index" in folder:
            return ""
        if file.endswith((FILE, NAME)):
            file = f"{file[:-1]}{{name}}{suffix or self._suffix(folder)}"
            is_result = False  # its suffix is a guess
        if self._sorts_by_number:
            file = file.replace(NAME, "{index}")
        file = file.replace(FILE, "{name}").replace(NAME, "{name}")
        file = file if is_result else self._as_committed(folder, file)
        holes = file.count("{name}") + file.count("{index")
        found = PurePosixPath(file).suffix.lower()
        if holes != 1 or found not in SUFFIXES | {".mat", ".npy"}:
            return ""
        return f"{folder}/{file}" if folder else file

    @cached_property
    def _sorts_by_number(self) -> bool:
        """Whether it sorts its files by the number in their names."""
        text = "".join(map(self.tree.text, self.code))
        return re.search(r"key\s*=\s*lambda[^\n]*\bint\(", text) is not None

    def _as_committed(self, folder: str, file: str) -> str:
        """Return a file with the suffix of the images in its folder, where none has its own."""
        suffixes = {
            PurePosixPath(name).suffix for name in self.tree.images_by_folder.get(folder, [])
        }
        suffix = PurePosixPath(file).suffix
        listed = sum(event.kind == "list" and "*" in event.path for event in self.events) > 1
        keeps = suffix.lower() not in LOSSY and suffixes <= LOSSY
        if suffixes and suffix not in suffixes and listed and not keeps:
            return f"{file.removesuffix(suffix)}{self._suffix(folder)}"
        return file

    def _suffix(self, folder: str) -> str:
        """Return the suffix of images in a folder: of those committed there, or that it lists."""
        committed = self.tree.images_by_folder.get(folder, [])
        counts = Counter(PurePosixPath(name).suffix for name in committed)
        if counts:
            return counts.most_common(1)[0][0]
        return DEFAULT_SUFFIX

    @property
    def edits(self) -> dict[str, list[tuple[str, str]]]:
        """The constants that have to be filled in for this script, by their file."""
        used = [event.path for event in self.events]
        read = [event.path for event in self.events if event.kind == "read"]
        staged = [slot.value for slot in self.slots if _under(read, slot.value)]
        found: dict[str, list[tuple[str, str]]] = {}
        for slot in self.slots:
            new = slot.new
            if len(staged) == 1 and not slot.value.startswith("{") and not _under(read, slot.value):
                new = new.replace(slot.value, staged[0])  # a second list of the same images
            if slot.value == "{count}" or _under(used, slot.value):
                found.setdefault(slot.file, []).append((slot.old, new))
        for file, pair in (*self._recased, *self._counts, *self._pretrained):
            if pair not in found.setdefault(file, []):
                found[file].append(pair)
        return {file: pairs for file, pairs in found.items() if pairs}

    @property
    def _recased(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Yield paths of weights in other capitals than the files, which Windows does not mind."""
        known = {name.lower(): name for name in self.tree.files}
        for event in self.events:
            path = self.whole(event.path) if event.kind == "load" else ""
            file = known.get(path.lower(), "")
            if not path or not file or path in self.tree.files:
                continue
            for code in self.code:
                if event.path in self.tree.text(code):
                    yield code, (event.path, event.path.replace(path, file))

    @property
    def _counts(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Yield loops over as many pairs as the authors had, where the pairs are numbered."""
        numbered = self.a and "{index" in self.a.pattern
        for written, (file, name) in self.loops.items():
            match = re.fullmatch(r"range\((?:(\d+), *)?\d+\)", written)
            text = self.tree.text(file)
            uses = rf"\w*(paths?|files?|names?|list|dirs?)\[{name}\]"
            if numbered:
                uses += rf"|str\({name}\b|\b{name} ?\+ ?1\b|format\({name}\b|% ?\(?{name}\b"
            if match and re.search(uses, text) and file == self.path and f"in {written}" in text:
                end = f"{match[1]}, {match[1]} + {{count}}" if match[1] else "{count}"
                yield file, (f"in {written}", f"in range({end})")

    @property
    def _pretrained(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Yield what would be downloaded, where the script loads weights of its own over it."""
        for file in self.code if self.loads else ():
            if "pretrained=True" in self.tree.text(file):
                yield file, ("pretrained=True", "pretrained=False")

    @property
    def aliases(self) -> dict[str, str]:
        """Modules under a wrong name -> the only module of the folder that they are looked for in.

        Authors rename a file and forget the import.
        """
        found = {}
        for name, where in self.imports.items():
            folder = name.rpartition(".")[0]
            beside = [
                file
                for file in self.tree.with_suffix(".py")
                if folder and str(PurePosixPath(file).parent) == folder.replace(".", "/")
            ]
            fitting = [file for file in beside if self._defines(file, _imported(self.tree, where))]
            if len(fitting) == 1:
                found[name] = f"{folder}.{PurePosixPath(fitting[0]).stem}"
        return found

    def _defines(self, file: str, names: Iterable[str]) -> bool:
        text = self.tree.text(file)
        wanted = list(names)
        return bool(wanted) and all(
            re.search(rf"^(class|def) {re.escape(name)}\b", text, re.MULTILINE) for name in wanted
        )

    @property
    def counts_from_0(self) -> bool:
        """Whether it numbers its pairs from 0."""
        paths = [event.path for event in self.events if event.kind != "load"]
        from_0 = [path for path in paths if FROM_0 in path or f"{{{PADDED_FROM_0}:" in path]
        return any(INDEX not in path and "{index:" not in path for path in from_0)

    @cached_property
    def loads(self) -> list[str]:
        """The files of weights that it loads, as far as their paths are known."""
        paths = [self.whole(event.path) for event in self.events if event.kind == "load"]
        known = [path for path in paths if path and not HOLES.search(path) and "{" not in path]
        cased = {name.lower(): name for name in self.tree.files}
        found = (cased.get(path.lower(), path) for path in known)
        return list(dict.fromkeys(file for path in found for file in self._parts(path)))

    def _parts(self, path: str) -> list[str]:
        """Return the files of a checkpoint of TensorFlow that is named without their suffixes."""
        known = sorted({*self.tree.files, *self.tree.absent})
        parts = [name for name in known if name.startswith(f"{path}.")]
        is_prefix = path not in self.tree.files and f"{path}.index" in parts
        return parts if is_prefix else [path]


def _lossless(found: Sequence[Place]) -> Place:
    """Return the first of some places, with another suffix of its folder where it is JPEG.

    A script that lists *.jpg and *.bmp reads images as they are from the second.
    """
    first = found[0]
    stem = PurePosixPath(first.pattern).with_suffix("")
    others = [one for one in found if PurePosixPath(one.pattern).with_suffix("") == stem]
    kept = [one for one in others if PurePosixPath(one.pattern).suffix.lower() not in LOSSY]
    return kept[0] if kept else first


def _under(paths: Iterable[str], folder: str) -> bool:
    return any(path.startswith(folder) for path in paths)


def _one_hole(path: str) -> str:
    """Return a path whose unknown parts side by side are one, and that counts one thing."""
    merged = re.sub(f"[{NAME}{FILE}]+(?=[{NAME}{FILE}])", "", path)
    return merged.replace(FROM_0, "0") if INDEX in merged else merged


def _imported(tree: Tree, where: str) -> list[str]:
    """Return the names that the import at ``file:line`` asks for."""
    file, _, line = where.rpartition(":")
    lines = tree.text(file).splitlines()
    match = re.match(r"\s*from\s+\S+\s+import\s+([\w, ]+)", lines[int(line) - 1])
    return [word.split()[0] for word in match[1].split(",") if word.strip()] if match else []


def _as_file(event: Event) -> str:
    """Return the files of a folder that is listed, or those of a shell's pattern."""
    if event.kind != "list":
        return event.path
    path = event.path.replace("*.*", FILE)
    if "*" in path:
        return re.sub(r"\*+", NAME, path)
    return path if HOLES.search(path) else f"{path.rstrip('/')}/{FILE}"


def read_scripts(tree: Tree, modalities: tuple[str, str]) -> list[Script]:
    """Return the scripts of a repository that may fuse images, the most likely one first."""
    found = [read_script(tree, name, modalities) for name in candidates(tree)]
    usable = [script for script in found if script and (script.a or script.collect or script.loads)]
    return sorted(usable, key=lambda script: -script.score)


def candidates(tree: Tree) -> list[str]:
    """Return the Python files that may be started: likely names first, then those with a main."""
    files = [name for name in tree.with_suffix(".py") if not name.endswith("__init__.py")]
    started = [name for name in files if _is_started(tree, name)]
    likely = [name for name in started if LIKELY.search(PurePosixPath(name).name)]
    ranked = [*likely, *(name for name in started if name not in likely)]
    calm = sorted(ranked, key=lambda name: bool(UNLIKELY.search(PurePosixPath(name).name)))
    return calm[:MOST_CANDIDATES]


def _is_started(tree: Tree, name: str) -> bool:
    text = tree.text(name)
    reads = re.search(
        r"imread|Image\.open|listdir|glob|read_image|DataLoader|parse_args|\.load\(", text
    )
    return bool(reads) or "__main__" in text


def read_script(tree: Tree, name: str, modalities: tuple[str, str]) -> Script | None:
    """Read a script, twice where it has to be given options; None where it cannot be parsed."""
    first = _read(tree, name, modalities, {}, {})
    if first is None:
        return None
    given, filled = dict(_needed(first)), dict(_filled(first))
    if not given and not filled:
        return first
    second = _read(tree, name, modalities, given, filled)
    files = {name: f"{value}{_ending(value)}" for name, value in given.items()}
    used = (
        {event.path for event in second.events if event.kind in ("read", "write")} if second else ()
    )
    single = {name: files[name] if value in used else value for name, value in given.items()}
    return second if single == given else _read(tree, name, modalities, single, filled)


def _ending(value: str) -> str:
    return "/fused.png" if value == "{out}" else DEFAULT_SUFFIX


def _filled(script: Script) -> Iterator[tuple[str, str]]:
    """Yield the blank constants that stand for files of weights, with the closest file."""
    loaded = [event.path for event in script.events if event.kind == "load"]
    for slot in script.slots:
        if slot.name and slot.value in loaded:
            value = closest(slot.name, weights_in(script.tree))
            if value:
                yield slot.name, value


def _read(
    tree: Tree,
    name: str,
    modalities: tuple[str, str],
    given: Mapping[str, str],
    filled: Mapping[str, str],
) -> Script | None:
    module = tree.module(name)
    if module is None:
        return None
    finder = Modules(tree, name)
    reader = Interpreter(finder, given, filled)
    reader.run(module)
    return Script(
        tree,
        name,
        modalities,
        dict(given),
        reader.events,
        reader.options,
        list({slot.old: slot for slot in reader.slots}.values()),
        reader.imports,
        reader.files,
        reader.loops,
        finder.at_top,
    )


def _needed(script: Script) -> Iterator[tuple[str, str]]:
    """Yield the options that the script has to be given, with values for them.

    They are required ones, those whose default is blank, and paths of the authors' machine.
    """
    for option in script.options.values():
        mode = _testing(option)
        if mode is not None:
            yield option.name, mode
            continue
        default = option.default if isinstance(option.default, str) else ""
        foreign = re.match(r"(/[A-Za-z]+/|[A-Za-z]:[\\/]|~)", default) is not None
        named = any(word in option.name.lower() for word in (*PATH_WORDS, *OUT_WORDS))
        is_path = named or bool(role_of(option.name, script.modalities))
        lacks = option.default in (None, "") or foreign
        if not option.takes_value or not (option.required or (lacks and is_path)):
            continue
        if any(word in option.name.lower() for word in WEIGHT_WORDS):
            value = _weights_like(script.tree, option.name)
        elif any(word in option.name.lower() for word in OUT_WORDS):
            value = "{out}"
        elif is_path or role_of(option.help, script.modalities):
            side = role_of(option.name, script.modalities) or role_of(
                option.help, script.modalities
            )
            value = f"in/{side or option.name}"
        else:
            value = ""
        if value:
            yield option.name, value


def _testing(option: Option) -> str | None:
    """Return what makes a script test instead of train; None for another option."""
    if not option.takes_value and option.default is False and TEST_SWITCH.fullmatch(option.name):
        return ""
    if option.default == "train" and option.name.lower() in ("mode", "phase", "task"):
        return "test"
    return None


def _weights_like(tree: Tree, name: str) -> str:
    """Return the file of weights whose name has most in common with the name of an option."""
    return closest(name, weights_in(tree)) or ""


def weights_in(tree: Tree) -> list[str]:
    """Return the files of weights in a repository, by their suffix."""
    return tree.with_suffix(*(WEIGHTS - {".mat", ".bin", ".params", ".tar"}))


def closest(name: str, paths: Iterable[str]) -> str:
    """Return the path that shares most words with a name; the first where none shares any."""
    wanted = {word for word in re.split(r"[^a-z0-9]+", name.lower()) if len(word) > 1}
    known = list(paths)

    def shared(path: str) -> int:
        low = PurePosixPath(path).name.lower()
        return sum(word in low for word in wanted)

    return max(known, key=shared, default="")


def archives_with(tree: Tree, paths: Iterable[str]) -> list[str]:
    """Return the zip archives of a repository that hold files which a script loads."""
    wanted = set(paths) - set(tree.files)
    return [
        name
        for name in tree.with_suffix(".zip")
        if wanted & {str(PurePosixPath(name).parent / member) for member in tree.members(name)}
    ]


def third_party(script: Script) -> dict[str, str]:
    """Return the modules of libraries that a script imports, by their top names, with where."""
    found: dict[str, str] = {}
    for name, where in script.imports.items():
        top = name.partition(".")[0]
        if top and top not in sys.stdlib_module_names:
            found.setdefault(top, where)
    return found
