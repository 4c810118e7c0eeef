import { describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../../src/outcome.ts';
import type { Scenario } from '../../../src/rehearsal/scenarios/scenario.ts';
import { flippedPerformances } from '../../../src/rehearsal/settings.ts';

const scenario = (name: string, outcome: Outcome, settings = {}): Scenario => ({
  name,
  about: name,
  expected: { outcome, reasonCode: 'delivered' },
  settings,
  play: () => Promise.reject(new Error('not played')),
});
const chosen = (
  plain: readonly { readonly scenario: Scenario; readonly settingsRead: readonly string[] }[],
  everyPair = false,
): string[] => flippedPerformances(plain, everyPair).map(({ scenario: { name }, flip }) => `${name}/${flip}`);
const reading = (one: Scenario, ...settingsRead: string[]) => ({ scenario: one, settingsRead });

describe('which scenarios a flip is played in', () => {
  test('those whose judged release looked at the setting', () => {
    const plain = [
      reading(scenario('a', 'succeeded'), 'provisionMs', 'endpointInstanceQuota'),
      reading(scenario('b', 'succeeded'), 'sameConfigUpdate'),
    ];
    expect(chosen(plain)).toEqual(['a/provisionMs', 'b/sameConfigUpdate']);
  });

  test('a scenario that lives by a setting keeps it', () => {
    expect(chosen([reading(scenario('a', 'failed', { staleDescribeMs: 1 }), 'staleDescribeMs')])).toEqual([]);
  });

  test('of many, one for each expected outcome, in turn; every pair when asked', () => {
    const plain = ['a', 'b', 'c', 'd', 'e'].map((name) =>
      reading(scenario(name, 'succeeded'), 'provisionMs', 'terminateMs'),
    );
    plain.push(reading(scenario('f', 'failed'), 'provisionMs'));
    expect(chosen(plain)).toEqual(['a/provisionMs', 'f/provisionMs', 'e/terminateMs']);
    expect(chosen(plain, true)).toHaveLength(11);
  });
});
