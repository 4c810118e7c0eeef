import { isUtf8 } from 'node:buffer';
import { DOMParser, type Element, ParseError } from '@xmldom/xmldom';
import type { CheckCase } from '../findings/regression.ts';

/** Why a file is no JUnit report, as a clause about it. */
export class JunitProblem extends Error {
  override readonly name = 'JunitProblem';
}

/** A report of suites in suites in suites is made by no test program. */
const deepest = 32;

/**
 * The cases of a JUnit report, in its order. There is no schema that all test programs keep to: a case fails that has a `failure` or an
 * `error`, wherever it is, and a suite that has one itself is a case, too.
 * @throws {JunitProblem}
 */
export const junitCases = (bytes: Buffer): readonly CheckCase[] => {
  const root = rootOf(bytes);
  if (root.tagName !== 'testsuites' && root.tagName !== 'testsuite')
    throw new JunitProblem('has no testsuites and no testsuite as its root');
  const cases: CheckCase[] = [];
  const visit = (suite: Element, depth: number): void => {
    if (depth > deepest) throw new JunitProblem(`has suites in suites, more than ${deepest} deep`);
    const fault = faultIn(suite);
    if (fault !== undefined) cases.push({ name: nameOf(suite) || 'suite', ...fault });
    for (const child of childrenOf(suite)) {
      if (child.tagName === 'testcase') cases.push({ name: nameOf(child), ...(faultIn(child) ?? endOf(child)) });
      else if (child.tagName === 'testsuite') visit(child, depth + 1);
    }
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
    }).parseFromString(bytes.toString('utf8').replace(/^\ufeff/, ''), 'text/xml');
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
