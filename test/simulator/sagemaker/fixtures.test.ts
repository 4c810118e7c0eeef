import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { readArchive, writeArchive } from '../../../simulator/containers/archive.ts';
import { fixtures, goldenSet } from '../../../simulator/fixtures/fixtures.ts';
import { fixtureFiles } from '../../../tools/build-fixtures.ts';
import { predictionFiles } from '../../../tools/build-predictions.ts';
import { messages } from '../../../tools/sentiment-corpus.ts';

const checkedIn = (path: string): Buffer =>
  readFileSync(new URL(`../../../simulator/fixtures/${path}`, import.meta.url));

test('rebuilding the fixtures gives the bytes that are checked in', () => {
  const files = fixtureFiles();
  const versions = Object.entries(fixtures).flatMap(([model, of]) => Object.keys(of).map((one) => `${model}-${one}`));
  const ofVersions = versions.flatMap((version) => [`${version}/model.tar.gz`, `${version}/evaluation.json`]);
  expect([...files.keys()].sort()).toEqual(
    [...ofVersions, 'iris.json', 'iris/golden.csv', 'sentiment/golden.jsonl'].sort(),
  );
  for (const [path, content] of files) {
    expect([path, existsSync(new URL(`../../../simulator/fixtures/${path}`, import.meta.url))]).toEqual([path, true]);
    expect([path, content.equals(checkedIn(path))]).toEqual([path, true]);
  }
});

test('predicting again gives the predictions that are checked in', () => {
  const files = predictionFiles();
  expect([...files.keys()]).toEqual(['tree.jsonl', 'forest.jsonl', 'stump.jsonl']);
  for (const [name, content] of files)
    expect(readFileSync(new URL(`../../../examples/regression/${name}`, import.meta.url), 'utf8')).toBe(content);
});

test('no golden row, and no text like it, is among those that train', () => {
  const withoutId = (csv: Buffer): readonly string[] =>
    csv
      .toString()
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.replace(/^[^,]*,[^,]*,/, ''));
  const training = new Set(withoutId(checkedIn('segments/training.csv')));
  expect(withoutId(goldenSet('segments').content).filter((row) => training.has(row))).toEqual([]);
  const learned = new Set(messages('training', { app: 1100, mail: 600, sms: 300 }).map(({ text }) => text));
  const golden: readonly { readonly text: string }[] = goldenSet('sentiment')
    .content.toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(golden.filter(({ text }) => learned.has(text))).toEqual([]);
  expect(new Set(golden.map(({ text }) => text)).size).toBe(golden.length);
});

test('an artifact is a genuine tar.gz with the model and how it is served', () => {
  const archive = readArchive(checkedIn('iris-1.1.0/model.tar.gz'));
  expect([...archive.keys()]).toEqual(['inference.json', 'model.json']);
  expect(JSON.parse(archive.get('model.json')?.toString() ?? '').trees).toHaveLength(25);
});

test('an archive survives the round trip, whatever the order and size of its files', () => {
  const files = new Map([
    ['b', Buffer.alloc(200_000, 7)],
    ['a', Buffer.from('')],
  ]);
  const bytes = writeArchive(files);
  expect(bytes.equals(writeArchive(new Map([...files].reverse())))).toBe(true);
  const read = readArchive(bytes);
  expect([...read.keys()]).toEqual(['a', 'b']);
  expect(read.get('b')?.equals(Buffer.alloc(200_000, 7))).toBe(true);
  expect(() => readArchive(Buffer.from('no archive'))).toThrow();
});
