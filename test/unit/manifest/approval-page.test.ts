import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { metricSources } from '../../../src/manifest/approval-policy.ts';
import { loadManifest } from '../../../src/manifest/load.ts';
import { reportMembers } from '../../../src/registry/package-reports.ts';

const page = readFileSync('docs/approval.md', 'utf8');

test('the example of the page is one', () => {
  const [, block = ''] = /^```yaml\n(approval:\n {2}policy:\n[\s\S]*?)^```/m.exec(page) ?? [];
  const manifest = loadManifest(
    `${readFileSync('examples/canary.yml', 'utf8')}\nregression: { task: regression, dataset: golden.csv, metrics: [mae], request: { content-type: text/csv, input: [a] } }\n${block}`,
    'd.yml',
  );
  expect(Object.values(manifest.environments)[0]?.approval?.policy).toHaveLength(5);
});

test.each(metricSources)('the page names the source %s, and its member of a package', (source) => {
  const row = page.split('\n').find((line) => line.startsWith(`| \`${source}\``)) ?? '';
  const members = reportMembers[source as keyof typeof reportMembers] ?? ['CustomerMetadataProperties'];
  for (const member of members) expect(row).toContain(`\`${member}\``);
});
