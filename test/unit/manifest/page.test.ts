import { describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { jsonSchema } from '../../../src/manifest/json-schema.ts';
import { loadManifest } from '../../../src/manifest/load.ts';
import { manifestPage } from '../../../tools/manifest-page.ts';

const page = manifestPage('.');
const strategies = ['all-at-once', 'canary', 'linear', 'rolling', 'steps'] as const;
const section = (strategy: string): string => page.split(`### \`strategy: ${strategy}\`\n`)[1]?.split('\n##')[0] ?? '';

describe('docs/manifest.md', () => {
  test.each(strategies)('shows a rollout by %s that can be pasted into a manifest', (strategy) => {
    const { rollout } = parse(/```yaml\n([\s\S]*?)```/.exec(section(strategy))?.[1] ?? '') as { rollout: unknown };
    const endpoint = { name: 'churn', 'execution-role': 'churn-serving', instance: { type: 'ml.m5.large', count: 4 } };
    const text = stringify({ version: 1, model: 'churn', environments: { production: { endpoint, rollout } } });
    expect(loadManifest(text, 'pasted').environments['production']?.rollout.strategy).toBe(strategy);
  });

  test('says when the canary moves how much of the traffic, and what that takes', () => {
    expect(section('canary')).toContain('- 25 % of the traffic for 10m');
    expect(section('canary')).toContain('8 × ml.c5.xlarge');
    expect(section('rolling')).toContain('5 × ml.c5.xlarge');
  });

  test('has every key of the schema', () => {
    const keys = keysIn(jsonSchema());
    expect(keys.size).toBeGreaterThan(60);
    const reported = new Set([...page.matchAll(/^\| `(?:[\w-]+\.)*([\w-]+)` /gm)].map(([, key]) => key));
    expect([...keys].filter((key) => !reported.has(key))).toEqual(['strategy']);
  });
});

const keysIn = (schema: unknown): ReadonlySet<string> =>
  new Set(
    Object.entries(typeof schema === 'object' && schema !== null ? schema : {}).flatMap(([member, value]) => [
      ...(member === 'properties' ? Object.keys(value) : []),
      ...keysIn(value),
    ]),
  );
