import { describe, expect, it } from '@jest/globals';
import { mayDecide, readPackageEvent } from '../../../src/registry/package-event.ts';

const sample = {
  version: '0',
  id: 'a',
  'detail-type': 'SageMaker Model Package State Change',
  source: 'aws.sagemaker',
  account: '111122223333',
  time: '2026-01-05T10:00:01Z',
  region: 'eu-west-1',
  resources: ['arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7'],
  detail: {
    ModelPackageGroupName: 'churn',
    ModelPackageVersion: 7,
    ModelPackageArn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7',
    LastModifiedTime: '2026-01-05T10:00:00.250Z',
    ModelPackageStatus: 'Completed',
    ModelApprovalStatus: 'Rejected',
    UpdatedModelPackageFields: ['ModelApprovalStatus', 'ApprovalDescription'],
  },
};
type Change = Readonly<Record<string, unknown>>;
const event = (detail: Change = {}, around: Change = {}): string =>
  JSON.stringify({ ...sample, ...around, detail: { ...sample.detail, ...detail } });

describe('an event of EventBridge', () => {
  it('names the package, its decision, and the time of its last change', () => {
    expect(readPackageEvent(event(), 'event.json')).toEqual({
      group: 'churn',
      packageVersion: 7,
      home: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
      approval: 'Rejected',
      at: Date.UTC(2026, 0, 5, 10, 0, 0, 250),
      changed: ['ModelApprovalStatus', 'ApprovalDescription'],
    });
  });

  it.each([
    ['as milliseconds', event({ LastModifiedTime: Date.UTC(2026, 0, 5) }), Date.UTC(2026, 0, 5)],
    ['of the event itself', event({ LastModifiedTime: undefined }), Date.UTC(2026, 0, 5, 10, 0, 1)],
  ])('has its time %s', (_how, text, at) => {
    expect(readPackageEvent(text, 'event.json').at).toBe(at);
  });

  it('may have members without a value', () => {
    const names = ['ModelPackageGroupName', 'ModelPackageVersion', 'ModelApprovalStatus', 'LastModifiedTime'];
    const text = event(Object.fromEntries([...names, 'UpdatedModelPackageFields'].map((name) => [name, null])));
    expect(readPackageEvent(text, 'event.json')).toEqual({
      group: 'churn',
      packageVersion: 7,
      home: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
      at: Date.UTC(2026, 0, 5, 10, 0, 1),
    });
  });

  it('may name its group in lower case, and other members than today’s', () => {
    const arn = 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/Churn/7';
    expect(readPackageEvent(event({ ModelPackageArn: arn, Later: [1] }), 'event.json').group).toBe('Churn');
  });

  it.each([
    [['ModelApprovalStatus', 'ModelLifeCycle'], true],
    [['CustomerMetadataProperties'], false],
    [[], true],
    [null, true],
    [undefined, true],
  ])('with the changed members %j may be about the approval: %s', (changed, expected) => {
    expect(mayDecide(readPackageEvent(event({ UpdatedModelPackageFields: changed }), 'event.json'))).toBe(expected);
  });
});

describe('a file that is no such event', () => {
  it.each([
    ['no JSON', 'rejected', 'not JSON'],
    ['a list', '[]', 'it is no JSON object'],
    ['null', 'null', 'it is no JSON object'],
    ['another event', event({}, { 'detail-type': 'Scheduled Event' }), 'detail-type is "Scheduled Event"'],
    ['an event of others', event({}, { source: 'aws.sagemakers' }), 'source is "aws.sagemakers"'],
    ['an account that is none', event({}, { account: '1111' }), 'account is "1111"'],
    ['no time', event({}, { time: undefined }), 'it has no time'],
    ['no detail', JSON.stringify({ ...sample, detail: undefined }), 'it has no detail'],
    ['a time that is none', event({ LastModifiedTime: 'soon' }), 'detail.LastModifiedTime is no point in time'],
    ['a decision that is none', event({ ModelApprovalStatus: 'rejected' }), 'detail.ModelApprovalStatus is "rejected"'],
    ['members that are no list', event({ UpdatedModelPackageFields: 'x' }), 'detail.UpdatedModelPackageFields is "x"'],
    ['no package', event({ ModelPackageArn: 'churn/7' }), 'which is no ARN of a model package'],
    [
      'a package without a group',
      event({ ModelPackageArn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn' }),
      'belongs to no model package group',
    ],
    ['another region than its package', event({}, { region: 'us-west-2' }), 'are not those of its detail'],
    ['another account than its package', event({}, { account: '999988887777' }), 'are not those of its detail'],
    ['another group than its package', event({ ModelPackageGroupName: 'fraud' }), 'names churn'],
    ['another number than its package', event({ ModelPackageVersion: 8 }), 'detail.ModelPackageVersion is 8'],
  ])('%s is refused by name', (_what, text, because) => {
    expect(() => readPackageEvent(text, 'event.json')).toThrow(because);
    expect(() => readPackageEvent(text, 'event.json')).toThrow(/^event: event\.json: /);
  });

  it('keeps a secret of its own out of the message', () => {
    const text = event({}, { source: 'AKIAIOSFODNN7EXAMPLE' });
    expect(() => readPackageEvent(text, 'event.json')).toThrow('not shown');
  });
});
