"""The results of trying a simulator as JUnit XML: a suite for each case, a test case for each rule."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from gsim_devs.rules import RuleResult, in_words

from .results import CaseResult, Conformance


def junit(conformance: Conformance) -> str:
    """One document; besides the rules, each suite says whether the case is operational and as expected."""
    suites = ET.Element("testsuites", name=conformance.system)
    for case in conformance.cases:
        suites.append(_suite(conformance.system, case))
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _suite(system: str, case: CaseResult) -> ET.Element:
    tests = [
        _test(system, case, "operational", case.reason, case.reason),
        _test(system, case, "expectations", "; ".join(case.unmet), "\n".join(case.unmet)),
        *(_rule(system, case, rule) for rule in case.rules),
    ]
    failed, skipped = (sum(test.find(tag) is not None for test in tests) for tag in ("failure", "skipped"))
    suite = ET.Element(
        "testsuite",
        name=f"{system}.{case.id}",
        tests=str(len(tests)),
        failures=str(failed),
        skipped=str(skipped),
        errors="0",
        time=f"{case.seconds:.3f}",
    )
    suite.extend(tests)
    return suite


def _rule(system: str, case: CaseResult, rule: RuleResult) -> ET.Element:
    told = "\n".join(line for one in rule.violations for line in in_words(one))
    test = _test(system, case, rule.id, rule.clause if rule.verdict == "violated" else "", told)
    if rule.verdict == "not_exercised":
        ET.SubElement(test, "skipped", message="not exercised")
    return test


def _test(system: str, case: CaseResult, name: str, failure: str, text: str) -> ET.Element:
    """A test case, failed where there is something to say."""
    test = ET.Element("testcase", classname=f"{system}.{case.id}", name=name)
    if failure:
        ET.SubElement(test, "failure", message=_xml(failure)).text = _xml(text)
    return test


def _xml(content: str) -> str:
    """Only what XML can hold."""
    return "".join(one if one.isprintable() or one == "\n" else "�" for one in content)
