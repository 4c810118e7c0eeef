import { expect, test } from '@jest/globals';
import { compareWith } from '../../src/adopt/compared.ts';
import { manifestText } from '../../src/adopt/manifest-text.ts';
import { isSpec, tried } from '../../src/adopt/trial.ts';
import { writtenRollout } from '../../src/adopt/written-rollout.ts';
import { basisOf, writtenSettings } from '../../src/adopt/written-settings.ts';
import { loadManifest } from '../../src/manifest/load.ts';
import { account, foundWith } from '../support/found.ts';
import { legalEndpoint } from '../support/legal-settings.ts';
import { fc } from '../support/properties.ts';

/** Text that may try to leave a comment, or to be another value. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '\n  injected: true',
    'a\r\nmodel: other',
    '\u2028x: 1',
    '\u0085y: 2',
    '# ',
    ': ',
    '&a *a',
    '%YAML 1.1',
    '---',
    'true',
    '1e3',
  ),
);

/** The key of the protection that a line is about. */
const keyOf = (line: string): string => {
  const found = Object.entries({
    'data capture': 'data-capture',
    DataCapture: 'data-capture',
    encryption: 'kms-key',
    VPC: 'vpc',
    'Elastic Inference': 'accelerator',
  }).find(([start]) => line.startsWith(start));
  if (found === undefined) throw new Error(`no remark can explain: ${line}`);
  return `${found[1]} could not be written`;
};

test('whatever legal settings an endpoint has, its manifest loads, and each difference that is left is explained', () => {
  fc.assert(
    fc.property(
      legalEndpoint,
      fc.dictionary(hostile, hostile, { maxKeys: 3, noNullPrototype: true }),
      fc.array(hostile, { maxLength: 3 }),
      fc.dictionary(fc.stringMatching(/^[A-Z][A-Z_]{0,12}$/), hostile, { maxKeys: 3, noNullPrototype: true }),
      (made, tags, sentences, Environment) => {
        const found = foundWith(
          {
            variant: { ...made.variant, InstanceType: 'ml.m5.large', InitialInstanceCount: 4 },
            config: made.config,
            model: made.model,
            container: { ...made.container, Environment },
          },
          { tags: new Map(Object.entries({ ...tags, 'managed-by': `terraform ${sentences.join('')}` })) },
        );
        const against = { account, found, model: 'churn' };
        const { keys, remarks } = writtenSettings(against, basisOf(found, account));
        const spec = tried(keys);
        if (!isSpec(spec)) throw new Error(spec.because);
        const { kept, lines } = compareWith(against, spec);
        const text = manifestText({
          account,
          found,
          model: 'churn',
          environment: 'production',
          endpoint: keys,
          remarks: [...remarks, ...sentences],
          kept,
          rollout: writtenRollout(found, spec),
          alarms: { named: ['errors'], remarks: sentences },
        });
        const { endpoint, rollout } = loadManifest(text, 'delivery.yml').environments['production'] ?? {};
        expect(endpoint).toEqual(spec);
        expect(rollout?.alarms.named).toEqual(['errors']);
        // Each difference that is left has a remark: a variable that may be a secret, or a value that no manifest can have.
        for (const line of lines) {
          const name = /^environment (\S+): /.exec(line)?.[1] ?? keyOf(line);
          expect([line, remarks.filter((remark) => remark.includes(name))]).toEqual([line, [expect.any(String)]]);
        }
      },
    ),
    { numRuns: 60 },
  );
});
