import { describe, expect, test } from '@jest/globals';
import {
  nearestVersions,
  parseSemanticVersion,
  readVersion,
  type SemanticVersion,
  versionTag,
} from '../../../src/registry/semantic-version.ts';
import { fc } from '../../support/properties.ts';

const parse = (text: string): SemanticVersion => {
  const version = parseSemanticVersion(text);
  if (!version) throw new Error(`${text} is not a version`);
  return version;
};

const identifier = fc.oneof(fc.nat(99).map(String), fc.constantFrom('alpha', 'rc', 'x-7', '-', 'B2', '0a'));
const version = fc
  .tuple(fc.nat(20), fc.nat(20), fc.nat(20), fc.array(identifier, { maxLength: 3 }))
  .map(([major, minor, patch, pre]) => `${major}.${minor}.${patch}${pre.length > 0 ? `-${pre.join('.')}` : ''}`);

describe('the grammar', () => {
  test.each(['0.0.0', '1.4.0', '1.4.0-rc.1', '1.0.0--', '1.0.0-0a.b', '99999999.0.0'])('takes %s', (text) => {
    expect(parseSemanticVersion(text)).toBeDefined();
  });

  test.each([
    '1.4',
    '01.4.0',
    '1.4.0-01',
    '1.4.0-',
    '1.4.0-a..b',
    '1.4.0+5',
    'v1.4.0',
    '=1.4.0',
    ' 1.4.0',
    '1.4.0\n',
    `${2 ** 53}.0.0`,
    `1.0.0-${'a'.repeat(123)}`,
  ])('refuses %j', (text) => {
    expect(parseSemanticVersion(text)).toBeUndefined();
  });
});

describe('precedence', () => {
  test('is the order of semver.org §11', () => {
    const ordered = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.1',
      '1.10.0',
      '2.0.0',
    ];
    expect(ordered.toReversed().sort((a, b) => parse(a).compare(parse(b)))).toEqual(ordered);
  });

  test('is a total order, and equal only for the same version', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        const order = (x: string, y: string) => Math.sign(parse(x).compare(parse(y)));
        expect(order(a, b) + order(b, a)).toBe(0);
        expect(order(a, b) === 0).toBe(a === b);
        if (order(a, b) <= 0 && order(b, c) <= 0) expect(order(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe('a version as users write it', () => {
  test('is found in all its forms', () => {
    fc.assert(
      fc.property(version, fc.constantFrom('churn', 'a-b', 'v2'), (semver, model) => {
        for (const written of [
          semver,
          `v${semver}`,
          versionTag(model, semver),
          ...['_', '-', '@', '/'].flatMap((mark) => [`${model}${mark}${semver}`, `${model}${mark}v${semver}`]),
          `refs/tags/${model}-v${semver}`,
          // Release tools of several packages in one repository: npm's scopes, and folders.
          `@acme/${model}@${semver}`,
          `@acme/${model.toUpperCase()}-v${semver}`,
          `packages/${model}/v${semver}`,
          `services/ml-2/${model}@v${semver}`,
          `refs/tags/${model}/${model}-v${semver}`,
          // SageMaker ignores case in names.
          versionTag(model.toUpperCase(), semver),
        ])
          expect(readVersion(model, written)).toBe(semver);
      }),
    );
  });

  test.each([
    ['1.4', 'version: "1.4" is not a semantic version; expected e.g. 1.4.0, 1.4.0-rc.1 or churn_v1.4.0'],
    ['', 'version: "" is not a semantic version'],
    ['1.4.0+build.7', 'version: "1.4.0+build.7" carries build metadata; leave out everything from the +'],
    ['iris_v1.4.0', 'version: "iris_v1.4.0" names another model; the manifest delivers churn'],
    ['vv1.4.0', 'version: "vv1.4.0" is not a semantic version'],
    ['churn_v v1.4.0', 'version: "churn_v v1.4.0" is not a semantic version'],
    ['churn-1.4', 'version: "churn-1.4" is not a semantic version'],
    ['iris-v1.4.0', 'version: "iris-v1.4.0" names another model; the manifest delivers churn: leave out "iris-" if'],
    ['churn-b-v1.4.0', 'version: "churn-b-v1.4.0" names another model'],
    [
      '@acme/iris@1.4.0',
      'version: "@acme/iris@1.4.0" names another model; the manifest delivers churn: leave out "@acme/iris@"',
    ],
    ['packages/iris/v1.4.0', 'names another model; the manifest delivers churn: leave out "packages/iris/" if'],
    [
      'packages/churn/iris-v1.4.0',
      'names another model; the manifest delivers churn: leave out "packages/churn/iris-"',
    ],
    ['churn/iris/v1.4.0', 'names another model'],
    ['@acme/churn-b@1.4.0', 'names another model'],
    ['@churn/1.4.0', 'names another model'],
    ['packages//churn-v1.4.0', 'names another model'],
    ['@acme/churn@1.4.0+5', 'carries build metadata'],
    ['packages/churn/v1.4', 'version: "packages/churn/v1.4" is not a semantic version'],
    ['churn-v1.4.0+5', 'version: "churn-v1.4.0+5" carries build metadata'],
    ['latest', 'version: "latest" is not a semantic version'],
  ])('%j is refused', (written, message) => {
    expect(() => readVersion('churn', written)).toThrow(message);
  });
});

describe('the nearest versions', () => {
  test.each([
    ['1.4.0', ['1.3.0', '1.0.0', '1.5.0'], ['1.0.0', '1.3.0', '1.5.0']],
    ['9.0.0', ['1.0.0', '2.0.0', '3.0.0', '4.0.0', '5.0.0', '6.0.0'], ['2.0.0', '3.0.0', '4.0.0', '5.0.0', '6.0.0']],
    ['3.5.0', ['1.0.0', '2.0.0', '3.0.0', '4.0.0', '5.0.0', '6.0.0'], ['1.0.0', '2.0.0', '3.0.0', '4.0.0', '5.0.0']],
    ['0.1.0', ['2.0.0', '1.0.0', '1.0.0'], ['1.0.0', '2.0.0']],
    ['1.0.0', [], []],
  ])('to %s of %j are %j', (semver, known, nearest) => {
    expect(nearestVersions(semver, known)).toEqual(nearest);
  });
});
