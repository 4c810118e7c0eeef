import { reason } from '../reason-codes.ts';
import type { TestCase } from './findings/renderer.ts';
import { type Renderers, renderers } from './findings/renderers.ts';
import { junitSuite } from './junit-suite.ts';
import { type Report, type Result, workOf } from './result.ts';

/** The operation is a test case, and so is each of its findings; CodeBuild and GitLab show them among their test reports. */
export const junitOf = ({ result }: Report, table: Renderers = renderers): string => {
  const { findings } = result;
  const found = findings === undefined ? [] : (table[findings.is]?.junit(findings) ?? []);
  const seconds = (Date.parse(result.endedAt) - Date.parse(result.startedAt)) / 1000;
  return junitSuite('model-delivery', [operationCase(result), ...found], seconds);
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
