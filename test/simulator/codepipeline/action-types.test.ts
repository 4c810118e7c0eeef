import {
  CreateCustomActionTypeCommand,
  type CreateCustomActionTypeInput,
  DeleteCustomActionTypeCommand,
  ListActionTypesCommand,
  PollForJobsCommand,
} from '@aws-sdk/client-codepipeline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { refusalOf } from '../support/account.ts';
import { actionTypeId, definition, type Harbour, openHarbour } from './support.ts';

let harbour: Harbour;
beforeEach(async () => {
  harbour = await openHarbour();
});
afterEach(() => harbour.simulator.close());

const create = (more: Partial<CreateCustomActionTypeInput>) =>
  refusalOf(harbour.client.send(new CreateCustomActionTypeCommand({ ...definition, ...more })));
const remove = () =>
  harbour.client.send(new DeleteCustomActionTypeCommand({ category: 'Deploy', provider: 'Shipper', version: '1' }));
const property = { name: 'x', required: true, key: false, secret: false };

test.each<[string, Partial<CreateCustomActionTypeInput>, RegExp]>([
  [
    'eleven keys',
    { configurationProperties: Array.from({ length: 11 }, (_, i) => ({ ...property, name: `k${i}` })) },
    /configurationProperties/,
  ],
  ['a long provider', { provider: 'p'.repeat(36) }, /provider/],
  ['a long version', { version: '1234567890' }, /version/],
  ['a long description', { configurationProperties: [{ ...property, description: 'd'.repeat(161) }] }, /description/],
  [
    'two queryable keys',
    {
      configurationProperties: [
        { ...property, queryable: true },
        { ...property, name: 'y', queryable: true },
      ],
      settings: {},
    },
    /queryable/,
  ],
  [
    'a queryable key that is not required',
    { configurationProperties: [{ ...property, required: false, queryable: true }], settings: {} },
    /queryable/,
  ],
  ['a link to a secret', { settings: { entityUrlTemplate: 'https://example.com/{Config:Password}' } }, /Password/],
  ['six artifacts', { inputArtifactDetails: { minimumCount: 0, maximumCount: 6 } }, /maximumCount/],
  [
    'more artifacts at least than at most',
    { inputArtifactDetails: { minimumCount: 2, maximumCount: 1 } },
    /minimum number/,
  ],
])('%s: refused', async (_, more, expected) => {
  expect(await create({ version: '2', ...more })).toMatch(/^ValidationException: /);
  expect(await create({ version: '2', ...more })).toMatch(expected);
});

test('an action type cannot be changed or made again, and a deleted one only restored as it was', async () => {
  const changed = { outputArtifactDetails: { minimumCount: 0, maximumCount: 1 } };
  expect(await create({})).toMatch(/^ActionTypeAlreadyExistsException: /);
  expect(await create(changed)).toMatch(/^ActionTypeAlreadyExistsException: /);
  await remove();
  expect(await refusalOf(harbour.client.send(new PollForJobsCommand({ actionTypeId })))).toMatch(
    /^ActionTypeNotFoundException: /,
  );
  expect(await create(changed)).toMatch(/^ActionTypeAlreadyExistsException: /);
  expect(await create({})).toBeUndefined();
  expect(await harbour.poll()).toEqual([]);
});

test('there are at most fifty', async () => {
  for (let i = 2; i <= 50; i++) expect(await create({ version: String(i) })).toBeUndefined();
  expect(await create({ version: '51' })).toMatch(/^LimitExceededException: /);
});

test('are shown as they were made', async () => {
  const { actionTypes } = await harbour.client.send(new ListActionTypesCommand({ actionOwnerFilter: 'Custom' }));
  const { configurationProperties, settings } = definition;
  expect(actionTypes).toMatchObject([{ actionConfigurationProperties: configurationProperties, settings }]);
});

test('are listed by owner, as custom ones', async () => {
  const list = async (actionOwnerFilter?: 'Custom' | 'AWS') =>
    (
      await harbour.client.send(new ListActionTypesCommand(actionOwnerFilter ? { actionOwnerFilter } : {}))
    ).actionTypes?.map(({ id }) => `${id?.owner}/${id?.provider}`);
  const ofAws = ['S3', 'ECR', 'CodeBuild', 'CodeBuild', 'Lambda', 'StepFunctions', 'S3', 'Manual'].map(
    (name) => `AWS/${name}`,
  );
  expect(await list()).toEqual([...ofAws, 'Custom/Shipper']);
  expect(await list('Custom')).toEqual(['Custom/Shipper']);
  expect(await list('AWS')).toEqual(ofAws);
});
