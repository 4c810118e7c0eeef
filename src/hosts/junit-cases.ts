import { isUtf8 } from 'node:buffer';
import { DOMParser, type Element, ParseError } from '@xmldom/xmldom';
import type { CheckCase } from '../findings/regression.ts';
import { withoutByteOrderMark } from '../json-file.ts';
import { counted } from '../judge/amounts.ts';

/** Why a file is no JUnit report, as a clause about it. */
export class JunitProblem extends Error {
  override readonly name = 'JunitProblem';
}

/** A report of suites in suites in suites is made by no test program. */
const deepest = 32;

/**
 * The cases of a JUnit report, in its order. There is no schema that all test programs keep to: a case fails that has a `failure` or an
 * `error`, wherever it is, and a suite that has one itself is a case, too. So is a suite that counts failures without naming one: a
 * program that broke off, or that writes counts alone, has failed.
 * @throws {JunitProblem}
 */
export const junitCases = (bytes: Buffer): readonly CheckCase[] => {
  const root = rootOf(bytes);
  if (root.tagName !== 'testsuites' && root.tagName !== 'testsuite')
    throw new JunitProblem('has no testsuites and no testsuite as its root');
  const cases: CheckCase[] = [];
  const visit = (suite: Element, depth: number): void => {
    if (depth > deepest) throw new JunitProblem(`has suites in suites, more than ${deepest} deep`);
    const from = cases.length;
    const fault = faultIn(suite);
    if (fault !== undefined) cases.push({ name: nameOf(suite) || 'suite', ...fault });
    for (const child of childrenOf(suite)) {
      if (child.tagName === 'testcase') cases.push({ name: nameOf(child), ...(faultIn(child) ?? endOf(child)) });
      else if (child.tagName === 'testsuite') visit(child, depth + 1);
    }
    const failures = countedFailures(suite);
    if (failures > 0 && !cases.slice(from).some(({ verdict }) => verdict === 'fail'))
      cases.push({
        name: nameOf(suite) || 'suite',
        verdict: 'fail',
        because: `the report counts ${counted(failures, 'failure')} here, and names none`,
      });
  };
  visit(root, 1);
  return cases;
};

const rootOf = (bytes: Buffer): Element => {
  if (!isUtf8(bytes)) throw new JunitProblem('is not text in UTF-8');
  let problem = '';
  try {
    const { doctype, documentElement } = new DOMParser({
      onError: (_level, message) => {
        problem ||= message.split('\n')[0] ?? '';
        throw new JunitProblem(problem);
      },
    }).parseFromString(withoutByteOrderMark(bytes.toString('utf8')), 'text/xml');
    // Entities of its own could name files, and grow without end.
    if (doctype !== null) throw new JunitProblem('has a document type declaration, which no test program writes');
    if (documentElement === null) throw new JunitProblem('is not XML: it has no element');
    return documentElement;
  } catch (error) {
    // The parser wraps the listener's error.
    if (error instanceof ParseError) throw new JunitProblem(`is not XML: ${problem || 'it cannot be read'}`);
    throw error;
  }
};

const childrenOf = function* (element: Element): Generator<Element> {
  for (let node = element.firstChild; node !== null; node = node.nextSibling)
    if (node.nodeType === node.ELEMENT_NODE) yield node as Element;
};

const nameOf = (element: Element): string =>
  [element.getAttribute('classname'), element.getAttribute('name')].filter(Boolean).join(': ');

const faultIn = (element: Element): Omit<CheckCase, 'name'> | undefined => {
  for (const child of childrenOf(element))
    if (child.tagName === 'failure' || child.tagName === 'error')
      return { verdict: 'fail', because: sentenceOf(child) || child.tagName };
  return undefined;
};

/** As the suite counts its own cases. A count that is no number is ignored. */
const countedFailures = (suite: Element): number =>
  ['errors', 'failures'].reduce((sum, name) => sum + Math.max(0, Number(suite.getAttribute(name)) || 0), 0);

const endOf = (element: Element): Omit<CheckCase, 'name'> => {
  for (const child of childrenOf(element))
    if (child.tagName === 'skipped') {
      const because = sentenceOf(child);
      return { verdict: 'inconclusive', because: because === '' ? 'skipped' : `skipped: ${because}` };
    }
  return { verdict: 'pass' };
};

/** The message, or the first line of the details: the rest may quote rows. */
const sentenceOf = (element: Element): string =>
  (element.getAttribute('message') || (element.textContent ?? '').trim()).trim().split('\n')[0]?.trim() ?? '';
