import { lookAt } from '../../src/endpoint/look.ts';
import { environmentOf } from '../../src/manifest/load.ts';
import type { Memory, Operation } from '../../src/operation.ts';
import { type DeployEndpointInputs, deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { requireRequested } from '../../src/registry/packages.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { releasesOf } from '../../src/release/location.ts';
import { reportFiles, reportsDigestFile } from '../../src/scoring/checks/report-files.ts';
import { filesDigest, goldenFiles } from '../../src/scoring/golden-set.ts';
import { subjectOf } from '../../src/scoring/subject.ts';
import { readTest, type TestRecord, type Verdict, writeTest } from '../../src/scoring/test-record.ts';
import type { TestAccount } from './account.ts';
import { testedAt } from './regression-test.ts';

export const golden = { bucket: team.bucket, key: 'golden/iris.csv' };

/** The section of a manifest whose golden set lies in S3. */
export const regression = (...more: readonly string[]): string =>
  `regression:\n${[
    'task: multiclass-classification',
    `dataset: s3://${golden.bucket}/${golden.key}`,
    'metrics: [accuracy]',
    'request: { content-type: text/csv, input: [sepal_length] }',
    ...more,
  ]
    .map((line) => `  ${line}\n`)
    .join('')}`;

export const putGolden = ({ simulator }: TestAccount, rows = 'id,label,sepal_length\n1,setosa,5.1\n'): void =>
  simulator.objects.put(golden.bucket, golden.key, Buffer.from(rows));

/**
 * Writes the record of a regression test through the clients of a run in production, as the operation does.
 * @param edit of the record that passes
 */
export const keepVerdict = async (
  account: TestAccount,
  version: string,
  changes: Partial<Verdict> = {},
  edit: (record: TestRecord) => TestRecord = (record) => record,
): Promise<void> => {
  const keeping: Operation<DeployEndpointInputs, Memory, object> = {
    name: 'deploy-endpoint',
    description: 'Keeps a verdict.',
    inputs: deployEndpoint.inputs,
    outputs: {},
    advance: async ({ manifest, environment }, _memory, world) => {
      const { regression } = manifest;
      if (regression === undefined) throw new Error('nothing to test');
      const target = environmentOf(manifest, environment);
      const endpoint = target.endpoint.name;
      const registered = await requireRequested(world, manifest.model, version);
      const look = await lookAt(world, endpoint);
      const dataset = filesDigest([
        ...(await goldenFiles(world, regression)),
        ...reportsDigestFile(await reportFiles(world, { regression, registered, look })),
      ]);
      const subject = subjectOf({ endpoint, registered, regression, dataset, look });
      const releases = releasesOf(target, world.account);
      const before = await readTest(world, releases, subject);
      const record = testedAt(world.clock.now(), subject, regression, { version, ...changes });
      await writeTest(world, releases, edit(record), before?.etag);
      return { is: 'done', outcome: 'succeeded', reason: 'approved', outputs: {}, because: 'kept' };
    },
    abort: async () => {
      throw new Error('nothing to abort');
    },
  };
  const report = await account.run(keeping, { version }, { runId: 'test' });
  if (report?.result.outcome !== 'succeeded') throw new Error(`no verdict was kept: ${report?.result.because}`);
};
