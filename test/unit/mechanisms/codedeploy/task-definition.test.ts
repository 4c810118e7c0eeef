import { describe, expect, test } from '@jest/globals';
import {
  definitionChanges,
  isSame,
  settingsOf,
  withContent,
} from '../../../../src/mechanisms/codedeploy/task-definition.ts';

const digest = `sha256:${'1'.repeat(64)}`;
const repository = '111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn';
const base = {
  ...{ taskDefinitionArn: 'arn:…/churn:3', family: 'churn', revision: 3, status: 'ACTIVE', registeredAt: 1 },
  cpu: '1024',
  containerDefinitions: [
    {
      name: 'model',
      image: `${repository}:1.3.0`,
      environment: [
        { name: 'WORKERS', value: '4' },
        { name: 'DATA', value: 's3://b/before.tar.gz' },
      ],
      secrets: [{ name: 'TOKEN', valueFrom: 'arn' }],
    },
    { name: 'proxy', image: 'nginx:1' },
  ],
};
const registered = {
  tag: 'churn_v1.4.0',
  imageDigest: digest,
  containers: [{ Image: `${repository}:1.4.0`, ModelDataUrl: 's3://b/1.tar.gz', Environment: { WORKERS: '8' } }],
};
const service = { modelDataVariable: 'DATA' };

describe('the content of a package in a task definition', () => {
  test('replaces the image, the data and the variables of one container, and nothing else', () => {
    const settings = withContent(base, service, 'model', registered);
    expect(settings).toEqual({
      family: 'churn',
      cpu: '1024',
      containerDefinitions: [
        {
          ...base.containerDefinitions[0],
          image: `${repository}@${digest}`,
          environment: [
            { name: 'WORKERS', value: '8' },
            { name: 'DATA', value: 's3://b/1.tar.gz' },
          ],
        },
        base.containerDefinitions[1],
      ],
    });
    // A revision with the content is changed by none of it.
    expect(isSame(withContent(settings, service, 'model', registered), settings)).toBe(true);
    expect(isSame(base, settings)).toBe(false);
    expect(definitionChanges(base, settings)).toEqual([
      `container model: image: ${repository}:1.3.0 → ${repository}@${digest}`,
      'container model: variable DATA: changed',
      'container model: variable WORKERS: changed',
    ]);
  });

  test('takes the address of other data away with a package that has none', () => {
    const { ModelDataUrl: _without, ...container } = registered.containers[0] ?? {};
    const settings = withContent(base, service, 'model', { ...registered, containers: [container] });
    expect(settings.containerDefinitions?.[0]?.environment).toEqual([{ name: 'WORKERS', value: '8' }]);
    expect(definitionChanges(base, settings)).toContain('container model: variable DATA: removed');
  });

  test('goes into the container that the manifest names', () => {
    const settings = withContent(base, { ...service, container: 'proxy' }, 'model', registered);
    expect(settings.containerDefinitions?.map(({ image }) => image)).toEqual([
      `${repository}:1.3.0`,
      `${repository}@${digest}`,
    ]);
  });

  test.each([
    ['no such container', service, 'other', registered, 'has no container other; it has model, proxy'],
    ['two containers of the package', service, 'model', { ...registered, containers: [{}, {}] }, 'has 2 containers'],
    [
      'no digest',
      service,
      'model',
      { tag: registered.tag, containers: registered.containers },
      'is not pinned to a digest',
    ],
    ['no variable for the data', {}, 'model', registered, 'add model-data-variable'],
    ['a secret of the same name', { modelDataVariable: 'TOKEN' }, 'model', registered, 'TOKEN is a secret'],
    [
      'data in two places',
      service,
      'model',
      {
        ...registered,
        containers: [
          {
            ...registered.containers[0],
            AdditionalModelDataSources: [{ ChannelName: 'x', S3DataSource: { S3Uri: 's3://b/x' } }],
          },
        ],
      },
      'more than one place of model data',
    ],
  ])('is refused: %s', (_name, holder, behind, given, message) => {
    expect(() => withContent(base, holder, behind, given as typeof registered)).toThrow(message);
  });
});

test('the order of the variables is no difference, and a fact about a revision is no setting', () => {
  const [first, ...rest] = base.containerDefinitions;
  const turned = {
    ...{ ...base, revision: 4, registeredAt: 2 },
    containerDefinitions: [{ ...first, environment: [...(first?.environment ?? [])].reverse() }, ...rest],
  };
  expect(isSame(base, turned)).toBe(true);
  expect(Object.keys(settingsOf(base))).toEqual(['family', 'cpu', 'containerDefinitions']);
});
