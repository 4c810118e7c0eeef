import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { stringify } from 'yaml';
import { jsonSchema } from '../../src/manifest/json-schema.ts';
import { loadJudge, loadManifest, ManifestError } from '../../src/manifest/load.ts';
import { parseYaml } from '../../src/manifest/yaml.ts';
import { parseEvaluation } from '../../src/registry/evaluation.ts';
import { manifestText } from '../../src/rehearsal/manifest.ts';
import { failureOf } from '../../src/report/failure.ts';
import { InputError } from '../../src/schema.ts';
import { budget, junk, mutated, mutatedText } from '../support/fuzz.ts';
import { fc } from '../support/properties.ts';

// Files that people write. Whatever is in them: a clear refusal or a value that is valid by another judge, nothing else.

const texts = [
  manifestText(),
  ...['all-at-once', 'canary', 'linear', 'rolling', 'steps', 'minimal', 'without-instances'].map((name) =>
    readFileSync(`examples/${name}.yml`, 'utf8'),
  ),
];

/** The schema that editors use: derived from the same declaration, judged by other code. */
const validate = new Ajv2020({ strict: false, allErrors: false }).compile(jsonSchema());

const expectRefusal = (error: unknown, kind: typeof InputError): void => {
  expect(error).toBeInstanceOf(kind);
  const { reason, because } = failureOf(error);
  expect(reason).not.toBe('internal-error');
  expect(because.split('\n').length).toBeLessThanOrEqual(21);
  expect(because.length).toBeLessThan(15_000);
};

const judgeManifest = (text: string): void => {
  let loaded: unknown;
  try {
    loaded = loadManifest(text, 'delivery.yml');
  } catch (error) {
    expectRefusal(error, ManifestError);
    return;
  }
  expect(loaded).toBeDefined();
  if (!validate(parseYaml(text).value)) throw new Error(`accepted, but not by its JSON Schema: ${text}`);
};

describe('a manifest', () => {
  test('whose text is broken', () => {
    const text = fc.constantFrom(...texts).chain((one) => mutatedText(one));
    fc.assert(fc.property(text, judgeManifest), budget());
  });
  test('whose values are others', () => {
    const value = fc.constantFrom(...texts).chain((one) => mutated(parseYaml(one).value));
    fc.assert(
      fc.property(value, (changed) => judgeManifest(stringify(changed) ?? '')),
      budget(),
    );
  });
  test('that is none at all', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      junk.map((value) => stringify(value) ?? ''),
      fc
        .nat({ max: 20_000 })
        .chain((n) => fc.constantFrom('[', '{a: ', '- ', '? ', '&a [*a,', '!!x ').map((open) => open.repeat(n / 10))),
    );
    fc.assert(fc.property(text, judgeManifest), budget());
  });
});

test('a policy of the judge', () => {
  const policy =
    'convict: { worse-than: 1.2x, false-rollback: 0.01 }\nhealthy: { excess-below: 0.5%, confidence: 0.95 }\n';
  expect(loadJudge(policy, 'judge.yml')).toBeDefined();
  fc.assert(
    fc.property(
      fc.oneof(
        mutatedText(policy),
        mutated(parseYaml(policy).value).map((value) => stringify(value) ?? ''),
      ),
      (text) => {
        try {
          const { convict } = loadJudge(text, 'judge.yml');
          expect(convict.worseThan).toBeGreaterThanOrEqual(1);
          expect(convict.falseRollback).toBeGreaterThan(0);
          expect(convict.falseRollback).toBeLessThan(1);
        } catch (error) {
          expectRefusal(error, ManifestError);
        }
      },
    ),
    budget(),
  );
});

test('an evaluation.json', () => {
  const text = readFileSync('simulator/fixtures/iris-1.3.0/evaluation.json', 'utf8');
  const any = fc.oneof(
    mutatedText(text),
    mutated(JSON.parse(text)).map((value) => JSON.stringify(value) ?? ''),
    junk.map((value) => JSON.stringify(value) ?? ''),
    fc.string({ unit: 'binary' }),
    fc.nat({ max: 3000 }).map((depth) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`),
  );
  fc.assert(
    fc.property(any, (given) => {
      let evaluation: ReturnType<typeof parseEvaluation>;
      try {
        evaluation = parseEvaluation(given, 'evaluation.json');
      } catch (error) {
        expectRefusal(error, InputError);
        return;
      }
      const value: unknown = JSON.parse(given);
      expect(Object.prototype.toString.call(value)).toBe('[object Object]');
      expect(evaluation.text).toBe(given);
      expect(evaluation.sha256).toBe(createHash('sha256').update(given).digest('hex'));
    }),
    budget(),
  );
});
