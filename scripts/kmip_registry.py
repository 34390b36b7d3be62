#!/usr/bin/env python3
"""Writes kmip/src/registry/generated from the tables of the KMIP specifications: kmip_registry.py FOLDER.

FOLDER holds tags.json, enums.json, masks.json and attributes.json: names, numbers and flags of the OASIS KMIP
Specifications 1.0 to 2.1. What it writes is checked in; a new version of KMIP is a new run.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent / "kmip/src/registry/generated"
HEAD = "//! Written by scripts/kmip_registry.py from the OASIS KMIP Specifications 1.0 to 2.1: change it there.\n\n"

# Two have the name of a field that may also be something else, and ItemType stands in the codec.
ENUM_NAMES = {"ItemType": "ItemTypeCode", "Data": "DataReference", "UniqueIdentifier": "IdReference"}
# Their values stand in the table of tags.
ENUMS_OF_TAGS = {"AttributeReference", "Tag"}
OBJECTS = ["Certificate", "SymmetricKey", "PublicKey", "PrivateKey", "SplitKey", "Template", "SecretData", "OpaqueObject",
           "PGPKey", "CertificateRequest"]
# Events that are no operation ("object stored") also set attributes; the table of the operations leaves them out.
OPERATIONS = set()
CONDITIONS = {
    "state PreActive": "StatePreActive",
    "state PreActive or Active": "StatePreActiveOrActive",
    "state PreActive or Active and ProcessStartDate not reached": "ProcessStartDateNotReached",
    "state PreActive or Active and ProtectStopDate not reached": "ProtectStopDateNotReached",
    "no value present": "NoValuePresent",
    "request left ApplicationData out": "ApplicationDataLeftOut",
    "not SecretData, not OpaqueObject": "NeitherSecretDataNorOpaqueObject",
    "not OpaqueObject": "NotOpaqueObject",
    "created by the server (y-)": "CreatedByServer",
    "created by the client (x-)": "CreatedByClient",
    "server can see the value to digest": "ValueVisibleToServer",
    "PGP key or certificate (no for X.509)": "PgpKeyOrCertificate",
    "UsageLimitsTotal and UsageLimitsUnit only, before any GetUsageAllocation": "TotalAndUnitBeforeAllocation",
    "before any GetUsageAllocation": "BeforeAllocation",
}


def main(folder):
    load = lambda name: json.loads((Path(folder) / name).read_text())
    tags = load("tags.json")
    attributes = load("attributes.json")
    enums = load("enums.json")
    OPERATIONS.update(value["name"] for value in enums["Operation"]["values"])
    write("tags.rs", tags_rs(tags))
    write("enumerations.rs", enumerations_rs(enums))
    write("masks.rs", masks_rs(load("masks.json")))
    write("attributes.rs", attributes_rs(attributes))


def write(name, text):
    path = OUT / name
    path.write_text(HEAD + text)
    subprocess.run(["rustfmt", "--edition", "2024", "--config", "max_width=120", str(path)], check=True)


def tags_rs(tags):
    rows = [f'    {screaming(tag["name"])} = {tag["tag"]}, "{tag["name"]}", {span(tag)};' for tag in tags]
    assert_unique([screaming(tag["name"]) for tag in tags])
    return "super::super::tags::tags! {\n" + "\n".join(rows) + "\n}\n"


def enumerations_rs(enums):
    out = []
    for name, body in sorted(enums.items()):
        if name in ENUMS_OF_TAGS:
            continue
        values = body.get("values")
        if body.get("same_as"):
            continue
        rows = [enum_row(value) for value in values or []]
        assert_unique([row.split(" =")[0] for row in rows], name)
        tag = body["tag"] or "0"
        out.append(f'    {ENUM_NAMES.get(name, name)} "{name}" {tag} {{\n' + "\n".join(rows) + "\n    }")
    same = [f'    {body["tag"]} "{body["same_as"]}";' for body in enums.values() if body.get("same_as")]
    return ("super::super::enumerations::enumerations! {\n" + "\n".join(out) + "\n}\n\n"
            + "super::super::enumerations::shared! {\n" + "\n".join(same) + "\n}\n")


def enum_row(value):
    row = f'        {screaming(value["name"])} = {value["value"]}, "{value["name"]}", {span(value)}'
    older = [name["name"] for name in value.get("names", []) if name["name"] != value["name"] and not name.get("erratum")]
    return row + (f', was "{older[0]}"' if older else "") + ";"


def masks_rs(masks):
    out = []
    for name, body in sorted(masks.items()):
        rows = [f'        {screaming(value["name"])} = {value["value"]}, "{value["name"]}", {span(value)};'
                for value in body["values"]]
        out.append(f'    {name} "{name}" {body["tag"]} {{\n' + "\n".join(rows) + "\n    }")
    return "super::super::masks::masks! {\n" + "\n".join(out) + "\n}\n"


def attributes_rs(data):
    rows = sorted((row for row in data["attributes"] if row["name"] != "Vendor Attribute"), key=lambda row: row["tag"])
    text = ("use super::super::attributes::{AttributeRule, Condition::{Always, Never, When}, Fact, ObjectTypes, Rules};\n"
            "use crate::registry::{Operation, tag};\nuse crate::ttlv::ItemType;\nuse crate::version::ProtocolVersion;\n\n"
            "pub(in crate::registry) const RULES: &[AttributeRule] = &[\n")
    return text + "\n".join(
        attribute(row, data["object_groups"]) for row in rows) + "\n];\n"


def attribute(row, groups):
    kinds = row["type"] if isinstance(row["type"], list) else [row["type"]]
    kinds = [] if kinds == ["any"] else kinds
    return f"""AttributeRule {{
        tag: tag::{screaming(row["element"])},
        name: "{row["name"]}",
        types: &[{", ".join("ItemType::" + kind for kind in kinds)}],
        since: {version(row["since"])},
        removed: {option(row["removed"])},
        v1: {rules(row.get("v1"), groups, "v1")},
        v2: {rules(row.get("v2"), groups, "v2")},
    }},"""


def rules(part, groups, major):
    if not part:
        return "None"
    rule = part["rules"]
    setters = rule["initially_set_by"]["by"]
    applies = sorted({name for entry in rule["applies_to"] for name in objects(entry, groups, major)}, key=OBJECTS.index)
    bits = sum(1 << OBJECTS.index(name) for name in applies)
    operations = ", ".join("Operation::" + screaming(name) for name in rule["implicitly_set_by"] if name in OPERATIONS)
    return f"""Some(Rules {{
        always_present: {condition(rule["always_has_value"])},
        multiple: {condition(rule["multiple"])},
        set_by_client: {flag("client" in setters)},
        set_by_server: {flag("server" in setters)},
        modifiable_by_client: {condition(rule["modifiable_by_client"])},
        modifiable_by_server: {condition(rule["modifiable_by_server"])},
        deletable_by_client: {condition(rule["deletable_by_client"])},
        applies_to: ObjectTypes::from_bits({bits:#06x}),
        implicitly_set_by: &[{operations}],
    }})"""


def objects(entry, groups, major):
    entry = entry.split(" (")[0]
    return groups[entry][major] if entry in groups else [entry]


def condition(value):
    if isinstance(value, dict):
        return f'When(Fact::{CONDITIONS[value["if"]]})'
    return {"yes": "Always", "no": "Never"}[value]


def span(row):
    return version(row["since"], "") + (f' until {version(row["removed"], "")}' if row["removed"] else "")


def version(text, prefix="ProtocolVersion::"):
    return prefix + "V" + text.replace(".", "_")


def option(text):
    return f"Some({version(text)})" if text else "None"


def flag(value):
    return "true" if value else "false"


def screaming(name):
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", name)
    name = re.sub(r"([0-9])([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([A-Z])([A-Z][a-z])", r"\1_\2", name)
    return name.upper()


def assert_unique(names, where="tags"):
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, (where, twice)


if __name__ == "__main__":
    main(sys.argv[1])
