import { expect, test } from '@jest/globals';
import { isFromAws, describe as reported } from '../../../src/aws/errors.ts';
import { allPages } from '../../../src/aws/pages.ts';
import { rejection } from '../../support/aws.ts';

const list = (next: (page: number) => string | undefined) => {
  let requested = 0;
  const pages = allPages('sagemaker:ListTags', async () => {
    const page = requested++;
    return { items: [page], NextToken: next(page) };
  });
  return { pages, requested: () => requested };
};

test.each(['NextToken', 'nextToken'])('every page is read, empty ones too, by %s', async (name) => {
  const tokens: (string | undefined)[] = [];
  const pages = await allPages('x:List', async (token): Promise<{ readonly NextToken?: string }> => {
    tokens.push(token);
    return tokens.length < 3 ? { [name]: `t${tokens.length}` } : {};
  });
  expect(pages).toHaveLength(3);
  expect(tokens).toEqual([undefined, 't1', 't2']);
});

test('a token that comes twice ends it at once, with a name of its own', async () => {
  const { pages, requested } = list(() => 'again');
  const error = await rejection(pages);
  expect(error.name).toBe('EndlessPages');
  expect(reported(error)).toContain('sagemaker:ListTags never ends: page 2 leads back to an earlier one');
  expect(isFromAws(error)).toBe(true);
  expect(requested()).toBe(2);
});

test('so does a loop of several', async () => {
  const { pages, requested } = list((page) => `t${page % 3}`);
  expect((await rejection(pages)).name).toBe('EndlessPages');
  expect(requested()).toBe(4);
});

test('tokens that never end do after a thousand pages', async () => {
  const { pages, requested } = list((page) => `t${page}`);
  expect((await rejection(pages)).message).toContain('more than 1000 pages');
  expect(requested()).toBe(1000);
});
