import { describe, expect, test } from '@jest/globals';
import type { RiskRating } from '../../../src/registry/card-summary.ts';
import { riskOf } from '../../../src/registry/risk.ts';
import { withoutUndefined } from '../../../src/without-undefined.ts';

type Said = 'high' | 'normal' | undefined;

const risk = (forAll: Said, own: Said, riskRating?: RiskRating) =>
  riskOf(withoutUndefined({ risk: forAll }), withoutUndefined({ risk: own }), {
    sections: {},
    ...withoutUndefined({ riskRating }),
  });

describe('the risk of a version in an environment', () => {
  test.each([
    [undefined, undefined, undefined, 'normal'],
    ['high', undefined, undefined, 'high'],
    [undefined, 'high', undefined, 'high'],
    ['normal', 'high', 'Low', 'high'],
    ['high', undefined, 'Low', 'high'],
    [undefined, undefined, 'High', 'high'],
    // The manifest's `normal` for all environments does not lower the card's.
    ['normal', undefined, 'High', 'high'],
    [undefined, undefined, 'Medium', 'normal'],
    [undefined, undefined, 'Unknown', 'normal'],
  ] as const)('manifest %s, environment %s, card %s: %s', (forAll, own, rating, level) => {
    expect(risk(forAll, own, rating).level).toBe(level);
  });

  test('each origin is named', () => {
    expect(risk('high', 'high', 'High').because).toBe(
      'the risk is high by `risk: high` of the environment and `risk: high` of the manifest and the model card, which rates the risk as High',
    );
    expect(risk(undefined, undefined, 'Low').because).toBeUndefined();
  });

  test.each([
    ['high', undefined],
    [undefined, 'High'],
  ] as const)('an environment lowers it, with a reason: manifest %s, card %s', (forAll, rating) => {
    const { level, because } = risk(forAll, 'normal', rating);
    expect(level).toBe('normal');
    expect(because).toMatch(/^the risk is high by .*, but this environment has `risk: normal`/);
  });

  test('a version without a card has the risk of the manifest', () => {
    expect(riskOf({ risk: 'high' }, {}, undefined).level).toBe('high');
    expect(riskOf({}, {}, undefined)).toEqual({ level: 'normal' });
  });
});
