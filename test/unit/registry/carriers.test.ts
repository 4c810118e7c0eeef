import { describe, expect, test } from '@jest/globals';
import { describedBefore, describedWords, packageDescription } from '../../../src/registry/package-description.ts';
import { carriersOf, requireVersion } from '../../../src/registry/packages.ts';
import type { World } from '../../../src/world.ts';

const account = { partition: 'aws', region: 'eu-west-1', id: '111122223333' };
const digest = 'ab'.repeat(32);
const describedAs = (version: string, before?: Parameters<typeof packageDescription>[4]) =>
  packageDescription('churn', version, digest, undefined, before);

/** A group whose packages 1, 2, … have these descriptions, listed a hundred at a time as asked. */
const group = (descriptions: readonly string[]) => {
  const asked: string[] = [];
  const listed = descriptions.map((ModelPackageDescription, index) => ({
    ModelPackageVersion: index + 1,
    ModelPackageArn: `arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/${index + 1}`,
    ModelPackageGroupName: 'churn',
    ModelPackageStatus: 'Completed',
    ModelApprovalStatus: 'Approved',
    ModelPackageDescription,
    CreationTime: new Date(index * 1000),
  }));
  const listModelPackages = async (input: Readonly<Record<string, unknown>>) => {
    asked.push(String(input['SortOrder'] ?? 'Ascending'));
    const all = input['SortOrder'] === 'Descending' ? listed.toReversed() : listed;
    const from = Number(input['NextToken'] ?? 0);
    return {
      ModelPackageSummaryList: all.slice(from, from + 100),
      ...(from + 100 < all.length ? { NextToken: String(from + 100) } : {}),
    };
  };
  const world = { account, read: { sagemaker: { listModelPackages } } } as unknown as World;
  return { world, asked };
};
const numbers = (all: readonly { readonly packageVersion: number }[]) => all.map((one) => one.packageVersion);
/** 0.0.1, 0.0.2, … of an older version of this suite. */
const many = Array.from({ length: 450 }, (_, index) => describedAs(`0.0.${index + 1}`));

describe('the packages that carry a version', () => {
  test('of a small group are in one page, and the next package needs no word about them', async () => {
    const { world, asked } = group(many.slice(0, 100));
    const found = await carriersOf(world, 'churn', '1.0.0');
    expect(found).toMatchObject({ carriers: [], all: { length: 100 } });
    expect(found.before).toBeUndefined();
    expect(asked).toHaveLength(1);
  });

  test('are looked for in all pages as long as no package tells of the others', async () => {
    const { world, asked } = group(many);
    const found = await carriersOf(world, 'churn', '1.0.0');
    expect(found).toMatchObject({ carriers: [], before: { highest: '0.0.450', through: 450 } });
    expect(asked).toHaveLength(5);
  });

  test('are in the newest page once one of it does, and the next package tells of all', async () => {
    const { world, asked } = group([...many, describedAs('1.0.0', { highest: '0.0.450', through: 450 })]);
    expect(await carriersOf(world, 'churn', '1.1.0')).toEqual({
      carriers: [],
      before: { highest: '1.0.0', through: 451 },
    });
    expect(numbers((await carriersOf(world, 'churn', '1.0.0')).carriers)).toEqual([451]);
    expect(asked).toHaveLength(2);
  });

  test.each([
    ['a version that is not above all of them', '0.0.3', { highest: '0.0.450', through: 450 }, [3]],
    ['the very highest', '0.0.450', { highest: '0.0.450', through: 450 }, [450]],
    ['one that tells of itself', '1.1.0', { highest: '0.0.450', through: 451 }, []],
    ['a pre-release of what was highest', '0.0.450-rc.1', { highest: '0.0.450', through: 450 }, []],
  ])('are looked for in all pages for %s', async (_what, version, before, carriers) => {
    const { world, asked } = group([...many, describedAs('1.0.0', before)]);
    expect(numbers((await carriersOf(world, 'churn', version)).carriers)).toEqual(carriers);
    expect(asked).toHaveLength(5);
  });

  test('are looked for as far back as a package tells of', async () => {
    const { world, asked } = group([...many, describedAs('1.0.0', { highest: '0.0.450', through: 355 })]);
    await carriersOf(world, 'churn', '1.1.0');
    expect(asked).toHaveLength(2);
  });

  test('have the lowest number first, of two runs that registered it at once', async () => {
    const told = { highest: '0.0.450', through: 450 };
    const { world } = group([...many, describedAs('1.0.0', told), describedAs('1.0.0', told)]);
    expect(numbers((await carriersOf(world, 'churn', '1.0.0')).carriers)).toEqual([451, 452]);
  });

  test('that nobody registered are named with their neighbours, which are read for that', async () => {
    const { world, asked } = group([...many, describedAs('1.0.0', { highest: '0.0.450', through: 450 })]);
    const missing = requireVersion(world, 'churn', { version: '1.1.0' });
    await expect(missing).rejects.toThrow(/churn_v1\.1\.0 is not registered; nearest: .*churn_v0\.0\.447/);
    expect(asked).toEqual(['Descending', ...Array.from({ length: 5 }, () => 'Ascending')]);
  });
});

describe('the description of a package in a large group', () => {
  const before = { highest: '1.3.0-rc.2', through: 4998 };

  test('keeps the words, the version and the content', () => {
    const text = packageDescription('churn', '1.4.0', digest, 'fewer (after 1.0.0, of 2) alarms', before);
    expect(text).toBe(
      `churn_v1.4.0: fewer (after 1.0.0, of 2) alarms (after 1.3.0-rc.2, of 4998) (content sha256:${digest})`,
    );
    expect(describedBefore(text)).toEqual(before);
    expect(describedWords('churn', text)).toBe('fewer (after 1.0.0, of 2) alarms');
    const own = packageDescription('churn', '1.4.0', digest, 'fewer (after 1.0.0, of 2) (after 1.1.0, of 50)');
    expect(describedBefore(own)).toBeUndefined();
    expect(describedWords('churn', own)).toBe('fewer');
    expect(packageDescription('churn', '1.4.0', digest, 'x'.repeat(2000), before)).toHaveLength(1024);
  });

  test('is not believed where it is none', () => {
    expect(describedBefore(describedAs('1.4.0'))).toBeUndefined();
    expect(describedBefore('churn_v1.4.0 (after 1.3.0, of 4998)')).toBeUndefined();
    expect(describedBefore(`churn_v1.4.0 (after all, of 4998) (content sha256:${digest})`)).toBeUndefined();
  });
});
