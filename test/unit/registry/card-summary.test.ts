import { describe, expect, test } from '@jest/globals';
import { cardSummaryOf } from '../../../src/registry/card-summary.ts';

const summary = (content: unknown, status = 'Draft') =>
  cardSummaryOf({
    ModelCard: {
      ModelCardContent: typeof content === 'string' ? content : JSON.stringify(content),
      ModelCardStatus: status as 'Draft',
    },
  });

describe('the model card of a package, in brief', () => {
  test('its parts for a reader, in the order of the card', () => {
    expect(
      summary({
        intended_uses: {
          purpose_of_model: 'rank customers',
          intended_uses: 'retention; never prices',
          risk_rating: 'High',
          factors_affecting_model_efficiency: '',
        },
        model_overview: { model_creator: 'ML platform', model_artifact: ['s3://ml/a.tar.gz'] },
        additional_information: {
          caveats_and_recommendations: 'drifts with the season',
          custom_details: { team: 'x' },
        },
      }),
    ).toEqual({
      status: 'Draft',
      riskRating: 'High',
      sections: {
        creator: 'ML platform',
        purpose: 'rank customers',
        'intended uses': 'retention; never prices',
        caveats: 'drifts with the season',
      },
    });
  });

  test.each([['high'], [' High '], ['HIGH']])('the rating %j counts as High', (risk_rating) => {
    expect(summary({ intended_uses: { risk_rating } })?.riskRating).toBe('High');
  });

  test('members in other shapes are left out, lists of sentences are joined', () => {
    expect(
      summary({
        model_overview: 7,
        intended_uses: { intended_uses: ['triage', 3, 'quality'], risk_rating: { is: 'High' }, purpose_of_model: null },
        __proto__: { business_details: { business_problem: 'inherited' } },
      }),
    ).toEqual({ status: 'Draft', sections: { 'intended uses': 'triage; quality' } });
  });

  test.each([['{'], ['[]'], ['"High"'], ['['.repeat(70) + ']'.repeat(70)]])('content %j is unreadable', (content) => {
    expect(summary(content)).toEqual({ status: 'Draft', sections: {}, unreadable: true });
  });

  test('no card, and a card without content', () => {
    expect(cardSummaryOf({})).toBeUndefined();
    expect(cardSummaryOf({ ModelCard: { ModelCardStatus: 'PendingReview' } })).toEqual({
      status: 'PendingReview',
      sections: {},
    });
  });
});
