import type { TestCase } from './findings/renderer.ts';
import { escapeXml } from './xml.ts';

/**
 * One suite of a JUnit report.
 * @param cases the first one took all the time
 * @param seconds absent where no clock ran
 */
export const junitSuite = (name: string, cases: readonly TestCase[], seconds?: number): string => {
  const count = (ended: TestCase['ended']['is']): number => cases.filter((one) => one.ended.is === ended).length;
  const took = (seconds ?? 0).toFixed(3);
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="${escapeXml(name)}" tests="${cases.length}" failures="${count('failed')}" skipped="${count('skipped')}" time="${took}">
${cases.map((one, index) => `    ${element(one, index === 0 ? took : '0.000')}\n`).join('')}  </testsuite>
</testsuites>
`;
};

const element = ({ classname, name, ended, output }: TestCase, seconds: string): string => {
  const printed = output === undefined ? '' : `<system-out>${escapeXml(output)}</system-out>`;
  return `<testcase classname="${escapeXml(classname)}" name="${escapeXml(name)}" time="${seconds}">${body(ended)}${printed}</testcase>`;
};

const body = (ended: TestCase['ended']): string => {
  switch (ended.is) {
    case 'passed':
      return '';
    case 'skipped':
      return `<skipped message="${escapeXml(ended.message)}"/>`;
    case 'failed':
      return `<failure type="${escapeXml(ended.type)}" message="${escapeXml(ended.message)}">${escapeXml(ended.details)}</failure>`;
  }
};
