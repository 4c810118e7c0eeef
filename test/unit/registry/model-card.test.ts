import { describe, expect, test } from '@jest/globals';
import { parseModelCard } from '../../../src/registry/model-card.ts';
import { fullCard } from '../../support/model-card.ts';

const parse = (card: unknown) => parseModelCard(typeof card === 'string' ? card : JSON.stringify(card), 'card.json');
const metrics = (...metric_data: readonly object[]) => ({
  evaluation_details: [{ name: 'holdout', metric_groups: [{ name: 'quality', metric_data }] }],
});

describe('the model-card file', () => {
  test('becomes one line of JSON, whatever its layout', () => {
    const { content, riskRating } = parse(JSON.stringify(fullCard, undefined, 2));
    expect(content).toBe(JSON.stringify(fullCard));
    expect(riskRating).toBe('High');
    expect(parse({})).toEqual({ content: '{}' });
  });

  test('ends of lines in its texts stay escapes', () => {
    const purpose = 'one\ntwo\u2028three\u2029four\u0085five';
    const { content } = parse({ intended_uses: { purpose_of_model: purpose } });
    expect(content).not.toMatch(/[\n\r\u0085\u2028\u2029]/);
    expect(JSON.parse(content)).toEqual({ intended_uses: { purpose_of_model: purpose } });
  });

  test.each([
    ['{', 'card.json: '],
    [[], 'card.json: not a JSON object'],
    [{ foo: 1 }, 'card.json: has foo, and only these members are allowed: model_overview, intended_uses, '],
    [
      { model_overview: { model_owner: 'x' } },
      'model_overview has model_owner, and only these members are allowed: model_creator, model_artifact',
    ],
    [{ intended_uses: 'all' }, 'intended_uses is no object'],
    [{ intended_uses: { risk_rating: 'high' } }, 'intended_uses.risk_rating is none of High, Medium, Low, Unknown'],
    [
      { intended_uses: { purpose_of_model: 'x'.repeat(2049) } },
      'intended_uses.purpose_of_model is longer than 2048 characters',
    ],
    [{ model_overview: { model_artifact: 's3://ml/a' } }, 'model_overview.model_artifact is no list'],
    [{ evaluation_details: [{}] }, 'evaluation_details.0.name is no text'],
    [metrics({ name: 'auc', type: 'number' }), 'metric_data.0.value is neither a number'],
    [metrics({ name: 'auc', type: 'scalar', value: 1 }), 'is no metric of type number'],
    [{ additional_information: { custom_details: { a: 1 } } }, 'custom_details.a is no text'],
  ])('%j is refused with its place', (card, problem) => {
    expect(() => parse(card)).toThrow(problem);
  });

  test('is not longer than SageMaker holds', () => {
    const custom_details = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`k${n}`, 'x'.repeat(1000)]));
    expect(() => parse({ additional_information: { custom_details } })).toThrow(
      /has 10\d{4} characters, and SageMaker holds at most 100000/,
    );
  });
});
