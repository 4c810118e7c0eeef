import { reason } from '../reason-codes.ts';
import type { Report } from './result.ts';
import { escapeXml } from './xml.ts';

/** One test case, the operation; CodeBuild and GitLab show it among their test reports. */
export const junitOf = ({ result }: Report): string => {
  const seconds = ((Date.parse(result.endedAt) - Date.parse(result.startedAt)) / 1000).toFixed(3);
  const passed = result.outcome === 'succeeded';
  const skipped = result.outcome === 'pending';
  const message = escapeXml(`${result.outcome}/${result.reason}: ${result.because}`);
  const body = passed
    ? ''
    : skipped
      ? `<skipped message="${message}"/>`
      : `<failure type="${result.outcome}/${result.reason}" message="${message}">${escapeXml(reason(result.reason).remedy)}</failure>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="model-delivery" tests="1" failures="${passed || skipped ? 0 : 1}" skipped="${skipped ? 1 : 0}" time="${seconds}">
    <testcase classname="model-delivery" name="${result.operation}" time="${seconds}">${body}</testcase>
  </testsuite>
</testsuites>
`;
};
