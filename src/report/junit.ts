import { reason } from '../reason-codes.ts';
import type { TestCase } from './findings/renderer.ts';
import { type Renderers, renderers } from './findings/renderers.ts';
import { type Report, type Result, workOf } from './result.ts';
import { escapeXml } from './xml.ts';

/** The operation is a test case, and so is each of its findings; CodeBuild and GitLab show them among their test reports. */
export const junitOf = ({ result }: Report, table: Renderers = renderers): string => {
  const { findings } = result;
  const found = findings === undefined ? [] : (table[findings.is]?.junit(findings) ?? []);
  const cases = [operationCase(result), ...found];
  const count = (ended: TestCase['ended']['is']): number => cases.filter((one) => one.ended.is === ended).length;
  const seconds = ((Date.parse(result.endedAt) - Date.parse(result.startedAt)) / 1000).toFixed(3);
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="model-delivery" tests="${cases.length}" failures="${count('failed')}" skipped="${count('skipped')}" time="${seconds}">
${cases.map((one, index) => `    ${element(one, index === 0 ? seconds : '0.000')}\n`).join('')}  </testsuite>
</testsuites>
`;
};

const operationCase = (result: Result): TestCase => ({
  classname: 'model-delivery',
  name: workOf(result),
  ended: endOf(result),
});

const endOf = ({ outcome, reason: code, because }: Result): TestCase['ended'] => {
  const type = `${outcome}/${code}`;
  const message = `${type}: ${because}`;
  if (outcome === 'succeeded') return { is: 'passed' };
  return outcome === 'pending'
    ? { is: 'skipped', message }
    : { is: 'failed', type, message, details: reason(code).remedy };
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
