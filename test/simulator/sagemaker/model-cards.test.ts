import { describe, expect, test } from '@jest/globals';
import { fullCard } from '../../support/model-card.ts';
import { accountId, image, simulatedAws } from '../support/simulated-aws.ts';

/** AWS: "View the Details of a Model Version", model package model card schema. */

const registry = () => {
  const far = simulatedAws({});
  far.call('CreateModelPackageGroup', { ModelPackageGroupName: 'iris' });
  const input = (content: unknown, ModelCardStatus = 'Draft') => ({
    ModelPackageGroupName: 'iris',
    InferenceSpecification: { Containers: [{ Image: image, ModelDataUrl: 's3://models/iris.tar.gz' }] },
    ModelCard: {
      ModelCardContent: typeof content === 'string' ? content : JSON.stringify(content),
      ModelCardStatus,
    },
  });
  return { far, input };
};
const metric = (data: object) => ({
  evaluation_details: [{ name: 'holdout', metric_groups: [{ name: 'quality', metric_data: [data] }] }],
});

describe('the model card of a package', () => {
  test('with every member of the schema, and with none', () => {
    const { far, input } = registry();
    for (const card of [fullCard, {}]) {
      const { ModelPackageArn: ModelPackageName } = far.call('CreateModelPackage', input(card));
      expect(far.call('DescribeModelPackage', { ModelPackageName }).ModelCard).toEqual({
        ModelCardContent: JSON.stringify(card),
        ModelCardStatus: 'Draft',
      });
    }
  });

  test.each([
    ['{', 'it is not JSON'],
    [[], '$ is no object'],
    [{ model_name: 'churn' }, '$ has the unknown member model_name'],
    [{ model_overview: { model_owner: 'x' } }, '$.model_overview has the unknown member model_owner'],
    [{ intended_uses: { risk_rating: 'high' } }, '$.intended_uses.risk_rating is none of High, Medium, Low, Unknown'],
    [{ intended_uses: { purpose_of_model: 'x'.repeat(2049) } }, '$.intended_uses.purpose_of_model is too long'],
    [{ evaluation_details: [{}] }, '$.evaluation_details[0] lacks name'],
    [{ evaluation_details: [{ name: '' }] }, '$.evaluation_details[0].name does not match'],
    [metric({ name: 'auc', type: 'number' }), 'metric_data[0] matches no form'],
    [metric({ name: 'roc', type: 'linear_graph', value: [[1]] }), 'metric_data[0] matches no form'],
    [
      { evaluation_details: [{ name: 'holdout', datasets: Array.from({ length: 11 }, (_, n) => `s3://data/${n}`) }] },
      '$.evaluation_details[0].datasets has 11 items',
    ],
    [
      { additional_information: { custom_details: { a: 1 } } },
      '$.additional_information.custom_details.a is no string',
    ],
  ])('%j is refused', (card, fault) => {
    const { far, input } = registry();
    const refusal = far.refusal('CreateModelPackage', input(card));
    expect(refusal).toContain('ValidationException: ModelCardContent does not match the model card schema: ');
    expect(refusal).toContain(fault);
  });

  test('in several lines, and with another status, it is refused by the shape', () => {
    const { far, input } = registry();
    expect(far.refusal('CreateModelPackage', input('{\n}'))).toMatch(/^ValidationException: 1 validation error/);
    expect(far.refusal('CreateModelPackage', input({}, 'Done'))).toMatch(/^ValidationException: 1 validation error/);
  });

  test('is edited until it is archived', () => {
    const { far, input } = registry();
    far.call('CreateModelPackage', input({}));
    const ModelPackageArn = `arn:aws:sagemaker:eu-west-1:${accountId}:model-package/iris/1`;
    const edit = (ModelCard: object) => ({ ModelPackageArn, ModelCard });
    far.call('UpdateModelPackage', edit({ ModelCardContent: '{}', ModelCardStatus: 'Archived' }));
    expect(far.refusal('UpdateModelPackage', edit({ ModelCardContent: '{}' }))).toBe(
      'ValidationException: Model Card is in Archived state',
    );
  });
});
