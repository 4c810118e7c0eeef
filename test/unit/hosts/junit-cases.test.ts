import { describe, expect, test } from '@jest/globals';
import { junitCases } from '../../../src/hosts/junit-cases.ts';

const casesOf = (text: string) => junitCases(Buffer.from(text));
const names = (text: string) => casesOf(text).map(({ name, verdict }) => `${name} ${verdict}`);

describe('the cases of a JUnit report', () => {
  test('as pytest writes it', () => {
    const report = `<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="0.094" timestamp="2026-01-05T10:00:00" hostname="runner">
<testcase classname="tests.model.test_edges" name="test_empty" time="0.001" />
<testcase classname="tests.model.test_edges" name="test_long[a&lt;b]" time="0.001"><failure message="AssertionError: assert 'cat' == 'dog'&#10;  &#10;  - dog">def test_long(): ...
E   row 17 has the label dog</failure></testcase>
<testcase classname="tests.model.test_edges" name="test_gpu" time="0"><skipped type="pytest.skip" message="no GPU">x.py:3: no GPU</skipped></testcase>
<testcase classname="tests.model.test_broken" name="" time="0"><error message="collection failure">ImportError</error></testcase>
</testsuite></testsuites>`;
    expect(casesOf(report)).toEqual([
      { name: 'tests.model.test_edges: test_empty', verdict: 'pass' },
      {
        name: 'tests.model.test_edges: test_long[a<b]',
        verdict: 'fail',
        because: "AssertionError: assert 'cat' == 'dog'",
      },
      { name: 'tests.model.test_edges: test_gpu', verdict: 'inconclusive', because: 'skipped: no GPU' },
      { name: 'tests.model.test_broken', verdict: 'fail', because: 'collection failure' },
    ]);
  });

  test('of one suite, and of suites in suites', () => {
    expect(names('<testsuite><testcase name="a"/></testsuite>')).toEqual(['a pass']);
    expect(
      names(
        '<testsuites><testsuite><testsuite><testcase name="a"/></testsuite><testcase name="b"/></testsuite><testsuite><testcase name="c"/></testsuite></testsuites>',
      ),
    ).toEqual(['a pass', 'b pass', 'c pass']);
  });

  test('without a message have the first line of their details', () => {
    expect(
      casesOf('<testsuite><testcase name="a"><failure><![CDATA[\n  first\nsecond]]></failure></testcase></testsuite>'),
    ).toEqual([{ name: 'a', verdict: 'fail', because: 'first' }]);
    expect(casesOf('<testsuite><testcase name="a"><error/></testcase></testsuite>')).toEqual([
      { name: 'a', verdict: 'fail', because: 'error' },
    ]);
    expect(casesOf('<testsuite><testcase name="a"><skipped/></testcase></testsuite>')).toEqual([
      { name: 'a', verdict: 'inconclusive', because: 'skipped' },
    ]);
  });

  test('a case with a failure behind other elements fails, also when it is skipped as well', () => {
    expect(
      names(
        '<testsuite><testcase name="a"><system-out>ok</system-out><skipped/><failure message="m"/></testcase></testsuite>',
      ),
    ).toEqual(['a fail']);
  });

  test('a suite that fails itself is a case', () => {
    expect(casesOf('<testsuite name="setup"><error message="no fixture"/><testcase name="a"/></testsuite>')).toEqual([
      { name: 'setup', verdict: 'fail', because: 'no fixture' },
      { name: 'a', verdict: 'pass' },
    ]);
  });

  test('a suite that counts failures and names none is a case', () => {
    expect(casesOf('<testsuite name="s" errors="3" failures="2"><testcase name="q"/></testsuite>')).toEqual([
      { name: 'q', verdict: 'pass' },
      { name: 's', verdict: 'fail', because: 'the report counts 5 failures here, and names none' },
    ]);
    expect(casesOf('<testsuites errors="1"/>')).toEqual([
      { name: 'suite', verdict: 'fail', because: 'the report counts 1 failure here, and names none' },
    ]);
  });

  test('a count whose cases are named, in a suite within or before, is no case more', () => {
    expect(
      names(
        '<testsuites failures="3"><testsuite failures="2"><testcase name="a"><failure/></testcase></testsuite><testsuite failures="1" name="b"/><testsuite failures="0" errors="" name="c"/></testsuites>',
      ),
    ).toEqual(['a fail', 'b fail']);
  });

  test('are read behind the mark of an encoding', () => {
    expect(names('\ufeff<testsuite><testcase name="a"/></testsuite>')).toEqual(['a pass']);
  });

  test('none of a report without cases', () => {
    expect(casesOf('<testsuites/>')).toEqual([]);
  });

  test('the declaration of a document in a text of a case is none of the report', () => {
    expect(
      names(
        '<testsuite><testcase name="a"><system-out><![CDATA[<!DOCTYPE html>]]></system-out></testcase></testsuite>',
      ),
    ).toEqual(['a pass']);
  });
});

const laughs = Array.from({ length: 30 }, (_, at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`).join('');

describe('no JUnit report is', () => {
  test.each([
    ['empty', '', /^is not XML/],
    ['a text', '1 failed, 2 passed', /^is not XML/],
    ['cut off', '<testsuites><testsuite><testcase name="a"', /^is not XML/],
    ['JSON', '{"tests": 3}', /^is not XML/],
    ['another document', '<html><body/></html>', /^has no testsuites and no testsuite/],
    ['a document with a declaration', '<!DOCTYPE testsuites><testsuites/>', /^has a document type declaration/],
    [
      'one that names a file',
      '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite name="&x;"/>',
      /^(has a document type declaration|is not XML)/,
    ],
    [
      'one that grows without end',
      `<!DOCTYPE a [<!ENTITY l0 "ha">${laughs}]><testsuite><testcase name="&l30;"/></testsuite>`,
      /^(has a document type declaration|is not XML)/,
    ],
    ['deeper than any', '<testsuite>'.repeat(100_000) + '</testsuite>'.repeat(100_000), /more than 32 deep/],
  ])('%s', (_name, text, because) => {
    expect(() => casesOf(text)).toThrow(because);
  });

  test('one in another encoding', () => {
    expect(() => junitCases(Buffer.from([0xff, 0xfe, 0x3c, 0x00]))).toThrow('is not text in UTF-8');
  });
});
