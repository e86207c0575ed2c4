# SPDX-License-Identifier: Apache-2.0
"""Reads Prometheus's text format 0.0.4, and refuses whatever its documentation does not allow or its
linter (promtool check metrics) would complain about."""

import math
import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)\Z")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|\Z)')
TYPES = {"counter", "gauge", "histogram"}
PLAIN_UNITS = ("_milliseconds", "_ms", "_minutes", "_hours", "_kb", "_mb", "_kilobytes")


class Family:
    def __init__(self, name, help_):
        self.name, self.help, self.type = name, help_, None
        self.samples = {}  # (sample's name, sorted labels) -> value

    def value(self, suffix="", **labels):
        return self.samples[self.name + suffix, tuple(sorted(labels.items()))]

    def total(self, **labels):
        """The sum of all samples that have these labels."""
        return sum(value for (_, pairs), value in self.samples.items()
                   if set(labels.items()) <= set(pairs))


def read_labels(text):
    labels, at = {}, 0
    while text and at < len(text):
        found = LABEL.match(text, at)
        assert found, f"labels {text!r} at {at}"
        name, value = found.groups()
        assert name not in labels and not name.startswith("__"), text
        labels[name] = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value)
        at = found.end()
    return labels


def read_value(text):
    if text in ("NaN", "+Inf", "-Inf"):
        return float(text.replace("Inf", "inf"))
    assert re.match(r"-?\d+(\.\d+)?(e[+-]\d+)?\Z", text), f"value {text!r}"
    return float(text)


def begin(line, families):
    _, word, name, text = line.split(" ", 3)
    assert word == "HELP" and NAME.match(name), line
    assert name not in families, f"{name} comes twice"
    assert text and not re.search(r"(?<!\\)(\\\\)*\\[^\\n]", text), line
    families[name] = Family(name, text)
    return families[name]


def add_sample(line, family):
    found = SAMPLE.match(line)
    assert found, f"sample {line!r}"
    name, labels, value = found.groups()
    suffixes = ("_bucket", "_sum", "_count") if family.type == "histogram" else ("",)
    assert name in {family.name + suffix for suffix in suffixes}, f"{name} in {family.name}"
    key = name, tuple(sorted(read_labels(labels).items()))
    assert key not in family.samples, f"{line} comes twice"
    family.samples[key] = read_value(value)


def check_name(family):
    name = family.name
    assert (family.type == "counter") == name.endswith("_total"), name
    assert not name.endswith(PLAIN_UNITS), f"{name}: use base units"
    assert not name.endswith(("_bucket", "_count", "_sum")), name
    assert name == name.lower(), name


def check_histogram(family):
    rows = {}
    for (name, pairs), value in family.samples.items():
        labels = dict(pairs)
        row = rows.setdefault(tuple(p for p in pairs if p[0] != "le"), {"buckets": []})
        if name.endswith("_bucket"):
            row["buckets"].append((float(labels["le"].replace("Inf", "inf")), value))
        else:
            row[name[len(family.name):]] = value
    for row in rows.values():
        bounds, counts = zip(*row["buckets"])
        assert list(bounds) == sorted(set(bounds)) and bounds[-1] == math.inf, family.name
        assert list(counts) == sorted(counts) and counts[-1] == row["_count"], family.name
        assert row["_sum"] >= 0


def read(text):
    """The families of a page, by name."""
    families, family = {}, None
    assert text.endswith("\n") and "\r" not in text
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            family = begin(line, families)
        elif line.startswith("# TYPE "):
            assert line.split(" ")[2] == family.name and family.type is None, line
            family.type = line.split(" ")[3]
            assert family.type in TYPES, line
        else:
            assert family is not None and family.type, f"{line!r} has no family"
            add_sample(line, family)
    for family in families.values():
        check_name(family)
        if family.type == "histogram":
            check_histogram(family)
    return families
